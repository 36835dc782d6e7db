"""What slices learn of a bucket."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lapwing.alerts.online.constants import MEDIAN_OF_NORMAL, SHARE_VISITS, Tuning
from lapwing.alerts.sweep.constants import LEVEL_EVENTS, PATTERNED, TRAINED
from lapwing.alerts.sweep.memory import Memory, Single

Gained = Single | np.float32


class Learning:
    """How a memory goes on. `normal`: what makes the root of a mean clipped square a deviation."""

    def __init__(self, memory: Memory, tuning: Tuning) -> None:
        self.memory = memory
        self.keep_slot = np.float32(1 - 1 / tuning.visits)
        self.keep_level = np.float32(1 - 1 / tuning.level)
        self.keep_spread = np.float32(1 - 1 / tuning.spread)
        self.keep_share = np.float32(1 - 1 / (SHARE_VISITS * tuning.day))
        self.normal = np.float32(1 / math.sqrt(_clipped_square(MEDIAN_OF_NORMAL)))

    def spread(self, floor: np.float32) -> Single:
        """Of slices' deviations: chance's, `floor`, at least."""
        square, judged = self.memory.square
        out: Single = np.fmax(np.sqrt(square / judged) * self.normal, floor)
        return out

    def learn(
        self,
        slot: int,
        amount: Single,
        weight: Single | None,
        *,
        mean: Single,
        off: Single,
        kept: Single,
        spread: Single,
        borrowed: Single | None,
    ) -> None:
        """Takes a bucket in. `mean`: what was expected, `off` how far it was off by that, `kept`: the amounts as they are
        learned, `borrowed`: what the parents' pattern says of a unit of weight."""
        memory = self.memory
        known = np.isfinite(amount)
        every = bool(known.all())
        young = memory.square[1] < TRAINED
        # The spread: of residuals up to their median's size, as the full model's.
        size = np.minimum(np.abs(off), np.float32(MEDIAN_OF_NORMAL) * spread)
        if young.any():
            kept = np.where(young, amount, kept)
            size = np.where(young, np.abs(off) / self.normal, size)
        if memory.visits[slot] >= PATTERNED:  # what is off since the slot is hardly known says nothing
            told = np.isfinite(size)
            self._add(memory.square, self.keep_spread, (size * size, np.float32(1)), told, bool(told.all()))
        by = np.float32(1) if weight is None else weight
        extra = spread * spread * np.float32(LEVEL_EVENTS)
        level = (memory.recent[0] + extra) / (memory.recent[1] + extra)
        base = np.where(np.isfinite(mean) & (level > 0), mean / level, kept)
        self._add(memory.recent, self.keep_level, (kept, base), known, every)
        if borrowed is not None:
            whole = borrowed * by
            self._add(memory.share, self.keep_share, (kept, whole), known & np.isfinite(whole), every)
        self._add(memory.total, self.keep_level, (kept, by), known, every)
        amounts, weights = memory.amounts[slot], memory.weights[slot]
        if every:
            amounts *= self.keep_slot
            amounts += kept
        else:
            amounts[:] = np.where(known, amounts * self.keep_slot + kept, amounts)
        if weights.shape[0] == 1 or every:
            weights *= self.keep_slot
            weights += by
        else:
            weights[:] = np.where(known, weights * self.keep_slot + by, weights)
        memory.visits[slot] += 1
        memory.buckets += 1

    @staticmethod
    def _add(
        sums: Single, keep: np.float32, gained: tuple[Gained, Gained], known: npt.NDArray[np.bool_], every: bool
    ) -> None:
        for row, more in enumerate(gained):
            if every:
                sums[row] *= keep
                sums[row] += more
            else:
                sums[row] = np.where(known, sums[row] * keep + more, sums[row])


def _clipped_square(limit: float) -> float:
    """The mean of min(z², limit²) of a standard normal z."""
    outside = math.erfc(limit / math.sqrt(2))
    return 1 - outside - limit * math.sqrt(2 / math.pi) * math.exp(-limit * limit / 2) + limit * limit * outside
