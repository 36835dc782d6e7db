"""The values of dimensions, numbered as they are met, and slices as one number each: what arrays can hold of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lapwing.alerts.history import Value

Ints = npt.NDArray[np.int64]
BITS = 63
"""Of the number of a slice, which its dimensions have equal parts of: three have two million values each."""
_NAN = float("nan")
"""The one that equals itself, in a dictionary."""


class Values:
    """Of each dimension (by name), the values that were met; each keeps its number for good."""

    def __init__(self, known: Mapping[str, Sequence[Value]] | None = None) -> None:
        self._numbers = {
            name: {_same(value): number for number, value in enumerate(of)} for name, of in (known or {}).items()
        }

    def codes(self, names: Sequence[str], columns: Sequence[pa.ChunkedArray]) -> Ints:
        """The number (R,) of the slice in each row of some columns; values that are new get a number.

        Raises:
            OverflowError: a dimension has more values than there are numbers.
        """
        out = np.zeros(len(columns[0]) if columns else 0, np.int64)
        bits = BITS // max(len(names), 1)
        for name, column in zip(names, columns, strict=True):
            known = self._numbers.setdefault(name, {})
            encoded = pc.dictionary_encode(column, null_encoding="encode")
            encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
            if isinstance(encoded, pa.ChunkedArray):  # of no rows
                continue
            found = np.array(
                [known.setdefault(_same(one), len(known)) for one in encoded.dictionary.to_pylist()], np.int64
            )
            if len(known) > 1 << bits:
                raise OverflowError(f"{name} has {len(known):,} values")
            out = (out << bits) | found[encoded.indices.to_numpy()]
        return out

    def keys(self, names: Sequence[str], codes: Ints) -> list[tuple[Value, ...]]:
        """The values of slices."""
        bits = BITS // max(len(names), 1)
        columns = []
        for place, name in enumerate(names):
            values = list(self._numbers.get(name, ()))
            numbers = (codes >> (bits * (len(names) - 1 - place))) & ((1 << bits) - 1)
            columns.append([values[number] for number in numbers.tolist()])
        return list(zip(*columns, strict=True))

    def as_dict(self) -> dict[str, list[Any]]:
        """The values of each dimension in the order of their numbers."""
        return {name: list(of) for name, of in self._numbers.items()}

    def __len__(self) -> int:
        return sum(map(len, self._numbers.values()))


def part_of(names: Sequence[str], codes: Ints, part: Sequence[str]) -> Ints:
    """The numbers of the slices that slices are parts of, by some of their dimensions, in the same order."""
    bits, fewer = BITS // max(len(names), 1), BITS // max(len(part), 1)
    out = np.zeros(len(codes), np.int64)
    for name in part:
        place = len(names) - 1 - list(names).index(name)
        out = (out << fewer) | ((codes >> (bits * place)) & ((1 << bits) - 1))
    return out


def _same(value: Value) -> Value:
    return value if value == value else _NAN
