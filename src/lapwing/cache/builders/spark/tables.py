"""The tables of a dataset as Spark sees them: Parquet files where they lie, rows of other sources that its workers read, and
small tables that are joined, handed over."""

from __future__ import annotations

import re
import uuid
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from lapwing.cache.builders.reading import TIME_LIMIT
from lapwing.cache.builders.spark.reading import frame_of_parts, frame_of_table
from lapwing.cache.home import Job
from lapwing.cache.splits import Part, parts_of
from lapwing.model.dataset import Dataset
from lapwing.model.problem import LapwingError, Refused
from lapwing.sources.base import Capabilities, Column, Family, Operation, Table
from lapwing.sources.files import FilesSource
from lapwing.sources.quote import identifier
from lapwing.sql.rows import rows_sql
from lapwing.sql.service import SqlService
from lapwing.sql.used import used_columns
from lapwing.states.dialects import dialect_of

MOST_ROWS: Final = 2_000_000
"""Of a table that is joined and handed over: it passes through the process that ordered the build."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """What stands for each table in one statement of Spark's. `own` holds the dataset's own rows, where workers read them;
    Spark reads the files of its table without. Views of builds that go on in one session have names of their own."""

    own: Table | None
    prefix: str = field(default_factory=lambda: f"lapwing_{uuid.uuid4().hex}")
    capabilities: Capabilities = CAPABILITIES

    def reference(self, table: Table) -> str:
        return dialect_of("spark").quote(self.view(table))

    def view(self, table: Table) -> str:
        return re.sub(r"\W", "_", f"{self.prefix}_{table.source}_{table.schema}_{table.name}")


def views_of(dataset: Dataset, sql: SqlService) -> Views:
    """The views of a dataset.

    Raises:
        ModelError: a table does not exist. SourceError: a source does not answer.
    """
    if dataset.table is None:
        plan = sql.plan(dataset.sql or "")
        columns = tuple(Column(name, kind) for name, kind in zip(plan.schema.names, plan.types, strict=True))
    else:
        table = sql.tables(dataset)[0]
        if _files(sql, table):
            return Views(own=None)
        columns = tuple(Column(column.name, column.type) for column in table.columns)
    return Views(own=Table(source="", schema="", name=dataset.name, columns=columns))


@contextmanager
def made(session: Any, views: Views, sql: SqlService, job: Job, *, keep: bool) -> Iterator[None]:
    """Meanwhile Spark has the views. `keep`: rows that workers read are kept, as the statement reads them several times.

    Raises:
        Refused: a table is too large to be handed over, and can't be read in parts.
        SourceError: a source does not answer.
    """
    definition = job.order.finest
    dataset = definition.bound.dataset
    used = used_columns(definition.bound, definition.rollup.dimensions, definition.kept)
    tables = sql.tables(dataset)
    joined = dict[Table, set[str]]()
    for join, table in zip(dataset.joins, tables[len(tables) - len(dataset.joins) :], strict=True):
        joined.setdefault(table, set()).update(used.get(join.lower(), ()))
    frames = {views.view(table): _joined(session, sql, job, table, names) for table, names in joined.items()}
    kept = None
    if views.own is None:
        frames[views.view(tables[0])] = _of_files(session, sql, tables[0])
    else:
        rows = _own(session, sql, job, _used(views.own, used[dataset.name.lower()]))
        kept = rows.persist() if keep else None
        frames[views.view(views.own)] = rows
    try:
        for name, frame in frames.items():
            frame.createOrReplaceTempView(name)
        yield
    finally:
        for name in frames:
            session.catalog.dropTempView(name)
        if kept is not None:
            kept.unpersist()


def _own(session: Any, sql: SqlService, job: Job, columns: tuple[Column, ...]) -> Any:
    """The dataset's own rows of the order's time."""
    order = job.order
    bound = order.finest.bound
    text = rows_sql(bound, [column.name for column in columns], order.borders[0], order.borders[-1])
    parts = parts_of(order, sql, order.shards, text)
    return frame_of_parts(session, job, bound.dataset.table or bound.dataset.name, parts, columns)


def _joined(session: Any, sql: SqlService, job: Job, table: Table, names: set[str]) -> Any:
    if _files(sql, table):
        return _of_files(session, sql, table)
    columns = _used(table, names)
    if table.rows is None or table.rows <= MOST_ROWS:
        batches = _at_most(sql, table, columns)
        if batches is not None:
            return frame_of_table(session, table.path, batches, columns)
    splits = sql.catalog.source(table.source).splits(table, columns)
    if splits is None:
        raise _too_large(table)
    borders = job.order.borders
    whole = {"first": 0, "last": len(borders) - 2, "start": borders[0], "end": borders[-1]}
    return frame_of_parts(session, job, table.path, [Part(**whole, rows=(split,)) for split in splits], columns)


def _at_most(sql: SqlService, table: Table, columns: tuple[Column, ...]) -> list[pa.RecordBatch] | None:
    """The rows of a table; None where there are more than are handed over."""
    parts = [table.source, *([table.schema] if table.schema else []), table.name]
    shown = ", ".join(identifier(column.name) for column in columns)
    text = f"SELECT {shown} FROM {'.'.join(map(identifier, parts))}"
    batches: list[pa.RecordBatch] = []
    count = 0
    with sql.run(text, zone="UTC", time_limit=TIME_LIMIT) as running:
        for batch in running:
            batches.append(batch)
            count += batch.num_rows
            if count > MOST_ROWS:
                running.cancel()
                return None
    return batches


def _files(sql: SqlService, table: Table) -> list[str]:
    """The Parquet files of a table, where it is some."""
    source = sql.catalog.source(table.source)
    files = source.parquet(table) if isinstance(source, FilesSource) else None
    return [f"file://{file}" for file in files or ()]


def _of_files(session: Any, sql: SqlService, table: Table) -> Any:
    return session.read.parquet(*_files(sql, table))


def _used(table: Table, names: Container[str]) -> tuple[Column, ...]:
    return tuple(column for column in table.columns if column.name.lower() in names)


def _too_large(table: Table) -> LapwingError:
    return Refused.of(
        "not-at-spark",
        f"{table.path} is joined and has more than {MOST_ROWS:,} rows: they are too many to be handed to Spark, and there is"
        " no time by which its workers could read them in parts.",
        hint="Keep it as Parquet files, which Spark reads, or build with --builder beam or duckdb.",
    )
