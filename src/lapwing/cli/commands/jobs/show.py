"""lapwing jobs show: one build."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import Any

from lapwing.cli import output
from lapwing.cli.project import open_project

HELP = "how far a build is, and what it began elsewhere"
DESCRIPTION = """Shows one job: how far it is, when its process last told of itself, what ended it, and of what it began on
Dataflow the state there. The beginning of the id will do.

  lapwing jobs show 3fbc"""


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="as `lapwing jobs list` tells it, or its beginning")


def run(options: Namespace) -> int:
    with open_project(options) as lapwing:
        job = lapwing.cache.jobs.get(options.id)
        told = job.as_dict(time.time())
        for remote, one in zip(told["remotes"], job.remotes, strict=True):
            remote["state"] = lapwing.cache.remote_state(one)
    if options.json:
        output.write_json(told)
    else:
        print("\n".join(_lines(told)))
    return 0


def _lines(told: dict[str, Any]) -> Iterator[str]:
    yield f"job {told['id']}: {told['state']}, {told['done']} of {told['total']} partitions"
    yield f"  builds {', '.join(told['rollups'])} with {told['builder']}"
    yield f"  by {told['by']} since {told['began']}, last heard of {told['seen']}"
    if told["ended"]:
        yield f"  ended {told['ended']}"
    elif told["note"]:
        yield f"  at {told['note']}"
    for one in told["remotes"]:
        yield f"  {one['runner']} {one['id'] or one['name']}: {one['state']}, builds {one['rollup']}"
        if one["url"]:
            yield f"    {one['url']}"
    if told["problem"]:
        yield f"  {told['problem']['message']}"
