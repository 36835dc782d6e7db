"""lapwing channels log: what was told to whom, or is to be."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from lapwing.cli import output
from lapwing.cli.commands.incidents.shared import number, open_alerts
from lapwing.cli.commands.query import count
from lapwing.cli.commands.rollups.shared import show

HELP = "the last messages: when, by which channel, what became of them"
DESCRIPTION = """Lists messages, the latest first: those that went out, those that wait for their time or are tried again, those
that were given up, and why.

  lapwing channels log --limit 20
  lapwing channels log --incident 12"""


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--limit", type=count, default=50, metavar="N", help="the last N (50)")
    parser.add_argument("--channel", metavar="NAME", help="only of this channel")
    parser.add_argument("--incident", type=number, metavar="ID", help="only about this incident")


def run(options: Namespace) -> int:
    from lapwing.alerts.delivery import told
    from lapwing.alerts.delivery.service import Deliveries

    with open_alerts(options) as (lapwing, alerts, state):
        found = Deliveries(lapwing, alerts, state).record(options.limit, options.channel, options.incident)
    rows = [told.delivery(one) for one in found]
    if options.json:
        output.write_json({"deliveries": rows})
    elif rows:
        names = ("made", "channel", "kind", "state", "attempts", "due", "ended", "subject", "trouble")
        show([{name: row[name] for name in names} for row in rows])
    else:
        print("Nothing was told yet.")
    return 0
