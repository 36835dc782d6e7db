"""The scale of chance: a residual's amount is the amount's residual, and noise of every size looks alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.alerts.chance import Floats, Kind, Range, amount_at, residual


def around(mean: float, weight: float, spread: float = 1.0) -> Range:
    return Range(*(np.array([value]) for value in (mean, weight, spread, spread)))


@settings(max_examples=100)
@given(kind=st.sampled_from(list(Kind)), mean=st.floats(0.5, 1e6), part=st.floats(0.02, 0.98), width=st.floats(-2, 6))
def test_there_and_back(kind: Kind, mean: float, part: float, width: float) -> None:
    where = around(mean, mean / part)
    amount = amount_at(kind, where, width)
    if kind is not Kind.LEVEL and not 1e-6 < amount[0] < (mean / part if kind is Kind.SHARE else np.inf):
        return  # at the edge of what can be: nothing lies beyond
    assert residual(kind, where, amount)[0] == pytest.approx(width, abs=1e-3)


@pytest.mark.parametrize("mean", [1.0, 5.0, 50.0, 5000.0])
def test_residuals_of_counts_are_nearly_normal(mean: float) -> None:
    found = residual(Kind.COUNT, around(mean, 1.0), np.random.default_rng(0).poisson(mean, 50_000).astype(float))
    assert found.std() == pytest.approx(1.0, abs=0.1)
    assert found.mean() == pytest.approx(0.0, abs=0.3)


@pytest.mark.parametrize("rate", [0.01, 0.3, 0.5, 0.7, 0.99])
def test_residuals_of_shares_are_nearly_normal(rate: float) -> None:
    found: Floats = residual(
        Kind.SHARE, around(1000 * rate, 1000.0), np.random.default_rng(0).binomial(1000, rate, 50_000).astype(float)
    )
    assert found.std() == pytest.approx(1.0, abs=0.1)


def test_what_can_be_is_not_left() -> None:
    assert amount_at(Kind.COUNT, around(2.0, 1.0), -9.0)[0] == 0
    assert amount_at(Kind.SHARE, around(2.0, 10.0), -9.0)[0] == 0
    assert amount_at(Kind.SHARE, around(8.0, 10.0), 9.0)[0] == 10
    assert amount_at(Kind.LEVEL, around(2.0, 1.0), -9.0)[0] == -7
