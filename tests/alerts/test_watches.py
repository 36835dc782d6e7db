"""Monitors by YAML and by following are the same object; what can't be followed is said clearly."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.alerts.shop import ZONE, monitor, open_alerts

from lapwing.alerts.service import Alerts
from lapwing.alerts.state import Follow, StateDatabase
from lapwing.model.grain import Grain
from lapwing.model.problem import Conflict, NotFound, WrongUse
from lapwing.query.service import Lapwing


def test_a_followed_monitor_is_the_same_object(shop: Lapwing, alerts: Alerts) -> None:
    (followed,) = alerts.follow("fail_rate", grain=Grain.parse("hour")).monitors
    written = monitor(shop, "rate_hourly")
    assert replace(followed, name=written.name, sensitivity=written.sensitivity) == written
    assert alerts.monitors() == (*shop.project.monitors.values(), followed)


def test_it_finds_what_the_written_one_finds(alerts: Alerts) -> None:
    alerts.follow("failed", {"region": "north"})
    moment = datetime(2024, 2, 21, 1, tzinfo=ZoneInfo(ZONE))
    north, followed = (replayed.incidents for replayed in alerts.replay() if replayed.monitor != "rate_hourly")
    assert (north, followed) == (2, 1)
    assert {one.monitor for one in alerts.incidents()} == {"failed_daily", "rate_hourly"}
    assert [one.folded for one in alerts.board(moment).incidents] == [2]


def test_views_say_where_a_monitor_is_from(alerts: Alerts) -> None:
    alerts.follow("failed", {"region": "north"})
    views = {view.name: view for view in alerts.monitor_views()}
    assert views["failed_daily"].file is not None
    assert views["failed_daily"].line == 11
    assert (views["failed_daily"].followed, views["failed_daily"].by) == (False, ["region"])
    followed = views["failed_day_region=north"]
    assert (followed.followed, followed.file, followed.label) == (True, None, "Failed")
    assert followed.slice == {"region": "north"}
    assert followed.grain == "day"


@pytest.mark.parametrize("within", [{"gift": "true"}, {"region": "north", "channel": "app"}])
def test_following_a_slice(shop: Lapwing, alerts: Alerts, within: dict[str, str]) -> None:
    made = alerts.follow("orders", within)
    (replayed,) = alerts.replay(made.name)
    assert replayed.series == 1
    (quiet,) = (one for one in alerts.board().quiet if one.monitor == made.name)
    condition = " and ".join(f"{name} = {value if name == 'gift' else repr(value)}" for name, value in within.items())
    last = shop.sql.table(
        f"select count(*) from files.orders where {condition} and \"at\" >= timestamp '2024-03-03'", time_limit=30
    )
    assert quiet.value == last.column(0)[0].as_py()


def test_unfollowing(alerts: Alerts) -> None:
    made = alerts.follow("failed", {"region": "north"})
    alerts.replay()
    alerts.unfollow(made.name)
    assert made.name not in {one.name for one in alerts.monitors()}
    with pytest.raises(NotFound, match="Nothing called failed_day_region=north"):
        alerts.unfollow(made.name)
    assert alerts.follow("failed", {"region": "north"}) == made


def test_twice_is_a_conflict(alerts: Alerts) -> None:
    alerts.follow("failed")
    with pytest.raises(Conflict, match="followed already"):
        alerts.follow("orders.failed")
    assert alerts.follow("failed", grain=Grain.parse("hour")).name == "failed_hour"


def test_what_is_unknown_is_named_with_the_nearest(alerts: Alerts) -> None:
    with pytest.raises(NotFound, match="faild") as metric:
        alerts.follow("faild")
    assert metric.value.problems[0].nearest[0].endswith("failed")
    with pytest.raises(NotFound, match="no dimension regio") as dimension:
        alerts.follow("failed", {"regio": "north"})
    assert dimension.value.problems[0].nearest == ("region",)
    with pytest.raises(NotFound, match="never 'nord'") as value:
        alerts.follow("failed", {"region": "nord"})
    assert value.value.problems[0].nearest == ("north",)
    assert [one.followed for one in alerts.monitor_views()] == [False, False]


def test_what_is_written_is_not_ended_here(alerts: Alerts) -> None:
    with pytest.raises(WrongUse, match="written in the project's files") as caught:
        alerts.unfollow("failed_daily")
    assert caught.value.problems[0].place is not None
    assert caught.value.problems[0].place.file == "lapwing.yaml"


def test_a_follow_of_what_is_no_more_waits(shop: Lapwing, tmp_path: Path) -> None:
    """The metric or dimension may come back with the next edit: nothing fails, nothing is lost."""
    state = StateDatabase(tmp_path / "state.db")
    state.add_follow(Follow("a", "orders.gone", "day", ()), now=1)
    state.add_follow(Follow("b", "orders.failed", "day", (("gone", "x"),)), now=2)
    alerts = open_alerts(shop, tmp_path / "state.db")
    assert len(alerts.monitors()) == 2
    assert alerts.board().followed == 2
    assert len(state.follows()) == 2
