"""The scores of the Numenta Anomaly Benchmark: Lavin and Ahmad, "Evaluating Real-time Anomaly Detection Algorithms", 2015.

A detector that alarms in a labelled window is rewarded once, by its first alarm there, and the more the earlier that is.
An alarm elsewhere costs, a little less just behind a window. 0 is silence, 100 an alarm at the start of each window.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_PROBATION = 0.15
"""The first part of a series, in which nothing counts; of at most 5000 rows."""
_FAR = 3.0
"""Widths behind a window from which on an alarm is as wrong as any."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a missed window and an alarm outside of windows cost; a window found is worth up to 1."""

    name: str
    false_alarm: float
    missed: float = 1.0


STANDARD = Profile("Standard", 0.11)
LOW_FP = Profile("low-FP", 0.22)


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A series in order of time: seconds, values, and windows as first and last row. `name` is category/file."""

    name: str
    times: Floats
    values: Floats
    windows: tuple[tuple[int, int], ...]

    @property
    def category(self) -> str:
        """Series of one kind, which share a threshold chosen without them."""
        return self.name.split("/")[0]

    @property
    def first(self) -> int:
        """The first row that counts."""
        return math.floor(_PROBATION * min(len(self.times), 5000))

    @property
    def weeks(self) -> float:
        """How long it is."""
        return float(self.times[-1] - self.times[0]) / 604_800

    def outside(self) -> npt.NDArray[np.bool_]:
        """(rows,): counts, and is in no window."""
        out = np.arange(len(self.times)) >= self.first
        for start, end in self.windows:
            out[start : end + 1] = False
        return out


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The raw score of some series together at every threshold: `totals` at and below `thresholds`, which fall from
    infinity, where it is `totals[0]`, that of silence. `perfect`: the best there could be."""

    thresholds: Floats
    totals: Floats
    perfect: float

    def best(self) -> float:
        """The threshold of the best score; the highest of them."""
        return float(self.thresholds[int(np.argmax(self.totals))])

    def at(self, threshold: float) -> float:
        """The raw score at a threshold."""
        return float(self.totals[np.flatnonzero(self.thresholds >= threshold)[-1]])

    def percent(self, total: float) -> float:
        """A raw score between silence and perfection; without windows, as if there were one."""
        silence = float(self.totals[0])
        return 100 * (total - silence) / ((self.perfect - silence) or 2.0)


def curve(series: Iterable[Labelled], scores: Mapping[str, Floats], profile: Profile) -> Curve:
    """Scores series at all thresholds at once."""
    levels, steps, windows = [np.empty(0)], [np.empty(0)], 0
    for one in series:
        score = scores[one.name]
        outside = one.outside()
        levels.append(score[outside])
        steps.append(-profile.false_alarm * _cost(one)[outside])
        for start, end in one.windows:
            rows = np.arange(max(start, one.first), end + 1)
            if not len(rows):
                continue
            windows += 1
            # From high to low thresholds, each row that outdoes all rows before it is the first alarm for a while.
            records = rows[score[rows] > np.r_[-np.inf, np.maximum.accumulate(score[rows])[:-1]]][::-1]
            worth = _sigmoid((records - end - 1) / (end - start + 1)) / _sigmoid(np.array(-1.0))
            levels.append(score[records])
            steps.append(np.diff(worth, prepend=-profile.missed))
    level, step = np.concatenate(levels), np.concatenate(steps)
    order = np.argsort(-level, kind="stable")
    level, total = level[order], np.cumsum(step[order]) - profile.missed * windows
    last = np.r_[level[1:] != level[:-1], True][: len(level)]
    silence = -profile.missed * windows
    return Curve(np.r_[np.inf, level[last]], np.r_[silence, total[last]], float(windows))


def frozen(
    series: Sequence[Labelled], scores: Mapping[str, Floats], profile: Profile
) -> tuple[float, dict[str, float]]:
    """The score where each category's threshold is the best one of all other categories, and the thresholds."""
    total, thresholds = 0.0, {}
    for category in sorted({one.category for one in series}):
        own = [one for one in series if one.category == category]
        others = [one for one in series if one.category != category] or own
        thresholds[category] = curve(others, scores, profile).best()
        total += curve(own, scores, profile).at(thresholds[category])
    return curve(series, scores, profile).percent(total), thresholds


def bursts(one: Labelled, alarms: npt.NDArray[np.bool_]) -> int:
    """Runs of false alarms, each counted once."""
    false = alarms & one.outside()
    return int((false & ~np.r_[False, false[:-1]]).sum())


def found(one: Labelled, alarms: npt.NDArray[np.bool_]) -> int:
    """Windows with an alarm that counts."""
    return sum(bool(alarms[max(start, one.first) : end + 1].any()) for start, end in one.windows)


def _sigmoid(position: Floats) -> Floats:
    """From 1 far before a window's end over 0 there to -1 far behind it."""
    return np.asarray(2 / (1 + np.exp(5 * position)) - 1)


def _cost(one: Labelled) -> Floats:
    """(rows,): how wrong an alarm is, up to 1, by how far behind a window it is, in widths; 1 before the first."""
    cost = np.ones(len(one.times))
    for start, end in one.windows:
        behind = np.arange(end + 1, len(cost))
        far = (behind - end) / max(end - start, 1)
        cost[behind] = np.where(far > _FAR, 1.0, -_sigmoid(np.minimum(far, _FAR)))
    return cost
