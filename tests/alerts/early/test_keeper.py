"""Goals, limits and drift from a real project's rollups to incidents with a record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.alerts.shop import PROJECT, open_alerts, orders, write_shop

from lapwing.alerts.actions import Action
from lapwing.alerts.service import Alerts
from lapwing.model.problem import LapwingError, WrongUse
from lapwing.query.service import Lapwing

GOALS = """
goals:
  orders_month: {{metric: orders, period: month, at_least: 9000}}
  easy: {{metric: revenue, period: month, at_least: 1000}}
  rate: {{metric: fail_rate, period: month, at_most: 0.2}}
limits:
  failures: {{metric: fail_rate, above: 0.5}}
"""
LEAP_DAY = "  - {{name: Leap day, start: 2024-02-29T00:00, end: 2024-03-01T00:00}}\n"
WITH_EVENT = PROJECT.replace("monitors:", LEAP_DAY + "monitors:")
SLID = date(2024, 2, 16)


def slid() -> pa.Table:
    """From the middle of February on half of the orders do not come."""
    table = orders()
    late = pc.greater_equal(table["at"], pa.scalar(datetime(SLID.year, SLID.month, SLID.day)))
    kept = pc.or_(pc.invert(late), pc.equal(table["channel"], "app"))
    return table.filter(kept)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shop(
        tmp_path_factory.mktemp("early"), now="2024-02-28T12:00", table=slid(), project=WITH_EVENT + GOALS
    )


@pytest.fixture
def alerts(root: Path, tmp_path: Path) -> Iterator[Alerts]:
    with Lapwing.open(root) as lapwing:
        found = open_alerts(lapwing, tmp_path / "state.db")
        found.replay()
        yield found
        found.close()


def test_goals_as_they_stand(alerts: Alerts) -> None:
    first, *rest = alerts.goals()
    assert first.name == "orders_month"
    assert first.miss is not None
    assert first.miss > 0.95
    assert (first.start[:10], first.end[:10]) == ("2024-02-01", "2024-03-01")
    assert first.so_far is not None
    assert first.projected is not None
    assert first.lower is not None
    assert first.so_far < first.projected < 9000
    assert first.so_far <= first.lower
    assert [(one.name, one.miss) for one in rest] == [("easy", 0.0), ("rate", pytest.approx(0.0, abs=0.05))]


def test_a_miss_is_told_before_the_end_as_an_incident(alerts: Alerts) -> None:
    (one,) = [found for found in alerts.board().incidents if found.monitor == "goal:orders_month"]
    assert (one.kind, one.state) == ("warning", "open")
    assert one.warning is not None
    assert one.warning.kind == "pacing"
    assert one.warning.due is not None
    assert one.warning.due[:10] == "2024-03-01"
    assert SLID.isoformat() <= one.known_at[:10] <= "2024-02-26"
    assert one.chart.actual[0] is not None
    assert one.chart.expected[-1] == pytest.approx(one.actual)
    assert [event.name for event in one.events] == ["Leap day"], "what lies between now and then"
    view = alerts.incident(one.id)
    assert view.story[0].kind == "opened"
    assert "the goal is at least 9,000" in view.story[0].says
    assert alerts.goals()[0].open == one.id


def test_before_the_slide_nobody_knew(alerts: Alerts) -> None:
    before = datetime(2024, 2, 15, 12, tzinfo=UTC)
    assert not [one for one in alerts.board(before).incidents if one.kind == "warning"]


def test_a_warning_is_acted_upon_as_any_incident(alerts: Alerts) -> None:
    number = next(one.id for one in alerts.board().incidents if one.kind == "warning")
    acknowledged = alerts.act(number, Action(name="acknowledge", who="ada")).summary.acknowledged
    assert acknowledged is not None
    assert acknowledged.who == "ada"
    with pytest.raises(WrongUse, match="no level"):
        alerts.act(number, Action(name="accept", who="ada"))


def test_it_stays_the_same_incident_over_restarts_and_replays(root: Path, tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        with Lapwing.open(root) as lapwing:
            alerts = open_alerts(lapwing, tmp_path / "state.db")
            alerts.replay()
            seen.append([(one.id, one.known_at) for one in alerts.incidents() if one.kind == "warning"])
            alerts.close()
    assert seen[0] == seen[1]
    assert seen[0]


def test_a_goal_that_is_no_more_closes_its_incident(root: Path, tmp_path: Path) -> None:
    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing, tmp_path / "state.db")
        alerts.replay()
        number = next(one.id for one in alerts.board().incidents if one.monitor == "goal:orders_month")
        alerts.close()
    file = root / "lapwing.yaml"
    text = file.read_text()
    file.write_text("\n".join(line for line in text.splitlines() if "orders_month" not in line))
    try:
        with Lapwing.open(root) as lapwing:
            alerts = open_alerts(lapwing, tmp_path / "state.db")
            alerts.replay()
            view = alerts.incident(number)
            alerts.close()
    finally:
        file.write_text(text)
    assert (view.summary.state, view.summary.reason, view.summary.kind) == ("resolved", "deleted", "warning")


def test_what_does_not_add_up_is_told(root: Path, tmp_path: Path) -> None:
    project = PROJECT + "\ngoals:\n  top: {{metric: dearest, period: month, at_least: 10}}\n"
    shop = write_shop(tmp_path / "shop", now="2024-02-28T12:00", project=project)
    with Lapwing.open(shop) as lapwing:
        alerts = open_alerts(lapwing)
        with pytest.raises(LapwingError, match="does not add up"):
            alerts.goals()
        assert [one.monitor for one in alerts.board().troubles] == ["goal:top"]
        alerts.close()


def test_the_lead_is_days(alerts: Alerts) -> None:
    one = next(found for found in alerts.incidents() if found.monitor == "goal:orders_month" and found.state == "open")
    assert one.warning is not None
    assert one.warning.due is not None
    lead = datetime.fromisoformat(one.warning.due) - datetime.fromisoformat(one.known_at)
    assert lead > timedelta(days=3)
