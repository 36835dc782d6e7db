"""Are two states those of the same rows? Exactly where they have one form, and within what doubles and bounds leave open
elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lapwing.states.columns import Array, Columns, StateColumn, owners, take

Mask = npt.NDArray[np.bool_]


def same_columns(layout: Sequence[StateColumn], one: Columns, other: Columns) -> Mask:
    """Which states have equal columns, entries included; NaN equals NaN. Both have as many states, in the same order."""
    equal = np.ones(len(one[layout[0].suffix]), np.bool_)
    for column in layout:
        # What belongs to a column is compared where that one is equal, so both have as much of it.
        rows = np.flatnonzero(equal)
        left, right = take(layout, one, rows), take(layout, other, rows)
        differs = ~_equal(left[column.suffix], right[column.suffix])
        if differs.any():
            equal[rows[_rows(layout, left, column)[differs]]] = False
    return equal


def close(one: Array, other: Array, relative: float, absolute: Array | float = 0.0) -> Mask:
    """Which doubles are within `relative` of the greater one, or within `absolute`."""
    with np.errstate(over="ignore", invalid="ignore"):
        near = np.abs(one - other) <= np.maximum(relative * np.maximum(np.abs(one), np.abs(other)), absolute)
    found: Mask = _equal(one, other) | (near & np.isfinite(one) & np.isfinite(other))
    return found


def _equal(one: Array, other: Array) -> Mask:
    found: Mask = np.asarray(one == other)
    if one.dtype.kind == "f":
        found |= np.isnan(one) & np.isnan(other)
    return found


def _rows(layout: Sequence[StateColumn], columns: Columns, column: StateColumn) -> npt.NDArray[np.int64]:
    """The state that each number of a column belongs to."""
    if column.of is None:
        return np.arange(len(columns[column.suffix]))
    parent = next(one for one in layout if one.suffix == column.of)
    return _rows(layout, columns, parent)[owners(columns[column.of])]
