"""lapwing rollups history: who published what when, and why."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from lapwing.cli import output
from lapwing.cli.commands.rollups import shared
from lapwing.cli.project import open_project

if TYPE_CHECKING:
    from lapwing.cache.history import Seen

HELP = "which versions readers saw when, who made them and why"
DESCRIPTION = """Lists the versions of each partition, the latest first, as far as they are kept (`history` in lapwing.yaml):
since and until when readers saw them, their size, and the cause: built, extended (it was not complete before), restated (it
was), rebuilt (asked for with --full), repaired, emptied, settled (the same data, known to be complete further on), rolled
back."""


def arguments(parser: ArgumentParser) -> None:
    shared.which(parser)
    shared.stretch(parser)


def run(options: Namespace) -> int:
    with open_project(options) as lapwing:
        start, end = shared.stretch_of(options, lapwing)
        rows = [_row(one) for one in lapwing.cache.upkeep.history(options.which, start, end)]
    if options.json:
        output.write_json({"versions": rows})
    elif rows:
        shown = ("rollup", "start", "version", "since", "until", "cause", "by", "cells", "bytes")
        shared.show([{key: row[key] for key in shown} for row in rows])
        for row in rows:
            if row["quarantined"]:
                print(f"{row['rollup']} {row['start']} version {row['version']} is in quarantine: {row['quarantined']}")
    else:
        print("Nothing is built there.")
    return 0


def _row(one: Seen) -> dict[str, Any]:
    from lapwing.model.calendar import utc_iso

    partition = one.partition
    return {
        "rollup": one.rollup,
        "start": utc_iso(partition.start),
        "end": utc_iso(partition.end),
        "version": partition.version,
        "since": shared.iso(partition.since),
        "until": shared.iso(one.until),
        "cause": str(partition.cause),
        "by": shared.who(partition.builder),
        "built_at": shared.iso(partition.built_at),
        "source_mark": partition.mark,
        "sealed_until": utc_iso(partition.sealed),
        "keys": partition.keys,
        "cells": partition.cells,
        "bytes": partition.bytes,
        "held": partition.held is not None,
        "quarantined": partition.quarantined,
    }
