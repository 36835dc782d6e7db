"""The budget of false alarms: kept by chance alone, on series that move together, or with their neighbours in time, too."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.alerts.bar import WEEK, Bar, Evidence, Opening
from lapwing.alerts.budget import chance_of, score_of
from lapwing.alerts.chance import Floats
from lapwing.alerts.evidence import Gathering, evidence
from lapwing.alerts.votes import Vote
from lapwing.model.calendar import DAY

REJOIN = 4


@given(st.floats(0.1, 40))
def test_scores_and_chances_are_inverse(score: float) -> None:
    assert score_of(chance_of(score)) == pytest.approx(score)


def noise(series: int, days: int, together: float = 0.0, common: float = 0.0, seed: int = 7) -> Floats:
    """`together`: how much neighbours in time have in common; `common`: series."""
    random = np.random.default_rng(seed)
    shared, own = random.standard_normal((1, days)), random.standard_normal((series, days))
    score = np.sqrt(common) * shared + np.sqrt(1 - common) * own
    for at in range(1, days):
        score[:, at] = together * score[:, at - 1] + np.sqrt(1 - together**2) * score[:, at]
    found: Floats = score
    return found


def bar(series: int, days: int, *shares: tuple[int, float], votes: tuple[Vote, ...] = (), parts: int = 0) -> Bar:
    borders = np.arange(days + 1, dtype=np.int64) * DAY
    return Bar(
        series=tuple(map(str, range(series))),
        parts=np.arange(series) < parts,
        borders=borders,
        known=borders[1:],
        votes=votes,
        shares=shares,
    )


def needs(score: Floats, of: Bar, sensitivity: float = 2.5) -> tuple[Floats, Floats]:
    """Evidence, and what it needs to be above the range."""
    found = evidence(score, Gathering((1, 2, 3, 5, 7, 14)))
    shown = Evidence(found, score, score, np.zeros(score.shape))
    needed = of.needed(shown, Opening(sensitivity=sensitivity, directions=(1, -1), rejoin=REJOIN))
    return found, np.stack([needed(row, 1) for row in range(len(score))])


def alarms(found: Floats, needed: Floats, score: Floats) -> int:
    count = 0
    for sign in (1, -1):
        for row in (found * sign >= needed) & (score * sign >= 1):
            count += int((np.diff(np.flatnonzero(row), prepend=-1000) > REJOIN).sum())
    return count


@pytest.mark.parametrize("together", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("budget", [1.0, 3.0])
def test_what_comes_is_about_what_was_asked_for(together: float, budget: float) -> None:
    score = noise(140, 730, together)
    found, needed = needs(score, bar(140, 730, (0, budget)))
    assert 0.6 < alarms(found, needed, score) / (730 / 7) / budget < 1.3


def test_without_a_budget_the_sensitivity_decides() -> None:
    score = noise(3, 100)
    _, needed = needs(score, bar(3, 100), sensitivity=3.75)
    assert (needed == 3.75).all()
    _, needed = needs(score, bar(3, 100, (0, 1000.0)), sensitivity=3.75)
    assert (needed == 3.75).all(), "a budget that is large enough asks for nothing"


@given(st.integers(0, 2**32 - 1), st.integers(20, 199))
def test_what_comes_later_changes_nothing_before(seed: int, cut: int) -> None:
    score = noise(5, 200, 0.5, seed=seed)
    changed = score.copy()
    changed[:, cut:] += 5
    one, other = (needs(each, bar(5, 200, (0, 0.3)))[1] for each in (score, changed))
    assert np.array_equal(one[:, : cut + 1], other[:, : cut + 1])


def test_a_smaller_share_counts_from_its_moment_on() -> None:
    score = noise(20, 200)
    _, steady = needs(score, bar(20, 200, (0, 1.0)))
    _, changed = needs(score, bar(20, 200, (0, 1.0), (100 * DAY, 0.1)))
    assert np.array_equal(steady[:, :100], changed[:, :100])
    assert (changed[:, 101:] > steady[:, 101:]).all()


def test_a_storm_costs_and_a_useful_one_is_given_back() -> None:
    score = noise(20, 300)
    score[5, 100] = 30.0
    _, calm = needs(noise(20, 300), bar(20, 300, (0, 0.1)))
    _, stormy = needs(score, bar(20, 300, (0, 0.1)))
    useful = Vote(("5", 1, 100 * DAY), 110 * DAY, "Ann", useful=True)
    _, forgiven = needs(score, bar(20, 300, (0, 0.1), votes=(useful,)))
    assert (stormy[0, 101:200] > calm[0, 101:200]).all()
    assert np.array_equal(forgiven[0, :110], stormy[0, :110])
    assert (forgiven[0, 110:200] < stormy[0, 110:200]).all()


def test_what_happens_everywhere_counts_once() -> None:
    score = noise(21, 300, seed=3)
    score[:, 150] = 12.0
    _, folded = needs(score, bar(21, 300, (0, 0.1), parts=20))
    _, apart = needs(score, bar(21, 300, (0, 0.1)))
    assert (folded[0, 151:200] < apart[0, 151:200] - 0.3).all()


def test_votes_never_break_the_budget() -> None:
    score = noise(20, 200)
    votes = tuple(Vote(("0", 1, 0), 50 * DAY, who, useful=True) for who in "abc")
    _, plain = needs(score, bar(20, 200, (0, 0.01)))
    _, voted = needs(score, bar(20, 200, (0, 0.01), votes=votes))
    assert (voted >= plain).all()
    against = tuple(Vote(("0", 1, 0), 50 * DAY, who, useful=False) for who in "abc")
    _, voted = needs(score, bar(20, 200, (0, 0.01), votes=against))
    assert (voted[0, 51:] > 1.3 * plain[0, 51:]).all()


def test_a_week_is_a_week() -> None:
    assert WEEK == 7 * DAY
    assert math.isclose(chance_of(score_of(1e-4)), 1e-4)
