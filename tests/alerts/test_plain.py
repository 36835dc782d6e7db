"""What a plain daily threshold sees: only what is causal, and large against the weeks before."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.alerts.judged import by_hand

from lapwing.alerts.plain import seen_at, shown
from lapwing.model.calendar import DAY
from lapwing.query.service import Lapwing


def test_a_day_far_from_its_weekdays_is_shown() -> None:
    random = np.random.default_rng(3)
    values = 100 + 20 * (np.arange(120) % 7 >= 5) + random.standard_normal(120)
    values[100] = 80.0
    assert np.flatnonzero(shown(values, -1)[90:]).tolist() == [10]
    assert not shown(values, 1)[100]
    assert not shown(values[:50], -1).any(), "too little history"


@given(st.integers(0, 2**32 - 1), st.integers(57, 119))
def test_what_comes_later_changes_nothing_before(seed: int, cut: int) -> None:
    values = np.random.default_rng(seed).standard_normal(120)
    changed = values.copy()
    changed[cut:] += 10
    assert np.array_equal(shown(values, 1)[:cut], shown(changed, 1)[:cut])


def test_it_is_seen_at_the_end_of_its_day(shop: Lapwing) -> None:
    values = (100 + np.random.default_rng(3).standard_normal(100)).tolist()
    values[80:83] = [101.0, 150.0, 150.0]
    judged = by_hand(shop, "orders.failed", values, 100.0)
    assert seen_at(judged, 0, 80, 82, 1, "America/New_York") == judged.borders[82]
    assert seen_at(judged, 0, 80, 82, -1, "America/New_York") is None
    assert judged.borders[82] - judged.borders[81] == DAY
