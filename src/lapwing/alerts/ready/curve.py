"""The arrival curve: which share of what a bucket comes to is there at which age, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools, Floats
from lapwing.alerts.ready.arrivals import Arrivals, Moments
from lapwing.alerts.ready.constants import DAY, DEVIATIONS, ENOUGH, HIGH, HOUR, LEAST, LONGEST, LOW, MINUTE, SETTLED


@dataclass(frozen=True, slots=True)
class Share:
    """Of a bucket's final value at an age: its median, and what nine of ten have at least and at most."""

    low: float
    middle: float
    high: float

    @property
    def spread(self) -> tuple[float, float]:
        """Standard deviations downwards and upwards."""
        return (self.middle - self.low) / DEVIATIONS, (self.high - self.middle) / DEVIATIONS


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """`low`, `middle` and `high` (A,) of the share at each of the `ages` (A,), nan where too few buckets were seen at that
    age; `buckets` (A,) counts these. After `horizon` buckets no longer change."""

    ages: Moments
    low: Floats
    middle: Floats
    high: Floats
    buckets: npt.NDArray[np.int64]
    horizon: int

    def at(self, age: int) -> Share | None:
        """The share at an age (microseconds after the end of the bucket); None where too little is known."""
        if age > self.horizon:
            return Share(1.0, 1.0, 1.0)
        place = int(np.searchsorted(self.ages, age))
        exact = place < len(self.ages) and self.ages[place] == age
        near = [place] if exact else [place - 1, place]
        if near[0] < 0 or near[-1] >= len(self.ages) or not np.isfinite(self.middle[near]).all():
            return None
        middle = float(np.interp(age, self.ages[near].astype(float), self.middle[near]))
        # Between two ages a batch may have come: it is one or the other, and not something between.
        return Share(float(self.low[near].min()), middle, float(self.high[near].max()))

    def reached(self, share: float) -> int | None:
        """The first age after the end of a bucket from which on nine of ten buckets have at least this share; None where
        none is known."""
        known = np.isfinite(self.low) & (self.ages >= 0)
        lacks = np.flatnonzero(known & (self.low < share))
        after = np.flatnonzero(known)
        if not len(after):
            return None
        if len(lacks):
            after = after[after > lacks[-1]]
        elif after[0] != np.searchsorted(self.ages, 0):
            return None  # nobody saw it when it was young
        return int(self.ages[after[0]]) if len(after) else self.horizon

    @property
    def complete_after(self) -> int | None:
        """Microseconds after its end at which a bucket is complete enough to be judged."""
        found = self.reached(ENOUGH)
        return None if found is None else min(found, LONGEST)

    @property
    def begins(self) -> int | None:
        """The age at which nine of ten buckets have anything at all."""
        return self.reached(1e-9)

    def says(self) -> str | None:
        """In a few words: "usually 99% after 3 h"; None where too little is known."""
        after = self.complete_after
        if after is None:
            return None
        if after == 0:
            return "usually complete at its end"
        return f"usually {ENOUGH:.0%} after {length(after)}"


def learn(arrivals: Arrivals) -> Curve | None:
    """What the arrivals so far say; None while too little was seen."""
    if arrivals.looked is None:
        return None
    ages, held, last = arrivals.ages, arrivals.held, arrivals.last
    age_now = arrivals.looked - arrivals.ends
    some = last > 0
    horizon = _horizon(arrivals, some)
    if horizon is None:
        return None
    final = some & (age_now >= horizon)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = held[final] / last[final, None]
    counts = np.isfinite(share).sum(axis=0)
    enough = counts >= LEAST
    if not enough.any():
        return None
    out = np.full((3, len(ages)), np.nan)
    out[:, enough] = np.nanquantile(share[:, enough], (LOW, 0.5, HIGH), axis=0)
    # Beyond it nothing is learned, and everything is there.
    out[:, ages > horizon] = np.nan
    low, middle, high = out
    return Curve(ages, low, middle, high, counts, horizon)


def _horizon(arrivals: Arrivals, some: Bools) -> int | None:
    """The age after which buckets do not change any more: of as many as were seen then and a good while later."""
    ages, held, last = arrivals.ages, arrivals.held, arrivals.last
    assert arrivals.looked is not None
    age_now = arrivals.looked - arrivals.ends
    found = None
    for place in np.flatnonzero(ages >= 0)[::-1]:
        age = int(ages[place])
        later = some & (age_now >= age + max(age, HOUR)) & np.isfinite(held[:, place])
        if later.sum() < LEAST:
            continue
        change = np.abs(held[later, place] / last[later] - 1)
        if np.quantile(change, HIGH) > SETTLED:
            break
        found = age
    return found


def length(microseconds: int) -> str:
    """A stretch of time in a word or two.

    >>> length(5_400_000_000), length(259_200_000_000), length(900_000_000)
    ('1.5 h', '3 days', '15 min')
    """
    if microseconds >= 2 * DAY:
        return f"{microseconds / DAY:.3g} days"
    if microseconds >= HOUR:
        return f"{microseconds / HOUR:.3g} h"
    return f"{round(microseconds / MINUTE)} min"
