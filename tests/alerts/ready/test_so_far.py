"""Buckets that are not complete, from a feed that arrives while it is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.alerts.data.feed import DATASET, HOUR, PROJECT, START, Feed, usual

from lapwing.model.calendar import to_us

pytestmark = pytest.mark.long
DAILY = PROJECT.replace("grain: hour", "grain: day")
LOST_FROM = START + timedelta(days=10)


def lost(hour: datetime, age: float) -> float:
    """From a morning on two of three orders are not made."""
    return usual(hour, age) * (0.33 if hour >= LOST_FROM else 1.0)


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Feed]:
    """Ten days looked at every four hours."""
    with Feed(tmp_path_factory.mktemp("so_far") / "p", share=lost, project=DAILY, dataset=DATASET) as found:
        now = START
        while now < LOST_FROM:
            now += 4 * HOUR
            found.to(now)
        found.alerts.replay()
        yield found


def test_a_day_is_told_before_it_is_over_and_confirmed_after(feed: Feed) -> None:
    assert not feed.alerts.incidents(kind="so_far")
    feed.to(LOST_FROM + 4 * HOUR)
    assert not feed.alerts.incidents(kind="so_far"), "too little of the day is there"
    told = None
    for hours in (8, 12, 16, 20):
        feed.to(LOST_FROM + hours * HOUR)
        found = feed.alerts.incidents(kind="so_far")
        if found and told is None:
            told = hours
            (one,) = found
            assert (one.state, one.monitor) == ("open", "so_far:orders_hourly")
            assert one.actual is not None
            assert one.lower is not None
            assert one.actual < one.lower
            assert one.chart.actual[-1] == pytest.approx(one.actual)
            assert "is usual at this age" in feed.alerts.incident(one.id).story[0].says
    assert told is not None
    assert told <= 16
    assert [one.id for one in feed.alerts.board().incidents if one.kind == "so_far"]
    for hours in (24, 28, 32):
        feed.to(LOST_FROM + hours * HOUR)
    feed.alerts.replay()
    (one,) = feed.alerts.incidents(kind="so_far", end=LOST_FROM + timedelta(days=1))
    assert (one.state, one.reason) == ("resolved", "confirmed")
    sealed = [one for one in feed.alerts.incidents(kind="anomaly") if one.opened[:10] == LOST_FROM.date().isoformat()]
    assert [one.monitor for one in sealed] == ["orders_hourly"]
    young = feed.alerts.data._so_far._young
    assert len(young) == 1, "each holds a whole judging: only of the bucket that was told of one is kept"


def test_in_maintenance_nothing_is_told_before_it_is_over_either(tmp_path: Path) -> None:
    with Feed(tmp_path / "p", share=lost, project=DAILY, dataset=DATASET) as feed:
        now = START
        while now < LOST_FROM:
            now += 4 * HOUR
            feed.to(now)
        feed.alerts.replay()
        start, end = to_us(LOST_FROM), to_us(LOST_FROM + timedelta(days=1))
        feed.alerts.maintenance.make("Sale is over", start, end, (), "Ann")
        for hours in (8, 12, 16, 20):
            feed.to(LOST_FROM + hours * HOUR)
            assert not feed.alerts.incidents(kind="so_far")
