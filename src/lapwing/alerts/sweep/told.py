"""Among how many series each bucket of each slice is one: what was flagged, and is not explained by another slice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lapwing.alerts.bar import OPENS
from lapwing.alerts.chance import Bools, Floats
from lapwing.alerts.evidence import evidence
from lapwing.alerts.history import Slice
from lapwing.alerts.incidents import HYSTERESIS
from lapwing.alerts.judged import Judged
from lapwing.alerts.many import among, needed
from lapwing.alerts.sweep.constants import BACK, HALF, OFF
from lapwing.alerts.sweep.explain import Common, Stretch, explaining
from lapwing.alerts.sweep.overlap import Overlap

Ints = npt.NDArray[np.int64]
Together = Callable[[Slice, int, int], float]
"""Of what two slices have in common, a row that is the one, and a bucket: the share of that row, lately."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What explained the buckets up to `last`, and its share of the whole before it began: the model gets used to it sooner or
    later than to what it does to others."""

    last: int
    share: float


@dataclass(slots=True, eq=False)
class Unexplained:
    """Goes through the buckets in which something could be told, and leaves to each what explains it.

    `judged` has the slices that had a second look and those they are parts of, the whole last; `many` (S, T) is among how
    many each is one, infinite where it was not flagged. What is decided of a bucket follows from what was known by then, so
    that later buckets change nothing.
    """

    judged: Judged
    many: Floats
    together: Together
    overlap: Overlap = field(init=False)
    size: Ints = field(init=False)
    entered: Ints = field(init=False)

    def __post_init__(self) -> None:
        slices = self.judged.slices
        self.overlap = Overlap(slices, len(slices) - 1)
        self.size = np.array([len(one) for one in slices])
        flagged = np.isfinite(self.many)
        first = np.where(flagged.any(1), flagged.argmax(1), self.many.shape[1])
        self.entered = np.array([first[self.overlap.inside(row)].min() for row in range(len(slices))], np.int64)

    def many_told(self) -> Floats:
        """`many`, nan where something else explains what is to be seen: no evidence of anything, then or later."""
        judged, rules = self.judged, self.judged.rules
        found = judged.detection
        shown = evidence(found.score, rules.gathering, found.alone)
        difference = judged.actual - found.expected
        out = self.many.copy()
        with np.errstate(invalid="ignore"):
            adjusted = among(shown, self.many)
            for direction in (1, -1) if rules.direction == 0 else (rules.direction,):
                large = (difference * direction >= judged.minimum) & (found.score * direction >= OPENS)
                hot = (adjusted * direction >= rules.threshold) & large
                warm = (shown * direction >= rules.threshold) & large
                self._one_way(hot, warm, adjusted * direction, direction, out)
        return out

    def _one_way(self, hot: Bools, warm: Bools, shown: Floats, direction: int, out: Floats) -> None:
        standing: dict[int, Standing] = {}
        for at in np.flatnonzero(hot.any(0)).tolist():
            here = np.flatnonzero(hot[:, at])
            stretch = self._stretch(int(here[shown[here, at].argmax()]), at, direction, warm[:, at], hot[:, at])
            before = {row: one.share for row, one in standing.items() if self._goes_on(row, one.last, at, direction)}
            chosen, moved = explaining(stretch, self._common(stretch, at), before)
            for row in chosen:
                share = before[row] if row in before else float(stretch.expected[row] / stretch.expected[-1])
                standing[row] = Standing(at, share)
            seen = stretch.scores(np.zeros(len(moved))) * direction
            explained = (seen >= OPENS) & (seen - stretch.scores(moved) * direction >= HALF * seen)
            out[explained | hot[:, at], at] = np.nan
            out[chosen, at] = 1.0  # that something happened is sure; where, is told by what explains it

    def _goes_on(self, row: int, last: int, at: int, direction: int) -> bool:
        """What explained a bucket is not over yet, by the rules for incidents."""
        since = self.judged.detection.score[row, last + 1 : at + 1] * direction
        quiet = since < self.judged.rules.threshold * HYSTERESIS
        return int(np.count_nonzero(quiet)) < self.judged.rules.quiet

    def _stretch(self, row: int, at: int, direction: int, warm: Bools, hot: Bools) -> Stretch:
        """The run of buckets in which a series is off, up to one, added up for all."""
        judged, found = self.judged, self.judged.detection
        first = at
        while first > max(0, at - BACK) and found.score[row, first - 1] * direction >= OFF:
            first -= 1
        part = np.s_[:, first : at + 1]
        weight = judged.exposure[part] if judged.measured.ratio else np.ones_like(judged.actual[part])
        band = found.upper[part] - found.expected[part] if direction > 0 else found.expected[part] - found.lower[part]
        known = np.isfinite(judged.actual[part]) & np.isfinite(found.expected[part])
        sigma = np.where(known, np.nan_to_num(band) / judged.monitor.sensitivity * weight, 0.0)
        actual, expected = (
            np.where(known, array[part] * weight, 0.0).sum(1) for array in (judged.actual, found.expected)
        )
        deviation = np.sqrt((sigma * sigma).sum(1))
        return Stretch(
            actual=actual,
            expected=expected,
            sigma=np.where(deviation > 0, deviation, np.inf),
            size=self.size,
            there=self.entered <= at,
            warm=warm,
            hot=hot,
            direction=direction,
            least=needed(judged.rules.threshold, self.many[:, at]),
        )

    def _common(self, stretch: Stretch, at: int) -> Common:
        def common(one: int, size: Floats, *, exact: bool) -> Floats:
            ask = (stretch.hot | (stretch.warm & stretch.there)) if exact else np.zeros(len(size), bool)
            return self.overlap.common(one, size, stretch.there, ask, lambda both, of: self.together(both, of, at))

        return common
