"""What following would raise is told before anybody follows, and is what it raises then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.alerts.shop import open_alerts

from lapwing.alerts.service import Alerts
from lapwing.alerts.shares import divided
from lapwing.model.grain import Grain
from lapwing.model.problem import NotFound, WrongUse
from lapwing.query.service import Lapwing


@pytest.mark.parametrize("sensitivity", [3.0, 3.75, 8.0])
def test_what_it_tells_is_what_is_raised(alerts: Alerts, sensitivity: float) -> None:
    terms = {"within": {"region": "north"}, "grain": Grain.parse("hour"), "sensitivity": sensitivity}
    told = alerts.backtest("fail_rate", **terms)  # type: ignore[arg-type]
    (made,) = alerts.follow("fail_rate", **terms).monitors  # type: ignore[arg-type]
    assert (made.sensitivity, made.slice) == (sensitivity, (("region", "north"),))
    (replayed,) = (one for one in alerts.replay() if one.monitor == made.name)
    assert told.fired == replayed.incidents == len(told.incidents)
    assert told.fired == next(one.fired for one in told.choices if one.sensitivity == sensitivity)


def test_the_bad_day_is_among_them_and_told_once(alerts: Alerts) -> None:
    told = alerts.backtest("failed", by=("region",))
    assert told.series > 2
    assert told.by == ["region"]
    (one,) = [each for each in told.incidents if each.start.startswith("2024-02-20")]
    assert one.slice == {}  # that of the north is its part
    assert one.actual is not None
    assert one.expected is not None
    assert one.actual > one.expected
    assert [each.known for each in told.incidents] == sorted((each.known for each in told.incidents), reverse=True)
    counts = [each.fired for each in told.choices]
    assert counts[0] >= counts[2] >= counts[-1]
    assert told.per_week == pytest.approx(told.fired / told.weeks, abs=0.01)


def test_nothing_is_kept(alerts: Alerts) -> None:
    before = alerts.monitors()
    alerts.backtest("failed")
    assert alerts.monitors() == before


def test_splits_and_terms_are_kept_with_what_is_followed(alerts: Alerts) -> None:
    made = alerts.follow("failed", by=("region", "channel"), sensitivity=6.5, min_change=4.0)
    assert made.name == "failed_day_by_channel_region"
    (kept,) = (one for one in alerts.monitors() if one.name == made.name)
    assert (kept.by, kept.sensitivity, kept.min_change) == (("channel", "region"), 6.5, 4.0)


@pytest.mark.parametrize(
    ("terms", "kind", "says"),
    [
        ({"sensitivity": 1.0}, WrongUse, "makes no sense"),
        ({"min_change": -1.0}, WrongUse, "from 0 on"),
        ({"by": ("regoin",)}, NotFound, "no dimension regoin"),
        ({"by": ("region",), "within": {"region": "north"}}, WrongUse, "can't be kept to one region"),
        ({"within": {"region": "norht"}}, NotFound, "never 'norht'"),
    ],
)
def test_what_makes_no_sense_is_told(
    alerts: Alerts, terms: dict[str, object], kind: type[Exception], says: str
) -> None:
    for call in (alerts.backtest, alerts.follow):
        with pytest.raises(kind, match=says):
            call("failed", **terms)  # type: ignore[arg-type]


def test_too_little_history_is_said(alerts: Alerts) -> None:
    told = alerts.backtest("failed", grain=Grain.parse("month"))
    assert (told.since, told.weeks, told.fired, told.per_week) == (None, 0.0, 0, 0.0)


def test_it_goes_by_the_budget_that_would_be_left(
    shop: Lapwing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sensitive monitor, and one alarm in 15 weeks left for it: what the board would tell, and how many it holds back."""
    monkeypatch.setattr(shop, "project", replace(shop.project, budget=0.2))
    alerts = open_alerts(shop, tmp_path / "state.db")
    terms = {"grain": Grain.parse("hour"), "sensitivity": 3.0}
    told = alerts.backtest("orders", **terms)  # type: ignore[arg-type]
    (made,) = alerts.follow("orders", **terms).monitors  # type: ignore[arg-type]
    (replayed,) = (one for one in alerts.replay() if one.monitor == made.name)
    monkeypatch.setattr(shop, "project", replace(shop.project, budget=None))
    free = alerts.backtest("orders", **terms)  # type: ignore[arg-type]
    alerts.close()
    assert (free.budget, free.held) == (None, 0)
    assert told.held
    assert told.fired + told.held == free.fired
    assert told.fired == replayed.incidents
    assert told.budget == pytest.approx(divided(0.2, alerts.monitors())[made.name], abs=0.001)
