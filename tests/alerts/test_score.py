"""The card of a monitor, and what it advises."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.alerts.shop import ZONE

from lapwing.alerts.actions import Action
from lapwing.alerts.score import wilson
from lapwing.alerts.service import Alerts
from lapwing.model.problem import NotFound, WrongUse

MARCH = datetime(2024, 3, 4, 1, tzinfo=ZoneInfo(ZONE))


@given(st.integers(0, 200), st.integers(1, 200))
def test_an_interval_holds_its_share_and_narrows(hits: int, trials: int) -> None:
    hits = min(hits, trials)
    low, high = wilson(hits, trials)
    assert 0 <= low <= hits / trials + 1e-12
    assert hits / trials <= high + 1e-12 <= 1 + 1e-9
    tighter = wilson(10 * hits, 10 * trials)
    assert tighter[1] - tighter[0] < high - low
    assert wilson(0, 0) == (0.0, 1.0)


def test_wilsons_own_figures() -> None:
    assert wilson(1, 15) == pytest.approx((0.0119, 0.2982), abs=1e-3)


def test_a_card_counts_what_was_raised_and_said(alerts: Alerts) -> None:
    alerts.replay()
    (hourly,) = alerts.scores("rate_hourly", 30, MARCH)
    assert (hourly.raised, hourly.no_word, hourly.precision, hourly.ignored) == (1, 1, None, 0)
    assert hourly.told is not None
    assert hourly.before is not None
    assert 0 < hourly.before.amount < hourly.told.amount
    assert hourly.lead is not None
    assert hourly.lead == pytest.approx(11), "told at two, and the day is in an hour after midnight"
    assert [one.monitor for one in alerts.scores(days=30, as_of=MARCH)] == ["failed_daily", "rate_hourly"]
    assert alerts.scores("rate_hourly", 2, MARCH)[0].raised == 0

    (incident,) = [one for one in alerts.incidents() if one.monitor == "rate_hourly"]
    alerts.act(incident.id, Action(name="useful", who="Ann"))
    (card,) = alerts.scores("rate_hourly", 365)
    assert (card.useful, card.precision, card.no_word) == (1, 1.0, 0)
    assert card.precision_low == pytest.approx(0.207, abs=1e-3)
    assert card.last_right == incident.known_at
    assert card.advice == ""


def test_a_monitor_that_nobody_finds_useful_is_told_so(alerts: Alerts) -> None:
    from lapwing.alerts.advice import advice
    from lapwing.alerts.cases import cases

    (known, *_) = alerts.known()
    found = cases([known], 1 << 60)
    says = advice(known.judged, [], found * 3, [], 6)
    assert says.startswith("6 of 6 were not useful: ")
    assert "unfollow it" in says
    assert advice(known.judged, found * 3, found, [], 8) == ""
    assert advice(known.judged, [], [], found * 3, 6).startswith("6 of 6 were ignored: ")
    assert advice(known.judged, [], found, [], 2) == "", "too few to say"


def test_what_makes_no_sense_is_told(alerts: Alerts) -> None:
    with pytest.raises(NotFound) as caught:
        alerts.scores("rate_hourli")
    assert caught.value.problems[0].nearest == ("rate_hourly",)
    with pytest.raises(WrongUse, match="looks back"):
        alerts.scores("rate_hourly", 0)
