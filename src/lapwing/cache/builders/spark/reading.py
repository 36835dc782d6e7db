"""Rows that Spark's workers read with Lapwing's own sources, as a frame of Spark: no jars, and the types of Lapwing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import pyarrow as pa

from lapwing.cache.builders.failures import told
from lapwing.cache.home import Job, home_of
from lapwing.cache.splits import Part, rows_of
from lapwing.sources.base import Column
from lapwing.sources.streams import as_promised, schema_of

_WIDER: Final = {"UTINYINT": "SMALLINT", "USMALLINT": "INTEGER", "UINTEGER": "BIGINT"}
"""Spark has no unsigned integers; those of 64 bits are refused before."""

Read = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]


def frame_of_parts(session: Any, job: Job, name: str, parts: Sequence[Part], columns: Sequence[Column]) -> Any:
    """The rows of all parts, each of which is a task; `name` is how people are told whose rows these are."""
    numbers = session.range(0, len(parts), 1, max(1, len(parts)))
    return numbers.mapInArrow(read_parts(job, name, parts, columns), schema=spark_schema(columns))


def frame_of_table(session: Any, name: str, batches: Sequence[pa.RecordBatch], columns: Sequence[Column]) -> Any:
    """Rows that are at hand."""
    columns = in_spark(columns)
    schema = schema_of(columns)
    rows = pa.Table.from_batches([as_promised(name, batch, columns, schema) for batch in batches], schema)
    return session.createDataFrame(rows, schema=spark_schema(columns))


def read_parts(job: Job, name: str, parts: Sequence[Part], columns: Sequence[Column]) -> Read:
    """What a worker does: it is given numbers of parts, and gives their rows."""
    columns = in_spark(columns)

    def read(numbers: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        schema = schema_of(columns)
        with told():
            home = home_of(job)
            for number in (one for batch in numbers for one in batch.column(0).to_pylist()):
                for rows in rows_of(job.order, parts[number], home, schema.names):
                    yield as_promised(name, rows, columns, schema)

    return read


def spark_schema(columns: Sequence[Column]) -> Any:
    """The types of columns in Spark: those that it has for their Arrow types, where a wall clock stays one."""
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(schema_of(in_spark(columns)), prefer_timestamp_ntz=True)


def in_spark(columns: Sequence[Column]) -> list[Column]:
    """The columns with types that have a place in Spark, without loss."""
    return [Column(column.name, _WIDER.get(column.type, column.type)) for column in columns]
