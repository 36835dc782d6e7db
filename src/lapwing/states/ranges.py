"""Merges any stretches of a sequence of states: what sliding windows and times to date are made of.

No state is taken out of a merge again, so nothing needs to be invertible: minima, sketches and exact sums slide alike.
Neighbours are merged in twos, these in twos again and so on; a stretch of n states is then at most 2 log2 n disjoint
blocks (the bottom-up walk of a segment tree, for all stretches at once), so that every row counts once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lapwing.states.base import Columns, State

Ints = npt.NDArray[np.int64]
_BYTES = 64 << 20  # of blocks that are copied out at once


class Ranges:
    """`length` states in the order of time, as `columns` of `state`."""

    def __init__(self, state: State, columns: Columns, length: int) -> None:
        self._state = state
        self._levels: list[Columns] = [columns]
        self._sizes = [length]
        self._blocks: Columns = columns

    def merged(self, low: Ints, high: Ints) -> Columns:
        """One state for each stretch `[low, high)` of rows, none of which is empty."""
        if not len(low):
            return self._state.empty(0)
        longest = int((high - low).max())
        self._reach(longest)
        size = sum(array.nbytes for array in self._blocks.values()) / max(sum(self._sizes), 1)
        step = max(1, int(_BYTES / (max(size, 1) * 2 * longest.bit_length())))
        parts = [self._merged(low[at : at + step], high[at : at + step]) for at in range(0, len(low), step)]
        return parts[0] if len(parts) == 1 else self._state.concatenate(parts)

    def _reach(self, longest: int) -> None:
        """Makes the levels of blocks for stretches of up to `longest` rows."""
        before = len(self._levels)
        while self._sizes[-1] > 1 and 1 << len(self._levels) <= longest:
            pairs = np.arange(0, self._sizes[-1], 2)
            self._levels.append(self._state.merge(self._levels[-1], pairs))
            self._sizes.append(len(pairs))
        if len(self._levels) > before:
            self._blocks = self._state.concatenate(self._levels)

    def _merged(self, low: Ints, high: Ints) -> Columns:
        which, block = self._disjoint(low, high)
        order = np.argsort(which, kind="stable")
        which = which[order]
        starts = np.concatenate((np.zeros(1, np.intp), np.flatnonzero(which[1:] != which[:-1]) + 1))
        taken = self._state.take(self._blocks, block[order])
        return taken if len(starts) == len(which) else self._state.merge(taken, starts)

    def _disjoint(self, low: Ints, high: Ints) -> tuple[Ints, Ints]:
        """The blocks that make up each stretch: the numbers of stretches, and of one block of each."""
        stretch = np.arange(len(low))
        which: list[Ints] = []
        blocks: list[Ints] = []
        offset = 0
        for size in self._sizes:
            odd = (low & 1).astype(np.bool_)  # the first block is the second of its pair: it stands alone
            which.append(stretch[odd])
            blocks.append(offset + low[odd])
            low = low + odd
            odd = (high & 1).astype(np.bool_) & (low < high)  # the last one is the first of its pair
            high = high - odd
            which.append(stretch[odd])
            blocks.append(offset + high[odd])
            left = low < high
            stretch, low, high = stretch[left], low[left] >> 1, high[left] >> 1
            offset += size
            if not len(stretch):
                break
        return np.concatenate(which), np.concatenate(blocks)
