"""lapwing rollups list: what is kept."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections import Counter
from typing import TYPE_CHECKING, Any

from lapwing.cli import output
from lapwing.cli.commands.rollups import shared
from lapwing.cli.project import open_project

if TYPE_CHECKING:
    from lapwing.cache.status import RollupStatus
    from lapwing.query.service import Lapwing

HELP = "what is kept of each rollup"
DESCRIPTION = """Lists rollups: how much they hold, until when, and whether a build has work to do (the sources are asked what
changed). `as_of`: all that the source had at that moment is there. What is further behind than its `freshness` promises is
late, and told below. `audited` are the partitions that were compared with the source as they are now, and equal; `incidents`
those that differed (`lapwing rollups audit`). `arrives` is what was learned while `lapwing serve` looked: after how long an
hour or a day is usually complete."""


_LONG = ("dimensions", "built_at", "follows", "says", "late", "late_by_seconds")


def arguments(parser: ArgumentParser) -> None:
    shared.which(parser)
    parser.add_argument("--no-check", action="store_true", help="don't ask the sources what changed")


def run(options: Namespace) -> int:
    from lapwing.cache.chosen import chosen

    with open_project(options) as lapwing:
        named = {
            f"{dataset}.{one.name}" for dataset, of in chosen(lapwing.project, options.which).items() for one in of
        }
        status = [one for one in lapwing.cache.status(check=not options.no_check) if (one.follows or one.name) in named]
        audits = lapwing.cache.audits
        equal = {one.rollup: one.equal for one in audits.coverage()}
        still = Counter(one.rollup for one in audits.incidents() if one.resolved is None)
        arrives = _arrives(lapwing)
        rows = [_row(one, equal.get(one.name, 0), still[one.name], arrives.get(one.dataset)) for one in status]
    if options.json:
        output.write_json({"rollups": rows})
    elif rows:
        shared.show([{key: value for key, value in row.items() if key not in _LONG} for row in rows])
        for row in rows:
            if row["says"]:
                print(f"{row['rollup']} was chosen to follow from {row['follows']}. {row['says']}")
            if row["refused"]:
                print(f"{row['rollup']}: {row['refused']}")
            if row["late"]:
                print(f"{row['rollup']} is late. {_late(row)}")
    else:
        print("There are no rollups.")
    return 0


def _arrives(lapwing: Lapwing) -> dict[str, str]:
    """How the rows of datasets usually arrive, as far as that was seen; a state database is not made for it."""
    from lapwing.alerts.ready.readiness import Readiness
    from lapwing.alerts.state import StateDatabase

    if not lapwing.project.state_path.exists():
        return {}
    state = StateDatabase(lapwing.project.state_path)
    try:
        readiness = Readiness(lapwing, state.learned, lambda: ())
        found = ((one.name, readiness.says(one)) for one in lapwing.project.datasets.values())
        return {name: says for name, says in found if says is not None}
    finally:
        state.close()


def _late(row: dict[str, Any]) -> str:
    """What was promised, what is, and who keeps promises."""
    from lapwing.model.duration import about

    hint = "`lapwing serve` keeps promises; `lapwing rollups runs` tells what went wrong."
    if row["as_of"] is None:
        return f"No run over all of it has ended well yet, and {row['freshness']} are promised. {hint}"
    return f"It is as of {row['as_of']}: {about(row['late_by_seconds'])} over the {row['freshness']} promised. {hint}"


def _row(one: RollupStatus, equal: int, incidents: int, arrives: str | None) -> dict[str, Any]:
    from lapwing.model.calendar import utc_iso

    fresh = one.fresh

    return {
        "rollup": one.name,
        "grain": one.grain,
        "dimensions": list(one.dimensions),
        "partitions": len(one.partitions),
        "keys": one.keys,
        "cells": one.cells,
        "bytes": one.bytes,
        "built_at": shared.iso(one.built_at),
        "data_until": None if one.data_until is None else utc_iso(one.data_until),
        "stale": one.stale,
        "freshness": fresh.promise,
        "as_of": shared.iso(fresh.as_of),
        "arrives": arrives,
        "late": fresh.late,
        "late_by_seconds": None if fresh.late_by is None else round(fresh.late_by, 3),
        "past_versions": sum(partition.past for partition in one.partitions),
        "quarantined": sum(partition.quarantined is not None for partition in one.partitions),
        "audited": equal,
        "incidents": incidents,
        "refused": one.refused,
        "follows": one.follows,
        "says": one.says,
    }
