"""Lays states out on the grid that was asked: every group in every bucket, with what an empty cell means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lapwing.cache.frame import StateFrame
from lapwing.model.problem import Refused
from lapwing.states.base import State

MOST_ROWS = 5_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """`groups` has one row for each group; cell (group g, bucket b) is row g * buckets + b of every array."""

    groups: pa.Table
    buckets: int

    @property
    def rows(self) -> int:
        return int(self.groups.num_rows) * self.buckets


def grid_of(groups: pa.Table, buckets: int) -> Grid:
    """Raises Refused where the answer would not be one for people."""
    if groups.num_rows * buckets > MOST_ROWS:
        raise Refused.of(
            "too-many-rows",
            f"{groups.num_rows:,} groups in {buckets:,} buckets are more than {MOST_ROWS:,} rows.",
            hint="Ask for a coarser grain, a shorter time, fewer dimensions, or filter.",
        )
    return Grid(groups, buckets)


def values(
    frame: StateFrame,
    states: Mapping[str, State],
    grid: Grid,
    place: npt.NDArray[np.int32] | None,
    complete: npt.NDArray[np.bool_],
) -> dict[str, pa.Array]:
    """The final value of each measure in every cell of the grid.

    `place` maps the frame's groups to the grid's (None: they are the same). `complete` says for each bucket whether all
    of it is known: there an empty cell of a sum or a count is 0, elsewhere empty cells are null.
    """
    group = frame.group if place is None else place[frame.group]
    cell = group.astype(np.int64) * grid.buckets + frame.bucket
    dense = len(cell) == grid.rows and bool(np.all(cell[1:] > cell[:-1]))
    take = None if dense else _take(cell, grid.rows)
    out: dict[str, pa.Array] = {}
    for name, state in states.items():
        final = state.final(frame.states[name])
        if take is not None:
            final = final.take(take)
            if state.additive or state.counts:
                final = _zero(final, np.tile(complete, grid.groups.num_rows))
        out[name] = final
    return out


def _take(cell: npt.NDArray[np.int64], rows: int) -> pa.Array:
    index = np.full(rows, -1, np.int64)
    index[cell] = np.arange(len(cell))
    return pa.array(index, mask=index < 0)


def _zero(final: pa.Array, complete: npt.NDArray[np.bool_]) -> pa.Array:
    empty = np.asarray(pc.is_null(final)) & complete
    zero = pa.scalar(0, pa.int64()).cast(final.type)
    return pc.if_else(pa.array(empty), zero, final) if empty.any() else final
