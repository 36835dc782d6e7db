"""lapwing channels test: one message, now."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from dataclasses import asdict

from lapwing.cli import output
from lapwing.cli.commands.incidents.shared import open_alerts

HELP = "send a test message by a channel"
DESCRIPTION = """Sends a test message now and says whether it went out; if not, why, and the exit code is 1.

  lapwing channels test NAME"""


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("channel", metavar="NAME", help="a channel of lapwing.yaml")


def run(options: Namespace) -> int:
    from lapwing.alerts.delivery.service import Deliveries

    with open_alerts(options) as (lapwing, alerts, state):
        done = Deliveries(lapwing, alerts, state).test(options.channel)
    if options.json:
        output.write_json(asdict(done))
    elif done.state == "sent":
        print(f"{done.channel}: sent.")
    else:
        print(f"{done.channel}: it did not go out. {done.trouble}", file=sys.stderr)
    return 0 if done.state == "sent" else 1
