"""The values of a series so far, and what is drawn from the latest ones: means, steps, how often there is one."""

from __future__ import annotations

import math
from collections import deque
from statistics import median

from lapwing.alerts.novelty.constants import GAP_STEPS, LARGEST

_INTERVALS = 25
"""Whose median is the usual step: it outlives gaps and duplicates."""
_LN10 = math.log(10.0)


class Recent:
    """Plain values, or ratios of sums: then means are ratios of sums, too, in which small denominators weigh little."""

    def __init__(self, *, ratio: bool) -> None:
        self.times: list[float] = []
        self.values: list[float] = []
        self._ratio = ratio
        self._numerators: list[float] = []
        self._denominators: list[float] = []
        self._intervals: deque[float] = deque(maxlen=_INTERVALS)
        self._share = ratio
        self._numerator = self._denominator = 0.0

    def add(self, time: float, numerator: float, denominator: float) -> None:
        """Takes a point in; `time` is not before the last one, `denominator` (1 for plain values) not zero."""
        if self.times and time > self.times[-1]:
            self._intervals.append(time - self.times[-1])
        self.times.append(time)
        numerator, denominator = _bounded(numerator), _bounded(denominator)
        self.values.append(_divided(numerator, denominator))
        if self._ratio:
            self._numerators.append(numerator)
            self._denominators.append(denominator)
            self._numerator += numerator
            self._denominator += denominator
            self._share = self._share and 0 <= numerator <= denominator

    @property
    def interval(self) -> float:
        """The usual seconds between points; 0 before the second one."""
        return median(self._intervals) if self._intervals else 0.0

    def mean(self, window: int) -> float:
        """Of the last so many values."""
        if self._ratio:
            return _divided(sum(self._numerators[-window:]), sum(self._denominators[-window:]))
        values = self.values[-window:]
        return sum(values) / len(values)

    def median(self, window: int) -> float:
        """Of the last so many values, which half of them must have left for it to move; of ratios, each counts alike."""
        return median(self.values[-window:])

    def step(self, back: int) -> float | None:
        """The difference, without sign, to the value so many points before; None over a gap, where any may be."""
        if self._broken(back):
            return None
        return abs(self.values[-1] - self.values[-1 - back])

    def shift(self, window: int) -> float | None:
        """The difference, without sign, of the median of the last so many values to that of as many before them."""
        if len(self.values) < 2 * window or self._broken(window):
            return None
        return abs(self.median(window) - median(self.values[-2 * window : -window]))

    def _broken(self, back: int) -> bool:
        """Whether there are no so many points before the last one, or a gap between."""
        return len(self.times) <= back or self.times[-1] - self.times[-1 - back] > GAP_STEPS * back * self.interval

    def chance(self, window: int) -> float:
        """For shares, how many decades the last so many values are from the share before, were all rows independent: no
        more than this can be said of few rows. Infinite for all other series."""
        if not self._share:
            return math.inf
        numerator, denominator = sum(self._numerators[-window:]), sum(self._denominators[-window:])
        share = _divided(self._numerator - numerator, self._denominator - denominator)
        spread = share * (1 - share) * denominator + 1.0
        return (numerator - share * denominator) ** 2 / spread / 2 / _LN10


def _divided(numerator: float, denominator: float) -> float:
    return _bounded(numerator / denominator if denominator else 0.0)


def _bounded(value: float) -> float:
    return min(max(value, -LARGEST), LARGEST)
