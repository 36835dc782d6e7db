"""What the first look remembers of slices: arrays of (slices,) in single precision, which every bucket passes over once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lapwing.alerts.sweep.constants import STREAMS

Single = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]

SUMS = ("total", "recent", "share", "square", "support", "streams")
"""What is remembered of slices in all slots together."""


@dataclass(slots=True, eq=False, kw_only=True)
class Memory:
    """What is remembered of S slices; sums are discounted.

    - `amounts`, `weights` (N, S): by slot; weights are (N, 1) where every slice has the same.
    - `total` (2, S): amounts and weights of all slots.
    - `recent` (2, S): actual and expected amounts.
    - `share` (2, S): amounts, and what the parent's pattern makes of their weights.
    - `square` (2, S): squared clipped deviations, and of how many.
    - `support` (S): what supports a slice, by bucket; `buckets`: how many there were.
    - `streams` (2, K, S): gathered deviations, and their squares.
    - `visits` (N): how often each slot was there.
    """

    amounts: Single
    weights: Single
    total: Single
    recent: Single
    share: Single
    square: Single
    support: Single
    streams: Single
    visits: npt.NDArray[np.int64]
    buckets: int = 0

    @staticmethod
    def blank(series: int, slots: int, *, weighted: bool) -> Memory:
        """Of nothing yet."""

        def zeros(*shape: int) -> Single:
            return np.zeros(shape, np.float32)

        streams = zeros(2, len(STREAMS), series)
        return Memory(
            amounts=zeros(slots, series),
            weights=zeros(slots, series if weighted else 1),
            total=zeros(2, series),
            recent=zeros(2, series),
            share=zeros(2, series),
            square=zeros(2, series),
            support=zeros(series),
            streams=streams,
            visits=np.zeros(slots, np.int64),
        )

    def part(self, rows: slice) -> Memory:
        """Of some of the slices; arrays are views, so that what it learns is learned here, too. What all have in common is
        copied."""
        common = self.weights.shape[1] == 1
        return Memory(
            amounts=self.amounts[:, rows],
            weights=self.weights.copy() if common else self.weights[:, rows],
            total=self.total[:, rows],
            recent=self.recent[:, rows],
            share=self.share[:, rows],
            square=self.square[:, rows],
            support=self.support[rows],
            streams=self.streams[:, :, rows],
            visits=self.visits.copy(),
            buckets=self.buckets,
        )

    def grown(self, count: int, *, weighted: bool, held: Mapping[int, int] | None = None) -> Memory:
        """With so many more slices, of which nothing is known. `held`: the slots that are there at all, and from which slice
        on; None: every one."""
        old = len(self.support)
        out = Memory.blank(old + count, len(self.visits), weighted=weighted)
        slots = dict.fromkeys(range(len(self.visits)), 0) if held is None else held
        for slot, first in slots.items():
            out.amounts[slot, first:old] = self.amounts[slot, first:]
            if weighted:
                out.weights[slot, first:old] = self.weights[slot, first:]
        if not weighted:
            out.weights = self.weights
        for name in SUMS:
            getattr(out, name)[..., :old] = getattr(self, name)
        out.visits, out.buckets = self.visits, self.buckets
        return out

    def take(self, other: Memory, rows: Places, of: Places, *, weighted: bool) -> None:
        """What another one remembers of some slices."""
        for name in ("amounts", *(["weights"] if weighted else []), *SUMS):
            getattr(self, name)[..., rows] = getattr(other, name)[..., of]

    @property
    def room(self) -> int:
        """Its bytes."""
        arrays = (self.amounts, self.weights, *(getattr(self, name) for name in SUMS))
        return sum(array.nbytes for array in arrays)
