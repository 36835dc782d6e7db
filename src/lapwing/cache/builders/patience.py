"""A store that is tried again, within a limit, when it does not answer for a while."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeVar

from lapwing.cache.builders.reading import check
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.stores.waiting import waiting
from lapwing.model.problem import Cancelled, StoreError

SECONDS: Final = 120.0
"""For which a store may refuse; a runner that repeats work does so on top of it."""

_FIRST, _LONGEST = 0.1, 10.0
_PASSING: Final = frozenset({"store-unreachable", "store-busy", "store-full", "store-failed"})
"""Quotas and full disks count: both are mended while a long build waits."""

T = TypeVar("T")


class Patient(RollupStore):
    """All but scans is repeated: each call is the same however often it is made."""

    def __init__(self, store: RollupStore, cancel: threading.Event, seconds: float | None = None) -> None:
        self._store = store
        self._cancel = cancel
        self._seconds = SECONDS if seconds is None else seconds

    def put(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        check(self._cancel)
        whole = list(rows)
        self._tried(lambda: self._store.put(whole))

    def get(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return self._tried(lambda: self._store.get(keys))

    def scan(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        return self._store.scan(start, end)

    def delete_prefix(self, prefix: bytes) -> None:
        self._tried(lambda: self._store.delete_prefix(prefix))

    def compare_and_set(self, key: bytes, old: bytes | None, new: bytes | None) -> bool:
        return self._store.compare_and_set(key, old, new)  # a second try might meet what the first one set

    def close(self) -> None:
        self._store.close()

    def reading(self) -> Patient:
        """The same store, of which nothing is written."""
        return _Reading(self._store, self._cancel, self._seconds)

    def _tried(self, call: Callable[[], T]) -> T:
        until, pause = time.monotonic() + self._seconds, _FIRST
        while True:
            try:
                with waiting(self._cancel):
                    return call()
            except StoreError as error:
                if error.problems[0].code not in _PASSING or time.monotonic() + pause > until:
                    raise
            if self._cancel.wait(pause * (0.5 + random.random())):  # noqa: S311  so that not all come back at once
                raise Cancelled.of("cancelled", "The build was cancelled.")
            pause = min(2 * pause, _LONGEST)


class _Reading(Patient):
    def put(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        for _ in rows:
            pass
