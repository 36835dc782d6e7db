"""Made series with what is known of them: which incidents they hold, and what in them is nothing to tell."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from lapwing.alerts.terms import Terms

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Incident:
    """Something to tell, in buckets [start, end): a first alarm there finds it. `rows` are the series that show it, and
    `direction` is how their value moves. `loss` (end - start,) is the money lost in each bucket. `evidence`: how many standard
    deviations of chance it is for somebody who knows the metric's means and noise, over all its buckets."""

    kind: str
    rows: tuple[int, ...]
    start: int
    end: int
    direction: int
    loss: Floats
    evidence: float


@dataclass(frozen=True, slots=True)
class Quiet:
    """Something that is nothing to tell, in buckets [start, end) of all rows. `told`: people said before that it would be."""

    kind: str
    start: int
    end: int
    told: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Series (S, T) of one metric over buckets that start at `starts` (UTC microseconds): one, or slices and, last, the
    whole. Values are nan where people knew that the data was not in. Nothing counts before the bucket `first`."""

    name: str
    country: str
    zone: ZoneInfo
    terms: Terms
    starts: npt.NDArray[np.int64]
    values: Floats
    exposure: Floats
    first: int
    incidents: tuple[Incident, ...]
    quiet: tuple[Quiet, ...]

    @property
    def weeks(self) -> float:
        """Series-weeks that count."""
        counted = float(self.starts[-1] - self.starts[self.first]) / 604_800e6
        return counted * len(self.values)


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alert of one series: the bucket it opened in and the one it was over in, those in which it spoke (the first, and
    where it grew), and the direction it complained about."""

    opened: int
    over: int
    told: tuple[int, ...]
    direction: int

    def overlaps(self, other: Alarm) -> bool:
        """At the same time, of the same direction."""
        return self.direction == other.direction and self.opened <= other.over and other.opened <= self.over


Alarms = tuple[tuple[Alarm, ...], ...]
"""Of each series of a panel."""
