"""Which ranges of a store's keys are read how often: counted where chunks are read, shared by all processes in one row.

A range is a rollup and a value of its first dimension, by which its keys begin: what lies beside each other in the store, and
so what one tablet of Bigtable may have to serve. One key in sixteen is counted. Counts fade by half each hour, so that they
tell of now.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lapwing.cache.aside import Aside
from lapwing.cache.keys import leading_value, namespace_prefix, traffic_key
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.stores.cell import pack, unpack
from lapwing.model.problem import LapwingError

SAMPLED: Final = 16
WINDOW: Final = 10.0
"""Seconds over which a rate is taken."""
HALF_LIFE: Final = 3_600.0
_FORMAT: Final = 1
_EVERY: Final = 30.0
_MOST: Final = 500
"""Ranges that are kept: those read most."""
_FORGOTTEN: Final = 86_400.0
_TRIES: Final = 20

Range = tuple[bytes, bytes]
"""A rollup's id, and the encoded value."""
_ID_AT: Final = len(namespace_prefix()) + 1
_VALUES_AT: Final = _ID_AT + 16


@dataclass(frozen=True, slots=True)
class Reads:
    """Of one range: `rows` read, faded; `peak` rows a second of one process, the most of the last day, `at` that time (seconds
    since 1970)."""

    rows: float
    peak: float
    at: float

    def faded(self, seconds: float) -> Reads:
        """The same, so much later."""
        return Reads(self.rows * 0.5 ** (seconds / HALF_LIFE), self.peak, self.at)

    def and_(self, other: Reads) -> Reads:
        """Both together."""
        high = max(self, other, key=lambda one: one.peak)
        return Reads(self.rows + other.rows, high.peak, high.at)


class Traffic:
    """The reads of one store. `clock` gives seconds since 1970. Safe to use from several threads and processes."""

    def __init__(self, store: RollupStore, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._aside = Aside("lapwing-traffic", 1)
        self._skip = random.randrange(SAMPLED)  # noqa: S311
        self._window: dict[Range, int] = {}
        self._began = self._written = clock()
        self._new: dict[Range, Reads] = {}

    def note(self, keys: Sequence[bytes]) -> None:
        """Chunks were read under these keys. Returns at once; what two threads count at the same time may be lost."""
        at, count = self._skip, len(keys)
        while at < count:
            self._count(keys[at])
            # By chance: an answer that always reads so many keys must not always count the same one.
            at += random.randrange(1, 2 * SAMPLED)  # noqa: S311
        self._skip = at - count

    def _count(self, key: bytes) -> None:
        read = (key[_ID_AT : _ID_AT + 8], leading_value(key[_VALUES_AT:-8]))
        now = self._clock()
        with self._lock:
            if not 0 <= now - self._began < WINDOW:
                self._end_window(now)
            self._window[read] = self._window.get(read, 0) + SAMPLED
        if not 0 <= now - self._written < _EVERY:
            self._written = now
            self._aside.do(self.flush)

    def _end_window(self, now: float) -> None:
        for read, rows in self._window.items():
            new = Reads(rows, rows / WINDOW, self._began)
            self._new[read] = new.and_(self._new[read]) if read in self._new else new
        self._window, self._began = {}, now

    def flush(self) -> None:
        """Writes what was counted; lost where the store takes nothing."""
        now = self._clock()
        with self._lock:
            self._end_window(now)
            new, self._new = self._new, {}
        if not new:
            return
        try:
            for _ in range(_TRIES):
                (row,) = self._store.get([traffic_key()])
                reads = _decode(row, now)
                for read, one in new.items():
                    reads[read] = one.and_(reads[read]) if read in reads else one
                if self._store.compare_and_set(traffic_key(), row, _encode(reads, now)):
                    return
        except LapwingError:
            return

    def read(self) -> Mapping[Range, Reads]:
        """All that is known of the last hours; what was counted here included.

        Raises:
            StoreError: the store can't be read.
        """
        self.flush()
        return _decode(self._store.get([traffic_key()])[0], self._clock())


def _encode(reads: Mapping[Range, Reads], now: float) -> bytes:
    kept = sorted(reads.items(), key=lambda one: -one[1].rows)[:_MOST]
    rows = [[rollup.hex(), value.hex(), round(one.rows, 3), one.peak, one.at] for (rollup, value), one in kept]
    return pack(json.dumps({"format": _FORMAT, "at": now, "ranges": rows}, separators=(",", ":")).encode())


def _decode(row: bytes | None, now: float) -> dict[Range, Reads]:
    """As of `now`. Nothing where the row is none, damaged, or another Lapwing's: it is only advice."""
    if row is None:
        return {}
    try:
        read = json.loads(unpack(row))
        if read["format"] != _FORMAT:
            return {}
        later = max(0.0, now - read["at"])
        found: dict[Range, Reads] = {}
        for rollup, value, rows, peak, at in read["ranges"]:
            one = Reads(float(rows), float(peak) if now - at < _FORGOTTEN else 0.0, float(at)).faded(later)
            if one.rows >= 1 or one.peak:
                found[bytes.fromhex(rollup), bytes.fromhex(value)] = one
        return found
    except (LapwingError, KeyError, TypeError, ValueError):
        return {}
