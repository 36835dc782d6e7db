"""Which slice explains: by hand, of slices that overlap."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.alerts.chance import Floats
from lapwing.alerts.history import Slice
from lapwing.alerts.sweep.explain import Stretch, explaining
from lapwing.alerts.sweep.overlap import Overlap

COUNTRIES, FORMATS = ("US", "DE", "JP"), ("image", "video")
LEAVES = np.array([[600.0, 300.0], [250.0, 150.0], [200.0, 100.0]])
SLICES: list[Slice] = [
    *((("country", country), ("format", form)) for country, form in product(COUNTRIES, FORMATS)),
    *((("country", country),) for country in COUNTRIES),
    *((("format", form),) for form in FORMATS),
    (),
]


def every(leaves: Floats) -> Floats:
    return np.concatenate([leaves.ravel(), leaves.sum(1), leaves.sum(0), [leaves.sum()]])


def explained(actual: Floats, direction: int = -1) -> list[Slice]:
    """What explains leaves that should have been LEAVES."""
    overlap = Overlap(SLICES, len(SLICES) - 1)
    expected = every(LEAVES)
    score = (every(actual) - expected) / np.sqrt(expected)
    stretch = Stretch(
        actual=every(actual),
        expected=expected,
        sigma=np.sqrt(expected),
        size=np.array([len(one) for one in SLICES]),
        there=np.ones(len(SLICES), bool),
        warm=score * direction > 3.75,
        hot=score * direction > 5,
        least=np.full(len(SLICES), 5.0),
        direction=direction,
    )
    nothing = np.zeros(len(SLICES), bool)

    def common(one: int, size: Floats, *, exact: bool) -> Floats:
        return overlap.common(one, size, stretch.there, nothing, lambda both, row: 0.0)

    return [SLICES[row] for row in explaining(stretch, common, {})[0]]


def test_all_of_it() -> None:
    assert explained(LEAVES * 0.6) == [()]


def test_one_value_of_one_dimension() -> None:
    actual = LEAVES.copy()
    actual[0] *= 0.6
    assert explained(actual) == [(("country", "US"),)]


def test_one_combination() -> None:
    actual = LEAVES.copy()
    actual[1, 1] *= 0.3
    assert explained(actual) == [(("country", "DE"), ("format", "video"))]


def test_two_causes() -> None:
    actual = LEAVES.copy()
    actual[2] *= 0.3
    actual[1] *= 0.7
    assert explained(actual) == [(("country", "JP"),), (("country", "DE"),)]


def test_nothing_is_explained_where_nothing_is_unusual() -> None:
    assert explained(LEAVES) == []


@settings(max_examples=60)
@given(row=st.integers(0, len(SLICES) - 1), factor=st.floats(0.3, 0.6), up=st.booleans())
def test_the_slice_that_was_moved_is_the_one_that_is_told(row: int, factor: float, up: bool) -> None:
    """Or none, where its move is too small to see; never another in its place."""
    within = dict(SLICES[row])
    mask = np.array(
        [
            [within.get("country", country) == country and within.get("format", form) == form for form in FORMATS]
            for country in COUNTRIES
        ]
    )
    moved = np.where(mask, LEAVES * (2 - factor if up else factor), LEAVES)
    assert explained(moved, 1 if up else -1) in ([], [SLICES[row]])


def test_what_slices_have_in_common() -> None:
    overlap = Overlap(SLICES, len(SLICES) - 1)
    size, there = every(LEAVES), np.ones(len(SLICES), bool)
    us = SLICES.index((("country", "US"),))
    nothing = np.zeros(len(SLICES), bool)
    shares = overlap.common(us, size, there, nothing, lambda both, row: 0.0)
    of = dict(zip(SLICES, shares.tolist(), strict=True))
    assert of[(("country", "US"),)] == 1
    assert of[(("country", "US"), ("format", "video"))] == 1
    assert of[(("country", "DE"),)] == 0
    assert of[()] == 900 / 1600
    assert of[(("format", "video"),)] == 300 / 550
    without = there.copy()
    without[SLICES.index((("country", "US"), ("format", "video")))] = False
    guessed = overlap.common(us, size, without, nothing, lambda both, row: 0.0)
    assert guessed[SLICES.index((("format", "video"),))] == 900 / 1600
    asked = overlap.common(us, size, without, ~nothing, lambda both, row: 0.25)
    assert asked[SLICES.index((("format", "video"),))] == 0.25
