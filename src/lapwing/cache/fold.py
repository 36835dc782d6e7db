"""Folds states into the buckets that were asked: rows of (group, time, states) in, a StateFrame's arrays out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lapwing.states.base import Array, Columns, State
from lapwing.states.columns import order_of

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """Rows unique and sorted by (group, bucket)."""

    group: npt.NDArray[np.int32]
    bucket: npt.NDArray[np.int32]
    states: Mapping[str, Columns]


def bucket_of(times: Ints, edges: Ints) -> Ints:
    """The number of the bucket each time falls into: -1 before the first edge, B from the last edge on."""
    count = len(edges) - 1
    step = int(edges[1] - edges[0])
    if count == 1 or (int(edges[-1] - edges[0]) == step * count and bool((edges[1:] - edges[:-1] == step).all())):
        number: Ints = np.clip((times - edges[0]) // step, -1, count)
        return number
    found: Ints = np.searchsorted(edges, times, side="right").astype(np.int64)
    return found - 1


def fold(
    group: Ints,
    bucket: Ints,
    columns: Mapping[str, Columns],
    states: Mapping[str, State],
    buckets: int,
    *,
    apart: bool = False,
) -> Folded:
    """Merges the states of equal (group, bucket); rows whose bucket is out of 0 to `buckets` - 1 are left out. `apart`:
    rows are known to be unique and sorted."""
    if len(bucket) and not (int(bucket.min()) >= 0 and int(bucket.max()) < buckets):
        inside = np.flatnonzero((bucket >= 0) & (bucket < buckets))
        group, bucket, columns = group[inside], bucket[inside], _take(columns, states, inside)
    if apart:
        return _folded(group, bucket, columns)
    cell = group * buckets + bucket
    step = cell[1:] - cell[:-1]
    if len(step) == 0 or int(step.min()) > 0:
        return _folded(group, bucket, columns)
    if int(step.min()) < 0:
        order = order_of(cell)
        group, bucket, columns = group[order], bucket[order], _take(columns, states, order)
        step = np.diff(cell[order])
    starts = np.concatenate((np.zeros(1, np.intp), np.flatnonzero(step) + 1))
    if len(starts) == len(cell):
        return _folded(group, bucket, columns)
    merged = {name: states[name].merge(columns[name], starts) for name in columns}
    return _folded(group[starts], bucket[starts], merged)


def _folded(group: Ints, bucket: Ints, columns: Mapping[str, Columns]) -> Folded:
    return Folded(group.astype(np.int32), bucket.astype(np.int32), columns)


def _take(columns: Mapping[str, Columns], states: Mapping[str, State], rows: Array) -> dict[str, Columns]:
    return {name: states[name].take(of, rows) for name, of in columns.items()}
