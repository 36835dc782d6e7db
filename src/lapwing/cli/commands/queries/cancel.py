"""lapwing queries cancel: stops a statement."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from lapwing.cli import output
from lapwing.cli.commands.queries import client

HELP = "stop a statement, at its sources too"
DESCRIPTION = """Stops a statement of a running server, at its sources too; one that waits never begins.
Harmless when it has ended.

  lapwing queries cancel 7f3a5e0b9c1d2e3f"""


def arguments(parser: ArgumentParser) -> None:
    client.arguments(parser)
    parser.add_argument("id", metavar="ID", help="as `lapwing queries list` tells it")


def run(options: Namespace) -> int:
    told = client.ask(options, "DELETE", "api", "queries", options.id)
    if options.json:
        output.write_json(told)
    else:
        state = "it was asked to stop" if told["state"] == "running" else told["state"]
        print(f"query {told['id']}: {state}")
    return 0
