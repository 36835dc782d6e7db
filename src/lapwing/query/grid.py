"""Lays states out on the grid that was asked: every group in every bucket, with what an empty cell means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lapwing.cache.frame import StateFrame
from lapwing.model.dataset import Measure
from lapwing.model.problem import Refused
from lapwing.states.base import Columns, State

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
    measures: Mapping[str, Measure],
    grid: Grid,
    place: npt.NDArray[np.int32] | None,
    complete: npt.NDArray[np.bool_],
) -> dict[str, pa.Array]:
    """The final value of each measure in every cell of the grid.

    `place` maps the frame's groups to the grid's (None: they are the same). `complete` says for each bucket whether all
    of it is known.
    """
    group = frame.group if place is None else place[frame.group]
    cell = group.astype(np.int64) * grid.buckets + frame.bucket
    dense = len(cell) == grid.rows and bool(np.all(cell[1:] > cell[:-1]))
    row = None if dense else rows_of(cell, grid.rows)
    return {name: laid(frame.states[name], state, measures[name], row, complete) for name, state in states.items()}


def rows_of(cell: npt.NDArray[np.int64], cells: int) -> npt.NDArray[np.int64]:
    """For each cell of a grid the row that is about it, -1 where none is; `cell` says it of each row."""
    row = np.full(cells, -1, np.int64)
    row[cell] = np.arange(len(cell))
    return row


def laid(
    columns: Columns,
    state: State,
    measure: Measure,
    row: npt.NDArray[np.int64] | None,
    complete: npt.NDArray[np.bool_],
) -> pa.Array:
    """The final values of states in the cells of a grid: `row` says which state is in each cell (-1: none; None: each
    cell has its own). Where a cell is empty and its bucket `complete`, it has the measure's `fill`, else a sum or a count
    has 0.

    Raises:
        Refused: the measure's `fill` is no value that it can have.
    """
    final = state.final(columns)
    empty = columns["n"] == 0
    if row is not None:
        final = final.take(pa.array(row, mask=row < 0))
        empty = (row < 0) | (empty[row] if len(empty) else True)
    value = (0 if state.additive or state.counts else None) if measure.fill is None else measure.fill
    if value is None or (measure.fill is None and not empty.any()):
        return final
    return filled(final, empty & np.tile(complete, len(empty) // len(complete)), value, measure)


def filled(final: pa.Array, where: npt.NDArray[np.bool_], value: float, measure: Measure) -> pa.Array:
    """`value` in the place of what is there; a value with a fraction makes whole numbers doubles.

    Raises:
        Refused: the values are times.
    """
    kind = final.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise Refused.of(
            "fill-no-number",
            f"Measure {measure.name}: fill is a number, but its values are of type {kind}.",
            place=measure.place,
            hint="Leave fill out.",
        )
    try:
        scalar = pa.scalar(Decimal(str(value)) if pa.types.is_decimal(kind) else value).cast(kind)
    except pa.ArrowInvalid:  # it has more digits than the type
        final, scalar = pc.cast(final, pa.float64(), safe=False), pa.scalar(float(value))
    return pc.if_else(pa.array(where), scalar, final) if where.any() else final
