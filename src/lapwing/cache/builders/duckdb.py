"""The embedded builder: the engine aggregates, over whatever sources the dataset's rows come from."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pyarrow as pa

from lapwing.cache.builders.reading import TIME_LIMIT, check, partitions_of
from lapwing.cache.definition import Definition
from lapwing.cache.state_sql import Buckets, state_sql
from lapwing.sql.service import SqlService


class DuckdbBuilder:
    """Builds by one statement for all partitions asked at once."""

    name = "duckdb"

    def __init__(self, sql: SqlService) -> None:
        self._sql = sql

    def batches(
        self, definition: Definition, borders: Sequence[int], cancel: threading.Event
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        buckets = Buckets(borders[0], borders[-1], definition.grain)
        text = state_sql(definition.bound, definition.kept, definition.rollup.dimensions, buckets, partitions=borders)
        check(cancel)
        yield from partitions_of(self._sql.run(text, time_limit=TIME_LIMIT), cancel)
