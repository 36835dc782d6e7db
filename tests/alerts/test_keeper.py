"""Histories are judged once, kept, and brought up to whatever happens to definitions and data."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.alerts.shop import DATASET, END, PROJECT, ZONE, build, open_alerts, orders, write_orders, write_shop

from lapwing.alerts.inputs import Inputs
from lapwing.alerts.judged_rows import KeptSeries
from lapwing.alerts.life import life
from lapwing.alerts.packed import pack
from lapwing.alerts.state import StateDatabase
from lapwing.model.problem import LapwingError
from lapwing.query.service import Lapwing


def ids(path: Path) -> dict[tuple[str, int, int], int]:
    state = StateDatabase(path)
    found = {record.key: record.id for record in state.journal.records() if life(record.lines).steps}
    state.close()
    return found


def test_a_second_replay_changes_nothing(shop: Lapwing, tmp_path: Path) -> None:
    alerts = open_alerts(shop, tmp_path / "state.db")
    first = alerts.replay()
    assert [one.fresh for one in first] == [False, False]
    before, board = ids(tmp_path / "state.db"), alerts.board().as_dict()
    assert [one.fresh for one in alerts.replay()] == [True, True]
    assert ids(tmp_path / "state.db") == before
    assert alerts.board().as_dict() == board


def test_after_a_restart_all_is_as_before(shop: Lapwing, tmp_path: Path) -> None:
    """What was kept is taken, not judged again: marked arrays come back."""
    path = tmp_path / "state.db"
    alerts = open_alerts(shop, path)
    alerts.replay()
    board = alerts.board(datetime(2024, 2, 21, 1, tzinfo=ZoneInfo(ZONE))).as_dict()
    restarted = open_alerts(shop, path)
    assert restarted.board(datetime(2024, 2, 21, 1, tzinfo=ZoneInfo(ZONE))).as_dict() == board
    state = StateDatabase(path)
    run, judged = state.journal.run("failed_daily"), restarted._keeper.kept().known[0].judged
    assert run is not None
    marked = pack(replace(judged, amount=judged.amount + 1000))
    series = KeptSeries(of=None, since=0, chunks=marked.chunks, same=0, checkpoints={}, wanted=frozenset())
    state.journal.save(replace(run, arrays=marked.head), [], run.version, Inputs(), series)
    (quiet, *_) = open_alerts(shop, path).board().quiet
    assert quiet.value is not None
    assert quiet.value > 1000


def test_new_data_is_judged_and_ids_stay(tmp_path: Path) -> None:
    root = write_shop(tmp_path / "shop", table=orders(end=date(2024, 2, 21)))
    path = tmp_path / "state.db"
    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing, path)
        alerts.replay()
        before = ids(path)
        assert len(before) == 3
        assert alerts.board().as_dict()["data_until"] == "2024-02-21T00:00:00-05:00"
        write_orders(root, orders())
        lapwing.cache.build().checked()
        assert [one.fresh for one in alerts.replay()] == [False, False]
        assert alerts.board().as_dict()["data_until"] == "2024-03-04T00:00:00-05:00"
        assert before.items() <= ids(path).items()
        assert [one.state for one in alerts.incidents()] == ["resolved", "resolved"]


def test_restated_data_retracts_an_incident(tmp_path: Path) -> None:
    """The numbers of the past were wrong: as far as the data reaches nothing changed, yet the incident goes."""
    root, path = write_shop(tmp_path / "shop"), tmp_path / "state.db"
    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing, path)
        alerts.replay()
        assert len(alerts.incidents()) == 2
        write_orders(root, orders(bad=0.05))
        lapwing.cache.build().checked()
        alerts.replay()
        assert alerts.incidents() == []
        assert ids(path) == {}
        write_orders(root, orders())
        lapwing.cache.build().checked()
        alerts.replay()
        assert len(alerts.incidents()) == 2


def test_a_changed_definition_is_told_anew_and_a_changed_label_is_not(tmp_path: Path) -> None:
    root, path = write_shop(tmp_path / "shop"), tmp_path / "state.db"
    with Lapwing.open(root) as lapwing:
        open_alerts(lapwing, path).replay()
    (root / "lapwing.yaml").write_text(PROJECT.format(now="2024-06-01").replace("grain: hour", "grain: hour, by: []"))
    (root / "datasets" / "orders.yaml").write_text(DATASET.replace("label: Region", "label: Part of the country"))
    with Lapwing.open(root) as lapwing:
        run = StateDatabase(path).journal.run("failed_daily")
        alerts = open_alerts(lapwing, path)
        alerts.replay()
        assert StateDatabase(path).journal.run("failed_daily") == run
    (root / "lapwing.yaml").write_text(PROJECT.format(now="2024-06-01").replace("sensitivity: 5", "sensitivity: 9"))
    with Lapwing.open(root) as lapwing:
        hourly = StateDatabase(path).journal.run("rate_hourly")
        alerts = open_alerts(lapwing, path)
        alerts.replay()
        changed = StateDatabase(path)
        assert changed.journal.run("failed_daily") == run
        assert changed.journal.run("rate_hourly") != hourly


def test_what_belonged_to_a_monitor_that_is_no_more_goes(tmp_path: Path) -> None:
    root, path = write_shop(tmp_path / "shop"), tmp_path / "state.db"
    with Lapwing.open(root) as lapwing:
        open_alerts(lapwing, path).replay()
    lines = PROJECT.format(now="2024-06-01").splitlines()
    (root / "lapwing.yaml").write_text("\n".join(line for line in lines if "rate_hourly" not in line))
    with Lapwing.open(root) as lapwing:
        open_alerts(lapwing, path).replay()
    state = StateDatabase(path)
    assert state.journal.run("rate_hourly") is None
    assert {life(record.lines).state for record in state.journal.records("rate_hourly")} == {"resolved"}
    assert state.journal.run("failed_daily") is not None


REPLAY = """
import sys
from pathlib import Path
from lapwing.alerts.service import Alerts
from lapwing.alerts.inputs import Inputs
from lapwing.alerts.life import life
from lapwing.alerts.state import StateDatabase
from lapwing.query.service import Lapwing

with Lapwing.open(Path(sys.argv[1])) as lapwing:
    alerts = Alerts(lapwing, StateDatabase(Path(sys.argv[2])))
    lapwing.cache.version("orders")
    print("ready", flush=True)
    sys.stdin.readline()
    alerts.replay()
    print(sorted((one.monitor, one.id) for one in alerts.incidents()))
"""


def test_two_processes_on_one_state_database(shop: Lapwing, tmp_path: Path) -> None:
    """Both judge at the same time, from opening the database on; both end with the same incidents under the same ids."""
    command = [sys.executable, "-c", REPLAY, str(shop.project.root), str(tmp_path / "state.db")]
    both = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    assert answers[0][0] == answers[1][0]
    assert len(ids(tmp_path / "state.db")) == 3


def test_a_page_need_not_wait(shop: Lapwing, tmp_path: Path) -> None:
    """What is still being judged is named; later it is there."""
    alerts = open_alerts(shop, tmp_path / "state.db", patience=0.0)
    first = alerts.board()
    assert first.judging != []
    assert first.watching.metrics == 2
    alerts.replay()
    assert alerts.board().judging == []
    assert alerts.board().watching.series == 5
    alerts.close()


def test_closing_ends_the_judging(shop: Lapwing, tmp_path: Path) -> None:
    alerts = open_alerts(shop, tmp_path / "state.db", patience=0.0)
    alerts.board()
    alerts.close()
    assert alerts._keeper._worker is not None
    assert not alerts._keeper._worker.is_alive()


def test_one_monitor_in_trouble_does_not_hide_the_others(tmp_path: Path) -> None:
    """Its source is gone: the board says so, shows what was known of it, and shows the others."""
    project = PROJECT + "  returned_daily: {{metric: returned, grain: day}}\n"
    root = tmp_path / "shop"
    (root / "data" / "returns").mkdir(parents=True)
    (root / "data" / "returns" / "all.csv").write_text(
        "at\n" + "\n".join(f"2024-01-{day:02} 12:00:00" for day in range(1, 32))
    )
    (root / "datasets").mkdir()
    (root / "datasets" / "returns.yaml").write_text(
        "dataset: returns\ntable: files.returns\ntime: {column: at, timezone: America/New_York}\n"
        'measures: {returned: {count: "*"}}\n'
    )
    write_shop(root, project=project)
    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing, tmp_path / "state.db")
        assert alerts.board().watching.series == 6
    (root / "data" / "returns" / "all.csv").unlink()
    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing, tmp_path / "state.db")
        board = alerts.board(datetime(2024, 2, 21, 1, tzinfo=ZoneInfo(ZONE)))
        assert [one.monitor for one in board.incidents] == ["failed_daily"]
        assert [trouble.monitor for trouble in board.troubles] == ["returned_daily"]
        assert "returns" in board.troubles[0].says
        assert "returned_daily" in {
            quiet.monitor for quiet in alerts.board(datetime(2024, 1, 30, tzinfo=ZoneInfo(ZONE))).quiet
        }
        with pytest.raises(LapwingError, match="returns"):
            alerts.replay()
        assert [one.fresh for one in alerts.replay("failed_daily")] == [True]


def test_publishing_a_rollup_is_new_data(tmp_path: Path) -> None:
    root = write_shop(tmp_path / "shop", table=orders(end=date(2024, 1, 20)))
    with Lapwing.open(root) as lapwing:
        first = lapwing.cache.version("orders")
        build(root)
        assert lapwing.cache.version("orders") == first
        write_orders(root, orders(end=END))
        build(root)
        assert lapwing.cache.version("orders") != first
