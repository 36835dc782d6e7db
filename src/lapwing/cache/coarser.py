"""Folds the states of a fine rollup to those of a coarser one, while the fine one is built."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lapwing.cache.arrow_states import group_codes
from lapwing.cache.cells import Cells
from lapwing.cache.definition import Definition
from lapwing.cache.fold import fold

_LEAST_ROWS = 200_000
_FOLDING = 4


class Coarser:
    """The states of one partition, `[start, end)`, of a coarser rollup. Rows are folded as soon as they are many, so that
    it holds about as much as the result. Where that is more than `room` bytes it gives up, and is `too_large`."""

    def __init__(
        self, definition: Definition, finer: Definition, start: int, end: int, room: int | None = None
    ) -> None:
        self._definition = definition
        self._finer = finer
        self._start, self._end = start, end
        self._waiting: list[Cells] = []
        self._rows = 0
        self._most = _LEAST_ROWS
        self._room = room
        self.too_large = False

    def add(self, cells: Cells) -> None:
        """Takes cells of the finer rollup."""
        if self.too_large:
            return
        dimensions = cells.dimensions.select(list(self._definition.rollup.dimensions))
        states = {name: cells.states[self._finer.owners[name]] for name in self._definition.kept}
        self._waiting.append(Cells(dimensions=dimensions, bucket=cells.bucket, states=states))
        self._rows += len(cells.bucket)
        if self._rows > self._most:
            self._waiting = [self._folded()]
            self._rows = len(self._waiting[0].bucket)
            self._most = max(_LEAST_ROWS, 2 * self._rows)
            # It doubles until it is folded again, and folding has both at hand.
            if self._room is not None and _FOLDING * self._waiting[0].nbytes > self._room:
                self.too_large, self._waiting, self._rows = True, [], 0

    def cells(self) -> list[Cells]:
        """The folded states."""
        return [self._folded()] if self._rows else []

    def _folded(self) -> Cells:
        kept, grain = self._definition.kept, self._definition.grain
        table = pa.concat_tables([cells.dimensions for cells in self._waiting]).combine_chunks()
        bucket = (np.concatenate([cells.bucket for cells in self._waiting]) - self._start) // grain
        states = {
            name: state.concatenate([cells.states[name] for cells in self._waiting]) for name, state in kept.items()
        }
        names = self._definition.rollup.dimensions
        groups, group = group_codes(table, names) if names else (table, np.zeros(len(bucket), np.int64))
        folded = fold(group, bucket, states, kept, -(-(self._end - self._start) // grain))
        return Cells(
            dimensions=groups.take(pa.array(folded.group)) if names else groups.slice(0, 0),
            bucket=self._start + folded.bucket.astype(np.int64) * grain,
            states=folded.states,
        )
