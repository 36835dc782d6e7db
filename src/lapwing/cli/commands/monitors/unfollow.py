"""lapwing monitors unfollow: stops watching."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from lapwing.cli import output
from lapwing.cli.commands.incidents import shared

HELP = "stop watching what was followed"
DESCRIPTION = """Ends what was followed, by its name; what is written in the project's files ends there.

  lapwing monitors unfollow cancel_rate_day_origin=LGA"""


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="as `lapwing monitors list` tells it")


def run(options: Namespace) -> int:
    with shared.open_alerts(options) as (_, alerts, _unused):
        alerts.unfollow(options.name)
    if options.json:
        output.write_json({"name": options.name})
    else:
        print(f"{options.name} is not followed any more.")
    return 0
