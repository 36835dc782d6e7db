"""The values of a series so far, and what is drawn from the latest ones: means, steps, how often there is one."""

from __future__ import annotations

import math
from collections import deque
from statistics import median

from lapwing.alerts.novelty.constants import LARGEST, WINDOWS

_INTERVALS = 25
"""Whose median is the step: it outlives gaps and duplicates."""
_LN10 = math.log(10.0)


class Recent:
    """Plain values, or ratios of sums: then means are ratios of sums, too, in which small denominators weigh little."""

    def __init__(self, *, ratio: bool) -> None:
        self.times: list[float] = []
        self.values: list[float] = []
        self._parts: deque[tuple[float, float]] = deque(maxlen=max(WINDOWS))
        self._intervals: deque[float] = deque(maxlen=_INTERVALS)
        self._numerators = self._denominators = 0.0
        self._shares = ratio

    def add(self, time: float, numerator: float, denominator: float) -> None:
        """Takes a point in; `time` is not before the last one, `denominator` (1 for plain values) not zero."""
        part = min(max(numerator, -LARGEST), LARGEST), min(max(denominator, -LARGEST), LARGEST)
        if self.times and time > self.times[-1]:
            self._intervals.append(time - self.times[-1])
        self.times.append(time)
        self.values.append(_divided(*part))
        self._parts.append(part)
        self._numerators += part[0]
        self._denominators += part[1]
        self._shares = self._shares and 0 <= part[0] <= part[1]

    @property
    def step(self) -> float:
        """The usual seconds between points; 0 before the second one."""
        return median(self._intervals) if self._intervals else 0.0

    def mean(self, window: int) -> float:
        """Of the last so many values."""
        return _divided(*self._sums(window))

    def chance(self, window: int) -> float:
        """For shares, how many decades the last so many values are from the share before, were all rows independent: no
        more than this can be said of few rows. Infinite for all other series."""
        if not self._shares:
            return math.inf
        numerator, denominator = self._sums(window)
        share = _divided(self._numerators - numerator, self._denominators - denominator)
        spread = share * (1 - share) * denominator + 1.0
        return (numerator - share * denominator) ** 2 / spread / 2 / _LN10

    def _sums(self, window: int) -> tuple[float, float]:
        first = max(len(self._parts) - window, 0)
        numerator = denominator = 0.0
        for at in range(first, len(self._parts)):
            numerator += self._parts[at][0]
            denominator += self._parts[at][1]
        return numerator, denominator


def _divided(numerator: float, denominator: float) -> float:
    value = numerator / denominator if denominator else 0.0
    return min(max(value, -LARGEST), LARGEST)
