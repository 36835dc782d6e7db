"""One pass over a block of slices, a bucket after the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools, Kind
from lapwing.alerts.online.constants import Tuning
from lapwing.alerts.sweep.constants import MOST_GAIN, TRAINED
from lapwing.alerts.sweep.expected import Expected, sound
from lapwing.alerts.sweep.gathering import gather, outstanding, widen
from lapwing.alerts.sweep.learning import Learning
from lapwing.alerts.sweep.memory import Memory, Places, Single
from lapwing.alerts.sweep.roots import Plain, Roots, Share
from lapwing.alerts.sweep.seen import Above, Seen
from lapwing.alerts.sweep.support import firm_buckets, kept_support, weight_of

_TINY = np.float32(1e-12)


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
        found = []
        roots = Roots.of(self.kind, amounts)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for at in range(buckets):
                slot, amount = int(slots[at]), amounts[at]
                weight = None if weights is None else weights[at]
                borrowed = self.above[0].pattern_at(at) if self.above else None
                expected = Expected.of(self.memory, slot, weight, borrowed, self.floor)
                if self.parental:
                    pattern[at] = expected.rate
                if not judged[at]:
                    continue
                if self.parental:
                    gain[at] = _gain(amount, expected.mean)
                read = roots.read(amount, expected.mean, weight)
                ready = self.memory.visits[slot] >= self.tuning.history
                score = self._learned(at, slot, weight, borrowed, expected, read)
                rows, size = self._gathered(score, ready=bool(ready))
                enough = self._supported(amount if support is None else support[at])
                watched[at] = np.count_nonzero(enough)
                keep = enough[rows]
                found.append((np.full(np.count_nonzero(keep), at), rows[keep], size[keep]))
        return Seen(
            np.concatenate([np.zeros(0, np.int64), *(bucket for bucket, _, _ in found)]),
            np.concatenate([np.zeros(0, np.intp), *(rows for _, rows, _ in found)]),
            np.concatenate([np.zeros(0, np.float32), *(size for _, _, size in found)]),
            watched,
            pattern if self.parental else None,
            gain if self.parental else None,
        )

    def _learned(
        self,
        at: int,
        slot: int,
        weight: Single | None,
        borrowed: Single | None,
        expected: Expected,
        read: Plain | Share,
    ) -> Single:
        """Takes a bucket in. By how many deviations it is off its own pattern and its parents' alike: the least of them."""
        off = left = read.off()
        for each in self.above:
            left = _nearer(left, read.off_by(expected.mean * each.gain_at(at)))
        deviations = off / expected.spread
        score = deviations if left is off else left / expected.spread
        self.learning.learn(slot, weight, borrowed, expected, read, off, deviations)
        return score if sound(score) else np.nan_to_num(score)

    def _gathered(self, score: Single, *, ready: bool) -> tuple[Places, Single]:
        """Which slices may be worth a second look, and how far they are off; `ready`: whether any can be."""
        memory = self.memory
        gather(memory, score)
        rows, size = np.zeros(0, np.intp), np.zeros(0, np.float32)
        if ready and memory.square[1].max(initial=0) >= TRAINED:
            rows, size = outstanding(memory, score)
            trained = memory.square[1][rows] >= TRAINED
            rows, size = rows[trained], size[trained]
        widen(memory, self.learning.keep_spread)
        return rows, size

    def _supported(self, support: Single) -> Bools:
        """Which slices had support before this bucket, which counts from the next one on."""
        memory = self.memory
        buckets = max(memory.buckets - 1, self.firm)
        enough: Bools = memory.support >= self.least * weight_of(buckets, self.keep_support)
        memory.support *= np.float32(self.keep_support)
        memory.support += support if sound(support) else np.nan_to_num(support)
        return enough


def _gain(amount: Single, mean: Single) -> Single:
    """How many times as much as expected came."""
    gain = np.nan_to_num(amount / np.fmax(mean, _TINY), nan=1.0, posinf=1.0, neginf=1.0)
    return np.clip(gain, 0.0, MOST_GAIN)


def _nearer(one: Single, other: Single) -> Single:
    """The nearer to 0 of two; 0 where they are on different sides: the middle one of them and 0."""
    high = np.maximum(one, other)
    np.minimum(high, 0, out=high)
    low = np.minimum(one, other)
    return np.maximum(low, high, out=low)
