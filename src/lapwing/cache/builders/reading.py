"""What builders share: rows of states cut into partitions, and reads that end when the build is cancelled."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pyarrow as pa

from lapwing.cache.state_sql import PARTITION
from lapwing.model.problem import Cancelled
from lapwing.sources.base import Stream

TIME_LIMIT = 24 * 3600.0
"""Seconds that a build may wait for one statement."""

_POLL = 0.05


def partitions_of(stream: Stream, cancel: threading.Event) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The batches of a read, sorted by partition, with the number of their partition."""
    with stream, cancelled_by(cancel, stream):
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


def check(cancel: threading.Event) -> None:
    """Raises:
    Cancelled: the event is set.
    """
    if cancel.is_set():
        raise Cancelled.of("cancelled", "The build was cancelled.")


@contextmanager
def cancelled_by(cancel: threading.Event, stream: Stream) -> Iterator[None]:
    """Cancels the stream when the event is set, even while it waits for its first rows."""
    done = threading.Event()
    if cancel.is_set():
        stream.cancel()  # at once: a quick statement would be over before the first look

    def watch() -> None:
        while not done.wait(_POLL):  # which ends it at once when all is read
            if cancel.is_set():
                stream.cancel()
                return

    watcher = threading.Thread(target=watch, name="build-cancel", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
