"""Slices and the slices that they are parts of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from lapwing.alerts.history import Slice, Value


def parents(slices: Sequence[Slice]) -> npt.NDArray[np.intp]:
    """For each series the row of the nearest one that it is a part of, -1 for none.

    >>> parents([(), (("country", "US"),), (("country", "US"), ("device", "tv"))]).tolist()
    [-1, 0, 1]
    """
    rows = {frozenset(within): row for row, within in enumerate(slices)}
    return np.array([next(_above(within, rows), -1) for within in slices], np.intp)


def _above(within: Slice, rows: dict[frozenset[tuple[str, Value]], int]) -> Iterator[int]:
    for size in range(len(within) - 1, -1, -1):
        for part in combinations(within, size):
            if (key := frozenset(part)) in rows:
                yield rows[key]
