"""The columns of states, and those that belong to another one: entries of varying number, as arrays without a loop.

A state of entries keeps, beside its one number a state, a column of sizes and the entries of all states one after the
other (Arrow's list layout, with lengths in the place of offsets). Entries may have entries: a text among them is a length
and bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Array = npt.NDArray[Any]
Columns = Mapping[str, Array]
"""The columns of many states of one measure: suffix -> array. Row i of every array is state i, except in columns that
belong to another one."""


@dataclass(frozen=True, slots=True)
class StateColumn:
    """One physical column of a state, little-endian: "<i8", "<f8", or "|u1" for bytes. `merge` folds it unless the state
    overrides `State.merge`.

    `of` names an earlier column, whose numbers say how many entries of this one each of its rows has: a sketch has a
    column of sizes and, of it, the entries of all states one after the other; a text is a length and bytes of it."""

    suffix: str
    dtype: str
    merge: Literal["add", "min", "max"] = "add"
    of: str | None = None


def take(layout: Sequence[StateColumn], columns: Columns, rows: npt.NDArray[Any]) -> dict[str, Array]:
    """The states of `rows`, with what belongs to them."""
    places: dict[str | None, npt.NDArray[Any]] = {None: rows}
    for column in layout:
        if column.of is not None and column.of not in places:
            parent = next(one for one in layout if one.suffix == column.of)
            places[column.of] = entries_of(columns[column.of], places[parent.of])
    return {column.suffix: columns[column.suffix][places[column.of]] for column in layout}


def entries_of(sizes: Array, rows: npt.NDArray[Any]) -> Ints:
    """The numbers of the entries that belong to `rows`, of which row i has `sizes[i]`."""
    ends = np.cumsum(sizes, dtype=np.int64)
    counts = sizes[rows].astype(np.int64, copy=False)
    before = np.cumsum(counts) - counts
    return np.repeat(ends[rows] - counts - before, counts) + np.arange(int(counts.sum()))


def owners(sizes: Array) -> Ints:
    """The row that each entry belongs to."""
    return np.repeat(np.arange(len(sizes)), sizes)


def run_of(starts: npt.NDArray[np.intp], length: int) -> Ints:
    """The run that each of `length` rows is in."""
    return np.repeat(np.arange(len(starts)), np.diff(np.append(starts, length)))


def order_of(codes: Ints) -> Ints:
    """The order that sorts numbers of 0 or more; equal ones stay as they are."""
    length = len(codes)
    if length and int(codes.max()) < (1 << 62) // length:
        # A plain sort of (number, place) in one integer is several times faster than a stable argsort.
        return np.sort(codes * length + np.arange(length)) % length
    return np.argsort(codes, kind="stable")


def texts(lengths: Array, data: Array) -> pa.Array:
    """Texts as bytes, which compare as they are: row i has the next `lengths[i]` bytes."""
    offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)))
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(data))]
    return pa.Array.from_buffers(pa.large_binary(), len(lengths), buffers)


def lengths_and_data(values: pa.Array) -> tuple[Ints, Array]:
    """The lengths and the bytes of texts; null is the empty one."""
    plain = values.cast(pa.large_binary()).fill_null(b"") if len(values) else pa.array([], pa.large_binary())
    _, offsets, data = plain.buffers()
    borders = np.frombuffer(offsets, np.int64)[plain.offset : plain.offset + len(plain) + 1] if len(plain) else None
    if borders is None or data is None:
        return np.zeros(len(plain), np.int64), np.empty(0, np.uint8)
    return np.diff(borders), np.frombuffer(data, np.uint8)[borders[0] : borders[-1]]


def ranks(values: pa.Array) -> Ints:
    """The rank of each value among the different ones."""
    if not len(values):
        return np.empty(0, np.int64)
    encoded = values.dictionary_encode()
    place = np.empty(len(encoded.dictionary), np.int64)
    place[np.asarray(pc.array_sort_indices(encoded.dictionary))] = np.arange(len(place))
    found: Ints = place[np.asarray(encoded.indices)]
    return found
