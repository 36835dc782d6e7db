"""Among how many series each bucket of each slice is one: what was flagged, and is not explained by another slice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lapwing.alerts.bar import OPENS
from lapwing.alerts.chance import Bools, Floats
from lapwing.alerts.evidence import evidence
from lapwing.alerts.history import Slice
from lapwing.alerts.judged import Judged
from lapwing.alerts.many import among, needed
from lapwing.alerts.sweep.constants import BACK, HALF, OFF
from lapwing.alerts.sweep.explain import Common, Stretch, explaining
from lapwing.alerts.sweep.overlap import Overlap
from lapwing.alerts.ways import HYSTERESIS

Ints = npt.NDArray[np.int64]
Together = Callable[[Slice, int, int], float]
"""Of what two slices have in common, a row that is the one, and a bucket: the share of that row, lately."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What explained the buckets up to `last`, and its share of the whole before it began: the model gets used to it sooner or
    later than to what it does to others."""

    last: int
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What a bucket came to in one direction: the `rows` that explain it, the best first, the most evidence there was of each
    or of what it is a part of or made of, and all series (S,) that they explain."""

    bucket: int
    rows: list[int]
    evidence: list[float]
    explained: Bools


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
    shown: Floats = field(init=False)
    adjusted: Floats = field(init=False)

    def __post_init__(self) -> None:
        slices, found = self.judged.slices, self.judged.detection
        self.overlap = Overlap(slices, len(slices) - 1)
        self.size = np.array([len(one) for one in slices])
        flagged = np.isfinite(self.many)
        first = np.where(flagged.any(1), flagged.argmax(1), self.many.shape[1])
        self.entered = np.array([first[self.overlap.inside(row)].min() for row in range(len(slices))], np.int64)
        self.shown = evidence(found.score, self.judged.rules.gathering, found.alone)
        self.adjusted = among(self.shown, self.many)

    def many_told(self, floor: Floats | None = None) -> Floats:
        """`many`, nan where something else explains what is to be seen: no evidence of anything, then or later. `floor` (T,):
        what the evidence of one among all must reach, where that is more than the monitor's sensitivity; what has less is
        not told then, and may be later."""
        rules = self.judged.rules
        least = np.full(self.many.shape[1], rules.threshold)
        least = least if floor is None else np.maximum(least, floor)
        out, told = self.many.copy(), np.zeros(self.many.shape, bool)
        for direction in rules.directions:
            for one in self.found(direction, least):
                out[one.explained, one.bucket] = np.nan
                out[one.rows, one.bucket] = 1.0  # that something happened is sure; where, is told by what explains it
                told[one.rows, one.bucket] = True
        held = (least > rules.threshold) & ~told & np.isfinite(out)
        return np.where(held, np.inf, out)

    def found(self, direction: int, least: Floats) -> Iterator[Told]:
        """What there is to tell in one direction, bucket by bucket, where evidence of `least` (T,) is needed."""
        judged = self.judged
        difference = judged.actual - judged.detection.expected
        with np.errstate(invalid="ignore"):
            large = (difference * direction >= judged.minimum) & (judged.detection.score * direction >= OPENS)
            adjusted = self.adjusted * direction
            hot = (adjusted >= least) & large
            warm = (self.shown * direction >= least) & large
        standing: dict[int, Standing] = {}
        for at in np.flatnonzero(hot.any(0)).tolist():
            here = np.flatnonzero(hot[:, at])
            best = int(here[adjusted[here, at].argmax()])
            stretch = self._stretch(best, at, direction, warm[:, at], hot[:, at], float(least[at]))
            before = {row: one.share for row, one in standing.items() if self._goes_on(row, one.last, at, direction)}
            chosen, moved = explaining(stretch, self._common(stretch, at), before)
            for row in chosen:
                share = before[row] if row in before else float(stretch.expected[row] / stretch.expected[-1])
                standing[row] = Standing(at, share)
            seen = stretch.scores(np.zeros(len(moved))) * direction
            explained = (seen >= OPENS) & (seen - stretch.scores(moved) * direction >= HALF * seen)
            most = [self._most(row, here, adjusted[here, at]) for row in chosen]
            yield Told(at, chosen, most, explained | hot[:, at])

    def _most(self, row: int, here: Ints, adjusted: Floats) -> float:
        """The most evidence of a series, or of what it is a part of or made of; else of any."""
        akin = self.overlap.nested(row)[here]
        return float(adjusted[akin].max() if akin.any() else adjusted.max())

    def _goes_on(self, row: int, last: int, at: int, direction: int) -> bool:
        """What explained a bucket is not over yet, by the rules for incidents."""
        since = self.judged.detection.score[row, last + 1 : at + 1] * direction
        quiet = since < self.judged.rules.threshold * HYSTERESIS
        return int(np.count_nonzero(quiet)) < self.judged.rules.quiet

    def _stretch(self, row: int, at: int, direction: int, warm: Bools, hot: Bools, least: float) -> Stretch:
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
            least=needed(least, self.many[:, at]),
        )

    def _common(self, stretch: Stretch, at: int) -> Common:
        def common(one: int, size: Floats, *, exact: bool) -> Floats:
            ask = (stretch.hot | (stretch.warm & stretch.there)) if exact else np.zeros(len(size), bool)
            return self.overlap.common(one, size, stretch.there, ask, lambda both, of: self.together(both, of, at))

        return common
