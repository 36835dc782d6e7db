"""lapwing rollups list: what is kept."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from lapwing.cli import output
from lapwing.cli.commands.rollups import shared
from lapwing.cli.project import open_project

if TYPE_CHECKING:
    from lapwing.cache.status import RollupStatus

HELP = "what is kept of each rollup"
DESCRIPTION = """Lists rollups: how much they hold, until when, and whether a build has work to do (the sources are asked what
changed)."""


_LONG = ("dimensions", "built_at", "follows", "says")


def arguments(parser: ArgumentParser) -> None:
    shared.which(parser)
    parser.add_argument("--no-check", action="store_true", help="don't ask the sources what changed")


def run(options: Namespace) -> int:
    from lapwing.cache.chosen import chosen

    with open_project(options) as lapwing:
        named = {
            f"{dataset}.{one.name}" for dataset, of in chosen(lapwing.project, options.which).items() for one in of
        }
        rows = [
            _row(one) for one in lapwing.cache.status(check=not options.no_check) if (one.follows or one.name) in named
        ]
    if options.json:
        output.write_json({"rollups": rows})
    elif rows:
        shared.show([{key: value for key, value in row.items() if key not in _LONG} for row in rows])
        for row in rows:
            if row["says"]:
                print(f"{row['rollup']} was chosen to follow from {row['follows']}. {row['says']}")
            if row["refused"]:
                print(f"{row['rollup']}: {row['refused']}")
    else:
        print("There are no rollups.")
    return 0


def _row(one: RollupStatus) -> dict[str, Any]:
    from lapwing.model.calendar import utc_iso

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
        "past_versions": sum(partition.past for partition in one.partitions),
        "quarantined": sum(partition.quarantined is not None for partition in one.partitions),
        "refused": one.refused,
        "follows": one.follows,
        "says": one.says,
    }
