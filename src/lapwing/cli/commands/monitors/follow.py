"""lapwing monitors follow: watches a metric."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from lapwing.cli import output
from lapwing.cli.commands.incidents import shared
from lapwing.cli.commands.monitors import wish

HELP = "watch a metric, or all of a tag, from now on"
DESCRIPTION = """Follows a metric, whole or within a slice, as the button of a metric's page does; it comes to the board when
something unusual happens. `lapwing monitors backtest` takes the same flags and tells what that would have been.

  lapwing monitors follow cancel_rate --where origin=LGA
  lapwing monitors follow tag:punctuality              # all metrics with that tag, those to come as well"""


def arguments(parser: ArgumentParser) -> None:
    wish.arguments(parser)


def run(options: Namespace) -> int:
    with shared.open_alerts(options) as (_, alerts, _unused):
        made = alerts.follow(**wish.wish(options))
        views = [one.as_dict() for one in alerts.views_of(made)]
    if options.json:
        output.write_json({"name": made.name, "monitors": views})
    else:
        print(f"Followed as {made.name}.")
        if made.name not in [one["name"] for one in views]:
            print("\n".join(f"  {one['metric']}" for one in views) or "All of it is watched already.")
    return 0
