"""The slice search, on made leaves with known causes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.alerts.slicing.leaves import Floats, Ints, Piece, inside
from lapwing.alerts.slicing.search import search

SIZES = (5, 4, 6)


def made(seed: int, mean: float = 60.0) -> tuple[Ints, Floats, np.random.Generator]:
    """All combinations of three dimensions with what is expected of each."""
    random = np.random.default_rng(seed)
    codes = np.stack([code.ravel() for code in np.indices(SIZES)]).astype(np.int64)
    means: Floats = np.asarray(mean * random.lognormal(0, 0.5, codes.shape[1]), np.float64)
    return codes, means, random


@st.composite
def planted(draw: st.DrawFn) -> Piece:
    places = draw(st.sets(st.integers(0, 2), min_size=1, max_size=2))
    return tuple((place, draw(st.integers(0, SIZES[place] - 1))) for place in sorted(places))


@settings(max_examples=40)
@given(planted(), st.sampled_from([0.3, 0.4, 2.5, 4.0]), st.integers(0, 1000))
def test_a_planted_slice_is_found(piece: Piece, factor: float, seed: int) -> None:
    codes, means, random = made(seed)
    hit = inside(codes, piece)
    actual = random.poisson(np.where(hit, means * factor, means)).astype(np.float64)
    found = search(codes, actual, means)
    assert found.slices[0].piece == piece
    assert found.slices[0].chosen
    assert found.direction == (1 if factor > 1 else -1)
    assert found.slices[0].actual == actual[hit].sum()
    # Of 120 leaves, chance deals four to six to the same place now and then.
    assert found.clear or hit.sum() < 10


def test_two_causes_are_both_told() -> None:
    codes, means, random = made(3)
    two: tuple[Piece, Piece] = (((0, 1),), ((1, 2), (2, 5)))
    factor = np.where(inside(codes, two[0]), 3.0, np.where(inside(codes, two[1]), 5.0, 1.0))
    found = search(codes, random.poisson(means * factor).astype(np.float64), means)
    assert [one.piece for one in found.slices[:2]] == list(two)
    assert all(one.chosen for one in found.slices[:2])
    same = np.where(np.isin(codes[2], [0, 3]), 0.2, 1.0)
    found = search(codes, random.poisson(means * same).astype(np.float64), means)
    assert {one.piece for one in found.slices if one.chosen} == {((2, 0),), ((2, 3),)}


@pytest.mark.parametrize("factor", [1.0, 0.7, 1.4])
def test_where_nothing_or_everything_moved_no_cause_is_clear(factor: float) -> None:
    clear = 0
    for seed in range(60):
        codes, means, random = made(seed)
        clear += search(codes, random.poisson(means * factor).astype(np.float64), means).clear
    assert clear <= 3, "5 % of 60"


def test_leaves_that_moved_by_chance_have_no_clear_cause() -> None:
    """Large moves, dealt to the leaves at random: p holds what it says."""
    clear = 0
    for seed in range(60):
        codes, means, random = made(seed)
        moved = np.where(random.random(len(means)) < 0.2, 3.0, 1.0)
        clear += search(codes, random.poisson(means * moved).astype(np.float64), means).clear
    assert clear <= 7, "the chance of 8 or more of 60 at 5 % is 1 %"


@settings(max_examples=20)
@given(st.integers(0, 1000))
def test_a_constant_dimension_and_other_names_change_nothing(seed: int) -> None:
    codes, means, random = made(seed)
    actual = random.poisson(means * np.where(codes[1] == 2, 3.0, 1.0)).astype(np.float64)
    plain = search(codes, actual, means)
    assert search(np.vstack([codes, np.zeros_like(codes[:1])]), actual, means) == plain
    renamed = np.stack([size - 1 - code for size, code in zip(SIZES, codes, strict=True)])
    other = search(renamed, actual, means)
    assert (other.clear, plain.clear) == (True, True)
    assert other.slices[0].piece == ((1, SIZES[1] - 1 - 2),)
    assert other.slices[0].score == pytest.approx(plain.slices[0].score)


def test_amounts_of_money() -> None:
    codes, means, random = made(5)
    price = 12.37
    actual = price * random.poisson(means * np.where(codes[0] == 4, 0.4, 1.0)).astype(np.float64)
    found = search(codes, actual, price * means)
    assert found.slices[0].piece == ((0, 4),)
    assert found.clear
    assert found.direction == -1


def test_nothing_to_search_is_no_clear_cause() -> None:
    one = np.zeros((2, 1), np.int64)
    assert not search(one, np.array([5.0]), np.array([1.0])).clear
    assert search(one[:, :0], np.empty(0), np.empty(0)).slices == ()
    codes, means, _ = made(1)
    assert not search(codes, np.zeros_like(means), np.zeros_like(means)).clear
