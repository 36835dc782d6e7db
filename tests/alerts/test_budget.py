"""The budget of false alarms: chance alone keeps it, on series that move together, too."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.alerts.budget import Realised, chance_of, score_of, threshold
from lapwing.alerts.evidence import Gathering, evidence


@given(st.floats(0.1, 40))
def test_scores_and_chances_are_inverse(score: float) -> None:
    assert score_of(chance_of(score)) == pytest.approx(score)


@given(budget=st.floats(0.1, 50), tests=st.floats(1, 1e8), more=st.floats(1, 100))
def test_more_series_or_a_smaller_budget_ask_for_more(budget: float, tests: float, more: float) -> None:
    assert threshold(budget, tests) <= threshold(budget, tests * more)
    assert threshold(budget, tests) <= threshold(budget / more, tests)
    assert tests * chance_of(threshold(budget, tests)) <= budget * (1 + 1e-9)


@given(budget=st.floats(0.1, 50), false=st.integers(0, 1000), weeks=st.floats(0.1, 100))
def test_what_came_of_it_only_ever_tightens(budget: float, false: int, weeks: float) -> None:
    realised = Realised(false=false, weeks=weeks)
    assert threshold(budget, 1000, realised) >= threshold(budget, 1000)
    if realised.a_week <= budget:
        assert threshold(budget, 1000, realised) == threshold(budget, 1000)


def test_no_budget_says_nothing() -> None:
    assert threshold(0.0, 10) == math.inf


@pytest.mark.parametrize(
    ("together", "common", "room"), [(0.0, 0.0, 1.0), (0.0, 0.7, 1.0), (0.5, 0.0, 2.0), (0.5, 0.7, 2.0)]
)
def test_chance_alone_keeps_the_budget(together: float, common: float, room: float) -> None:
    """140 daily series of two years, which have much in common with each other, or with their own neighbours in time (and
    then it takes a year until that is known): bursts a week."""
    random, (series, days) = np.random.default_rng(7), (140, 730)
    shared, own = random.standard_normal((1, days)), random.standard_normal((series, days))
    score = np.sqrt(common) * shared + np.sqrt(1 - common) * own
    for at in range(1, days):
        score[:, at] = together * score[:, at - 1] + np.sqrt(1 - together**2) * score[:, at]
    found = np.abs(evidence(score, Gathering((1, 2, 3, 5, 7, 14))))
    for budget in (0.5, 3.0):
        hot = found >= threshold(budget, series * 7 * 2)
        begins = hot.copy()
        begins[:, 1:] &= ~hot[:, :-1]
        assert begins.sum() / (days / 7) <= budget * room
