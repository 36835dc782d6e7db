"""Folds the states of a fine rollup to those of a coarser one, while the fine one is built."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lapwing.cache.arrow_states import group_codes, int64, state_columns
from lapwing.cache.definition import Definition
from lapwing.cache.fold import fold
from lapwing.cache.state_sql import BUCKET, column_name

_LEAST_ROWS = 200_000


class Coarser:
    """The states of one partition, `[start, end)`, of a coarser rollup. Rows are folded as soon as they are many, so that
    it holds about as much as the result."""

    def __init__(self, definition: Definition, start: int, end: int) -> None:
        self._definition = definition
        self._start, self._end = start, end
        self._names = [
            *definition.rollup.dimensions,
            BUCKET,
            *(
                column_name(name, column.suffix)
                for name, state in definition.states.items()
                for column in state.columns
            ),
        ]
        self._waiting: list[pa.Table] = []
        self._rows = 0
        self._most = _LEAST_ROWS

    def add(self, batch: pa.RecordBatch) -> None:
        """Takes rows of the finer rollup's states."""
        self._waiting.append(pa.Table.from_batches([batch.select(self._names)]))
        self._rows += batch.num_rows
        if self._rows > self._most:
            self._waiting = [self._folded()]
            self._rows = self._waiting[0].num_rows
            self._most = max(_LEAST_ROWS, 2 * self._rows)

    def batches(self) -> list[pa.RecordBatch]:
        """The folded states, as a builder gives them: each group in one piece, its buckets in order."""
        return self._folded().combine_chunks().to_batches() if self._rows else []

    def _folded(self) -> pa.Table:
        table = pa.concat_tables(self._waiting).combine_chunks()
        grain = self._definition.grain
        groups, group = group_codes(table, self._definition.rollup.dimensions)
        bucket = (int64(table.column(BUCKET)) - self._start) // grain
        states = dict(self._definition.states)
        folded = fold(group, bucket, state_columns(table, states), states, -(-(self._end - self._start) // grain))
        place = pa.array(folded.group)
        columns = {name: groups.column(name).take(place) for name in self._definition.rollup.dimensions}
        columns[BUCKET] = pa.array(self._start + folded.bucket.astype(np.int64) * grain)
        for name, state in states.items():
            for column in state.columns:
                columns[column_name(name, column.suffix)] = pa.array(folded.states[name][column.suffix])
        return pa.table(columns)
