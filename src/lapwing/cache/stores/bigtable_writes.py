"""Bulk writes into a Bigtable table: in batches, some at once, at the server's pace, tried again while it refuses."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Any, Final

from lapwing.cache.stores.bigtable_errors import passes, told
from lapwing.cache.stores.bigtable_retries import Retries, rest
from lapwing.cache.stores.limits import closed
from lapwing.cache.stores.pace import Pace
from lapwing.model.project import Reads, Writes

_MOST_AT_ONCE: Final = 32

Batch = dict[bytes, Any]
"""Mutations by the key of their row."""


class Writer:
    """`named` is the table's full name, for what is said. Safe to use from several threads."""

    def __init__(
        self, table: Any, named: str, limits: tuple[Reads, Writes], pace: Pace, closing: threading.Event
    ) -> None:
        self._table = table
        self._named = named
        self._reads, writes = limits
        self._writes = writes
        self._pace = pace
        self._closing = closing
        self._room = _Room(writes.bytes_in_flight)
        at_once = max(1, min(writes.bytes_in_flight // writes.batch_bytes, _MOST_AT_ONCE))
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="bigtable-writes")

    def write(self, mutations: Iterable[tuple[bytes, Any]]) -> None:
        """Writes them all; of equal keys the last one counts. Bigtable applies batches in any order, so a key waits for its
        earlier mutation.

        Raises:
            StoreError: Bigtable refuses; some may have been written. Nothing is once that was told.
        """
        under_way: dict[Future[None], frozenset[bytes]] = {}
        try:
            for batch, size in self._batches(mutations):
                _finished(under_way, [one for one in under_way if one.done()])
                keys = frozenset(batch)
                while not all(map(keys.isdisjoint, under_way.values())):
                    _finished(under_way, wait(under_way, return_when=FIRST_COMPLETED).done)
                self._room.take(size)
                under_way[self._submit(batch, size)] = keys
            while under_way:
                _finished(under_way, wait(under_way, return_when=FIRST_COMPLETED).done)
        finally:
            for one in under_way:
                one.cancel()
            wait(under_way)

    def close(self) -> None:
        """Waiting ends; what is on its way fails with the client."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _submit(self, batch: Batch, size: int) -> Future[None]:
        try:
            future = self._pool.submit(copy_context().run, self._send, batch)
        except RuntimeError:  # closed by another thread
            self._room.give(size)
            raise closed() from None
        future.add_done_callback(lambda _: self._room.give(size))
        return future

    def _send(self, batch: Batch) -> None:
        from google.cloud.bigtable.data import RowMutationEntry
        from google.cloud.bigtable.data.exceptions import MutationsExceptionGroup

        left = [RowMutationEntry(key, mutation) for key, mutation in batch.items()]
        retries = Retries(self._reads, self._writes, self._closing)
        with told(self._named):
            while left:
                rest(self._pace.delay(), self._closing)
                try:
                    self._table.bulk_mutate_rows(left, operation_timeout=retries.seconds, retryable_errors=())
                    return
                except MutationsExceptionGroup as error:
                    self._pace.refused()
                    lasting = next((one for one in error.exceptions if not passes(one)), None)
                    retries.wait(error if lasting is None else lasting)
                    left = [one.entry for one in error.exceptions]

    def _batches(self, mutations: Iterable[tuple[bytes, Any]]) -> Iterator[tuple[Batch, int]]:
        """As many as one request takes, and their bytes."""
        batch: Batch = {}
        size = 0
        for key, mutation in mutations:
            batch[key] = mutation
            size += len(key) + len(getattr(mutation, "new_value", b""))
            if size >= self._writes.batch_bytes or len(batch) >= self._writes.batch_rows:
                yield batch, size
                batch, size = {}, 0
        if batch:
            yield batch, size


class _Room:
    """Bytes that may be on their way at once; what is larger than all of it goes alone."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._used = 0
        self._changed = threading.Condition()

    def take(self, size: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._used or self._used + size <= self._most)
            self._used += size

    def give(self, size: int) -> None:
        with self._changed:
            self._used -= size
            self._changed.notify_all()


def _finished(under_way: dict[Future[None], frozenset[bytes]], done: Iterable[Future[None]]) -> None:
    """Forgets those that are done; raises what one of them raised."""
    for future in done:
        del under_way[future]
        future.result()
