"""Comparing at equal age."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.alerts.ready.curve import Share
from lapwing.alerts.ready.equal_age import Whole, amounts, ratios

WHOLE = Whole(expected=1000.0, lower=800.0, upper=1200.0, width=4.0)


def test_half_a_bucket_is_compared_with_half() -> None:
    found = amounts(500.0, WHOLE, Share(0.5, 0.5, 0.5))
    assert found is not None
    assert (found.expected, found.score) == (500.0, 0.0)
    assert found.lower == pytest.approx(500 * (1 - 0.2 / 0.5**0.5)), "the smaller amount has the larger noise"


@given(st.floats(0.3, 0.9), st.floats(0.0, 0.2), st.floats(0, 2000))
def test_the_way_of_arriving_widens_the_range(middle: float, spread: float, actual: float) -> None:
    sure = amounts(actual, WHOLE, Share(middle, middle, middle))
    unsure = amounts(actual, WHOLE, Share(middle - spread, middle, middle + spread))
    assert sure is not None
    assert unsure is not None
    assert unsure.lower <= sure.lower <= sure.expected <= sure.upper <= unsure.upper
    assert abs(unsure.score) <= abs(sure.score)


def test_a_ratio_whose_parts_arrive_together_is_what_it_is() -> None:
    share = Share(0.6, 0.6, 0.6)
    found = ratios(0.05, Whole(0.05, 0.03, 0.07, 4.0), share, share)
    assert found is not None
    assert found.expected == pytest.approx(0.05)
    later = ratios(0.05, Whole(0.05, 0.03, 0.07, 4.0), Share(0.3, 0.3, 0.3), share)
    assert later is not None
    assert later.expected == pytest.approx(0.025), "half of the clicks' conversions are still to come"


def test_of_nothing_nothing_is_said() -> None:
    assert amounts(5.0, Whole(0.0, 0.0, 0.0, 4.0), Share(1.0, 1.0, 1.0)) is None
    assert amounts(5.0, Whole(10.0, float("nan"), 20.0, 4.0), Share(1.0, 1.0, 1.0)) is None
    assert amounts(5.0, WHOLE, Share(0.0, 0.0, 0.1)) is None
