"""Rows of a scan that others wait for: collected as they come, and streamed from there on where they become too many."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import pyarrow as pa

from lapwing.model.problem import LapwingError
from lapwing.sources.breakable import NAG
from lapwing.sources.streams import schema_of
from lapwing.sql.feed import Feed

MOST = 256_000_000
"""Bytes; nobody waits for more."""


def in_memory(reader: pa.RecordBatchReader) -> pa.Table | pa.RecordBatchReader:
    """All rows, or, where they are more than `MOST` bytes, the same as a stream again."""
    batches: list[pa.RecordBatch] = []
    size = 0
    for batch in reader:
        batches.append(batch)
        size += batch.nbytes
        if size > MOST:
            return pa.RecordBatchReader.from_batches(reader.schema, itertools.chain(_leaving(batches), reader))
    return pa.Table.from_batches(batches, reader.schema)


def _leaving(batches: list[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Each is forgotten once it was taken."""
    batches.reverse()
    while batches:
        yield batches.pop()


class Kept:
    """All rows of a feed that has begun or will."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._reader = feed.reader()
        self._batches: list[pa.RecordBatch] = []
        self._ended = False
        self._error: LapwingError | OSError | None = None
        self._schema = schema_of(feed.scan.columns)
        self._thread = threading.Thread(target=self._collect, name=f"keep {feed.scan.id}", daemon=True)
        self._thread.start()

    def table(self) -> pa.Table | None:
        """All rows, once they are there; None where they are too many, or the read failed."""
        self._thread.join()
        return pa.Table.from_batches(self._batches, self._schema) if self._ended else None

    def reader(self) -> pa.RecordBatchReader:
        """Those kept, then the others; once."""
        return pa.RecordBatchReader.from_batches(self._schema, self._all())

    def close(self) -> None:
        """Returns when nothing is collected any more; the feed must have been stopped, or have ended."""
        while self._thread.is_alive():
            self._feed.stop()  # again: the engine forgets what it is told between two of its steps
            self._thread.join(NAG)

    def _collect(self) -> None:
        size = 0
        try:
            for batch in self._reader:
                self._batches.append(batch)
                size += batch.nbytes
                if size > MOST:
                    return
            self._ended = True
        except (LapwingError, pa.ArrowException, OSError) as error:
            self._error = error

    def _all(self) -> Iterator[pa.RecordBatch]:
        self._thread.join()
        if self._error is not None:
            raise self._error
        yield from _leaving(self._batches)
        yield from self._reader
