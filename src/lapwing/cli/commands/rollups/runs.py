"""lapwing rollups runs: what built rollups, or tried to."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from lapwing.cli import output
from lapwing.cli.commands.query import count
from lapwing.cli.commands.rollups import shared
from lapwing.cli.project import open_project

if TYPE_CHECKING:
    from lapwing.cache.runs import Run

HELP = "which runs built rollups, or tried to, and why"
DESCRIPTION = """Lists the last runs over each rollup, the latest first: why each began (due: the rollup's promise of freshness
asked for it; asked: somebody did), what it did to how many partitions and for which causes, what it wrote, and what went
wrong. Up to 60 are kept of each rollup; a run that was killed leaves none.

  lapwing rollups runs flights.main --limit 5"""


def arguments(parser: ArgumentParser) -> None:
    shared.which(parser)
    parser.add_argument("--limit", type=count, metavar="N", help="only the last N")


def run(options: Namespace) -> int:
    with open_project(options) as lapwing:
        runs = lapwing.cache.runs(options.which)[: options.limit]
    if options.json:
        output.write_json({"runs": [one.as_dict() for one in runs]})
    elif runs:
        shared.show([_row(one) for one in runs])
        for one in runs:
            if one.problem is not None:
                print(f"{one.rollup} {one.as_dict()['began']}: {one.problem}")
    else:
        print("There are no runs on record.")
    return 0


def _row(one: Run) -> dict[str, Any]:
    row = one.as_dict()
    causes = ", ".join(f"{number} {cause}" for cause, number in one.causes.items())
    shown = ("rollup", "began", "why", "result", "seconds", "built", "unchanged", "emptied", "cells", "bytes", "by")
    return {key: row[key] for key in shown} | {"causes": causes}
