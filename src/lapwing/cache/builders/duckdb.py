"""The embedded builder: the engine aggregates, over whatever sources the dataset's rows come from."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from lapwing.cache.definition import Definition
from lapwing.cache.state_sql import Buckets, state_sql
from lapwing.model.problem import Cancelled
from lapwing.sources.base import Stream
from lapwing.sql.service import SqlService

_TIME_LIMIT = 24 * 3600.0
_POLL = 0.05


class DuckdbBuilder:
    """Builds by one statement for each partition."""

    name = "duckdb"

    def __init__(self, sql: SqlService) -> None:
        self._sql = sql

    def batches(
        self, definition: Definition, start: int, end: int, cancel: threading.Event
    ) -> Iterator[pa.RecordBatch]:
        text = state_sql(
            definition.bound,
            definition.states,
            definition.rollup.dimensions,
            Buckets(start, end, definition.grain),
            ordered=True,
        )
        if cancel.is_set():
            raise Cancelled.of("cancelled", "The build was cancelled.")
        with self._sql.run(text, time_limit=_TIME_LIMIT) as stream, _cancelled_by(cancel, stream):
            yield from stream


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
