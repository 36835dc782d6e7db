"""lapwing jobs list: which builds there are."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from typing import Any

from lapwing.cli import output
from lapwing.cli.commands.query import count
from lapwing.cli.commands.rollups import shared
from lapwing.cli.project import open_project

HELP = "the builds that run, and those that ended, the latest first"
DESCRIPTION = """Lists builds that took more than a second, the latest first. A job is lost where its process is gone without a
word: what it began on Dataflow may go on, and the next `lapwing build` goes on from there.

  lapwing jobs list --running"""


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--running", action="store_true", help="only those that have not ended")
    parser.add_argument("--limit", type=count, default=20, metavar="N", help="only the last N (20)")


def run(options: Namespace) -> int:
    with open_project(options) as lapwing:
        jobs = [one for one in lapwing.cache.jobs.all() if not options.running or one.ended is None][: options.limit]
    told = [one.as_dict(time.time()) for one in jobs]
    if options.json:
        output.write_json({"jobs": told})
    elif told:
        shared.show([_row(one) for one in told])
    else:
        print("There are no jobs on record.")
    return 0


def _row(one: dict[str, Any]) -> dict[str, Any]:
    elsewhere = ", ".join(f"{remote['runner']} {remote['id'] or remote['name']}" for remote in one["remotes"])
    return {
        "id": one["id"],
        "state": one["state"],
        "builder": one["builder"],
        "rollups": ", ".join(one["rollups"]),
        "began": one["began"],
        "done": f"{one['done']}/{one['total']}",
        "at": one["note"] if one["ended"] is None else None,
        "by": one["by"],
        "elsewhere": elsewhere or None,
    }
