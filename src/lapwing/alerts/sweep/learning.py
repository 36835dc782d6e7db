"""What slices learn of a bucket."""

from __future__ import annotations

import numpy as np

from lapwing.alerts.chance import Bools
from lapwing.alerts.online.constants import MEDIAN_OF_NORMAL, SHARE_VISITS, Tuning
from lapwing.alerts.sweep.constants import PATTERNED, TRAINED
from lapwing.alerts.sweep.expected import NORMAL, Expected, sound
from lapwing.alerts.sweep.memory import Memory, Single
from lapwing.alerts.sweep.roots import Plain, Share

_MOST = np.float32(MEDIAN_OF_NORMAL**2)


class Learning:
    """How a memory goes on."""

    def __init__(self, memory: Memory, tuning: Tuning) -> None:
        self.memory = memory
        self.keep_slot = np.float32(1 - 1 / tuning.visits)
        self.keep_level = np.float32(1 - 1 / tuning.level)
        self.keep_spread = np.float32(1 - 1 / tuning.spread)
        self.keep_share = np.float32(1 - 1 / (SHARE_VISITS * tuning.day))

    def learn(
        self,
        slot: int,
        weight: Single | None,
        borrowed: Single | None,
        expected: Expected,
        read: Plain | Share,
        off: Single,
        deviations: Single,
    ) -> None:
        """Takes a bucket in. `borrowed`: what the parent's pattern said of a unit of weight. `off`: how far the amounts are off
        what was `expected`, `deviations`: by the slices' own spread."""
        memory, amount = self.memory, read.amount
        known = None if sound(amount) else np.isfinite(amount)
        kept, squares = self._clipped(expected, read, off, deviations)
        if memory.visits[slot] >= PATTERNED:  # what is off since the slot is hardly known says nothing
            told = None if sound(squares) else np.isfinite(squares)
            _add(memory.square, self.keep_spread, squares, np.float32(1), told)
        by = np.float32(1) if weight is None else weight
        _add(memory.recent, self.keep_level, kept, _base(expected, kept), known)
        if borrowed is not None:
            whole = borrowed if weight is None else borrowed * weight
            told = known if sound(whole) else _both(known, np.isfinite(whole))
            _add(memory.share, self.keep_share, kept, whole, told)
        _add(memory.total, self.keep_level, kept, by, known)
        _add_to(memory.amounts[slot], self.keep_slot, kept, known)
        common = memory.weights.shape[1] == 1
        _add_to(memory.weights[slot], self.keep_slot, by, None if common else known)
        memory.visits[slot] += 1
        memory.buckets += 1

    def _clipped(
        self, expected: Expected, read: Plain | Share, off: Single, deviations: Single
    ) -> tuple[Single, Single]:
        """Amounts as they are learned, and squares for the spread: up to their median's size, as the full model's. Of slices
        whose spread is not known yet all is learned."""
        judged = self.memory.square[1]
        young = bool(judged.min(initial=TRAINED) < TRAINED)
        if young and judged.max() < TRAINED:
            return read.amount, _all(off)
        kept = read.kept(deviations, expected.spread)
        squares = deviations * deviations
        np.minimum(squares, _MOST, out=squares)
        squares *= expected.variance
        if young:
            some = judged < TRAINED
            return np.where(some, read.amount, kept), np.where(some, _all(off), squares)
        return kept, squares


def _all(off: Single) -> Single:
    squares: Single = off * off
    squares /= NORMAL
    return squares


def _base(expected: Expected, kept: Single) -> Single:
    """What the level is measured by; where nothing can be expected, what came."""
    if expected.level.min(initial=1) > 0 and sound(expected.mean):
        return expected.base
    return np.where(np.isfinite(expected.mean) & (expected.level > 0), expected.base, kept)


def _both(known: Bools | None, other: Bools) -> Bools:
    return other if known is None else known & other


def _add(sums: Single, keep: np.float32, one: Single, other: Single | np.float32, known: Bools | None) -> None:
    """To discounted sums (2, S)."""
    _add_to(sums[0], keep, one, known)
    _add_to(sums[1], keep, other, known)


def _add_to(sums: Single, keep: np.float32, more: Single | np.float32, known: Bools | None) -> None:
    """To a discounted sum, where something is known; None: everywhere."""
    if known is None:
        sums *= keep
        sums += more
    else:
        sums[:] = np.where(known, sums * keep + more, sums)
