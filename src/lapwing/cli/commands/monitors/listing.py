"""lapwing monitors list: what is watched."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from lapwing.cli import output
from lapwing.cli.commands.incidents import shared
from lapwing.cli.commands.rollups.shared import show

HELP = "what is watched, by the project's files and by people"
DESCRIPTION = """Lists monitors, those of the project's files first.

  lapwing monitors list"""


def arguments(parser: ArgumentParser) -> None:
    """None."""


def run(options: Namespace) -> int:
    with shared.open_alerts(options) as (_, alerts, _unused):
        found = [one.as_dict() for one in alerts.monitor_views()]
    if options.json:
        output.write_json({"monitors": found})
    elif found:
        show(
            [
                {
                    "name": one["name"],
                    "metric": one["metric"],
                    "grain": one["grain"],
                    "by": ", ".join(one["by"]) or None,
                    "slice": ", ".join(f"{name} = {value}" for name, value in one["slice"].items()) or None,
                    "sensitivity": one["sensitivity"],
                    "min_change": one["min_change"],
                    "from": "followed" if one["followed"] else f"{one['file']}:{one['line']}",
                }
                for one in found
            ]
        )
    else:
        print("Nothing is watched.")
    return 0
