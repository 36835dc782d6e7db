"""Incidents of slices that nobody named are incidents like all: kept, restarted, taken back, raised by one process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from tests.alerts.shop import open_alerts
from tests.alerts.sweep.market import END, SLICE_DAYS, WHOLE_DAY, build, events, make, write

from lapwing.alerts.history import series_key
from lapwing.alerts.life import life
from lapwing.alerts.record import Record
from lapwing.alerts.service import Alerts
from lapwing.alerts.state import StateDatabase
from lapwing.query.service import Lapwing

SMALL = {"country": "US", "format": "video"}


def records(path: Path) -> Mapping[str, Record]:
    state = StateDatabase(path)
    found = {record.key[0]: record for record in state.journal.records()}
    state.close()
    return found


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 1, tzinfo=UTC)


def slices(alerts: Alerts, day: date) -> list[Mapping[str, object]]:
    return [one.slice for one in alerts.board(at(day)).incidents]


def test_the_board_as_it_was_each_day_and_after_a_restart(market: Lapwing, tmp_path: Path) -> None:
    alerts = open_alerts(market, tmp_path / "state.db")
    (done,) = alerts.replay()
    assert (done.series, done.incidents) == (35, 2)
    one_day = timedelta(days=1)
    known = [SLICE_DAYS[0], SLICE_DAYS[0] + one_day, SLICE_DAYS[1] + one_day, WHOLE_DAY, WHOLE_DAY + one_day]
    shown = [slices(alerts, day) for day in known]
    assert shown == [[], [SMALL], [SMALL], [], [{}]]
    assert alerts.board().watching.series == 35
    (small,) = [one for one in alerts.incidents() if one.slice == SMALL]
    view = alerts.incident(small.id)
    assert "It stands out among 35 slices." in view.story[0].says
    alerts.close()
    restarted = open_alerts(market, tmp_path / "state.db")
    assert [slices(restarted, day) for day in known] == shown
    assert restarted.replay()[0].fresh
    assert restarted.incident(small.id).story == view.story


def test_new_days_are_judged_and_late_data_takes_back(tmp_path: Path) -> None:
    root = make(tmp_path / "market", events(end=SLICE_DAYS[1]))
    path = tmp_path / "state.db"
    with Lapwing.open(root) as lapwing:
        open_alerts(lapwing, path).replay()
    first = records(path)
    key = series_key((("country", "US"), ("format", "video")))
    assert set(first) == {key}
    write(root, events())
    build(root)
    with Lapwing.open(root) as lapwing:
        open_alerts(lapwing, path).replay()
    second = records(path)
    assert second[key].id == first[key].id
    assert set(second) == {key, series_key(())}
    assert life(second[key].lines).state == "resolved"
    write(root, events(lost=False))
    build(root)
    with Lapwing.open(root) as lapwing:
        open_alerts(lapwing, path).replay()
    third = records(path)
    assert {life(record.lines).state for record in third.values()} == {"retracted"}
    assert {record.id for record in third.values()} == {record.id for record in second.values()}


REPLAY = """
import sys
from pathlib import Path
from lapwing.alerts.service import Alerts
from lapwing.alerts.state import StateDatabase
from lapwing.query.service import Lapwing

with Lapwing.open(Path(sys.argv[1])) as lapwing:
    alerts = Alerts(lapwing, StateDatabase(Path(sys.argv[2])))
    print("ready", flush=True)
    sys.stdin.readline()
    alerts.replay()
    print(sorted((one.monitor, one.id) for one in alerts.incidents()))
"""


def test_of_two_processes_one_raises(market: Lapwing, tmp_path: Path) -> None:
    command = [sys.executable, "-c", REPLAY, str(market.project.root), str(tmp_path / "state.db")]
    both = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:  # together, not one after the other
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    assert answers[0][0] == answers[1][0]
    assert len(records(tmp_path / "state.db")) == 2


def test_following_every_slice_by_hand(market: Lapwing, tmp_path: Path) -> None:
    alerts = open_alerts(market, tmp_path / "state.db")
    tried = alerts.backtest("events", by=("all",))
    assert (tried.by, tried.series, tried.small, tried.unread, tried.fired) == (["all"], 35, 8, [], 2)
    assert [dict(one.slice) for one in tried.incidents] == [{}, SMALL]
    (made,) = alerts.follow("sold", by=("all",), depth=1, support=50.0).monitors
    assert made.every is not None
    assert (made.name, made.every.depth, made.every.support) == ("sold_day_by_all", 1, 50.0)
    (view,) = [one for one in alerts.monitor_views() if one.followed]
    assert (view.by, view.depth, view.support) == (["all"], 1, 50.0)
    alerts.replay("sold_day_by_all")
    assert END > WHOLE_DAY
    assert {} in [one.slice for one in alerts.incidents() if one.monitor == "sold_day_by_all"]
