"""Stretches of time as arrays: rows of (start, end), half-open, in order, apart; UTC microseconds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Stretches = npt.NDArray[np.int64]

EVER = 1 << 62
"""Stands for no border: before `-EVER` and after `EVER` there is nothing."""


def one(start: int, end: int) -> Stretches:
    """A single stretch; none where it is empty."""
    return np.array([(start, end)] if start < end else [], np.int64).reshape(-1, 2)


def union(stretches: Stretches) -> Stretches:
    """The same time, in order and apart; the rows given may overlap and be empty."""
    rows = stretches[stretches[:, 0] < stretches[:, 1]]
    if len(rows) < 2:
        return rows
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    reached = np.maximum.accumulate(rows[:, 1])
    first = np.flatnonzero(np.concatenate((np.ones(1, np.bool_), rows[1:, 0] > reached[:-1])))
    last = np.append(first[1:], len(rows)) - 1
    return np.column_stack((rows[first, 0], reached[last]))


def minus(stretches: Stretches, taken: Stretches) -> Stretches:
    """The time of `stretches` that is not in `taken`."""
    if len(stretches) == 1 and _within(stretches, taken):
        return stretches[:0]
    free = np.concatenate((np.array([-EVER]), taken.ravel(), np.array([EVER]))).reshape(-1, 2)
    return both(stretches, free)


def _within(stretch: Stretches, others: Stretches) -> bool:
    """Whether a single stretch lies in one of the others."""
    at = int(np.searchsorted(others[:, 0], stretch[0, 0], side="right")) - 1
    return at >= 0 and bool(stretch[0, 1] <= others[at, 1])


def both(left: Stretches, right: Stretches) -> Stretches:
    """The time that is in `left` and in `right`."""
    borders = np.unique(np.concatenate((left.ravel(), right.ravel())))
    if len(borders) < 2:
        return np.empty((0, 2), np.int64)
    starts = borders[:-1]
    inside = holds(left, starts) & holds(right, starts)
    return union(np.column_stack((starts[inside], borders[1:][inside])))


def holds(stretches: Stretches, moments: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which of `moments` lie in one of the stretches."""
    if not len(stretches):
        return np.zeros(len(moments), np.bool_)
    place = np.searchsorted(stretches[:, 0], moments, side="right") - 1
    found: npt.NDArray[np.bool_] = (place >= 0) & (moments < stretches[np.maximum(place, 0), 1])
    return found


def length(stretches: Stretches) -> int:
    """How long they are together, in microseconds."""
    if len(stretches) == 1:  # as for most questions
        return int(stretches[0, 1]) - int(stretches[0, 0])
    return int((stretches[:, 1] - stretches[:, 0]).sum())


def pairs(stretches: Stretches) -> tuple[tuple[int, int], ...]:
    """The same as plain numbers."""
    return tuple((int(start), int(end)) for start, end in stretches.tolist())


def inward(stretches: Stretches, grain: int) -> Stretches:
    """Cut to whole buckets of `grain`."""
    snapped = np.column_stack((-(-stretches[:, 0] // grain) * grain, stretches[:, 1] // grain * grain))
    return snapped[snapped[:, 0] < snapped[:, 1]]
