"""Folding states into buckets."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lapwing.cache.fold import bucket_of, fold
from lapwing.states.count import Count

EDGES = st.lists(st.integers(-50, 50), min_size=2, max_size=8, unique=True).map(sorted)


@given(edges=EDGES, times=st.lists(st.integers(-60, 60)))
def test_a_time_falls_between_its_edges(edges: list[int], times: list[int]) -> None:
    buckets = bucket_of(np.array(times, np.int64), np.array(edges, np.int64)).tolist()
    for time, bucket in zip(times, buckets, strict=True):
        inside = [i for i in range(len(edges) - 1) if edges[i] <= time < edges[i + 1]]
        assert ([bucket] if 0 <= bucket < len(edges) - 1 else []) == inside


@given(rows=st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 4), st.integers(0, 9))))
def test_equal_cells_are_merged_and_sorted(rows: list[tuple[int, int, int]]) -> None:
    group, bucket, n = (np.array([row[i] for row in rows], np.int64) for i in range(3))
    folded = fold(group, bucket, {"rows": {"n": n}}, {"rows": Count()}, 4)
    expected: dict[tuple[int, int], int] = defaultdict(int)
    for g, b, value in rows:
        if 0 <= b < 4:
            expected[g, b] += value
    cells = list(zip(folded.group.tolist(), folded.bucket.tolist(), strict=True))
    assert cells == sorted(expected)
    assert folded.states["rows"]["n"].tolist() == [expected[cell] for cell in cells]
