"""The outlook: after each bucket, what the next ones are expected to come to, by level and seasons.

One online pass over time, vectorised over series; so it is causal, and its errors on the past are those that people would
have seen. A season's factor is a ratio of discounted sums (what came by what the rest expected), which holds for nights of
no orders, too; it is shrunk towards one.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Floats
from lapwing.alerts.early.constants import CLIP, HOURLY_LEVEL, LEVEL, SHRINK, TREND_LEVEL, VISITS
from lapwing.alerts.early.holidays import Factors, Known
from lapwing.alerts.season import DAY, local_minutes, weekday
from lapwing.model.grain import Grain, Unit

Slots = npt.NDArray[np.int64]
Moments = npt.NDArray[np.int64]


def seasons(starts: Moments, grain: Grain, zone: ZoneInfo) -> Slots:
    """(2, T): the slots of each bucket's two seasons, coarse first: hour of day and hour of week; of days the day of the week
    and the day of the month, whose last three days are slots of their own."""
    local = local_minutes(starts, zone)
    if grain.unit is not Unit.DAY:
        hours = local % DAY // 60
        return np.stack([hours, weekday(local) * 24 + hours])
    days = (local // DAY).astype("datetime64[D]")
    month = days.astype("datetime64[M]")
    of_month = (days - month.astype("datetime64[D]")).astype(np.int64)
    left = ((month + 1).astype("datetime64[D]") - days).astype(np.int64)
    return np.stack([weekday(local), np.where(left <= 3, 31 + left, of_month)])


def outlook(
    values: Floats,
    slots: Slots,
    ahead: int,
    a_day: int = 1,
    *,
    damping: float = 0.0,
    level: float | None = None,
    known: Known | None = None,
) -> Floats:
    """(S, T, ahead): what was expected, after each bucket, of the ones that follow.

    Args:
        values: (S, T); nan where there is no value: nothing is learned of it.
        slots: (P, T + ahead), the seasons' slots; where there are fewer, what lies beyond them is nan.
        a_day: buckets in a day.
        damping: share of the trend that is left a bucket later; 0 for no trend (Gardner and McKenzie, "Forecasting trends
            in time series", 1985).
        level: days that the level remembers, unless as chosen for the grain.
        known: holidays and events, of as many buckets as there are slots at least.
    """
    series, buckets = values.shape
    chosen = (LEVEL if a_day == 1 else HOURLY_LEVEL) if level is None else level
    model = _Model(series, slots, chosen * a_day, TREND_LEVEL * a_day)
    factors = None if known is None else Factors(known, series, a_day)
    held = np.zeros(slots.shape[1], bool) if known is None else known.held
    steps = np.cumsum(damping ** np.arange(1, ahead + 1))[:, None]
    out = np.full((buckets, ahead, series), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        for at in range(buckets):
            if factors is not None and held[at]:
                plain = model.level * model.shape(slots[:, at])
                factors.learn(at, values[:, at], plain, factors.at(slice(at, at + 1), model.level)[0])
            else:
                model.learn(slots[:, at], values[:, at])
            later = slice(at + 1, min(at + 1 + ahead, slots.shape[1]))
            count = later.stop - later.start
            middle = model.level + (model.trend * (model.memory + steps[:count]) if damping else 0.0)
            out[at, :count] = middle * model.shape(slots[:, later])
            if factors is not None and held[later].any():
                out[at, :count] *= factors.at(later, model.level)
    return np.moveaxis(out, 2, 0)


class _Model:
    def __init__(self, series: int, slots: Slots, memory: float, slow: float) -> None:
        self.memory, self.slow = memory, slow
        # Discounted sums of what came and of what the rest expected, by season and slot.
        self.sums = np.zeros((len(slots), 2, int(slots.max(initial=0)) + 1, series))
        self.recent = np.zeros((2, series))
        self.older = np.zeros((2, series))
        self.error = np.zeros((2, series))

    @property
    def level(self) -> Floats:
        found: Floats = self.recent[0] / np.maximum(self.recent[1], 1e-12)
        return found

    @property
    def trend(self) -> Floats:
        """The level's growth a bucket: two levels of different memory lag behind by about that much."""
        older = self.older[0] / np.maximum(self.older[1], 1e-12)
        grown = np.where(self.older[1] > self.slow / 2, self.level - older, 0.0)
        found: Floats = grown / max(self.slow - self.memory, 1.0)
        return found

    def factors(self, slots: Slots) -> Floats:
        """(P, ..., S): of slots (P, ...), each season's."""
        level = np.abs(self.level)
        found = []
        for season, (prior, of) in enumerate(zip(SHRINK, slots, strict=True)):
            came, expected = self.sums[season][0][of], self.sums[season][1][of]
            like_others = prior * level + 1e-12
            found.append((came + like_others) / (expected + like_others))
        return np.stack(found)

    def shape(self, slots: Slots) -> Floats:
        """The factors together."""
        product: Floats = self.factors(slots).prod(axis=0)
        return product

    def learn(self, slots: Slots, value: Floats) -> None:
        """One bucket, of which the error counts up to a few usual ones."""
        known = np.isfinite(value)
        factors = self.factors(slots)
        shape = factors.prod(axis=0)
        expected = np.where(self.recent[1] > 0, self.level * shape, value)
        size = np.abs(expected)
        usual = self.error[0] / np.maximum(self.error[1], 1e-12)
        reach = np.where(self.error[1] > 5, CLIP * usual * size, np.inf)
        kept = np.clip(value, expected - reach, expected + reach)
        keep = 1 - 1 / self.memory
        gained = np.stack([kept, shape])
        self.recent = np.where(known, self.recent * keep + gained, self.recent)
        self.older = np.where(known, self.older * (1 - 1 / self.slow) + gained, self.older)
        level = self.level
        for season, of in enumerate(slots):
            rest = level * shape / factors[season]
            gained = np.stack([kept, rest])
            before = self.sums[season][:, of]
            self.sums[season][:, of] = np.where(known, before * (1 - 1 / VISITS) + gained, before)
        missed = np.abs(kept - expected) / np.where(size > 0, size, np.nan)
        scored = known & np.isfinite(missed)
        gained = np.stack([np.minimum(missed, 10.0), np.ones_like(missed)])
        self.error = np.where(scored, self.error * (1 - 1 / (4 * self.memory)) + gained, self.error)
