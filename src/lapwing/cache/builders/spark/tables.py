"""The tables of a dataset as Spark sees them: Parquet files where they lie, and small tables of any source, handed over."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from lapwing.cache.builders.reading import TIME_LIMIT
from lapwing.model.problem import Refused
from lapwing.sources.base import Capabilities, Family, Operation, Table
from lapwing.sources.files import FilesSource
from lapwing.sql.service import SqlService
from lapwing.states.dialects import dialect_of

MOST_ROWS: Final = 2_000_000
"""Of a table that is no Parquet files: it passes through the process that ordered the build."""

_EXACT: Final = frozenset(Family)
CAPABILITIES: Final = Capabilities(
    dialect="spark",
    pushable={
        Operation.EQUAL: _EXACT,
        Operation.ORDER: _EXACT,
        Operation.IN: _EXACT,
        Operation.IS_NULL: _EXACT,
        Operation.LIKE: frozenset({Family.TEXT}),
        Operation.PREFIX: frozenset({Family.TEXT}),
        Operation.AND_OR_NOT: _EXACT,
        Operation.ARITHMETIC: frozenset({Family.INTEGER}),
        Operation.LIMIT: _EXACT,
    },
)
"""Spark compares texts by their bytes, and NaN as the engine does: equal to itself, and the greatest."""


@dataclass(frozen=True, slots=True)
class Views:
    """What stands for each table in Spark's SQL."""

    capabilities: Capabilities = CAPABILITIES

    def reference(self, table: Table) -> str:
        return dialect_of("spark").quote(view_of(table))


def view_of(table: Table) -> str:
    """The name of a table's view.

    >>> view_of(Table(source="files", schema="", name="trips", columns=()))
    'lapwing_files__trips'
    """
    return "lapwing_" + re.sub(r"\W", "_", f"{table.source}_{table.schema}_{table.name}")


def make_views(session: Any, sql: SqlService, tables: Iterable[Table]) -> None:
    """Makes the views.

    Raises:
        Refused: a table is too large to be handed over.
        SourceError: a source does not answer.
    """
    for table in tables:
        source = sql.catalog.source(table.source)
        files = source.parquet(table) if isinstance(source, FilesSource) else None
        if files:
            frame = session.read.parquet(*(f"file://{file}" for file in files))
        else:
            frame = session.createDataFrame(_read(sql, table))
        frame.createOrReplaceTempView(view_of(table))


def _read(sql: SqlService, table: Table) -> pa.Table:
    if table.rows is not None and table.rows > MOST_ROWS:
        raise Refused.of(
            "not-at-spark",
            f"{table.path} has about {table.rows:,} rows, and Spark reads large tables only from Parquet files.",
            hint="Build it with --builder beam or duckdb.",
        )
    parts = [table.source, *([table.schema] if table.schema else []), table.name]
    name = ".".join('"' + part.replace('"', '""') + '"' for part in parts)
    return sql.table(f"SELECT * FROM {name}", zone="UTC", time_limit=TIME_LIMIT)
