"""What tests of tables in a lake share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from lapwing.model.project import SourceConfig
from lapwing.sources.base import Source, Table
from lapwing.sources.engine import Engine
from lapwing.sources.open import open_source
from lapwing.sources.storage import engine_reads

DAY = 86_400_000_000


@contextmanager
def opened(**config: Any) -> Iterator[Source]:
    """A source called s."""
    asked = SourceConfig(name="s", **config)
    engine = Engine(memory_limit="256MB", threads=2, allowed=engine_reads([asked]))
    source = open_source(asked, engine)
    try:
        yield source
    finally:
        source.close()
        engine.close()


def table_of(source: Source, name: str) -> Table:
    return next(table for table in source.tables() if table.name == name)


def types_of(source: Source, name: str) -> dict[str, str]:
    return {column.name: column.type for column in table_of(source, name).columns}


def rows_of(source: Source, name: str, where: str | None = None, limit: int | None = None) -> list[dict[str, Any]]:
    """All columns of a table."""
    table = table_of(source, name)
    with source.scan(table, table.columns, where, limit) as stream:
        found: list[dict[str, Any]] = pa.Table.from_batches(list(stream), stream.schema).to_pylist()
    return found


def split_rows(source: Source, name: str, **asked: Any) -> list[list[dict[str, Any]]]:
    """The rows of each split."""
    table = table_of(source, name)
    splits = source.splits(table, table.columns, **asked)
    assert splits is not None
    return [[row for batch in source.read_split(split) for row in batch.to_pylist()] for split in splits]


def files_in(folder: Path) -> list[Path]:
    """Its Parquet files, the newest last."""
    return sorted(folder.rglob("*.parquet"), key=lambda file: file.stat().st_mtime_ns)
