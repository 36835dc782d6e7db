"""lapwing monitors follow: watches a metric."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from lapwing.cli import output
from lapwing.cli.commands.incidents import shared
from lapwing.cli.commands.monitors import wish

HELP = "watch a metric from now on"
DESCRIPTION = """Follows a metric, whole or within a slice, as the button of a metric's page does; it comes to the board when
something unusual happens. `lapwing monitors backtest` takes the same flags and tells what that would have been.

  lapwing monitors follow cancel_rate --where origin=LGA"""


def arguments(parser: ArgumentParser) -> None:
    wish.arguments(parser)


def run(options: Namespace) -> int:
    with shared.open_alerts(options) as (_, alerts, _unused):
        made = alerts.follow(**wish.wish(options))
        view = next(one.as_dict() for one in alerts.monitor_views() if one.name == made.name)
    if options.json:
        output.write_json(view)
    else:
        print(f"Followed as {made.name}.")
    return 0
