"""lapwing maintenance: stretches in which nothing is raised."""

from __future__ import annotations

from lapwing.cli.commands.maintenance import add, end, listing

HELP = "list, add and end stretches in which nothing is raised"
DESCRIPTION = """In a maintenance window nothing is raised, and nothing of it is learned. `lapwing maintenance ACTION --help`
tells more.

  lapwing maintenance list
  lapwing maintenance add "New booking system" --from now --to now+2h
  lapwing maintenance end 3"""

ACTIONS = {"list": listing, "add": add, "end": end}
