"""One pass over a block of slices, a bucket after the other."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools, Kind
from lapwing.alerts.online.constants import Tuning
from lapwing.alerts.sweep.constants import (
    LEVEL_EVENTS,
    MOST_GAIN,
    PATTERN_EVENTS,
    SEEN,
    STREAM_CLIP,
    STREAMS,
    TRAINED,
)
from lapwing.alerts.sweep.learning import Learning
from lapwing.alerts.sweep.memory import Memory, Places, Single
from lapwing.alerts.sweep.roots import Roots
from lapwing.alerts.sweep.seen import Above, Seen
from lapwing.alerts.sweep.support import firm_buckets, kept_support, weight_of

_TINY = np.float32(1e-12)
_DECAYS = tuple(np.float32(1 - 1 / length) for length in STREAMS)


class Pass:
    """`least`: the support from which on a slice is watched; `parental`: whether the slices are parents of others."""

    def __init__(
        self, memory: Memory, above: Sequence[Above], *, kind: Kind, tuning: Tuning, least: float, parental: bool
    ) -> None:
        self.memory, self.above, self.kind, self.tuning = memory, above, kind, tuning
        self.least, self.parental = least, parental
        self.learning = Learning(memory, tuning)
        self.floor = np.float32(1.0 if kind in (Kind.COUNT, Kind.SHARE) else 1e-6)
        self.keep_support = kept_support(tuning)
        self.firm = firm_buckets(tuning)
        self.roots = Roots.of(kind, negative=False)
        self.borrowed: Single | None = None

    def run(
        self,
        slots: npt.NDArray[np.int64],
        judged: Bools,
        amounts: Single,
        weights: Single | None,
        support: Single | None,
    ) -> Seen:
        buckets, series = amounts.shape
        shape = (buckets, series) if self.parental else (0, series)
        pattern, gain = np.zeros(shape, np.float32), np.ones(shape, np.float32)
        watched = np.zeros(buckets, np.int64)
        found: list[tuple[int, Places, Single]] = []
        self.roots = Roots.of(self.kind, negative=bool((amounts < 0).any()))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for at in range(buckets):
                weight = None if weights is None else weights[at]
                base, rate = self._expected(at, int(slots[at]), weight)
                if self.parental:
                    pattern[at] = rate
                amount = amounts[at]
                if not judged[at]:
                    continue
                rows, size, of = self._take(at, int(slots[at]), amount, weight, base)
                if self.parental:
                    gain[at] = of
                watched[at] = self._supported(amount if support is None else support[at], rows, size, found, at)
        return Seen(
            np.concatenate([np.full(len(rows), at) for at, rows, _ in found]) if found else np.zeros(0, np.int64),
            np.concatenate([rows for _, rows, _ in found]) if found else np.zeros(0, np.intp),
            np.concatenate([size for _, _, size in found]) if found else np.zeros(0, np.float32),
            watched,
            pattern if self.parental else None,
            gain if self.parental else None,
        )

    def _expected(self, at: int, slot: int, weight: Single | None) -> tuple[Single, Single]:
        """What the slices should come to by pattern and level; and that by unit of weight."""
        memory = self.memory
        amounts, weights, total = memory.amounts[slot], memory.weights[slot], memory.total
        self.spread = spread = self.learning.spread(self.floor)
        events = spread * spread
        prior = total[0] / total[1]
        if self.above:
            of = self.above[0]
            self.borrowed = of.pattern[at][of.rows]
            share = memory.share[0] / memory.share[1]
            by_parent = share * self.borrowed
            prior = np.where(np.isfinite(by_parent), by_parent, prior)
        believed = events * np.float32(PATTERN_EVENTS)
        rate = prior * (amounts + believed) / (prior * weights + believed)
        extra = events * np.float32(LEVEL_EVENTS)
        rate = rate * ((memory.recent[0] + extra) / (memory.recent[1] + extra))
        return (rate if weight is None else rate * weight), rate

    def _take(
        self, at: int, slot: int, amount: Single, weight: Single | None, mean: Single
    ) -> tuple[Places, Single, Single]:
        """Takes a bucket in: which slices may be worth a second look, how far they are off, and all their gains."""
        memory, spread = self.memory, self.spread
        off, kept = self.roots.taken(amount, mean, weight, spread)
        ready = memory.visits[slot] >= self.tuning.history
        left = off
        for each in self.above:
            moved = each.gain[at][each.rows]
            by = mean * moved
            if self.kind is Kind.SHARE and weight is not None:
                by = np.minimum(by, weight)
            left = _smaller(left, self.roots.off(amount, by, weight))
        # What is off by its own pattern and by its parents' is off by the least of them.
        score = left / spread
        if not np.isfinite(score).all():
            np.nan_to_num(score, copy=False)
        best = self._gathered(score)
        rows = np.flatnonzero(np.abs(best) >= SEEN) if ready else np.zeros(0, np.intp)
        gain = amount
        if self.parental:
            gain = np.nan_to_num(amount / np.fmax(mean, _TINY), nan=1.0, posinf=1.0, neginf=1.0)
            gain = np.clip(gain, 0.0, MOST_GAIN)
        self.learning.learn(slot, amount, weight, mean=mean, off=off, kept=kept, spread=spread, borrowed=self.borrowed)
        trained = memory.square[1][rows] >= TRAINED
        return rows[trained], best[rows][trained], gain

    def _gathered(self, score: Single) -> Single:
        """The largest of deviations and of their means over the last buckets, which take them in."""
        memory, best = self.memory, score
        clipped = np.clip(score, np.float32(-STREAM_CLIP), np.float32(STREAM_CLIP))
        for number, decay in enumerate(_DECAYS):
            stream, squares = memory.streams[0, number], memory.streams[1, number]
            stream *= decay
            stream += clipped
            size = stream * np.float32(math.sqrt(1 - float(decay) ** 2))
            wide = np.sqrt(np.maximum(squares, 1))
            squares *= self.learning.keep_spread
            squares += (1 - self.learning.keep_spread) * np.minimum(size * size, np.float32(9.0))
            best = _larger(best, size / wide)
        return best

    def _supported(
        self, support: Single, rows: Places, size: Single, found: list[tuple[int, Places, Single]], at: int
    ) -> int:
        """How many slices had support before this bucket, which counts from the next one on."""
        memory = self.memory
        enough = memory.support >= self.least * weight_of(max(memory.buckets - 1, self.firm), self.keep_support)
        keep = enough[rows]
        if keep.any():
            found.append((at, rows[keep], size[keep]))
        memory.support *= np.float32(self.keep_support)
        memory.support += np.nan_to_num(support)
        return int(np.count_nonzero(enough))


def _smaller(one: Single, other: Single) -> Single:
    """The nearer to 0 of two; 0 where they are on different sides."""
    out: Single = np.where(one * other > 0, np.where(np.abs(one) <= np.abs(other), one, other), np.float32(0))
    return out


def _larger(one: Single, other: Single) -> Single:
    out: Single = np.where(np.abs(one) >= np.abs(other), one, other)
    return out
