from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lapwing.alerts.chance import Floats
from lapwing.alerts.early.leading import Pair, believed, foretold, onsets, pasts
from lapwing.alerts.early.tree import upstream
from lapwing.model.load import load

EXAMPLES = Path(__file__).parents[3] / "examples"
PAIRS = [Pair(a, b, sign) for a in range(3) for b in range(3) if a != b for sign in (-1, 1)]


def scores(seed: int, share: float, lag: int = 3, sign: int = 1) -> Floats:
    """Three series: the second follows `share` of the first's events after `lag`; the third has events of its own."""
    random = np.random.default_rng(seed)
    found: Floats = np.clip(random.standard_normal((3, 2000)), -2.5, 2.5)
    for at in range(50, 1950, 60):
        found[0, at : at + 4] = -8
        if random.random() < share:
            found[1, at + lag : at + lag + 4] = -6 * sign
    for at in random.integers(50, 1950, 30):
        found[2, at : at + 3] = -7
    return found


def test_an_event_begins_once() -> None:
    score = np.array([[0, -5, -6, 0, -5, 0, 0, 0, 0, 0, 0, 0, 0, -5, 6.0]])
    assert np.flatnonzero(onsets(score)[0]).tolist() == [1, 13, 14]


def test_what_usually_follows_is_believed_with_its_lag() -> None:
    (found,) = believed(pasts(scores(1, 0.9), PAIRS, 6), 2000)
    assert (found.pair.leader, found.pair.follower, found.pair.sign) == (0, 1, 1)
    known = found.known(0, 2000)
    assert np.median(found.lag[known][found.lag[known] > 0]) == 3
    assert (found.lag[known] > 0).mean() > 0.8
    assert found.usual[:, -1].max() < 0.25


def test_what_goes_the_other_way_is_believed_as_such() -> None:
    (found,) = believed(pasts(scores(1, 0.9, sign=-1), PAIRS, 6), 2000)
    assert found.pair == Pair(0, 1, -1)
    assert set(found.side.tolist()) == {1}


def test_what_follows_by_chance_is_not() -> None:
    kept = [found for seed in range(30) for found in believed(pasts(scores(seed, 0.0), PAIRS, 6), 2000)]
    assert len(kept) <= 1


def test_what_came_before_or_at_once_is_no_lead() -> None:
    for lag in (0, -3):
        assert not [one for one in believed(pasts(scores(1, 1.0, lag), PAIRS, 6), 2000) if one.pair.follower == 1]


def test_the_tree_needs_less_for_it_is_tested_by_itself() -> None:
    """A few events: among many pairs they are nothing, along the tree they are."""
    random = np.random.default_rng(5)
    noise = np.clip(2.2 * random.standard_normal((250, 420)), -8, 8)
    score = np.concatenate([scores(2, 1.0)[:2, :420], noise])
    others = [Pair(a, b) for a in range(2, 252) for b in (1, 2) if a != b]
    for tree in (True, False):
        found = believed(pasts(score, [Pair(0, 1, tree=tree), *others], 6), 420)
        assert (Pair(0, 1, tree=tree) in [one.pair for one in found]) == tree


def test_a_warning_says_what_was_known_when_it_was_told() -> None:
    score = scores(3, 0.9)
    told = foretold(score, PAIRS, 6, 200)[1]
    assert told[0].at > 400, "nothing is said before the past bears it out"
    assert all(one.side == -1 and one.lag == 3 and one.chance >= 0.7 for one in told)
    assert np.mean([one.shown is not None for one in told]) > 0.75
    assert all(one.shown is None or one.shown == one.at + 3 for one in told)
    first, last = told[0], told[-1]
    assert first.events < last.events
    assert sum(one.shown is not None for one in told) <= last.hits + 1


@given(st.integers(0, 20), st.integers(300, 1990))
def test_the_past_does_not_depend_on_what_comes(seed: int, cut: int) -> None:
    score = scores(seed, 0.85)
    whole = [one for of in foretold(score, PAIRS, 6, 150).values() for one in of if one.at < cut]
    part = [one for of in foretold(score[:, :cut], PAIRS, 6, 150).values() for one in of]
    assert [(one.pair, one.at, one.side, one.events, one.hits) for one in whole] == [
        (one.pair, one.at, one.side, one.events, one.hits) for one in part
    ]
    for before, after in zip(part, whole, strict=True):
        assert before.shown in (None, after.shown)
        assert before.over in (None, after.over)


def test_factors_and_denominators_are_upstream() -> None:
    flights = upstream(load(EXAMPLES / "flights").datasets["flights"])
    assert flights["flights.flights", "flights.cancelled"] == 1
    assert flights["flights.departed", "flights.late"] == 1
    ads = upstream(load(EXAMPLES / "ads").datasets["ads"])
    assert ads["ads.impressions", "ads.spend"] == 1
    assert ads["ads.fill_rate", "ads.spend"] == 1


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=50), st.data())
def test_onsets_know_only_the_past(values: list[float], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(values)))
    score = np.array([values])
    np.testing.assert_array_equal(onsets(score)[:, :cut], onsets(score[:, :cut]))
