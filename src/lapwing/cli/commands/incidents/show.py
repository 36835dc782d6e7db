"""lapwing incidents show: one incident's story."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from lapwing.cli import output
from lapwing.cli.commands.incidents import shared

HELP = "one incident: its story, and what people said"
DESCRIPTION = """Tells what happened, step by step, each with the time when people could know it.

  lapwing incidents show 12
  lapwing incidents show 12 --as-of 2013-02-09T12:00"""


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "incident", type=shared.number, metavar="ID", help="its number, as `lapwing incidents list` has it"
    )
    parser.add_argument("--as-of", metavar="T", help="as it was known then (default: now)")


def run(options: Namespace) -> int:

    with shared.open_alerts(options) as (lapwing, alerts, _):
        view = alerts.incident(options.incident, shared.as_of(options, lapwing))
    if options.json:
        output.write_json({**view.as_dict(), "id": str(view.summary.id)})
    else:
        print("\n".join(shared.told(view)))
    return 0
