"""A statement has one time for now: in what sources are sent, in what stays, and whenever it runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from tests.sql.conftest import project

from lapwing.model.problem import Refused
from lapwing.model.project import SourceConfig
from lapwing.sources.engine import Engine
from lapwing.sources.open import Sources
from lapwing.sources.storage import engine_reads
from lapwing.sql.service import SqlService

MIDNIGHT = datetime(2020, 2, 29, 23, 59, 59, 999_999, UTC)
"""What the project takes for now; every clock says another day."""
ROWS = [(1, "2020-02-28"), (2, "2020-02-29"), (3, "2020-03-01"), (4, datetime.now(UTC).date().isoformat())]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with duckdb.connect(str(tmp_path / "own.duckdb")) as own:
        own.execute("create table t (i int, d date)")
        own.executemany("insert into t values (?, ?)", ROWS)
    lite = sqlite3.connect(tmp_path / "lite.db")
    lite.execute("create table t (i int, d date)")
    lite.executemany("insert into t values (?, ?)", ROWS)
    lite.execute("create table many (i int, d date)")
    lite.executemany("insert into many values (?, ?)", ROWS * 5_000)
    lite.execute("analyze")
    lite.commit()
    lite.close()
    return tmp_path


@pytest.fixture
def sql(folder: Path) -> Iterator[SqlService]:
    configs = {
        "own": SourceConfig(name="own", type="duckdb", path=folder / "own.duckdb"),
        "lite": SourceConfig(name="lite", type="sqlite", path=folder / "lite.db"),
    }
    engine = Engine(threads=2, allowed=engine_reads(configs.values()))
    yield SqlService(replace(project(folder, configs), now=MIDNIGHT), Sources(configs, engine), engine)
    engine.close()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("select i from lite.t where d = current_date", [2]),
        ("select i from lite.t where d > today() order by i", [3, 4]),
        ("select i from own.t where d = current_date", [2]),
        ("select i from lite.t where d = current_date and d = today() and year(d) = year(now())", [2]),
        ("select i from lite.t where d < now()::date and d >= (current_timestamp - interval 1 day)::date", [1]),
        ("select a.i from lite.t a join own.t b using (i) where a.d = current_date and b.d = current_date", [2]),
        ("select i from lite.t where d = (select max(d) from own.t where d <= localtimestamp)", [2]),
        ("select i from lite.t where age(d) = interval 1 day", [1]),
        ("select i from lite.t where d > ago(interval 2 days) and d < localtimestamp", [1, 2]),
        ("select day(d) from lite.many where d = current_date group by d", [29]),
        ("with x as (select current_date as d) select i from lite.t join x using (d)", [2]),
        ("select i from lite.t where i in (select i from lite.many where d = current_date)", [2]),
        ("select count(*) from lite.many where d <= current_date having max(d) = current_date", [10_000]),
    ],
)
def test_sources_and_engine_ask_the_same_clock(sql: SqlService, text: str, rows: list[int]) -> None:
    assert sql.table(text).column(0).to_pylist() == rows


def test_what_is_sent_is_the_day_of_the_statement(sql: SqlService) -> None:
    plan = sql.plan("select i from lite.t where d = current_date")
    assert "2020-02-29" in plan.scans[0].sql


def test_the_day_is_the_sessions(sql: SqlService) -> None:
    text = "select i, current_date::varchar, localtime > time '12:00' from lite.t where d = current_date"
    assert list(sql.table(text).to_pylist()[0].values()) == [2, "2020-02-29", True]
    assert list(sql.table(text, zone="Europe/Berlin").to_pylist()[0].values()) == [3, "2020-03-01", False]


def test_planned_now_and_run_later(folder: Path, sql: SqlService) -> None:
    """Where no project says what now is: the moment is that of planning, not of running."""
    ticking = SqlService(replace(sql.project, now=None), sql._sources, sql._engine)
    plan = ticking.plan("select now() as a, (select max(current_timestamp) from lite.t) as b")
    assert plan.moment is not None
    with ticking.start(plan) as running:
        rows = pa.Table.from_batches(list(running), running.schema).to_pylist()
    assert rows == [{"a": plan.moment, "b": plan.moment}]
    again = ticking.plan("select now() as a")
    assert again.moment is not None
    assert again.moment > plan.moment


def test_planned_anew_it_is_still_then(folder: Path, sql: SqlService) -> None:
    ticking = SqlService(replace(sql.project, now=None), sql._sources, sql._engine)
    plan = ticking.plan("select now() as a, max(length(d::varchar)) as l from lite.t")
    lite = sqlite3.connect(folder / "lite.db")
    lite.execute("update t set d = 'today, which is no date'")
    lite.commit()
    lite.close()
    with ticking.start(plan) as running:
        rows = pa.Table.from_batches(list(running), running.schema).to_pylist()
        assert any("Planned anew" in note for note in running.plan.notes)
    assert {row["a"] for row in rows} == {plan.moment}


def test_a_clock_of_its_own_is_refused(sql: SqlService) -> None:
    with pytest.raises(Refused, match="without catalog and schema"):
        sql.plan("select system.main.now()")
