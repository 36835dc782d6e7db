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
    from lapwing.model.calendar import from_us
    from lapwing.model.timerange import parse_moment

    with shared.open_alerts(options) as (lapwing, alerts, _):
        at = None
        if options.as_of:
            project = lapwing.project
            at, _ = parse_moment(options.as_of, now=lapwing.now(), zone=project.timezone, week_start=project.week_start)
        view = alerts.incident(options.incident, None if at is None else from_us(at))
    if options.json:
        output.write_json({**view.as_dict(), "id": str(view.summary.id)})
    else:
        print("\n".join(shared.told(view)))
    return 0
