"""lapwing maintenance add: a window from now on, or of the past."""

from __future__ import annotations

import getpass
from argparse import ArgumentParser, Namespace

from lapwing.cli import output
from lapwing.cli.commands.incidents.shared import open_alerts
from lapwing.cli.commands.maintenance.listing import json_of
from lapwing.cli.commands.rollups.shared import stretch_of

HELP = "raise nothing in a stretch of time"
DESCRIPTION = """Makes a window, in somebody's name. What was raised in it already is retracted.

  lapwing maintenance add "New booking system" --from now --to now+2h
  lapwing maintenance add "Tracking was down" --from 2013-02-08T22:00 --to 2013-02-09T04:00 --monitor cancelled_hourly"""


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="what it is, as it stands beside incidents")
    parser.add_argument("--from", dest="start", metavar="T", default="now", help="when it begins (now)")
    parser.add_argument("--to", dest="end", metavar="T", required=True, help="when it ends, such as now+2h")
    parser.add_argument(
        "--monitor", action="append", default=[], metavar="NAME", help="only of this one; may be given often (all)"
    )
    parser.add_argument("--as", dest="who", metavar="NAME", help="who makes it (default: this machine's user)")


def run(options: Namespace) -> int:
    with open_alerts(options) as (lapwing, alerts, _):
        start, end = stretch_of(options, lapwing)
        assert start is not None
        assert end is not None
        made = alerts.maintenance.make(options.name, start, end, options.monitor, options.who or getpass.getuser())
    if options.json:
        output.write_json(json_of(made))
    else:
        print(f"{made.id}: {made.name}, from {made.start} to {made.end}: nothing is raised.")
    return 0
