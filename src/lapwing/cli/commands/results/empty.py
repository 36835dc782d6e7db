"""lapwing results empty: removes what is kept."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from lapwing.cli import output
from lapwing.cli.project import open_project

HELP = "remove all kept results"
DESCRIPTION = """Removes all kept results; statements are run again.

  lapwing results empty"""


def arguments(parser: ArgumentParser) -> None:
    """There are none."""


def run(options: Namespace) -> int:
    with open_project(options) as lapwing:
        removed = lapwing.results.shelf.empty()
    if options.json:
        output.write_json({"removed": removed})
    else:
        print(f"{removed:,} results were removed.")
    return 0
