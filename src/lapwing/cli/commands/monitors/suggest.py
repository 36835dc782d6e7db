"""lapwing monitors suggest: what may be worth watching."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from lapwing.cli import output
from lapwing.cli.commands.incidents import shared
from lapwing.cli.commands.rollups.shared import show

HELP = "what may be worth following"
DESCRIPTION = """Lists metrics that nobody watches although they cost money, are asked for often, or have a good direction.

  lapwing monitors suggest"""


def arguments(parser: ArgumentParser) -> None:
    """None."""


def run(options: Namespace) -> int:
    with shared.open_alerts(options) as (_, alerts, _unused):
        found = [one.as_dict() for one in alerts.suggestions()]
    if options.json:
        output.write_json({"suggestions": found})
    elif found:
        show(found)
    else:
        print("All that seems worth it is watched.")
    return 0
