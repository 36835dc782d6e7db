"""lapwing channels list: who is told of what, by which ways."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from lapwing.cli import output
from lapwing.cli.commands.rollups.shared import show
from lapwing.cli.project import open_project

HELP = "the channels and subscriptions of the project"
DESCRIPTION = """Lists the ways by which incidents are told, and who is told of what. Nothing secret is shown."""


def arguments(_parser: ArgumentParser) -> None:
    """None of its own."""


def run(options: Namespace) -> int:
    from lapwing.alerts.delivery import told

    with open_project(options) as lapwing:
        config = lapwing.project.delivery
    channels, subscriptions = told.channels(config), told.subscriptions(config)
    if options.json:
        output.write_json({"channels": channels, "subscriptions": subscriptions})
        return 0
    if channels:
        show(
            [{**one, "to": ", ".join(one["to"]), "subscriptions": ", ".join(one["subscriptions"])} for one in channels]
        )
    else:
        print("There are no channels. Write channels: and subscriptions: in lapwing.yaml.")
    if subscriptions:
        show([{**one, "channels": ", ".join(one["channels"])} for one in subscriptions])
    return 0
