"""The detector: what each bucket of each series was expected to be, judged by what was known before it.

One online pass over time, vectorised over series, so it is causal by construction: the outputs of a prefix are the
prefix of the outputs. Each series has

- profiles: a rate for each seasonal slot (say hour of week, and hour of day), forgetting old visits. They are combined
  by how well each has predicted so far (Bates and Granger), so a sparse series leans on the coarse profile and a dense
  one on the fine one;
- a level: how the recent past runs against the profiles, so that growth and summers do not count as news;
- a spread, upwards and downwards apart, never below that of chance: Poisson for counts, binomial for shares.

What enters the training is winsorised, so an incident can't teach the model that it is normal, while a lasting change of
level is learned within weeks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools, Floats, Kind, Range, amount_at, residual

_FIRST = 14
"""How many first residuals tell the spread by their median."""
_MEDIAN_OF_NORMAL = 0.6745
"""The median of |z| of a standard normal z. Residuals count for the spread up to this many deviations, which makes it much
like the median absolute deviation, kept up by one bucket after the other."""

Slots = npt.NDArray[np.integer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """`visits`: how many past visits of a slot its rate remembers. `level` and `spread`: the same in buckets. `history`:
    visits of its finest slot that a bucket needs to be judged. `clip`: winsorising, in robust standard deviations."""

    visits: float = 8.0
    level: float = 10.0
    spread: float = 60.0
    history: int = 3
    clip: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """All arrays are (series, buckets), in the value's own unit. `score` is signed, in robust standard deviations; nan
    where the bucket was not judged. `lower` to `upper` is what lies within `width` of them. `ready`: enough history."""

    expected: Floats
    lower: Floats
    upper: Floats
    score: Floats
    ready: Bools


def detect(
    values: Floats,
    season: Slots,
    *,
    kind: Kind = Kind.LEVEL,
    exposure: Floats | None = None,
    width: float = 5.0,
    tuning: Tuning | None = None,
) -> Detection:
    """Judges every bucket by the buckets before it.

    Args:
        values: (S, T); nan where there is no value or it is not complete: expected all the same, never judged or learned.
        season: (T,) or (P, T), the slot of each bucket in each profile, finest profile first.
        exposure: (S, T), the denominators where `values` are ratios: SHARE needs it, SUM may have it.
        width: half the width of the band, in robust standard deviations.
    """
    if kind is Kind.SHARE and exposure is None:
        raise ValueError("a share needs its denominators")
    profiles = np.atleast_2d(np.asarray(season, np.int64))
    series, buckets = values.shape
    model = _Model(kind, series, profiles, tuning or Tuning())
    amounts = np.ascontiguousarray((values if exposure is None else values * exposure).T, np.float64)
    weights = np.ones_like(amounts) if exposure is None else np.ascontiguousarray(exposure.T, np.float64)
    known = np.isfinite(amounts) & (weights > 0)
    amounts, weights = np.where(known, amounts, np.nan), np.where(known, weights, np.nan)
    kept = np.empty((4, buckets, series))  # mean, weight, up and down
    score, ready = np.full((buckets, series), np.nan), np.zeros((buckets, series), bool)
    with np.errstate(divide="ignore", invalid="ignore"):
        for at in range(buckets):
            step = model.expect(profiles[:, at], weights[at])
            kept[:, at] = step.range.mean, step.range.weight, step.range.up, step.range.down
            ready[at] = step.ready
            score[at] = model.learn(step, amounts[at], known[at])
        score[~ready] = np.nan
        ranges = Range(*kept)
        lower, upper = (amount_at(kind, ranges, side * width) / ranges.weight for side in (-1.0, 1.0))
        expected = ranges.mean / ranges.weight
    return Detection(expected.T, lower.T, upper.T, score.T, ready.T)


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """What the model says of one bucket before it sees it; arrays are (S,), `rates` (P, S), `sums` (3, P, S)."""

    slots: npt.NDArray[np.int64]
    sums: Floats
    rates: Floats
    base: Floats
    range: Range
    ready: Bools


class _Model:
    """The online model of many series of one kind. There are many short steps, so each does little more than it must."""

    def __init__(self, kind: Kind, series: int, profiles: npt.NDArray[np.int64], tuning: Tuning) -> None:
        self.kind, self.tuning = kind, tuning
        self.normal = 1 / math.sqrt(_clipped_square(_MEDIAN_OF_NORMAL))
        self.least = 1.0 if kind in (Kind.COUNT, Kind.SHARE) else 1e-12
        slots, count = int(profiles.max(initial=0)) + 1, len(profiles)
        self.sums = np.zeros((3, count, slots, series))  # discounted, by profile and slot: amounts, exposures, visits
        self.seen = np.zeros((slots, series))
        self.error = np.zeros((count, series))  # mean squared error of each profile's own forecasts, discounted
        self.errors = np.zeros(series)
        self.recent = np.zeros((2, series))  # discounted actual and expected amounts (LEVEL: residuals and visits)
        self.square = np.zeros((2, series))  # discounted sums of squared clipped residuals, up and down, twice
        self.judged = np.zeros(series)
        self.first = np.full((_FIRST, series), np.nan)  # the first residuals' sizes
        self.first_count = np.zeros(series, np.int64)
        self.profile = np.arange(count)

    def expect(self, slots: npt.NDArray[np.int64], weight: Floats) -> _Step:
        """Where the next bucket should lie. A bucket of unknown weight (nan) is given its slot's usual one."""
        sums = self.sums[:, self.profile, slots]
        amounts, weights, visits = sums
        weight = np.where(np.isnan(weight), weights[0] / visits[0], weight)
        rates = amounts / weights
        visited = visits > 0
        trust = np.where(visited, 1 / (self.error * self.error + 1e-100), 0.0)
        base = np.where(visited, rates * trust, 0.0).sum(0) / trust.sum(0) * weight
        up, down = self._spreads()
        if self.kind is Kind.LEVEL:
            mean = base + self.recent[0] / (self.recent[1] + 3.0)
        else:
            prior = 2.0 * np.maximum(up, down) ** 2  # two events' worth (or amounts') of "as the profile says"
            mean = base * (self.recent[0] + prior) / (self.recent[1] + prior)
            mean = np.where(np.isnan(mean), base, mean)
        if self.kind is Kind.SHARE:
            mean = np.minimum(np.maximum(mean, 0.0), weight)
        history = self.tuning.history
        ready = (self.seen[slots[0]] >= history) & (self.judged >= 2 * history) & np.isfinite(mean)
        return _Step(slots, sums, rates, base, Range(mean, weight, up, down), ready)

    def _spreads(self) -> Floats:
        """Robust standard deviations of residuals, up and down: Huber's second proposal, on each side by itself. Early on,
        both sides lean on what they have in common."""
        judged = self.judged
        common = (self.square[0] + self.square[1]) * (2 / (judged + 1))
        variance = (self.square + common) / (judged + 4 * (judged > 0))
        wary = self.normal * (1 + 2 / np.maximum(judged, 1))  # little is known of the spread from few
        # fmax: before the first residual the spread is nan, and the floor holds.
        floored: Floats = np.fmax(np.sqrt(variance) * wary, self.least)
        return floored

    def learn(self, step: _Step, amount: Floats, known: Bools) -> Floats:
        """Takes the bucket in, winsorised, and gives its score (nan where nothing is known)."""
        where, clip = step.range, self.tuning.clip
        off = residual(self.kind, where, amount)
        above = off > 0
        score: Floats = off / np.where(above, where.up, where.down)
        trained = self.judged >= 2 * self.tuning.history
        far = trained & (np.abs(score) > clip)
        kept = amount
        if far.any():
            kept = np.where(far, amount_at(self.kind, where, np.where(above, clip, -clip)), amount)
        self._learn_spread(step, off, trained)
        self._learn_level(step, kept, known)
        self._learn_profiles(step, kept, known)
        return score

    def _learn_spread(self, step: _Step, off: Floats, trained: Bools) -> None:
        # A bucket where nothing happens and nothing was expected says nothing about the spread of the others; nor does one
        # whose own slot is hardly known, which was expected by the coarser profile.
        said = (off != 0) | (np.abs(step.range.mean) > 1e-9)
        here = np.isfinite(off) & (self.seen[step.slots[0]] >= 2) & said
        keep = 1 - 1 / self.tuning.spread
        sizes = np.maximum((off, -off), 0.0)
        most = _MEDIAN_OF_NORMAL * np.array((step.range.up, step.range.down))
        sizes = np.where(trained & (sizes > most), most, sizes)
        self.square = np.where(here, self.square * keep + 2 * sizes * sizes, self.square)
        self.judged = np.where(here, self.judged * keep + 1, self.judged)
        young = here & (self.first_count < _FIRST)
        if young.any():
            self._begin_spread(off, np.flatnonzero(young))

    def _begin_spread(self, off: Floats, columns: npt.NDArray[np.intp]) -> None:
        """The spread of the first residuals is their median: nothing is known yet to clip them by."""
        self.first[self.first_count[columns], columns] = np.abs(off[columns])
        self.first_count[columns] += 1
        median = np.nanmedian(self.first[:, columns], axis=0) / _MEDIAN_OF_NORMAL
        self.square[:, columns] = np.square(median / self.normal) * self.judged[columns]

    def _learn_level(self, step: _Step, kept: Floats, known: Bools) -> None:
        here = known & np.isfinite(step.base)
        gained = (kept - step.base, np.ones_like(kept)) if self.kind is Kind.LEVEL else (kept, step.base)
        self.recent = np.where(here, self.recent * (1 - 1 / self.tuning.level) + gained, self.recent)

    def _learn_profiles(self, step: _Step, kept: Floats, known: Bools) -> None:
        keep, weight = 1 - 1 / self.tuning.visits, step.range.weight
        miss = np.square(kept - step.rates * weight)
        scored = known & np.isfinite(miss).all(0)
        self.errors += scored
        memory = 1 / np.minimum(np.maximum(self.errors, 1), self.tuning.spread)
        self.error = np.where(scored, self.error + (miss - self.error) * memory, self.error)
        gained = np.array((kept, weight, np.ones_like(kept)))[:, None]
        self.sums[:, self.profile, step.slots] = np.where(known, step.sums * keep + gained, step.sums)
        self.seen[step.slots[0]] += known


def _clipped_square(limit: float) -> float:
    """The mean of min(z², limit²) of a standard normal z: what makes the clipped spread a standard deviation."""
    outside = math.erfc(limit / math.sqrt(2))
    return 1 - outside - limit * math.sqrt(2 / math.pi) * math.exp(-limit * limit / 2) + limit * limit * outside
