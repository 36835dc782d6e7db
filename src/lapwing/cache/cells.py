"""Cells on their way into a store: from a builder's batches to whole groups with their states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.cache.arrow_states import int64, same_zero, state_columns
from lapwing.cache.definition import Definition
from lapwing.cache.state_sql import BUCKET
from lapwing.states.base import Columns


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Row i is the states of one group (row i of `dimensions`) in the bucket that starts at `bucket[i]`, UTC
    microseconds. Sorted by group and bucket; no group is in two of them."""

    dimensions: pa.Table
    bucket: npt.NDArray[np.int64]
    states: Mapping[str, Columns]

    @property
    def nbytes(self) -> int:
        """Bytes that it holds."""
        states = sum(array.nbytes for columns in self.states.values() for array in columns.values())
        return int(self.dimensions.nbytes) + self.bucket.nbytes + states

    def first_of_groups(self) -> npt.NDArray[np.bool_]:
        """Which rows begin another group than the row before."""
        return first_of_groups(self.dimensions, len(self.bucket))


def whole_groups(definition: Definition, batches: Iterable[pa.RecordBatch]) -> Iterator[Cells]:
    """The rows of a builder's batches, cut so that no group is split: the last group of a batch waits for the next one."""
    names = list(definition.rollup.dimensions)
    pending: pa.Table | None = None
    for batch in batches:
        table = same_zero(pa.Table.from_batches([batch]), names)
        if pending is not None:
            table = pa.concat_tables([pending, table]).combine_chunks()
        if table.num_rows == 0:
            continue
        last = int(np.flatnonzero(first_of_groups(table.select(names), table.num_rows))[-1])
        if last:
            yield _cells(definition, table.slice(0, last))
        pending = table.slice(last)
    if pending is not None:
        yield _cells(definition, pending)


def _cells(definition: Definition, table: pa.Table) -> Cells:
    return Cells(
        dimensions=table.select(list(definition.rollup.dimensions)),
        bucket=int64(table.column(BUCKET)),
        states=state_columns(table, definition.kept),
    )


def first_of_groups(dimensions: pa.Table, rows: int) -> npt.NDArray[np.bool_]:
    """Which rows of sorted dimensions differ from the row before."""
    changed = np.zeros(rows, np.bool_)
    changed[:1] = True
    for column in dimensions.columns:
        changed |= differs(np.asarray(column.combine_chunks().dictionary_encode(null_encoding="encode").indices))
    return changed


def differs(codes: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """Which codes differ from the one before."""
    found = np.zeros(len(codes), np.bool_)
    np.not_equal(codes[1:], codes[:-1], out=found[1:])
    return found
