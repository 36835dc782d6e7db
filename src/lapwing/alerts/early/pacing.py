"""Pacing: what a period will come to, how sure that is, and how likely it misses its goal.

What is in counts exactly; what is to come is the outlook, and its spread is that of the errors that outlooks made at the
same distance from their end have had. All arrays are (S, T): what was known after each bucket.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Floats
from lapwing.alerts.early.constants import INTERVAL, LEAST_WINDOWS, WIDEN
from lapwing.alerts.early.errors import spread, spread_ahead
from lapwing.alerts.early.holidays import Known
from lapwing.alerts.early.outlook import Slots, outlook
from lapwing.alerts.early.student import below, quantile

Ints = npt.NDArray[np.int64]
_ROUNDING = 1e-9
"""Sums that differ by less are the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Pace:
    """`so_far` is exact; `projected` with `low` to `high` (eight of ten) is what the period will come to; `miss` is the
    probability that this is not within the goal. nan where too little is known. `coming`, `coming_too` (of the exposure)
    and `error` (S, T, H) are the outlooks that it rests on; `stays`: nothing is ever taken back."""

    so_far: Floats
    projected: Floats
    low: Floats
    high: Floats
    miss: Floats
    coming: Floats
    coming_too: Floats | None
    error: Floats
    stays: bool

    def path(self, row: int, at: int, left: int, done: float, whole: float) -> tuple[Floats, Floats, Floats]:
        """The period's course after bucket `at`, of which `left` buckets are to come: (left,) what it will have come to by
        each, and its interval. `done` and `whole`: its amount and exposure so far."""
        if not left:
            return np.empty(0), np.empty(0), np.empty(0)
        part = slice(row, row + 1)
        known = spread_ahead(self.error[part], at, left)
        rest = self.coming[part, at, :left]
        total = 1.0 if self.coming_too is None else whole + self.coming_too[part, at, :left]
        with np.errstate(divide="ignore", invalid="ignore"):
            middle = (done + rest * (1 + known.bias)) / total
            reach = quantile(INTERVAL, np.maximum(known.freedom, LEAST_WINDOWS)) * known.scale * np.abs(rest) / total
        low = np.maximum(middle - reach, done) if self.stays else middle - reach
        return middle[0], low[0], (middle + reach)[0]


@dataclass(frozen=True, slots=True, eq=False)
class Periods:
    """Of each bucket (T,): which period it is in, how many buckets of the period are still to come after it, and its place in
    the period (0 is the first)."""

    number: Ints
    left: Ints
    place: Ints

    @classmethod
    def of(cls, starts: Ints, borders: Ints) -> Periods:
        """Buckets that begin at `starts` (UTC microseconds; past the last known bucket, too) within periods of these
        borders."""
        number = np.searchsorted(borders, starts, side="right") - 1
        first = np.searchsorted(number, number, side="left")
        last = np.searchsorted(number, number, side="right") - 1
        at = np.arange(len(starts))
        return cls(number, last - at, at - first)

    def first(self, buckets: int) -> Periods:
        """Of the first buckets."""
        return Periods(self.number[:buckets], self.left[:buckets], self.place[:buckets])


def pace(
    amount: Floats,
    exposure: Floats | None,
    slots: Slots,
    periods: Periods,
    well: tuple[Floats, Floats],
    *,
    counts: bool = False,
    a_day: int = 1,
    warm_up: int = 28,
    known: Known | None = None,
) -> Pace:
    """The pace of every period after every bucket.

    Args:
        amount: (S, T), nothing is 0 or nan; `exposure` the denominators where the metric is a ratio.
        slots: (P, T + H), of buckets up to the end of the last period at least.
        periods: of the T buckets.
        well: (T,) each, or broadcast to (S, T): the lowest and highest total that meet the goal of a bucket's period.
        counts: of rows, whose chance is Poisson's at least.
        warm_up: buckets before which nothing is said.
        known: holidays and events, of as many buckets as `slots`.
    """
    amount = np.nan_to_num(amount)
    ahead = max(int(periods.left.max(initial=0)), 1)
    coming, came, error = _parts(amount, slots, ahead, a_day, known)
    so_far = _so_far(amount, periods)
    rest = _at(coming, periods.left)
    whole: Floats = np.ones_like(so_far)
    seen = so_far
    coming_too: Floats | None = None
    if exposure is not None:
        exposure = np.nan_to_num(exposure)
        coming_too, came_too, _ = _parts(exposure, slots, ahead, a_day, known)
        so_much = _so_far(exposure, periods)
        whole = so_much + _at(coming_too, periods.left)
        with np.errstate(divide="ignore", invalid="ignore"):
            seen = so_far / so_much
            error = (came / came_too) / (coming / coming_too) - 1
    errors = spread(error, periods.left)
    chance = np.where(rest > 0, 1 / np.sqrt(np.maximum(rest, 1e-12)), 0.0) if counts and exposure is None else 0.0
    over = periods.left == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        done = so_far / whole
        middle = np.where(over, done, done + rest * (1 + errors.bias) / whole)
        scale = np.where(over, 0.0, np.hypot(errors.scale, chance) * np.abs(rest) / whole)
        freedom = np.maximum(errors.freedom, LEAST_WINDOWS)
        reach = quantile(INTERVAL, freedom) * scale
        low, high = well
        wide = WIDEN * scale
        miss = 1 - (_within(high, middle, wide, freedom) - _within(low, middle, wide, freedom, strictly=True))
    enough = over | ((errors.freedom >= LEAST_WINDOWS) & np.isfinite(scale))
    enough = enough & (np.arange(amount.shape[1]) >= warm_up)
    shown = [np.where(enough, part, np.nan) for part in (middle, middle - reach, middle + reach, np.clip(miss, 0, 1))]
    # Where nothing is ever taken back, what is in stays: a budget that is spent is missed.
    stays = exposure is None and bool(np.all(amount >= 0))
    missed = np.where(stays & (done > high * (1 + _ROUNDING)), 1.0, shown[3])
    least = np.maximum(shown[1], done) if stays else shown[1]
    return Pace(seen, shown[0], least, np.maximum(shown[2], least), missed, coming, coming_too, error, stays)


def _within(bound: Floats, middle: Floats, scale: Floats, freedom: Floats, *, strictly: bool = False) -> Floats:
    """The probability that the end is below a bound; of an end that is known whether it is, at most or strictly."""
    bound = np.broadcast_to(bound, middle.shape)
    with np.errstate(over="ignore"):
        away = (bound - middle) / np.where(scale > 0, scale, np.nan)
    room = _ROUNDING * np.where(np.isfinite(bound), np.abs(bound), 0.0)
    sure = np.where(middle < bound - room if strictly else middle <= bound + room, 1.0, 0.0)
    inside = np.isfinite(away)
    found: Floats = np.where(inside, below(np.where(inside, np.clip(away, -1e9, 1e9), 0.0), freedom), sure)
    return found


def _parts(amount: Floats, slots: Slots, ahead: int, a_day: int, known: Known | None) -> tuple[Floats, Floats, Floats]:
    """(S, T, ahead) each: what the next 1, 2, ... buckets were expected to come to, what they came to (nan: not known yet),
    and by how much of the first the second was more."""
    coming = np.cumsum(outlook(amount, slots[:, : amount.shape[1] + ahead], ahead, a_day, known=known), axis=2)
    total = np.concatenate([np.zeros((len(amount), 1)), np.cumsum(amount, axis=1)], axis=1)
    buckets = amount.shape[1]
    end = np.arange(1, buckets + 1)[:, None] + np.arange(1, ahead + 1)
    came = np.where(end <= buckets, total[:, np.minimum(end, buckets)] - total[:, 1:, None], np.nan)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        error = came / coming - 1
    return coming, came, np.where(np.isfinite(error), np.clip(error, -5, 5), np.nan)


def _so_far(amount: Floats, periods: Periods) -> Floats:
    """What each period came to up to and with each bucket."""
    total = np.concatenate([np.zeros((len(amount), 1)), np.cumsum(amount, axis=1)], axis=1)
    at = np.arange(amount.shape[1])
    found: Floats = total[:, at + 1] - total[:, at - periods.place]
    return found


def _at(coming: Floats, left: Ints) -> Floats:
    """Of the cumulative outlook, that of as many buckets as are left; nothing where none is."""
    picked = coming[:, np.arange(coming.shape[1]), np.maximum(left - 1, 0)]
    found: Floats = np.where(left > 0, picked, 0.0)
    return found
