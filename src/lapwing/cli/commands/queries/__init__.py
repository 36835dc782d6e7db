"""lapwing queries: the SQL statements of a running server."""

from __future__ import annotations

from lapwing.cli.commands.queries import cancel, listing, log, show

HELP = "list the statements that a server runs, look at one, cancel it; what was asked"
DESCRIPTION = """Tells of the SQL statements that a running `lapwing serve` runs, has waiting and ran lately, and of those in
its log. `lapwing queries ACTION --help` tells more.

  lapwing queries list
  lapwing queries show 7f3a5e0b9c1d2e3f
  lapwing queries cancel 7f3a5e0b9c1d2e3f
  lapwing queries log --since "2 hours"
"""

ACTIONS = {"list": listing, "show": show, "cancel": cancel, "log": log}
