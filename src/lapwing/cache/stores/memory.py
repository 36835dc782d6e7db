"""The rollup store in memory: a dict and a sorted list of its keys. For tests, and for projects too small to keep."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from lapwing.cache.keys import prefix_end
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.stores.limits import check_key, check_value, closed


class MemoryStore(RollupStore):
    """Lost when the process ends. A scan sees the rows of the moment it began."""

    shown = "memory"

    def __init__(self) -> None:
        self._rows: dict[bytes, bytes] | None = {}
        self._keys: list[bytes] = []
        self._lock = threading.RLock()

    def _open_rows(self) -> dict[bytes, bytes]:
        if self._rows is None:
            raise closed()
        return self._rows

    def put(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        checked = {check_key(key): check_value(bytes(value)) for key, value in rows}
        with self._lock:
            held = self._open_rows()
            fresh = [key for key in checked if key not in held]
            held.update(checked)
            self._keys.extend(fresh)
            self._keys.sort()  # nearly linear: the old keys are one sorted run

    def get(self, keys: Sequence[bytes]) -> list[bytes | None]:
        with self._lock:
            held = self._open_rows()
            return [held.get(key) for key in keys]

    def scan(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        with self._lock:
            held = self._open_rows()
            found = self._keys[bisect_left(self._keys, start) : bisect_left(self._keys, end)]
            return iter([(key, held[key]) for key in found])

    def delete_prefix(self, prefix: bytes) -> None:
        check_key(prefix)
        with self._lock:
            held = self._open_rows()
            low, high = bisect_left(self._keys, prefix), bisect_left(self._keys, prefix_end(prefix))
            for key in self._keys[low:high]:
                del held[key]
            del self._keys[low:high]

    def compare_and_set(self, key: bytes, old: bytes | None, new: bytes | None) -> bool:
        check_key(key)
        with self._lock:
            held = self._open_rows()
            if held.get(key) != old:
                return False
            if new is not None:
                self.put([(key, new)])
            elif key in held:
                del held[key]
                del self._keys[bisect_left(self._keys, key)]
            return True

    def close(self) -> None:
        with self._lock:
            self._rows, self._keys = None, []
