"""The embedded builder: the engine aggregates, over whatever sources the dataset's rows come from."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pyarrow as pa

from lapwing.cache.definition import Definition
from lapwing.cache.state_sql import PARTITION, Buckets, state_sql
from lapwing.model.problem import Cancelled
from lapwing.sources.base import Stream
from lapwing.sql.service import SqlService

_TIME_LIMIT = 24 * 3600.0
_POLL = 0.05


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
        if cancel.is_set():
            raise Cancelled.of("cancelled", "The build was cancelled.")
        with self._sql.run(text, time_limit=_TIME_LIMIT) as stream, _cancelled_by(cancel, stream):
            for batch in stream:
                yield from _by_partition(batch)


def _by_partition(batch: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
    """A batch cut where the partition changes, without the column that says so."""
    numbers = np.asarray(batch.column(PARTITION))
    rest = batch.drop_columns([PARTITION])
    borders = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
    for low, high in itertools.pairwise(borders):
        if high > low:
            yield int(numbers[low]), rest.slice(low, high - low)


@contextmanager
def _cancelled_by(cancel: threading.Event, stream: Stream) -> Iterator[None]:
    """Cancels the stream when the event is set, even while it waits for its first rows."""
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            if cancel.wait(_POLL):
                stream.cancel()
                return

    watcher = threading.Thread(target=watch, name="build-cancel", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
