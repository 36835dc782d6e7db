"""Puts stretches of time together from the pieces that were read: windows, times to date, times to compare with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.cache.frame import StateFrame
from lapwing.model.dataset import Measure
from lapwing.query.grid import Grid, laid
from lapwing.query.meet import Place
from lapwing.query.reading import Reading
from lapwing.query.stretches import Known, Taken
from lapwing.states.base import State
from lapwing.states.ranges import Ranges

Ints = npt.NDArray[np.int64]


def used_alone(frame: StateFrame, reading: Reading, states: Mapping[str, State]) -> StateFrame:
    """The frame without pieces that were only read over, and without groups that occur nowhere else."""
    keep = reading.used[frame.bucket]
    if keep.all():
        return frame
    group, groups = frame.group[keep], frame.groups
    if groups.num_columns:
        occurring = np.unique(group)
        groups = groups.take(pa.array(occurring))
        group = np.searchsorted(occurring, group).astype(np.int32)
    taken = {name: states[name].take(columns, keep) for name, columns in frame.states.items()}
    return StateFrame(groups=groups, group=group, bucket=frame.bucket[keep], states=taken)


class Gathered:
    """The pieces of one dataset, of several reads of the same measures, in the groups of the grid."""

    def __init__(
        self, readings: Sequence[Reading], frames: Sequence[StateFrame], places: Sequence[Place], grid: Grid
    ) -> None:
        self._grid = grid
        self._edges = np.unique(np.concatenate([reading.edges for reading in readings]))
        self._pieces = len(
            self._edges
        )  # one more than there are, so that a group's last border is not the next one's first
        cells: list[Ints] = []
        for reading, frame, place in zip(readings, frames, places, strict=True):
            group = (frame.group if place is None else place[frame.group]).astype(np.int64)
            first = int(np.searchsorted(self._edges, reading.edges[0]))
            cells.append(group * self._pieces + first + frame.bucket)
        cell = np.concatenate(cells)
        self._order = None if bool((cell[1:] > cell[:-1]).all()) else np.argsort(cell, kind="stable")
        self._cell = cell if self._order is None else cell[self._order]
        self._frames = frames
        self._ranges: dict[str, Ranges] = {}

    def value(self, measure: Measure, state: State, time: Taken, known: Known) -> pa.Array:
        """The final value of a measure over the stretches `time`, in every cell of the grid."""
        groups = np.arange(self._grid.groups.num_rows, dtype=np.int64)[:, None] * self._pieces
        there = (time.ends > time.starts) & ~time.early & ~time.late
        starts, ends = np.searchsorted(self._edges, time.starts), np.searchsorted(self._edges, time.ends)
        low = np.searchsorted(self._cell, (groups + starts).ravel())
        high = np.searchsorted(self._cell, (groups + np.where(there, ends, starts)).ravel())
        cells = np.flatnonzero(high > low)
        columns = self._range(measure.name, state).merged(low[cells], high[cells])
        row = np.full(self._grid.rows, -1, np.int64)
        row[cells] = np.arange(len(cells))
        return laid(columns, state, measure, row, time.complete(known) & there)

    def _range(self, name: str, state: State) -> Ranges:
        found = self._ranges.get(name)
        if found is None:
            parts = [frame.states[name] for frame in self._frames]
            columns = parts[0] if len(parts) == 1 else state.concatenate(parts)
            if self._order is not None:
                columns = state.take(columns, self._order)
            found = self._ranges[name] = Ranges(state, columns, len(self._cell))
        return found
