"""The builder where the rows are: the source aggregates by one statement, and only states travel."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pyarrow as pa

from lapwing.cache.builders.duckdb import DuckdbBuilder
from lapwing.cache.builders.reading import TIME_LIMIT, cancelled_by, check, partitions_of
from lapwing.cache.definition import Definition
from lapwing.cache.source_sql import GIVEN, SourceSql, source_sql
from lapwing.model.problem import Refused
from lapwing.sources.base import Source
from lapwing.sources.bill import current
from lapwing.sql.service import SqlService
from lapwing.states.dialects import dialect_of


class SourceBuilder:
    """Gives what `DuckdbBuilder` gives, bit by bit but for the columns that are sums of doubles, which each engine rounds
    in its own order. Of files and DuckDB the engine is the source, so there it is the same."""

    name = "source"

    def __init__(self, sql: SqlService) -> None:
        self._sql = sql

    def batches(
        self, definition: Definition, borders: Sequence[int], cancel: threading.Event
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """As the contract says.

        Raises:
            Refused: the source might answer otherwise, or can't build a state; says which and why.
        """
        from lapwing.sql.translate import home_of

        source = home_of(definition.bound, self._sql)
        able = source.capabilities
        if able.native or not able.statements or not dialect_of(able.dialect).builds:
            yield from DuckdbBuilder(self._sql).batches(definition, borders, cancel)
            return
        asked = statement_for(definition, borders, source, self._sql)
        check(cancel)
        stream = source.read(asked.text, asked.columns, time_limit=TIME_LIMIT)
        with stream, cancelled_by(cancel, stream):
            states = pa.Table.from_batches(list(stream), stream.schema)
        if (bill := current()) is not None:
            bill.add(stream.spent)
        gathered = self._sql.run(asked.gathered, given={GIVEN: states}, time_limit=TIME_LIMIT)
        yield from partitions_of(gathered, cancel)


def statement_for(definition: Definition, borders: Sequence[int], source: Source, sql: SqlService) -> SourceSql:
    """What the source is asked for a rollup's partitions. Raises as `SourceBuilder.batches` does."""
    from lapwing.sql.translate import at_source

    by = definition.rollup.dimensions
    bound = at_source(definition.bound, source, sql, by, definition.kept)
    try:
        asked = source_sql(bound, definition.kept, by, definition.grain, borders, source.capabilities.dialect)
    except Refused as error:
        raise Refused.of(
            "not-at-source",
            f"{definition.name} can't be built by its source: {error.problems[0].message}",
            place=definition.rollup.place,
            hint="Build it with --builder duckdb, which reads the rows.",
        ) from error
    return SourceSql(source.as_read(asked.text, asked.columns), asked.columns, asked.gathered)
