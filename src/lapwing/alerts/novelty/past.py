"""All that was seen of one feature, in order, and how surprising a value is beside it."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort_right
from collections import deque
from dataclasses import dataclass
from typing import Self

from lapwing.alerts.novelty.constants import CAP, GAP, HISTORY, LEAST_TAIL, SHAPE_LIMIT, TAIL

_LN10 = math.log(10.0)
_STEEPEST = SHAPE_LIMIT / (1 - SHAPE_LIMIT)
"""Of the mean excess, at that shape."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The outermost values of one side as a generalised Pareto distribution: beyond `edge` (looking outwards) with mean
    excess `excess` and shape `shape`, 0 being an exponential one."""

    edge: float
    excess: float
    shape: float

    @classmethod
    def fitted(cls, outwards: list[float], floor: float) -> Self:
        """From the tail's values, innermost first and growing (so the lower tail comes negated). The first is the edge.

        The shape is read off how the mean excess grows from the edge to the outer quarter.
        """
        edge, beyond = outwards[0], outwards[1:]
        excess = sum(beyond) / len(beyond) - edge + floor
        outer = max(len(beyond) // 4, 3)
        far = outwards[-outer - 1]
        grown = sum(outwards[-outer:]) / outer - far - excess
        slope = min(grown / (far - edge), _STEEPEST) if far > edge else 0.0
        return cls(edge, excess, slope / (1 + slope) if slope > 0 else 0.0)

    def decades(self, value: float) -> float:
        """How much rarer than the edge a value beyond it is."""
        ratio = (value - self.edge) / self.excess
        if self.shape < 1e-3:
            return ratio / _LN10
        return math.log1p(self.shape * ratio / (1 - self.shape)) / self.shape / _LN10

    def at(self, decades: float) -> float:
        """The value that is so many decades rarer than the edge, in an exponential tail."""
        return self.edge + max(decades, 0.0) * _LN10 * self.excess


class Past:
    """The last values of a feature, sorted. A value costs two searches and the moving of a few kilobytes."""

    __slots__ = ("_lower", "_order", "_sorted", "_tail", "_upper", "count")

    def __init__(self) -> None:
        self._sorted: list[float] = []
        self._order: deque[float] = deque()
        self._tail = 0
        self._upper: Tail | None = None
        self._lower: Tail | None = None
        self.count = 0

    @property
    def least(self) -> float:
        """The least value."""
        return self._sorted[0]

    @property
    def median(self) -> float:
        """The upper median."""
        return self._sorted[len(self._sorted) // 2]

    def add(self, value: float) -> None:
        """Takes a value in; the oldest leaves when there are too many."""
        seen = self._sorted
        if len(seen) == HISTORY:
            at = bisect_left(seen, self._order.popleft())
            self._touch(at)
            del seen[at]
        self._touch(bisect_right(seen, value))
        insort_right(seen, value)
        self._order.append(value)
        self.count += 1

    def decades(self, value: float, maturity: int) -> float:
        """How surprising a value is: by its distance to the nearest one seen, and by the tail it lies in. Half as much
        when `maturity` values were seen, for of few values each new one is a record."""
        seen = self._sorted
        at = bisect_left(seen, value)
        nearest = min(
            seen[at] - value if at < len(seen) else math.inf,
            value - seen[at - 1] if at else math.inf,
        )
        reach = max(seen[-1], value) - min(seen[0], value)
        scale = GAP * reach  # of the smallest numbers there are, zero
        gap = nearest / scale if scale > 0 else 0.0
        upper, lower = self._tails()
        tail = 0.0
        if value > upper.edge:
            tail = self._at_edge() + upper.decades(value)
        elif -value > lower.edge:
            tail = self._at_edge() + lower.decades(-value)
        return min(math.hypot(gap, tail) * self.count / (self.count + maturity), CAP)

    def band(self, decades: float) -> tuple[float, float]:
        """The values so many decades out, in the lower and in the upper tail."""
        upper, lower = self._tails()
        beyond = decades - self._at_edge()
        return -lower.at(beyond), upper.at(beyond)

    def _at_edge(self) -> float:
        return -math.log10(self._tail / len(self._sorted))

    def _tails(self) -> tuple[Tail, Tail]:
        """The fits, which stay while only the middle of the past changes."""
        size = max(int(TAIL * len(self._sorted)), LEAST_TAIL)
        if self._upper is None or self._lower is None or size != self._tail:
            seen = self._sorted
            self._tail = size
            floor = 1e-9 * max(abs(seen[0]), abs(seen[-1])) + 1e-3 * (seen[-1] - seen[0]) + 1e-300
            self._upper = Tail.fitted(seen[-size - 1 :], floor)
            self._lower = Tail.fitted([-value for value in seen[size::-1]], floor)
        return self._upper, self._lower

    def _touch(self, at: int) -> None:
        if at <= self._tail or at >= len(self._sorted) - self._tail - 1:
            self._upper = self._lower = None
