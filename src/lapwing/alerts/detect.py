"""The detector: what each bucket of each series was expected to be, judged by what was known before it.

One online pass over time, vectorised over series, so it is causal by construction: the outputs of a prefix are the
prefix of the outputs. Each series has

- profiles: a rate for each seasonal slot (say hour of week, and hour of day), forgetting old visits. They are combined
  by how well each has predicted so far (Bates and Granger), so a sparse series leans on the coarse profile and a dense
  one on the fine one;
- a level: how the recent past runs against the profiles, so that growth and summers do not count as news;
- a spread, upwards and downwards apart, never below that of chance: Poisson for counts, binomial for shares.

Residuals are Anscombe's: of the power 2/3, near normal for counts down to a mean of one half, with the exact
noise of small denominators. What enters the training is winsorised, so an incident can't teach the model that it is
normal, while a lasting change of level is learned within weeks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

_FIRST = 14
"""How many first residuals tell the spread by their median."""
_MEDIAN_OF_NORMAL = 0.6745
"""The median of |z| of a standard normal z. Residuals count for the spread up to this many deviations, which makes it much
like the median absolute deviation, kept up by one bucket after the other."""

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Slots = npt.NDArray[np.integer]


class Kind(StrEnum):
    """What chance does to a series. COUNT: rows (Poisson at least). SHARE: rows out of `exposure` rows (binomial at
    least). SUM: amounts whose variance grows with their mean; of `exposure` units where given. LEVEL: any number, of
    constant spread."""

    COUNT = "count"
    SHARE = "share"
    SUM = "sum"
    LEVEL = "level"


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
    band = _Band(*(np.full((buckets, series), np.nan) for _ in range(4)))
    score, ready = np.full((buckets, series), np.nan), np.zeros((buckets, series), bool)
    with np.errstate(divide="ignore", invalid="ignore"):
        for at in range(buckets):
            known = np.isfinite(amounts[at]) & (weights[at] > 0)
            step = model.expect(profiles[:, at], np.where(known, weights[at], np.nan))
            for kept, part in zip(band.parts(), step.band.parts(), strict=True):
                kept[at] = part
            ready[at] = step.ready
            score[at] = np.where(step.ready, model.learn(step, amounts[at], known), np.nan)
        lower, upper = (model.value(band, side * width) / band.weight for side in (-1.0, 1.0))
        expected = band.mean / band.weight
    return Detection(expected.T, lower.T, upper.T, score.T, ready.T)


@dataclass(frozen=True, slots=True, eq=False)
class _Band:
    """Where amounts should lie: mean, exposure and spread on each side; arrays of any one shape."""

    mean: Floats
    weight: Floats
    up: Floats
    down: Floats

    def parts(self) -> tuple[Floats, Floats, Floats, Floats]:
        return self.mean, self.weight, self.up, self.down


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """What the model says of one bucket before it sees it; arrays are (S,), rates (P, S)."""

    slots: npt.NDArray[np.int64]
    rates: Floats
    base: Floats
    band: _Band
    ready: Bools


class _Model:
    """The online model of many series of one kind."""

    def __init__(self, kind: Kind, series: int, profiles: npt.NDArray[np.int64], tuning: Tuning) -> None:
        self.kind, self.tuning = kind, tuning
        self.normal = 1 / math.sqrt(_clipped_square(_MEDIAN_OF_NORMAL))
        self.chance = kind in (Kind.COUNT, Kind.SHARE)
        shape = (int(profiles.max(initial=0)) + 1, series)
        count = len(profiles)
        self.amount = np.zeros((count, *shape))  # discounted sums by profile and slot: of amounts,
        self.weight = np.zeros((count, *shape))  # of exposures
        self.visits = np.zeros((count, *shape))  # and of visits
        self.seen = np.zeros(shape, np.int64)
        self.error = np.zeros((count, series))  # mean squared error of each profile's own forecasts, discounted
        self.errors = np.zeros(series)
        self.recent = np.zeros((2, series))  # discounted actual and expected amounts (LEVEL: residuals and visits)
        self.square = np.zeros((2, series))  # discounted sums of squared clipped residuals, up and down, twice
        self.judged = np.zeros(series)
        self.first = np.full((_FIRST, series), np.nan)  # the first residuals' sizes
        self.first_count = np.zeros(series, np.int64)
        self.profile = np.arange(count)

    def expect(self, slots: npt.NDArray[np.int64], weight: Floats) -> _Step:
        """Where the next bucket should lie. A bucket of unknown weight is given its slot's usual one."""
        amount, weights = self.amount[self.profile, slots], self.weight[self.profile, slots]
        visits = self.visits[self.profile, slots]
        weight = np.where(np.isnan(weight), weights[0] / visits[0], weight)
        rates = amount / weights
        trust = np.where(visits > 0, 1 / (self.error * self.error + 1e-100), 0.0)
        rate = np.where(visits > 0, rates * trust, 0.0).sum(0) / trust.sum(0)
        up, down = self._spread(0), self._spread(1)
        base = rate * weight
        if self.kind is Kind.LEVEL:
            mean = base + self.recent[0] / (self.recent[1] + 3.0)
        else:
            prior = (
                2.0 * np.maximum(up, down) ** 2
            )  # two events' worth (of two amounts' worth) of "as the profile says"
            mean = base * (self.recent[0] + prior) / (self.recent[1] + prior)
            mean = np.where(np.isnan(mean), base, mean)
        if self.kind is Kind.SHARE:
            mean = np.clip(mean, 0.0, weight)
        enough = self.judged >= 2 * self.tuning.history
        ready = (self.seen[slots[0]] >= self.tuning.history) & enough & np.isfinite(mean)
        return _Step(slots, rates, base, _Band(mean, weight, up, down), ready)

    def _spread(self, side: int) -> Floats:
        """Robust standard deviation of residuals on one side: Huber's second proposal, on each side by itself. Early on,
        both sides lean on what they have in common."""
        common = (self.square[0] + self.square[1]) / 2
        spread: Floats = np.sqrt(
            (self.square[side] + common * 4 / (self.judged + 1)) / (self.judged + 4 * (self.judged > 0))
        )
        spread = spread * self.normal * (1 + 2 / np.maximum(self.judged, 1))  # little is known of the spread from few
        # fmax: before the first residual the spread is nan, and the floor holds.
        floored: Floats = np.fmax(spread, 1.0 if self.chance else 1e-12)
        return floored

    def _scale(self, band: _Band, mean: Floats) -> tuple[Floats, Floats]:
        """The point where residuals are stretched, kept from 0, and the binomial's thinner tail."""
        unit = np.maximum(band.up, band.down) ** 2 if self.kind is Kind.SUM else np.ones_like(mean)
        thin = np.sqrt(np.maximum(1 - mean / band.weight, 0.02)) if self.kind is Kind.SHARE else np.ones_like(mean)
        return np.maximum(np.abs(mean), 0.1 * unit), thin

    def _residual(self, band: _Band, amount: Floats) -> Floats:
        """Anscombe residuals before division by the spread; above a share of one half, of the complement."""
        if self.kind is Kind.LEVEL:
            return amount - band.mean
        if self.kind is not Kind.SHARE:
            mean, _ = self._scale(band, band.mean)
            return 1.5 * (_power(amount) - _power(band.mean)) / mean ** (1 / 6)
        flip = band.mean > 0.5 * band.weight
        near = np.where(flip, band.weight - band.mean, band.mean)
        point, thin = self._scale(band, near)
        seen = np.where(flip, band.weight - amount, amount)
        residual = 1.5 * (_power(seen) - _power(near)) / (point ** (1 / 6) * thin)
        return np.where(flip, -residual, residual)

    def value(self, band: _Band, width: float | Floats) -> Floats:
        """The amount that lies `width` robust standard deviations from the mean: the inverse of the score."""
        reach = np.where(width > 0, band.up, band.down) * width
        if self.kind is Kind.LEVEL:
            return band.mean + reach
        if self.kind is not Kind.SHARE:
            mean, _ = self._scale(band, band.mean)
            power = _power(band.mean) + reach * mean ** (1 / 6) / 1.5
            return _unpower(np.where(band.mean >= 0, np.maximum(power, 0.0), power))
        flip = band.mean > 0.5 * band.weight
        near = np.where(flip, band.weight - band.mean, band.mean)
        point, thin = self._scale(band, near)
        power = _power(near) + np.where(flip, -reach, reach) * point ** (1 / 6) * thin / 1.5
        seen = np.clip(_unpower(np.maximum(power, 0.0)), 0.0, band.weight)
        return np.where(flip, band.weight - seen, seen)

    def learn(self, step: _Step, amount: Floats, known: Bools) -> Floats:
        """Takes the bucket in, winsorised, and gives its score (nan where nothing is known)."""
        band = step.band
        residual = np.where(known, self._residual(band, amount), np.nan)
        score = residual / np.where(residual > 0, band.up, band.down)
        trained = self.judged >= 2 * self.tuning.history
        limit = np.where(score > 0, self.tuning.clip, -self.tuning.clip)
        kept = np.where(trained & (np.abs(score) > self.tuning.clip), self.value(band, limit), amount)
        self._learn_spread(step, residual, trained)
        self._learn_level(step, kept, known)
        self._learn_profiles(step, kept, known)
        return score

    def _learn_spread(self, step: _Step, residual: Floats, trained: Bools) -> None:
        # A bucket where nothing happens and nothing was expected says nothing about the spread of the others; nor does one
        # whose own slot is hardly known, which was expected by the coarser profile.
        here = (
            np.isfinite(residual)
            & (self.seen[step.slots[0]] >= 2)
            & ((residual != 0) | (np.abs(step.band.mean) > 1e-9))
        )
        keep = 1 - 1 / self.tuning.spread
        for side, reach in ((0, step.band.up), (1, step.band.down)):
            size = np.maximum(residual if side == 0 else -residual, 0.0)
            size = np.where(trained, np.minimum(size, _MEDIAN_OF_NORMAL * reach), size)
            self.square[side] = np.where(here, self.square[side] * keep + 2 * size * size, self.square[side])
        self.judged = np.where(here, self.judged * keep + 1, self.judged)
        self._begin_spread(residual, here)

    def _begin_spread(self, residual: Floats, here: Bools) -> None:
        """The spread of the first residuals is their median: nothing is known yet to clip them by."""
        young = here & (self.first_count < len(self.first))
        if not young.any():
            return
        columns = np.flatnonzero(young)
        self.first[self.first_count[columns], columns] = np.abs(residual[columns])
        self.first_count[columns] += 1
        median = np.nanmedian(self.first[:, columns], axis=0) / _MEDIAN_OF_NORMAL
        self.square[:, columns] = np.square(median / self.normal) * self.judged[columns]

    def _learn_level(self, step: _Step, kept: Floats, known: Bools) -> None:
        here = known & np.isfinite(step.base)
        gained = (kept - step.base, np.ones_like(kept)) if self.kind is Kind.LEVEL else (kept, step.base)
        for row, gain in enumerate(gained):
            discounted = self.recent[row] * (1 - 1 / self.tuning.level) + gain
            self.recent[row] = np.where(here, discounted, self.recent[row])

    def _learn_profiles(self, step: _Step, kept: Floats, known: Bools) -> None:
        index = (self.profile, step.slots)
        keep = 1 - 1 / self.tuning.visits
        miss = np.square(kept - step.rates * step.band.weight)
        scored = known & np.isfinite(miss).all(0)
        self.errors += scored
        memory = 1 / np.minimum(np.maximum(self.errors, 1), self.tuning.spread)
        self.error = np.where(scored, self.error * (1 - memory) + memory * miss, self.error)
        for sums, gain in ((self.amount, kept), (self.weight, step.band.weight), (self.visits, np.ones_like(kept))):
            sums[index] = np.where(known, sums[index] * keep + gain, sums[index])
        self.seen[step.slots[0]] += known


def _clipped_square(limit: float) -> float:
    """The mean of min(z², limit²) of a standard normal z: what makes the clipped spread a standard deviation."""
    outside = math.erfc(limit / math.sqrt(2))
    return 1 - outside - limit * math.sqrt(2 / math.pi) * math.exp(-limit * limit / 2) + limit * limit * outside


def _power(amount: Floats) -> Floats:
    root = np.cbrt(amount)
    return root * root * np.sign(amount)


def _unpower(power: Floats) -> Floats:
    return np.sqrt(np.abs(power)) ** 3 * np.sign(power)
