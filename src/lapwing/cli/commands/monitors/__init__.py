"""lapwing monitors: what is watched, and what watching would raise."""

from __future__ import annotations

from lapwing.cli.commands.monitors import backtest, follow, listing, show, suggest, unfollow

HELP = "list what is watched, show how good it is, suggest more, try what it would raise, follow, stop"
DESCRIPTION = """What is watched is written under monitors: in lapwing.yaml, or followed; both are the same.
`lapwing monitors ACTION --help` tells more.

  lapwing monitors list
  lapwing monitors backtest cancel_rate --where origin=LGA
  lapwing monitors follow cancel_rate --where origin=LGA --sensitivity 4.5"""

ACTIONS = {
    "list": listing,
    "show": show,
    "backtest": backtest,
    "follow": follow,
    "unfollow": unfollow,
    "suggest": suggest,
}
