"""The data of a slice search: one leaf for each combination of all dimensions' values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

Value = str | int | float | bool | None
"""What a dimension may hold."""
Piece = tuple[tuple[int, int], ...]
"""A slice: (place of the dimension, code of its value), by place."""


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Leaves over moments, of which the last is explained.

    `codes`: (dimensions, leaves), the place of each leaf's value in `values[dimension]`, which may hold None (null).
    `amounts`, `weights`: (leaves, moments): values, or numerators and denominators. `moments`: as they were written.
    """

    dimensions: tuple[str, ...]
    values: tuple[tuple[Value, ...], ...]
    codes: Ints
    moments: tuple[str, ...]
    amounts: Floats
    weights: Floats | None

    def inside(self, piece: Piece) -> Bools:
        """(leaves,): which of them are in a slice."""
        return inside(self.codes, piece)

    def named(self, piece: Piece) -> dict[str, Value]:
        """A slice by names."""
        return {self.dimensions[place]: self.values[place][code] for place, code in piece}


def inside(codes: Ints, piece: Piece) -> Bools:
    """Which leaves are in a slice; all of them are in the slice of no dimension."""
    found = np.ones(codes.shape[1], np.bool_)
    for place, code in piece:
        found &= codes[place] == code
    return found
