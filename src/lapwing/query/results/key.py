"""Which questions are one question: their results are kept under one key."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path

import pyarrow as pa

import lapwing
from lapwing.model.project import SourceConfig
from lapwing.sql.nodes import Plan

_LARGEST_GIVEN = 64_000_000
_CODE = ("cache", "model", "query", "sources", "sql", "states")


def key_of(plan: Plan, given: Mapping[str, pa.Table], sources: Mapping[str, SourceConfig]) -> str | None:
    """The same for statements that mean the same, whatever their white space, comments and letters' case of keywords: in one
    zone, over the same tables of sources that are configured alike, with equal rows handed in (answers of metrics), and told
    by the same code. None where what is handed in is too large to look at.

    Who asks is no part of it: a project has no rows that only some may see. Where it will have, their conditions belong
    here.
    """
    digest = hashlib.sha256()
    used = sorted({scan.table.path: scan.table for scan in (plan.whole or plan).scans}.items())
    where = sorted({scan.table.source for scan in (*plan.scans, *(plan.whole or plan).scans)})
    for part in (
        code(),
        plan.meaning,
        plan.zone,
        [(path, [(column.name, column.type) for column in table.columns]) for path, table in used],
        [(name, configured(sources[name]) if name in sources else "") for name in where],
        plan.types,
    ):
        digest.update(f"{part!r}\n".encode(errors="surrogatepass"))
    digest.update(plan.schema.serialize())
    for name in sorted(plan.given.values()):
        table = given[name]
        if table.nbytes > _LARGEST_GIVEN:
            return None
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as out:
            out.write_table(table.combine_chunks())
        digest.update(f"{name!r}\n".encode())
        digest.update(sink.getvalue())
    return digest.hexdigest()


def configured(source: SourceConfig) -> list[object]:
    """What a source is. With its secrets: who is let in by others may see others' rows."""
    return [getattr(source, one.name) for one in fields(source) if one.compare]


@cache
def code() -> str:
    """What answers: the version, and when the code that answers was written, as whoever mends it asks the same again."""
    root = Path(lapwing.__file__).parent
    stamps = sorted(stamp for room in _CODE for stamp in _stamps(str(root / room)))
    return f"{lapwing.__version__} {hashlib.sha256(repr(stamps).encode()).hexdigest()}"


def _stamps(folder: str) -> Iterator[tuple[str, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                yield entry.path, entry.stat().st_mtime_ns
            elif entry.is_dir():
                yield from _stamps(entry.path)
