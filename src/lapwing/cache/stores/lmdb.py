"""The embedded rollup store on LMDB: many processes read while one writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import lmdb

from lapwing.cache.stores.base import RollupStore
from lapwing.cache.stores.environment import MAP_BYTES, Shared, acquire, release, store_problem
from lapwing.cache.stores.limits import check_key, check_value, closed
from lapwing.model.failing import OnError

_BATCH_ROWS: Final = 10_000
"""Rows of one write transaction: bounds the pages it holds in memory."""

T = TypeVar("T")


class LmdbStore(RollupStore):
    """A folder with `data.mdb`. `read_only` opens a store that another process writes; `map_bytes` is the most it can
    hold before its map grows.

    Raises:
        StoreError: the folder can't be used, or a newer Lapwing wrote it.
    """

    shown = "lmdb"

    def __init__(self, path: Path, *, read_only: bool = False, map_bytes: int = MAP_BYTES) -> None:
        self._path = path
        self._read_only = read_only
        self._shared: Shared | None = acquire(path, read_only=read_only, map_bytes=map_bytes)

    def put(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        remaining = iter(rows)
        while batch := [(check_key(key), check_value(value)) for key, value in islice(remaining, _BATCH_ROWS)]:

            def work(transaction: Any, batch: list[tuple[bytes, bytes]] = batch) -> None:
                with transaction.cursor() as cursor:
                    cursor.putmulti(batch)

            self._write(work)

    def get(self, keys: Sequence[bytes]) -> list[bytes | None]:
        with self._transaction() as transaction:
            return [transaction.get(key) for key in keys]

    def get_since(self, revision: object, keys: Sequence[bytes]) -> tuple[object, list[bytes | None] | None]:
        with self._transaction() as transaction:
            now = transaction.id()
            return now, None if now == revision else [transaction.get(key) for key in keys]

    def scan(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        with self._transaction() as transaction, transaction.cursor() as cursor:
            if not cursor.set_range(start):
                return
            for key, value in cursor:
                if key >= end:
                    return
                yield key, value

    def delete_prefix(self, prefix: bytes) -> None:
        check_key(prefix)

        def work(transaction: Any) -> bool:
            """Deletes one batch; says whether rows may be left."""
            with transaction.cursor() as cursor:
                for _ in range(_BATCH_ROWS):
                    if not cursor.set_range(prefix) or not cursor.key().startswith(prefix):
                        return False
                    cursor.delete()
            return True

        while self._write(work):
            pass

    def compare_and_set(self, key: bytes, old: bytes | None, new: bytes | None) -> bool:
        check_key(key)
        if new is not None:
            check_value(new)

        def work(transaction: Any) -> bool:
            if transaction.get(key) != old:
                return False
            if new is not None:
                transaction.put(key, new)
            elif old is not None:
                transaction.delete(key)
            return True

        return self._write(work)

    def close(self) -> None:
        if self._shared is not None:
            release(self._shared)
            self._shared = None

    def _write(self, work: Callable[[Any], T]) -> T:
        """Runs `work` in one durable write transaction; once more with a larger map whenever the map is full."""
        while True:
            shared = self._held()
            size = shared.handle.info()["map_size"]
            try:
                with self._transaction(write=True) as transaction:
                    return work(transaction)
            except lmdb.MapFullError:
                shared.resize(2 * size, seen=size)

    @contextmanager
    def _transaction(self, *, write: bool = False) -> Iterator[Any]:
        """A transaction with LMDB's errors told as `StoreError`; a full map is left to `_write`."""
        shared = self._held()
        try:
            transaction = self._begin(shared, write)
        except lmdb.MapResizedError:  # another process grew it
            shared.resize(0, seen=shared.handle.info()["map_size"])
            transaction = self._begin(shared, write)
        except lmdb.Error as error:
            raise store_problem(error, self._path) from error
        try:
            with transaction:
                yield transaction
        except lmdb.MapFullError:
            raise
        except lmdb.Error as error:
            raise store_problem(error, self._path) from error
        finally:
            self._ended(shared)

    def _begin(self, shared: Shared, write: bool) -> Any:
        with shared.gate:
            shared.running += 1
        with OnError(lambda _: self._ended(shared)):
            return shared.handle.begin(db=shared.rows, write=write)

    @staticmethod
    def _ended(shared: Shared) -> None:
        with shared.gate:
            shared.running -= 1
            if shared.running == 0:
                shared.gate.notify_all()

    def _held(self) -> Shared:
        if self._shared is None:
            raise closed()
        return self._shared
