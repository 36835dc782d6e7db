"""The first look: what each slice should come to, by arrays of (slices,) that every bucket passes over once.

It is the full model (`online`) with what costs most left out. A slice has a rate for each seasonal slot, which leans on the
pattern of its parent by a gamma prior (a sparse slot is its parent's, a dense one its own), a level, and a robust spread
that is chance's at least. Square roots make counts and amounts vary alike (`roots`). What a parent went through as well is
no news: a deviation counts by what is left of it when the slice is expected to have moved as each of its parents did.
Deviations are gathered over a few buckets by exponential means, too.

All numbers are single precision, and series are worked on in blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools, Kind
from lapwing.alerts.online.constants import Tuning
from lapwing.alerts.sweep.memory import Memory, Single
from lapwing.alerts.sweep.passing import Pass
from lapwing.alerts.sweep.seen import Above, Seen

BLOCK = 32_768
"""Series worked on at once: smaller blocks lose more to the interpreter than they win by the cache."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Screen:
    """`least`: the support from which on a slice is watched. `parental`: whether the slices are parents of others."""

    kind: Kind
    tuning: Tuning
    least: float
    parental: bool = False
    threads: int = 1

    def advance(
        self,
        memory: Memory,
        slots: npt.NDArray[np.int64],
        amounts: Single,
        weights: Single | None = None,
        support: Single | None = None,
        above: Sequence[Above] = (),
        judged: Bools | None = None,
    ) -> Seen:
        """Goes on from what is remembered, which changes.

        Args:
            slots: (T,) of each bucket.
            amounts: (T, S), nan in buckets that are not known.
            weights: (T, S), the denominators where values are ratios; None: each bucket counts alike.
            support: (T, S), what supports a slice; None: the amounts do.
            judged: (T,), which buckets are, those that are known of no slice left out; None: all others.
        """
        known: Bools = ~np.all(np.isnan(amounts), axis=1) if judged is None else judged
        series = amounts.shape[1]
        blocks = [slice(first, min(first + BLOCK, series)) for first in range(0, series, BLOCK)]
        blocks = blocks or [slice(0, 0)]  # visits are counted of none, too

        def one(rows: slice) -> tuple[Memory, Seen]:
            part = memory.part(rows)
            pass_ = Pass(
                part,
                [Above(each.rows[rows], each.pattern, each.gain) for each in above],
                kind=self.kind,
                tuning=self.tuning,
                least=self.least,
                parental=self.parental,
            )
            cut = (None if array is None else array[:, rows] for array in (weights, support))
            return part, pass_.run(slots, known, amounts[:, rows], *cut)

        if self.threads > 1 and len(blocks) > 1:
            with ThreadPoolExecutor(self.threads) as pool:
                done = list(pool.map(one, blocks))
        else:
            done = [one(rows) for rows in blocks]
        last = done[-1][0]
        memory.visits[:], memory.buckets = last.visits, last.buckets
        if memory.weights.shape[1] == 1:
            memory.weights[:] = last.weights
        return Seen.side_by_side([seen for _, seen in done], [rows.start for rows in blocks])
