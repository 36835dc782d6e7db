"""A ratio's change is its rates and its mix, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.alerts.slicing.split import rate_and_mix

SIDE = st.tuples(st.integers(0, 1000), st.integers(0, 1000))


@given(st.lists(st.tuples(SIDE, SIDE), min_size=1, max_size=20))
def test_the_parts_add_up(slices: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    sides = np.array(slices, np.float64)
    before, before_weights = np.minimum(sides[:, 0, 0], sides[:, 0, 1]), sides[:, 0, 1]
    after, after_weights = np.minimum(sides[:, 1, 0], sides[:, 1, 1]), sides[:, 1, 1]
    if not before_weights.sum() or not after_weights.sum():
        return
    rates, mix = rate_and_mix(before, before_weights, after, after_weights)
    change = after.sum() / after_weights.sum() - before.sum() / before_weights.sum()
    assert rates.sum() + mix.sum() == pytest.approx(change, abs=1e-12)


def test_a_change_of_one_kind_is_of_that_kind() -> None:
    weights = np.array([100.0, 300.0])
    rates, mix = rate_and_mix(np.array([10.0, 30.0]), weights, np.array([50.0, 30.0]), weights)
    assert mix.tolist() == [0, 0]
    assert rates == pytest.approx([0.1, 0])
    rates, mix = rate_and_mix(np.array([10.0, 150.0]), weights, np.array([30.0, 50.0]), weights[::-1])
    assert rates == pytest.approx([0, 0])
    assert mix.sum() == pytest.approx(-0.2)
