"""What was there of each bucket at which age: the matrix that arrival curves are learned from.

A bucket's rows are a step function of time, which is read off whenever the store is looked at. It is kept at fixed ages
only, so that a year of looks costs as much as six weeks of buckets.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Floats
from lapwing.alerts.ready.constants import AFTER, DAY, GAP, KEPT, WITHIN

Moments = npt.NDArray[np.int64]


def ages_of(length: int) -> Moments:
    """Ages, measured from the end of buckets of about that length (microseconds), at which shares are learned."""
    within = [-length * part // WITHIN for part in range(WITHIN - 1, 0, -1)]
    return np.array([*within, *AFTER], np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
    """`ends` (B,) of buckets, UTC microseconds, ascending; `held` (B, A) is what was there at each of the `ages` (A,), nan
    where nobody looked then; `last` (B,) what was there at the last look, `looked`. `length` is that of a usual bucket."""

    length: int
    ages: Moments
    ends: Moments
    held: Floats
    last: Floats
    looked: int | None = None

    @classmethod
    def none(cls, length: int) -> Arrivals:
        ages = ages_of(length)
        return cls(length, ages, np.zeros(0, np.int64), np.empty((0, len(ages))), np.empty(0))

    def noted(self, at: int, ends: Moments, amounts: Floats) -> Arrivals:
        """With a look at a moment: `amounts` (N,) is what the buckets that end at `ends` (N,) hold now, all that have begun
        lately and be it nothing. Between two looks a bucket holds what it held at the earlier one; buckets that are not
        named are as they were."""
        before, gap = self.looked, max(GAP, 2 * self.length)
        if before is not None and at < before:
            return self  # a clock that was set back
        every = np.union1d(self.ends, ends)
        every = every[every > at - KEPT * DAY]
        held = np.full((len(every), len(self.ages)), np.nan)
        last = np.full(len(every), np.nan)
        old, there = _places(every, self.ends)
        held[old], last[old] = self.held[there], self.last[there]
        if before is not None:
            last[np.isnan(last)] = 0.0  # what is named first now had not begun then
            moments = every[:, None] + self.ages
            if at - before <= gap:
                between = (moments >= before) & (moments < at)
                held = np.where(between & np.isnan(held), last[:, None], held)
        new, given = _places(every, ends)
        last[new] = amounts[given]
        now = every[:, None] + self.ages == at
        held = np.where(now, last[:, None], held)
        return replace(self, ends=every, held=held, last=last, looked=at)

    def waited(self, at: int, ends: Moments) -> Arrivals:
        """With a look that found everything as it was: buckets that have begun since hold nothing."""
        begun = np.setdiff1d(ends, self.ends)
        return self.noted(at, begun, np.zeros(len(begun)))

    def begun(self, at: int) -> Moments:
        """Buckets that have begun at a moment, and how old they are by their ends."""
        return at - self.ends[self.ends - self.length <= at]

    def pack(self) -> bytes:
        """To be kept."""
        out = io.BytesIO()
        np.savez_compressed(
            out,
            allow_pickle=False,
            length=np.int64(self.length),
            ages=self.ages,
            ends=self.ends,
            held=self.held,
            last=self.last,
            looked=np.int64(-1 if self.looked is None else self.looked),
        )
        return out.getvalue()


def unpack(data: bytes) -> Arrivals:
    """What `Arrivals.pack` kept; nothing where the ages are those of another Lapwing."""
    with np.load(io.BytesIO(data), allow_pickle=False) as kept:
        length, looked = int(kept["length"]), int(kept["looked"])
        if not np.array_equal(kept["ages"], ages_of(length)):
            return Arrivals.none(length)
        at = None if looked < 0 else looked
        return Arrivals(length, kept["ages"], kept["ends"], kept["held"], kept["last"], at)


def _places(every: Moments, some: Moments) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Where those of `some` that are in `every` stand there, and in `some`."""
    _, there, own = np.intersect1d(every, some, return_indices=True)
    return there, own
