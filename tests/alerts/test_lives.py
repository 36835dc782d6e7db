"""Incidents through the whole service: what people do to them, maintenance, late data, definitions that change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.alerts.shop import (
    BAD_DAY,
    DATASET,
    END,
    FIRST,
    PROJECT,
    ZONE,
    open_alerts,
    orders,
    write_orders,
    write_shop,
)

from lapwing.alerts.actions import Action
from lapwing.alerts.service import Alerts
from lapwing.alerts.views.incident import IncidentView
from lapwing.model.calendar import to_us
from lapwing.model.problem import Conflict, NotFound, WrongUse
from lapwing.query.service import Lapwing


def at(day: int, hour: int = 0, month: int = 2) -> datetime:
    return datetime(2024, month, day, hour, tzinfo=ZoneInfo(ZONE))


def stand_at(lapwing: Lapwing, moment: datetime) -> None:
    """Sets the clock of a project."""
    lapwing.project = replace(lapwing.project, now=moment)


def story(view: IncidentView) -> list[tuple[str, str]]:
    return [(step.kind, step.at[5:16]) for step in view.story]


@pytest.fixture(scope="module")
def half_orders() -> pa.Table:
    """Half as many from the first of February on, and never more again; no bad day."""
    table = orders(bad=0.05)
    keep = pc.or_(
        pc.less(table["at"], pa.scalar(datetime(2024, 2, 1))), pc.equal(pc.bit_wise_and(pc.minute(table["at"]), 1), 0)
    )
    return table.filter(keep)


SOLD = "  sold: {{metric: orders, grain: day, min_change: 30}}\n"


def until(table: pa.Table, day: int) -> pa.Table:
    return table.filter(pc.less(table["at"], pa.scalar(datetime(2024, 2, day))))


def go_on(lapwing: Lapwing, table: pa.Table, moment: datetime) -> None:
    """More data, later."""
    stand_at(lapwing, moment)
    write_orders(lapwing.project.root, table)
    lapwing.cache.build().checked()


@pytest.fixture
def halved(tmp_path: Path, half_orders: pa.Table) -> Iterator[tuple[Lapwing, Alerts]]:
    """As far as it is known on the fifth of February."""
    root = write_shop(tmp_path / "shop", table=until(half_orders, 5), project=PROJECT + SOLD)
    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing, tmp_path / "state.db")
        yield lapwing, alerts
        alerts.close()


def sold(alerts: Alerts, moment: datetime) -> list[IncidentView]:
    return [alerts.incident(one.id, moment) for one in alerts.board(moment).incidents if one.monitor == "sold"]


def test_the_new_normal(halved: tuple[Lapwing, Alerts], half_orders: pa.Table) -> None:
    """Accepted on the fifth of February: closed then, expected from then on, and what was told before is untouched."""
    lapwing, alerts = halved
    stand_at(lapwing, at(5, 12))
    (before,) = sold(alerts, at(5, 11))
    assert before.summary.expected is not None
    assert before.summary.actual is not None
    view = alerts.act(before.summary.id, Action(name="accept", who="Ann", text="We closed the phone line."))
    assert (view.summary.state, view.summary.reason) == ("resolved", "new_normal")
    assert view.story[-1].kind == "accepted"
    assert view.story[-1].says == "By Ann. The level since Thu 1 Feb, 00:00 is what is expected from now on."
    assert [(one.who, one.text) for one in view.comments] == [("Ann", "We closed the phone line.")]
    assert sold(alerts, at(5, 11))[0].as_dict()["story"] == before.as_dict()["story"]
    go_on(lapwing, half_orders, at(1, month=3))
    alerts.replay()
    assert sold(alerts, at(1, month=3)) == []
    (quiet,) = (one for one in alerts.board(at(28)).quiet if one.monitor == "sold")
    expected, actual = quiet.expected[-14:], quiet.series[-14:]
    assert all(abs(e / a - 1) < 0.25 for e, a in zip(expected, actual, strict=True) if e and a)
    with pytest.raises(Conflict, match="over already"):
        alerts.act(view.summary.id, Action(name="accept", who="Bo"))


def test_reopening_takes_the_new_normal_back(halved: tuple[Lapwing, Alerts], half_orders: pa.Table) -> None:
    lapwing, alerts = halved
    stand_at(lapwing, at(5, 12))
    (before,) = sold(alerts, at(5, 11))
    expected = alerts.incident(before.summary.id).summary.expected
    alerts.act(before.summary.id, Action(name="accept", who="Ann"))
    go_on(lapwing, until(half_orders, 7), at(7, 12))
    alerts.replay()
    assert sold(alerts, at(7, 11)) == []
    view = alerts.act(before.summary.id, Action(name="reopen", who="Bo"))
    assert view.summary.state == "open"
    (again,) = sold(alerts, at(7, 12))
    assert again.summary.id == before.summary.id
    assert again.summary.expected is not None
    assert expected is not None
    assert again.summary.expected > expected, "it counts on, by the old level"


def test_acknowledge_assign_snooze_and_resolve(halved: tuple[Lapwing, Alerts]) -> None:
    lapwing, alerts = halved
    stand_at(lapwing, at(5, 12))
    (one,) = sold(alerts, at(5, 12))
    number = one.summary.id
    alerts.act(number, Action(name="acknowledge", who="Ann"))
    alerts.act(number, Action(name="assign", who="Ann", to="Bo"))
    view = alerts.act(number, Action(name="snooze", who="Bo", until=to_us(at(6, 8))))
    assert (view.summary.assignee, view.summary.snoozed_until) == ("Bo", "2024-02-06T08:00:00-05:00")
    assert view.summary.acknowledged is not None
    assert view.summary.acknowledged.who == "Ann"
    assert [step.says for step in view.story[-3:]] == [
        "By Ann.",
        "To Bo, by Ann.",
        "Until Tue 6 Feb, 08:00, by Bo.",
    ]
    board = alerts.board(at(5, 12))
    assert [one.id for one in board.incidents if one.monitor == "sold"] == []
    assert [(one.id, one.until) for one in board.snoozed] == [(number, "2024-02-06T08:00:00-05:00")]
    stand_at(lapwing, at(6, 9))
    assert [one.summary.id for one in sold(alerts, at(6, 9))] == [number]
    view = alerts.act(number, Action(name="resolve", who="Bo"))
    assert (view.summary.state, view.summary.reason, view.summary.resolved) == (
        "resolved",
        "by_hand",
        "2024-02-06T09:00:00-05:00",
    )
    with pytest.raises(NotFound):
        alerts.act(9999, Action(name="comment", who="Ann", text="?"))


def test_nothing_is_raised_in_maintenance_and_nothing_is_learned_of_it(tmp_path: Path) -> None:
    window = "maintenance:\n  - {{name: Card provider moves, start: 2024-02-20T08:00, end: 2024-02-20T20:00}}\n"
    root = write_shop(tmp_path / "shop", project=PROJECT + window)
    plain = write_shop(tmp_path / "plain", table=orders(bad=0.05))
    with Lapwing.open(root) as lapwing, Lapwing.open(plain) as without:
        alerts, other = open_alerts(lapwing, tmp_path / "a.db"), open_alerts(without, tmp_path / "b.db")
        assert alerts.incidents() == []
        stretch = to_us(at(19)), to_us(at(27))
        kept = {one.judged.monitor.name: one.judged for one in alerts._keeper.kept().known}
        usual = {one.judged.monitor.name: one.judged for one in other._keeper.kept().known}
        for name in kept:
            part = [int(place) for place in kept[name].borders.searchsorted(stretch)]
            rows = slice(part[0], part[1])
            near = abs(kept[name].detection.expected[:, rows] / usual[name].detection.expected[:, rows] - 1)
            assert np.nanmax(near) < 0.2, "the bad day taught it nothing"


def test_maintenance_by_click_retracts_what_is_in_it(tmp_path: Path) -> None:
    root = write_shop(tmp_path / "shop")
    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing, tmp_path / "state.db")
        before = [one.id for one in alerts.incidents()]
        assert len(before) == 2
        start, end = to_us(at(20)), to_us(at(21))
        made = alerts.maintenance.make("Move", start, end, [], "Ann")
        assert alerts.incidents() == []
        assert [one.id for one in alerts.incidents(state="retracted")] == before
        assert alerts.incident(before[0]).story[-1].says == "It lies in a maintenance window."
        assert made.id is not None
        alerts.maintenance.remove(made.id, "Bo")
        assert [one.id for one in alerts.incidents()] == before
        with pytest.raises(Conflict, match="Bo has removed"):
            alerts.maintenance.remove(made.id, "Ann")
        with pytest.raises(NotFound):
            alerts.maintenance.remove(99, "Ann")
        with pytest.raises(WrongUse, match="ends before it starts"):
            alerts.maintenance.make("Move", end, start, [], "Ann")
        with pytest.raises(WrongUse, match="has a name"):
            alerts.maintenance.make(" ", start, end, [], "Ann")
        assert len(alerts.maintenance.views()) == 0
        other = alerts.maintenance.make("Move", start, end, ["rate_hourly"], "Ann")
        assert [one.monitors for one in alerts.maintenance.views()] == [["rate_hourly"]]
        assert other.who == "Ann"
        assert [one.monitor for one in alerts.incidents()] == ["failed_daily"]


def test_what_late_data_takes_away_is_told_as_it_was(tmp_path: Path) -> None:
    """The numbers of the bad day were wrong. Before that was known the incident is on the board; afterwards its page says
    what was told, when, and that it was retracted."""
    root, path = write_shop(tmp_path / "shop", now="2024-02-23"), tmp_path / "state.db"
    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing, path)
        first = alerts.incident(next(one.id for one in alerts.incidents() if one.monitor == "rate_hourly"))
        stand_at(lapwing, at(25))
        write_orders(root, orders(bad=0.05))
        lapwing.cache.build().checked()
        alerts.replay()
        after = alerts.incident(first.summary.id)
        assert (after.summary.state, after.summary.reason) == ("retracted", "retracted")
        steps = [step for step in story(after) if step[0] not in ("cause", "worst", "easing")]
        assert steps == [s for s in story(first) if s[0] in ("opened", "grew", "resolved")] + [
            ("retracted", "02-25T00:00")
        ]
        told = {step.kind: step.says for step in first.story}
        assert [step.says for step in after.story if step.kind == "opened"] == [told["opened"]]
        assert after.summary.actual == pytest.approx(first.summary.actual, rel=0.05)
        assert [one.id for one in alerts.board(at(20, 20)).incidents if one.monitor == "rate_hourly"] == [
            first.summary.id
        ]
        assert alerts.board().as_dict()["resolved"] == []


def test_a_metric_that_is_deleted_while_in_an_incident(tmp_path: Path) -> None:
    until = BAD_DAY + timedelta(days=1)
    root, path = write_shop(tmp_path / "shop", now="2024-02-21T02:00", table=orders(end=until)), tmp_path / "state.db"
    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing, path)
        (number,) = (one.id for one in alerts.board().incidents if one.monitor == "failed_daily")
    lines = PROJECT.format(now="2024-02-21T03:00").splitlines()
    (root / "lapwing.yaml").write_text("\n".join(line for line in lines if "failed_daily" not in line))
    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing, path)
        alerts.replay()
        view = alerts.incident(number)
        assert (view.summary.state, view.summary.reason, view.summary.label) == ("resolved", "deleted", "Failed")
        assert view.story[-1].says == "Its metric or its monitor is no more."
        assert view.story[0].says.startswith("83 on Tue 20 Feb")
        assert view.as_dict()["chart"]["time"] == []
        with pytest.raises(NotFound, match="not known yet"):
            alerts.incident(number, at(1))


def test_a_metric_that_is_redefined_while_in_an_incident(tmp_path: Path) -> None:
    until = BAD_DAY + timedelta(days=1)
    root, path = write_shop(tmp_path / "shop", now="2024-02-21T02:00", table=orders(end=until)), tmp_path / "state.db"
    with Lapwing.open(root) as lapwing:
        (number,) = (one.id for one in open_alerts(lapwing, path).board().incidents if one.monitor == "failed_daily")
    (root / "datasets" / "orders.yaml").write_text(DATASET.replace("where: failed,", "where: failed and price < 0,"))
    with Lapwing.open(root) as lapwing:
        lapwing.cache.build().checked()
        alerts = open_alerts(lapwing, path)
        alerts.replay()
        view = alerts.incident(number)
        assert (view.summary.state, view.summary.reason) == ("resolved", "redefined")
        assert "defined differently now" in view.story[-1].says
        assert (view.summary.actual, round(view.summary.difference or 0)) == (83.0, 64), "as it was told"
        assert view.summary.cause is not None
        assert view.summary.cause.says.startswith("Mostly north (region)")


def test_unfollowing_closes_and_keeps_the_record(tmp_path: Path) -> None:
    until = BAD_DAY + timedelta(days=1)
    root = write_shop(tmp_path / "shop", now="2024-02-21T02:00", table=orders(end=until))
    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing, tmp_path / "state.db")
        made = alerts.follow("failed", {"region": "north"})
        alerts.replay()
        (record,) = alerts._state.journal.records(made.name)
        alerts.unfollow(made.name)
        assert alerts.incident(record.id).summary.reason == "unfollowed"


def test_an_incident_that_comes_and_goes_is_told_as_flapping_once(tmp_path: Path) -> None:
    """On two days all orders fail in two hours."""
    table = orders(bad=0.05)
    bad_day = datetime.combine(BAD_DAY, datetime.min.time())
    hours = pc.hour(table["at"])
    first, second = (
        pc.and_(
            pc.and_(
                pc.greater_equal(table["at"], bad_day + timedelta(days=day)),
                pc.less(table["at"], bad_day + timedelta(days=day + 1)),
            ),
            pc.is_in(hours, pa.array(of_day)),
        )
        for day, of_day in enumerate([[9, 16], [8, 15]])
    )
    bad = pc.or_(first, second)
    flags = pc.or_(table["failed"], bad)
    table = table.set_column(table.column_names.index("failed"), "failed", flags)
    root = write_shop(tmp_path / "shop", table=table, project=PROJECT.replace("sensitivity: 5", "sensitivity: 4"))
    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing, tmp_path / "state.db")
        hourly = [one for one in alerts.incidents() if one.monitor == "rate_hourly"]
        kinds = [step.kind for step in alerts.incident(hourly[-1].id).story if step.kind in ("opened", "flapping")]
        assert kinds == ["opened", "opened", "flapping"]
        assert (END - FIRST).days == 63
        assert alerts.incident(hourly[-1].id, at(21, 23)).summary.flapping
        assert date(2024, 2, 22) <= datetime.fromisoformat(hourly[-1].resolved or "").date()


def test_maintenance_over_a_part_of_an_incident_corrects_it(tmp_path: Path) -> None:
    """What is left outside the window is the same incident, told from then on by what remains of it."""
    root = write_shop(tmp_path / "shop")
    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing, tmp_path / "state.db")
        number = next(one.id for one in alerts.incidents() if one.monitor == "rate_hourly")
        alerts.maintenance.make("Move", to_us(at(20, 10)), to_us(at(20, 15)), ["rate_hourly"], "Ann")
        (view,) = (alerts.incident(one.id) for one in alerts.incidents() if one.monitor == "rate_hourly")
        assert view.summary.id == number
        (corrected,) = (step for step in view.story if step.kind == "withdrawn")
        assert corrected.says == "One of the steps above does not hold any more: they lie in a maintenance window."
        assert view.summary.opened == "2024-02-20T15:00:00-05:00"
        assert view.summary.resolved is not None
        assert view.summary.resolved.startswith("2024-02-21"), "when it was over, not when that was corrected"
        assert len(view.related) == 1
        assert next(step.kind for step in view.story if step.at > "2024-03") == "withdrawn"
        outside = [
            flag
            for time, flag in zip(view.summary.chart.time, view.summary.chart.outside, strict=True)
            if to_us(at(20, 10)) <= time * 1000 < to_us(at(20, 15))
        ]
        assert len(outside) == 5
        assert not any(outside), "nothing was judged there"
