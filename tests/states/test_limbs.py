"""Limbs: what Python's own integers and fractions give."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.model.problem import Refused
from lapwing.states import limbs

COUNTS = st.integers(1, 5)


def split(values: list[int], count: int) -> list[limbs.Integers]:
    lower = [np.array([(v >> (32 * i)) & limbs.MASK for v in values], np.int64) for i in range(count - 2, -1, -1)]
    return [np.array([v >> (32 * (count - 1)) for v in values], np.int64), *lower]


def numbers(count: int) -> st.SearchStrategy[list[int]]:
    most = 2 ** (32 * count + 20 if count > 1 else 62)
    ties = st.tuples(st.integers(2**52, 2**54), st.integers(0, 32 * count - 56 if count > 1 else 0), st.integers(-1, 1))
    near = ties.map(lambda t: (t[0] << t[1]) + t[2]).filter(lambda v: abs(v) < most)
    return st.lists(
        st.integers(-most, most) | st.integers(-3, 3) | near | near.map(lambda v: -v), min_size=1, max_size=6
    )


NUMBERS = COUNTS.flatmap(lambda count: st.tuples(st.just(count), numbers(count)))


@given(NUMBERS, st.sampled_from([0, -60]))
def test_doubles_are_correctly_rounded(given_: tuple[int, list[int]], exponent: int) -> None:
    count, values = given_
    expected = [float(Fraction(value, 2**-exponent)) for value in values]
    assert limbs.to_double(split(values, count), exponent).tolist() == expected


@given(NUMBERS, st.data())
def test_ratios_are_correctly_rounded(given_: tuple[int, list[int]], data: st.DataObject) -> None:
    count, values = given_
    size = len(values)
    divisor = data.draw(st.lists(st.integers(1, 100) | st.integers(1, 2**40), min_size=size, max_size=size))
    digits, exponent = data.draw(st.sampled_from([0, 2, 9, 10, 38])), data.draw(st.sampled_from([0, -60]))
    got = limbs.ratio(split(values, count), np.array(divisor, np.int64), digits, exponent)
    unit = 10**digits * 2**-exponent
    assert got.tolist() == [float(Fraction(v, d * unit)) for v, d in zip(values, divisor, strict=True)]


@given(NUMBERS)
def test_integers_come_back(given_: tuple[int, list[int]]) -> None:
    count, values = given_
    parts = split(values, count)
    assert limbs.to_integers(parts) == limbs.to_integers(limbs.widen(parts, 7)) == values
    narrow = limbs.to_int64(parts)
    fits = all(-(2**63) <= value < 2**63 for value in values)
    assert (narrow.tolist() if narrow is not None else None) == (values if fits else None)


@given(st.lists(st.integers(-(10**38) - 2, 10**38 + 2) | st.sampled_from([10**38, -(10**38)]), min_size=1, max_size=5))
def test_decimals_hold_38_digits_and_no_more(values: list[int]) -> None:
    parts, present = split(values, 4), np.ones(len(values), np.bool_)
    if all(abs(value) < 10**38 for value in values):
        assert [int(value) for value in limbs.to_decimal(parts, present, 0).to_pylist()] == values
    else:
        with pytest.raises(Refused):
            limbs.to_decimal(parts, present, 0)


@given(st.integers(1, 4), st.data())
def test_runs_add_up(count: int, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.integers(-(2 ** (32 * count - 2)), 2 ** (32 * count - 2)), min_size=1, max_size=10))
    cuts = sorted({0, *data.draw(st.sets(st.integers(0, len(values) - 1)))})
    added = limbs.add_runs(split(values, count), np.ones(len(values), np.int64), np.array(cuts))
    ends = [*cuts[1:], len(values)]
    assert limbs.to_integers(added) == [sum(values[a:b]) for a, b in zip(cuts, ends, strict=True)]
