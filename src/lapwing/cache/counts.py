"""How questions were answered since the process began: from rollups, in part from the source, or not from rollups and why.

Counted as answers are given, by a few additions under one lock; nothing is worked out before somebody asks. The counts
are of this process and end with it: they tell how a server does, and are no ledger.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lapwing.cache.definitions import Defined
from lapwing.cache.request import StateRequest
from lapwing.cache.route import Route
from lapwing.cache.shape import Shape
from lapwing.cache.times import length

REASONS: Final[Mapping[str, str]] = {
    "none": "The dataset keeps no rollup",
    "dimensions": "No rollup keeps all it groups by",
    "filters": "No rollup keeps all it filters by",
    "measures": "No rollup with its dimensions keeps a measure",
    "definition": "What would fit is not built",
    "grain": "The buckets of what would fit do not meet those asked",
    "range": "What would fit does not hold the asked time, or not as fresh as asked",
    "history": "What was known then is not remembered",
    "store": "The store could not be read",
}
"""The checks by which a question misses, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a rollup did: answers that it had a part in, and for how much time of its dataset (microseconds, each measure
    of an answer counting for its share)."""

    answers: int
    time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """Questions about a dataset that no rollup had a part in, by the check that failed, and what the last of them asked
    for."""

    dataset: str
    check: str
    count: int
    last: str

    @property
    def says(self) -> str:
        return REASONS[self.check]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Since `since` (seconds since 1970): answers from rollups alone, those that the source had a part in, those from what an
    answer before left behind (`by_products`), by rollup what it did, and what missed, the most frequent first."""

    since: float
    whole: int
    shared: int
    by_products: int
    served: Mapping[str, Served]
    misses: tuple[Miss, ...]

    @property
    def missed(self) -> int:
        return sum(one.count for one in self.misses)


class Counts:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since = time.time()
        self._whole = self._shared = self._by_products = 0
        self._answers: Counter[str] = Counter()
        self._time: Counter[str] = Counter()
        self._missed: Counter[tuple[str, str]] = Counter()
        self._last: dict[tuple[str, str], Shape] = {}

    def served(self, route: Route, measures: int) -> None:
        """An answer over `measures` came by a route with a part from a rollup."""
        with self._lock:
            if route.open:
                self._shared += 1
            else:
                self._whole += 1
            for part in route.parts:
                name = part.definition.name
                self._answers[name] += 1
                self._time[name] += length(part.stretches) * len(part.measures) // measures

    def left_behind(self) -> None:
        """What an answer before left behind was the answer."""
        with self._lock:
            self._by_products += 1

    def missed(self, dataset: str, check: str, shape: Shape) -> None:
        """No rollup had a part; `check` is one of `REASONS`."""
        with self._lock:
            self._missed[dataset, check] += 1
            self._last[dataset, check] = shape

    def read(self) -> Counted:
        """The counts as they are now."""
        with self._lock:
            served = {name: Served(answers=count, time=self._time[name]) for name, count in self._answers.items()}
            misses = [
                Miss(dataset=dataset, check=check, count=count, last=_told(self._last[dataset, check]))
                for (dataset, check), count in self._missed.most_common()
            ]
            return Counted(
                since=self._since,
                whole=self._whole,
                shared=self._shared,
                by_products=self._by_products,
                served=served,
                misses=tuple(misses),
            )


def why_missed(request: StateRequest, shape: Shape, defined: Defined, route: Route) -> str:
    """The check by which a question misses that no rollup has a part in, found by what the router knows already."""
    if not defined.definitions:
        return "definition" if defined.refused else "none"
    if shape.lacks is not None:
        return shape.lacks
    covers = route.row.covers
    if not covers:
        return "definition"
    return "grain" if all((request.edges % cover.definition.grain).any() for cover in covers) else "range"


def _told(shape: Shape) -> str:
    """What a question asked for, by its names."""
    text = ", ".join(shape.measures)
    if shape.by:
        text += f" by {', '.join(shape.by)}"
    return f"{text}, filtered by {', '.join(shape.filters)}" if shape.filters else text
