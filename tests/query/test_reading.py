"""What is read for stretches of time: each piece once, and no long way over what nobody asked for."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from lapwing.cache.frame import StateFrame
from lapwing.query.gather import used_alone
from lapwing.query.reading import Reading, readings
from lapwing.query.stretches import Taken
from lapwing.states.count import Count


def taken(*stretches: tuple[int, int]) -> Taken:
    starts, ends = np.array(stretches, np.int64).T
    no = np.zeros(len(starts), np.bool_)
    return Taken(starts, ends, no, no)


@pytest.mark.parametrize(
    ("stretches", "expected"),
    [
        ([(0, 10), (10, 20)], [([0, 10, 20], [True, True])]),
        ([(0, 10), (5, 15)], [([0, 5, 10, 15], [True] * 3)]),
        ([(0, 10), (12, 20)], [([0, 10, 12, 20], [True, False, True])]),  # a short gap is read over
        ([(0, 10), (100, 110)], [([0, 10], [True]), ([100, 110], [True])]),
        ([(0, 10), (5, 5), (30, 40)], [([0, 10, 30, 40], [True, False, True])]),
        ([(7, 7)], []),
        # The three longest gaps are left out, so that windows of an hour a day are not a read each.
        (
            [(0, 1), (10, 11), (30, 31), (60, 61), (100, 101)],
            [([0, 1, 10, 11], [True, False, True]), ([30, 31], [True]), ([60, 61], [True]), ([100, 101], [True])],
        ),
    ],
)
def test_readings(stretches: list[tuple[int, int]], expected: list[tuple[list[int], list[bool]]]) -> None:
    found = readings([taken(one) for one in stretches])
    assert [(reading.edges.tolist(), reading.used.tolist()) for reading in found] == expected


def test_groups_that_were_only_read_over_do_not_occur() -> None:
    frame = StateFrame(
        groups=pa.table({"place": ["a", "b", "c"]}),
        group=np.array([0, 0, 1, 2], np.int32),
        bucket=np.array([0, 1, 1, 2], np.int32),
        states={"events": {"n": np.array([1, 2, 3, 4])}},
    )
    reading = Reading(np.array([0, 10, 12, 20]), np.array([True, False, True]))
    alone = used_alone(frame, reading, {"events": Count()})
    assert alone.groups.to_pylist() == [{"place": "a"}, {"place": "c"}]
    assert (alone.group.tolist(), alone.bucket.tolist()) == ([0, 1], [0, 2])
    assert alone.states["events"]["n"].tolist() == [1, 4]
