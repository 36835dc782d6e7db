"""lapwing jobs cancel: stops a build."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace

from lapwing.cli import output
from lapwing.cli.project import open_project

HELP = "stop a build, wherever it runs"
DESCRIPTION = """Asks the process of a build to stop, and waits until it has: what is published stays, and the next build goes on
from there. Where that process is lost, its pipelines on Dataflow are cancelled, and what it had reserved is free again.

  lapwing jobs cancel 3fbc"""


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="as `lapwing jobs list` tells it, or its beginning")
    parser.add_argument("--wait", type=float, default=30.0, metavar="S", help="seconds to wait until it has (30)")


def run(options: Namespace) -> int:
    with open_project(options) as lapwing:
        job = lapwing.cache.cancel_job(options.id, wait=options.wait)
    told = job.as_dict(time.time())
    if options.json:
        output.write_json(told)
    else:
        later = "" if job.ended is not None else "; it was asked to stop, and has not yet"
        print(f"job {told['id']}: {told['state']}, {told['done']} of {told['total']} partitions{later}")
    return 0
