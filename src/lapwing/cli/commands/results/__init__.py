"""lapwing results: results of statements that are kept."""

from __future__ import annotations

from lapwing.cli.commands.results import empty, listing

HELP = "list the results of statements that are kept; remove them"
DESCRIPTION = """Statements that are asked again are told from their kept results while their tables are as they were. `results:`
in lapwing.yaml says how much room these take.

  lapwing results list
  lapwing results empty"""

ACTIONS = {"list": listing, "empty": empty}
