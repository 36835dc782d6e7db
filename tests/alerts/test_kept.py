"""What is kept of monitors is brought up to the data by what is new alone, and is then what a whole replay finds."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.alerts.shop import BAD_DAY, PROJECT, ZONE, open_alerts, orders, write_orders, write_shop
from tests.alerts.test_resume import same

from lapwing.alerts.actions import Action
from lapwing.alerts.history import Asking, Span
from lapwing.alerts.judged import Judged, judge
from lapwing.alerts.service import Alerts
from lapwing.alerts.state import StateDatabase
from lapwing.model.calendar import to_us
from lapwing.query.service import Lapwing

SOON = date(2024, 2, 18)
HOURLY = PROJECT + "  revenue_hourly: {{metric: revenue, grain: hour, by: [region]}}\n"


def known(alerts: Alerts, name: str) -> Judged:
    alerts.replay()
    return next(one.judged for one in alerts.known() if one.judged.monitor.name == name)


def fresh(lapwing: Lapwing, alerts: Alerts, name: str) -> Judged:
    """Judged from the beginning, by the same inputs."""
    monitor = lapwing.project.monitors[name]
    inputs = alerts._keeper._inputs(monitor, StateDatabase(lapwing.project.root / "state.db").journal.records(name))
    return judge(lapwing, monitor, inputs=inputs)


def as_replayed(lapwing: Lapwing, alerts: Alerts) -> None:
    """What is kept of every monitor is what a whole replay finds."""
    for name in lapwing.project.monitors:
        same(known(alerts, name), fresh(lapwing, alerts, name))


def built(lapwing: Lapwing, table: pa.Table) -> None:
    write_orders(lapwing.project.root, table)
    lapwing.cache.build().checked()


def without(table: pa.Table, region: str, day: date) -> pa.Table:
    """As if nothing was sold there on a day and after it."""
    there = pc.equal(table["region"], region)
    return table.filter(
        pc.invert(pc.and_(there, pc.greater_equal(table["at"], pa.scalar(datetime(*day.timetuple()[:3])))))
    )


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> list[Span]:
    """Which parts of the history are asked for."""
    out: list[Span] = []
    real = Asking.history

    def spied(self: Asking, by, within, grain, span: Span = (None, None)):  # type: ignore[no-untyped-def]
        out.append(span)
        return real(self, by, within, grain, span)

    monkeypatch.setattr(Asking, "history", spied)
    return out


def test_days_come_in_one_by_one(tmp_path: Path) -> None:
    """Through an incident, with a region without orders, a restart, and numbers of the past that were corrected."""
    root = write_shop(tmp_path / "shop", table=orders(end=SOON), project=HOURLY)
    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing, root / "state.db")
        as_replayed(lapwing, alerts)
        for number in range(1, 5):
            end = SOON + timedelta(days=number)
            table = orders(date(2024, 2, 1), end)
            built(lapwing, without(table, "west", end - timedelta(days=1)) if number == 2 else table)
            before = {one.judged.monitor.name: len(one.judged.borders) - 1 for one in alerts.known()}
            alerts.replay()
            for one in alerts.known():
                assert one.judged.trail is not None
                if number != 3:
                    assert one.judged.trail.same >= before[one.judged.monitor.name] - 24, "only what is new is judged"
            as_replayed(lapwing, alerts)
            if number == 3:
                alerts.close()
                alerts = open_alerts(lapwing, root / "state.db")
        for bad in (0.05, 0.9):
            built(lapwing, orders(end=end, bad=bad))
            as_replayed(lapwing, alerts)
        january = orders(end=date(2024, 2, 1), seed=8)
        built(lapwing, january)
        as_replayed(lapwing, alerts)


def test_people_say_something_between(tmp_path: Path) -> None:
    root = write_shop(
        tmp_path / "shop", now="2024-02-21T02:00", table=orders(end=BAD_DAY + timedelta(days=1)), project=HOURLY
    )
    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing, root / "state.db")
        alerts.replay()
        (number, *_) = [one.id for one in alerts.incidents() if one.monitor == "failed_daily"]
        alerts.act(number, Action(name="accept", who="ann"))
        as_replayed(lapwing, alerts)
        start, end = (to_us(datetime(2024, 2, day, tzinfo=ZoneInfo(ZONE))) for day in (10, 11))
        alerts.maintenance.make("Move", start, end, [], "ann")
        alerts._keeper.look_again()
        as_replayed(lapwing, alerts)
        built(lapwing, orders(end=BAD_DAY + timedelta(days=4)))
        as_replayed(lapwing, alerts)
        alerts.act(number, Action(name="reopen", who="ann"))
        as_replayed(lapwing, alerts)


def damage(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement).rowcount > 0


DAMAGES = (
    "update run set arrays = x'00'",
    "update run set arrays = cast(substr(arrays, 1, length(arrays) - 9) as blob)",
    "update run_chunk set data = x'789c'",
    "update run_chunk set data = cast(substr(data, 1, length(data) / 2) as blob)",
    "delete from run_chunk where first = 0",
    "update run_checkpoint set data = x'00'",
    "update run_checkpoint set data = cast(substr(data, 1, length(data) / 2) as blob)",
    "delete from run_checkpoint",
)


def test_what_is_damaged_is_judged_again(tmp_path: Path) -> None:
    """And nobody is told: the records stay as they were."""
    root = write_shop(tmp_path / "shop", table=orders(end=BAD_DAY + timedelta(days=1)))
    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing, root / "state.db")
        alerts.replay()
        board = alerts.board().as_dict()
        records = StateDatabase(root / "state.db").journal.records()
        replayed = {name: fresh(lapwing, alerts, name) for name in lapwing.project.monitors}
        for statement in DAMAGES:
            alerts.close()
            damage(root / "state.db", statement)
            alerts = open_alerts(lapwing, root / "state.db")
            for name, found in replayed.items():
                same(known(alerts, name), found)
            assert alerts.board().as_dict() == board
        assert StateDatabase(root / "state.db").journal.records() == records
        built(lapwing, orders(end=BAD_DAY + timedelta(days=2)))
        as_replayed(lapwing, alerts)


def test_an_unchanged_past_is_not_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lapwing.alerts import packed

    monkeypatch.setattr(packed, "CHUNK_CELLS", 400)
    root = write_shop(tmp_path / "shop", table=orders(end=BAD_DAY + timedelta(days=3)))

    def rows() -> dict[tuple[str, str, int], bytes]:
        with closing(sqlite3.connect(root / "state.db")) as connection:
            chunks = connection.execute("select 'chunk', monitor, first, data from run_chunk").fetchall()
            lines = connection.execute("select 'line', kind, id, data from line").fetchall()
        return {(what, name, number): data for what, name, number, data in (*chunks, *lines)}

    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing, root / "state.db")
        alerts.replay()
        before = rows()
        built(lapwing, orders(end=BAD_DAY + timedelta(days=4)))
        alerts.replay()
        after = rows()
        changed = {key for key in before if after[key] != before[key]}
        assert len(before) > 8
        assert len(changed) <= 2, "the last chunk of each monitor"


ODD = """
name: odd
timezone: {zone}
now: 2024-06-01
sources: {{files: {{type: files, path: data}}}}
store: {{type: lmdb, path: .lapwing/store}}
monitors:
  total: {{metric: total, grain: hour, by: [kind]}}
  least: {{metric: least, grain: hour, by: [kind]}}
  share: {{metric: share, grain: hour, by: [kind]}}
  rows: {{metric: rows, grain: day, by: [kind]}}
"""
ODD_ROWS = """
dataset: odd
table: files.odd
time: {column: at, timezone: UTC}
dimensions: {kind: {}}
measures:
  rows: {count: "*"}
  high: {count: "*", where: value > 0}
  total: {sum: value}
  least: {min: value}
metrics:
  share: {ratio: high / rows}
rollups:
  main: {grain: hour, dimensions: [kind], partition: day}
"""
HOURS = 24 * 40
VALUES: dict[str, Callable[[int], float | None]] = {
    "one point": lambda hour: 5.0 if hour == 30 else None,
    "constant": lambda hour: 7.0,
    "zero": lambda hour: 0.0,
    "null": lambda hour: None,
    "negative": lambda hour: -100.0 - hour % 24 - (500.0 if hour == 700 else 0.0),
    "huge": lambda hour: 1e300 * (1 + hour % 24) * (5 if hour == 700 else 1),
    "tiny": lambda hour: 1e-300 * (1 + hour % 24),
    "gaps": lambda hour: None if 200 <= hour < 200 + 24 * 15 else 10.0 + hour % 24,
}
WITHOUT_ROWS = ("one point", "gaps")


def odd(hours: int) -> pa.Table:
    rows = [
        (np.datetime64("2024-03-01T00", "h") + np.timedelta64(hour, "h"), kind, value(hour))
        for hour in range(hours)
        for kind, value in VALUES.items()
        if kind not in WITHOUT_ROWS or value(hour) is not None
    ]
    at, kind, values = zip(*rows, strict=True)
    return pa.table({"at": np.array(at, "datetime64[us]"), "kind": kind, "value": pa.array(values, pa.float64())})


def write_odd(root: Path, hours: int, zone: str = "Europe/Berlin") -> None:
    import pyarrow.parquet as pq

    (root / "data").mkdir(parents=True, exist_ok=True)
    (root / "datasets").mkdir(exist_ok=True)
    (root / "lapwing.yaml").write_text(ODD.format(zone=zone))
    (root / "datasets" / "odd.yaml").write_text(ODD_ROWS)
    (root / "data" / "odd").mkdir(exist_ok=True)
    table = odd(hours)
    days = pc.strftime(table["at"], "%Y-%m-%d")
    for day in pc.unique(days).to_pylist():
        path = root / "data" / "odd" / f"{day}.parquet"
        if not path.exists() or day == pc.max(days).as_py():
            pq.write_table(table.filter(pc.equal(days, day)), path)


def test_odd_series(tmp_path: Path, spans: list[Span]) -> None:
    """Of one point, constant, null, negative, huge, tiny, with a gap of two weeks, over a change of clocks; then in another
    zone. Whatever they are, they are judged, shown, and gone on from."""
    import orjson

    write_odd(tmp_path, HOURS)
    for added, zone in enumerate(("Europe/Berlin", "America/Los_Angeles")):
        write_odd(tmp_path, HOURS + 5 * added, zone)
        with Lapwing.open(tmp_path) as lapwing:
            lapwing.cache.build().checked()
            alerts = open_alerts(lapwing, tmp_path / "state.db")
            as_replayed(lapwing, alerts)
            write_odd(tmp_path, HOURS + 5 * added + 5, zone)
            lapwing.cache.build().checked()
            spans.clear()
            alerts.replay()
            assert spans
            assert all(start is not None for start, _ in spans), "only what is new is read"
            as_replayed(lapwing, alerts)
            board = orjson.dumps(alerts.board().as_dict())
            assert b"nan" not in board.lower().replace(b"finance", b"")
            for one in alerts.incidents():
                assert alerts.incident(one.id).summary.id == one.id
            found = {dict(one.slice).get("kind") for one in alerts.incidents() if one.monitor == "total"}
            assert not found & {"constant", "zero", "null", "one point"}
            alerts.close()


def test_clocks_that_jump(tmp_path: Path) -> None:
    """Now goes a year ahead, and back before the data: what was told stays told, once, and what is kept is right."""
    table = orders(end=BAD_DAY + timedelta(days=2))
    root = write_shop(tmp_path / "shop", now="2024-02-22T02:00", table=table)
    told: list[int] = []
    for now in ("2024-02-22T02:00", "2025-02-22T02:00", "2024-02-01", "2024-02-22T03:00"):
        (root / "lapwing.yaml").write_text(PROJECT.format(now=now))
        with Lapwing.open(root) as lapwing:
            alerts = open_alerts(lapwing, root / "state.db")
            as_replayed(lapwing, alerts)
            alerts.board()
            lines = [line for one in StateDatabase(root / "state.db").journal.records() for line in one.lines]
            told.append(len(lines))
            alerts.close()
    assert len(set(told)) == 1
