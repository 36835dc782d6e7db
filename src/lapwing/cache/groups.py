"""Dimension values across partitions: one numbering for each dimension of a rollup, in which values compare."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lapwing.cache.truth import Values

Ints = npt.NDArray[np.int64]


class Dictionary:
    """The values of one dimension, of Arrow type `kind`, numbered as they come; only ever grows. Safe to use from several
    threads."""

    def __init__(self, kind: pa.DataType) -> None:
        self._places: dict[object, int] = {}
        self._arrow: pa.Array = pa.nulls(0, kind)
        self._ranks: Ints = np.empty(0, np.int64)
        self._lock = threading.Lock()

    def numbers(self, values: Values) -> Ints:
        """The number of each value; new ones are added."""
        with self._lock:
            before = len(self._places)
            numbers = np.array([self._places.setdefault(v, len(self._places)) for v in values.list], np.int64)
            if len(self._places) > before:
                new = values.arrow.take(pa.array(np.flatnonzero(numbers >= before)))
                self._arrow = pa.concat_arrays([self._arrow, new])
                order = pc.array_sort_indices(self._arrow, order="ascending", null_placement="at_start")
                ranks = np.empty(len(order), np.int64)
                ranks[np.asarray(order)] = np.arange(len(order))
                self._ranks = ranks
            return numbers

    def state(self) -> tuple[pa.Array, Ints]:
        """The values by number, and the rank of each number in the values' order (null first)."""
        with self._lock:
            return self._arrow, self._ranks


def grouped(
    names: Sequence[str], dictionaries: Sequence[Dictionary], numbers: Sequence[Ints], starts: Ints
) -> tuple[pa.Table, Ints, Ints]:
    """The distinct tuples of values in the order of values; the rows ordered by (tuple, start); which tuple each of the
    ordered rows has."""
    states = [dictionary.state() for dictionary in dictionaries]
    code = np.zeros(len(numbers[0]), np.int64)
    for (_, ranks), column in zip(states, numbers, strict=True):
        # Without gaps before each step, so that the product of many dimensions does not overflow.
        code = code * len(ranks) + ranks[column]
        code = np.unique(code, return_inverse=True)[1] if len(names) > 1 else code
    order = np.lexsort((starts, code))
    code = code[order]
    new = np.ones(len(code), np.bool_)
    np.not_equal(code[1:], code[:-1], out=new[1:])
    first = order[new]
    columns = [arrow.take(pa.array(column[first])) for (arrow, _), column in zip(states, numbers, strict=True)]
    return pa.table(dict(zip(names, columns, strict=True))), order, np.cumsum(new) - 1
