"""lapwing channels send: what is new and due, now."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import asdict

from lapwing.cli import output
from lapwing.cli.commands.incidents.shared import open_alerts

HELP = "judge what is new, and send what is due"
DESCRIPTION = """Does once what `lapwing serve` does all the time, for those who run Lapwing by a schedule of their own. Digests,
quiet hours and messages that are tried again wait for the next time. What another process has in hand is left to it.

  lapwing channels send"""


def arguments(_parser: ArgumentParser) -> None:
    """None of its own."""


def run(options: Namespace) -> int:
    from lapwing.alerts.delivery.service import Deliveries

    with open_alerts(options) as (lapwing, alerts, state):
        alerts.replay()
        done = Deliveries(lapwing, alerts, state).run()
    if options.json:
        output.write_json({"deliveries": [asdict(one) for one in done]})
    else:
        for one in done:
            print(f"{one.channel}: {one.state}. {one.subject or one.trouble}".rstrip())
        if not done:
            print("Nothing is due.")
    return 1 if any(one.state in ("failed", "waiting") for one in done) else 0
