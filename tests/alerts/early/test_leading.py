from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lapwing.alerts.chance import Floats
from lapwing.alerts.early.leading import leads, onsets, tree_edges
from lapwing.model.load import load

FLIGHTS = Path(__file__).parents[3] / "examples" / "flights"


def scores(seed: int, share: float, lag: int = 3) -> Floats:
    """Three series: the second follows `share` of the first's events after `lag`; the third has events of its own."""
    random = np.random.default_rng(seed)
    found: Floats = random.standard_normal((3, 2000))
    for at in range(50, 1950, 60):
        found[0, at : at + 4] = -8
        if random.random() < share:
            found[1, at + lag : at + lag + 4] = -6
    for at in random.integers(50, 1950, 30):
        found[2, at : at + 3] = -7
    return found


def test_an_event_begins_once() -> None:
    score = np.array([[0, -5, -6, 0, -5, 0, 0, 0, 0, 0, 0, 0, 0, -5, 6.0]])
    assert np.flatnonzero(onsets(score)[0]).tolist() == [1, 13, 14]


def test_what_usually_follows_is_found_with_its_lag() -> None:
    (found,) = leads(scores(1, 0.9), 6, frozenset(), range(3))
    assert (found.leader, found.follower, found.lag) == (0, 1, 3)
    assert found.hits / found.events > 0.8
    assert found.usual < 0.2


def test_what_follows_by_chance_is_not() -> None:
    kept = [found for seed in range(20) for found in leads(scores(seed, 0.0), 6, frozenset(), range(3))]
    assert len(kept) <= 1


def test_the_tree_comes_first() -> None:
    found = leads(scores(2, 0.9), 6, frozenset({(0, 1)}), [1])
    assert [(one.tree, one.leader) for one in found] == [(True, 0)]


def test_denominators_lead_numerators() -> None:
    edges = tree_edges(load(FLIGHTS).datasets["flights"])
    assert {("flights", "cancelled"), ("departed", "late"), ("landed", "late_arrivals")} <= edges


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=50), st.data())
def test_onsets_know_only_the_past(values: list[float], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(values)))
    score = np.array([values])
    np.testing.assert_array_equal(onsets(score)[:, :cut], onsets(score[:, :cut]))
