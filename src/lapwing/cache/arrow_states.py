"""From the result of `state_sql`, as Arrow, to numpy: dimensions as codes, states as the columns that they are kept in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lapwing.cache.entries_sql import KEYS, VALUES, column_name
from lapwing.states.base import Array, Columns, State
from lapwing.states.columns import lengths_and_data


def state_columns(table: pa.Table | pa.RecordBatch, states: Mapping[str, State]) -> dict[str, Columns]:
    """Each measure's columns; null, which engines give for sums of nothing, becomes the merge's identity."""
    return {name: _columns(table, name, state) for name, state in states.items()}


def _columns(table: pa.Table | pa.RecordBatch, name: str, state: State) -> Columns:
    empty = state.empty(1)
    found: dict[str, Array] = {}
    for column in state.columns:
        if column.suffix not in state.built:
            continue
        given = whole(table.column(column_name(name, column.suffix)))
        if column.of is None:
            found[column.suffix] = _numbers(given, column.dtype, empty[column.suffix])
        else:
            found[column.of], found[column.suffix] = lengths_and_data(given)
    if len(found) == len(state.columns):
        return found
    keys = whole(table.column(column_name(name, KEYS)))
    values = whole(table.column(column_name(name, VALUES)))
    sizes = np.asarray(pc.fill_null(pc.list_value_length(keys), 0)).astype(np.int64)
    return state.from_entries(found, sizes, keys.flatten(), int64(values.flatten()))


def _numbers(column: pa.Array, dtype: str, empty: Array) -> Array:
    kind = pa.int64() if np.dtype(dtype).kind == "i" else pa.float64()
    cast = column if column.type == kind else pc.cast(column, kind)
    if cast.null_count:
        cast = pc.fill_null(cast, pa.scalar(empty[0].item(), kind))
    return np.asarray(cast).astype(dtype, copy=False)


def whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """A column in one piece."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def int64(column: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """A column without nulls as 64 bit integers."""
    return np.asarray(pc.cast(whole(column), pa.int64()))


def group_codes(table: pa.Table, by: Sequence[str]) -> tuple[pa.Table, npt.NDArray[np.int64]]:
    """The distinct tuples of the columns `by`, nulls first, and for each row of `table` which of them it has."""
    if not by:
        return no_dimensions(), np.zeros(table.num_rows, np.int64)
    table = same_zero(table.select(list(by)), by)
    distinct = table.group_by(list(by)).aggregate([])
    order = pc.sort_indices(distinct, sort_keys=[(name, "ascending", "at_start") for name in by])
    groups = distinct.take(order)
    code = np.zeros(table.num_rows, np.int64)
    known = np.zeros(groups.num_rows, np.int64)
    for name in by:  # mixed radix over each column's own codes
        column, of_groups = _encoded(table.column(name), groups.column(name))
        radix = int(max(column.max(initial=0), of_groups.max(initial=0))) + 1
        code, known = _compact(code * radix + column, known * radix + of_groups)
    place = np.empty(groups.num_rows, np.int64)
    place[known] = np.arange(groups.num_rows)
    return groups, place[code]


def _encoded(column: pa.ChunkedArray, groups: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    together = pa.chunked_array([*column.chunks, *groups.chunks], type=column.type).combine_chunks()
    codes = np.asarray(together.dictionary_encode(null_encoding="encode").indices).astype(np.int64)
    return codes[: len(column)], codes[len(column) :]


def _compact(
    code: npt.NDArray[np.int64], known: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The same codes without gaps, so that the product of many columns does not overflow."""
    values, numbers = np.unique(np.concatenate((code, known)), return_inverse=True)
    assert len(values) <= len(code) + len(known)
    return numbers[: len(code)], numbers[len(code) :]


def no_dimensions() -> pa.Table:
    """The groups where no dimension was asked: one row, no columns."""
    return pa.table({"row": pa.array([0], pa.int8())}).select([])


def same_zero(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """The table with -0.0 written as 0.0 in columns `names`: engines group both alike and show either."""
    for name in names:
        position = table.column_names.index(name)
        kind = table.schema.field(position).type
        if pa.types.is_floating(kind):
            table = table.set_column(position, name, pc.add(table.column(position), pa.scalar(0.0, kind)))
    return table
