"""A log of the metric questions that were asked: how often each shape of them, how each was served, and what that took.

A shape is what questions have in common that differ in values alone, so what people filter by is not in it, only by which
dimensions. Shapes are counted in memory, and added from time to time to one row of the store that all processes share.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from math import gcd
from typing import Any, Final

from lapwing.cache.aside import Aside
from lapwing.cache.keys import questions_key
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.stores.cell import pack, unpack
from lapwing.model.grain import Grain
from lapwing.model.problem import LapwingError

_FORMAT: Final = 1
_EVERY: Final = 30.0
"""Seconds between two writes."""
_MOST: Final = 1_000
"""Shapes that are kept: those asked last."""
_TRIES: Final = 20


@dataclass(frozen=True, slots=True)
class Shape:
    """`filters` are the dimensions filtered by. `served` says by what: rollup, by-product, source, or several of them with
    + between."""

    metrics: tuple[str, ...]
    by: tuple[str, ...]
    grain: Grain | None
    zone: str
    filters: tuple[str, ...]
    served: str


@dataclass(slots=True)
class Tally:
    """Of one shape: how many questions, milliseconds of all and of the slowest, rows and bytes that came from the source. All
    their borders are multiples of `step` microseconds (0: nobody looked), the longest asked time is `longest`, and the
    last question was at `last` (seconds since 1970)."""

    count: int = 0
    milliseconds: float = 0.0
    worst: float = 0.0
    rows: int = 0
    bytes: int = 0
    step: int = 0
    longest: int = 0
    last: float = 0.0

    def add(self, other: Tally) -> None:
        """Counts the other's questions, too."""
        self.count += other.count
        self.milliseconds += other.milliseconds
        self.worst = max(self.worst, other.worst)
        self.rows += other.rows
        self.bytes += other.bytes
        self.step = gcd(self.step, other.step)
        self.longest = max(self.longest, other.longest)
        self.last = max(self.last, other.last)


class Questions:
    """The log of one store. Safe to use from several threads and processes."""

    def __init__(self, store: RollupStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._new: dict[Shape, Tally] = {}
        self._aside = Aside("lapwing-questions", 1)
        self._written = time.time()

    def note(
        self,
        shape: Shape,
        milliseconds: float,
        longest: int,
        *,
        rows: int = 0,
        size: int = 0,
        step: int = 0,
        count: int = 1,
    ) -> None:
        """Counts a question, as `count` like it. Returns at once."""
        with self._lock:
            tally = self._new.get(shape)
            if tally is None:
                if len(self._new) >= _MOST:
                    return
                tally = self._new[shape] = Tally()
            tally.count += count
            tally.milliseconds += milliseconds * count
            tally.worst = max(tally.worst, milliseconds)
            tally.rows += rows
            tally.bytes += size
            tally.step = gcd(tally.step, step)
            tally.longest = max(tally.longest, longest)
            tally.last = now = time.time()
        if now - self._written > _EVERY or now < self._written:
            self._written = now
            self._aside.do(self.flush)

    def flush(self) -> None:
        """Writes what was counted; lost where the store takes nothing."""
        with self._lock:
            new, self._new = self._new, {}
        if not new:
            return
        try:
            for _ in range(_TRIES):
                (row,) = self._store.get([questions_key()])
                tallies = _decode(row)
                for shape, tally in new.items():
                    tallies.setdefault(shape, Tally()).add(tally)
                if self._store.compare_and_set(questions_key(), row, _encode(tallies)):
                    return
        except LapwingError:
            return

    def read(self) -> Mapping[Shape, Tally]:
        """All that was asked, as far as it is kept; what is counted here included.

        Raises:
            StoreError: the store can't be read.
        """
        self.flush()
        return _decode(self._store.get([questions_key()])[0])

    def forget(self) -> None:
        """Empties the log."""
        with self._lock:
            self._new = {}
        self._store.delete_prefix(questions_key())


def _encode(tallies: Mapping[Shape, Tally]) -> bytes:
    kept = sorted(tallies.items(), key=lambda one: -one[1].last)[:_MOST]
    rows = [
        {
            "metrics": shape.metrics,
            "by": shape.by,
            "grain": str(shape.grain) if shape.grain else None,
            "starts": shape.grain.starts if shape.grain else 0,
            "zone": shape.zone,
            "filters": shape.filters,
            "served": shape.served,
            **asdict(tally),
        }
        for shape, tally in kept
    ]
    return pack(json.dumps({"format": _FORMAT, "shapes": rows}, separators=(",", ":")).encode())


def _decode(row: bytes | None) -> dict[Shape, Tally]:
    """Nothing where the row is none, damaged, or another Lapwing's: it is only advice."""
    if row is None:
        return {}
    try:
        read = json.loads(unpack(row))
        if read["format"] != _FORMAT:
            return {}
        return dict(_shapes(read["shapes"]))
    except (LapwingError, KeyError, TypeError, ValueError):
        return {}


_NUMBERS = tuple(field.name for field in fields(Tally))


def _shapes(rows: Iterable[Mapping[str, Any]]) -> Iterable[tuple[Shape, Tally]]:
    for row in rows:
        grain = Grain.parse(row["grain"]).starting(row["starts"]) if row["grain"] else None
        metrics, by, filters = (tuple(row[name]) for name in ("metrics", "by", "filters"))
        shape = Shape(metrics, by, grain, row["zone"], filters, row["served"])
        yield shape, Tally(**{name: row[name] for name in _NUMBERS})
