"""The board at a moment: what was known then, and nothing that came later."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.alerts.shop import END, FIRST, ZONE, open_alerts, orders, write_shop

from lapwing.alerts.service import Alerts
from lapwing.alerts.views.view import Json
from lapwing.model.problem import NotFound
from lapwing.query.service import Lapwing


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2024, 2, day, hour, tzinfo=ZoneInfo(ZONE))


def test_quiet_before(alerts: Alerts) -> None:
    board = alerts.board(at(20, 10))
    assert (board.incidents, board.resolved) == ([], [])
    assert {(quiet.monitor, tuple(quiet.slice.items())) for quiet in board.quiet} == {
        ("failed_daily", ()),
        *(("failed_daily", (("region", region),)) for region in ("north", "south", "west")),
        ("rate_hourly", ()),
    }
    assert all(quiet.ready and quiet.value is not None for quiet in board.quiet)
    assert (board.watching.metrics, board.watching.series, board.watching.alarms.raised) == (2, 5, 0)
    assert (board.followed, board.judging, board.troubles) == (2, [], [])


def test_on_the_board_while_it_lasts_and_resolved_after(alerts: Alerts) -> None:
    on_the_day = alerts.board(at(20, 14))
    assert [one.monitor for one in on_the_day.incidents] == ["rate_hourly"]
    assert on_the_day.incidents[0].known_at == "2024-02-20T14:00:00-05:00"
    assert alerts.board(at(20, 14) - timedelta(seconds=1)).incidents == []
    next_day = alerts.board(at(21, 1))
    assert [one.monitor for one in next_day.incidents] == ["failed_daily"]
    assert [one.id for one in next_day.resolved] == [on_the_day.incidents[0].id]
    over = alerts.board(at(23, 1))
    assert over.incidents == []
    assert len(over.resolved) == 2
    assert alerts.board(at(26)).resolved == []


def test_no_number_is_of_later_than_asked(alerts: Alerts) -> None:
    """Every chart ends at the moment, and a day is known an hour after its end."""
    for moment in (at(20, 15), at(20, 18), at(21, 0), at(21, 1)):
        board = alerts.board(moment)
        shown = int(moment.timestamp() * 1000)
        assert board.data_until is not None
        assert datetime.fromisoformat(board.data_until) + timedelta(hours=1) <= moment
        assert all(one.chart.until <= shown and max(one.chart.time) < shown for one in board.incidents)
        assert all(max(one.time) < shown for one in board.quiet)


def test_the_slices_of_an_incident_of_the_whole_are_folded(alerts: Alerts) -> None:
    (one,) = alerts.board(at(21, 1)).incidents
    assert (one.slice, one.folded) == ({}, 1)
    assert one.cause is not None
    assert one.cause.slice == {"region": "north"}


def test_the_most_money_comes_first(alerts: Alerts) -> None:
    """Only counts decide: the daily one is resolved two days later, so both are open in the evening of a longer look."""
    alerts.follow("orders.failed", {"region": "north"})
    board = alerts.board(at(21, 1))
    stakes = [one.at_stake.amount for one in board.incidents if one.at_stake is not None]
    assert len(stakes) == 1, "what a slice of the whole shows is folded into it, followed or not"
    assert stakes == sorted(stakes, reverse=True)


def test_days_count_what_was_open(alerts: Alerts) -> None:
    days = {day.day: day.open for day in alerts.board().days}
    assert len(days) >= (END - FIRST).days
    assert days["2024-02-19"] == 0
    assert days["2024-02-20"] == 1
    assert days["2024-02-21"] == 2  # the hourly one was resolved at one in the night
    assert days["2024-02-24"] == 0


def test_next_and_last_check(alerts: Alerts) -> None:
    board = alerts.board(at(20, 14) + timedelta(minutes=20))
    assert board.last_check == "2024-02-20T14:00:00-05:00"
    assert board.next_check == "2024-02-20T15:00:00-05:00"


def test_before_all_data_nothing_is_known(alerts: Alerts) -> None:
    board = alerts.board(datetime(2020, 1, 1, tzinfo=UTC))
    assert (board.incidents, board.quiet, board.last_check) == ([], [], None)


def test_an_incident_is_not_known_before_its_time(alerts: Alerts) -> None:
    (one,) = alerts.board(at(21, 1)).incidents
    assert alerts.incident(one.id).summary.state == "resolved"
    assert alerts.incident(one.id, at(21, 1)).summary.state == "open"
    with pytest.raises(NotFound, match="not known yet on 2024-02-20"):
        alerts.incident(one.id, at(20, 23))
    with pytest.raises(NotFound, match="no incident 999"):
        alerts.incident(999)


def stripped(board: Json) -> Json:
    """Without what a board of the past knows better: ids, the clock, and the strip of days."""
    kept = {name: value for name, value in board.items() if name not in ("now", "days")}
    for name in ("incidents", "resolved"):
        kept[name] = [{key: value for key, value in one.items() if key != "id"} for one in board[name]]
    return kept


@pytest.mark.parametrize("hours", [15, 17, 20, 25, 33, 73])
def test_as_of_is_what_was_seen_then(shop: Lapwing, alerts: Alerts, tmp_path: Path, hours: int) -> None:
    """No look-ahead, end to end: the board as of a moment, with its numbers, causes and charts, is the board of a project
    that ends at that moment."""
    moment = at(20) + timedelta(hours=hours)
    table = orders(end=date(2024, 2, 20) + timedelta(days=-(-hours // 24)))
    local = moment.replace(tzinfo=None)
    cut = table.filter([value < local for value in table["at"].to_pylist()])
    root = write_shop(tmp_path / "cut", now=local.isoformat(timespec="minutes"), table=cut)
    with Lapwing.open(root) as then:
        seen = open_alerts(then).board()
    assert stripped(alerts.board(moment).as_dict()) == stripped(seen.as_dict())
