"""Plans are kept while what they were made of is the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from tests.sql.conftest import service

from lapwing.model.project import SourceConfig
from lapwing.sql import plans
from lapwing.sql.nodes import Plan
from lapwing.sql.service import SqlService


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "lite.db") as lite:
        lite.executescript("create table t (a int, b text); insert into t values (1, 'x'), (2, 'y');")
    lite.close()
    duckdb.sql(f"copy (select 1 as a) to '{tmp_path}/parts_1.parquet'")
    return tmp_path


@pytest.fixture
def sql(folder: Path) -> Iterator[SqlService]:
    configs = {
        "lite": SourceConfig(name="lite", type="sqlite", path=folder / "lite.db"),
        "files": SourceConfig(name="files", type="files", path=folder / "parts_*.parquet"),
    }
    yield from service(folder, configs)


def plan(sql: SqlService, text: str) -> Plan:
    with sql.run(text) as running:
        list(running)
    return running.plan


@pytest.mark.parametrize(
    "text",
    ["select 1", "select a from lite.t where a > 1", "select count(*) from lite.t", "select a + 1 - a from lite.t"],
)
def test_a_statement_is_planned_once(sql: SqlService, text: str) -> None:
    assert plan(sql, text) is plan(sql, text)


@pytest.mark.parametrize(
    "expression", ["now()", "current_date", "random()", "today()", "current_timestamp", "age(date '2020-01-01')"]
)  # fmt: skip
def test_not_where_the_moment_counts(sql: SqlService, expression: str) -> None:
    text = f"select {expression} is null as x, a from lite.t"
    assert plan(sql, text) is not plan(sql, text)


def test_another_zone_is_another_plan(sql: SqlService) -> None:
    text = "select a from lite.t"
    first = sql.run(text, zone="Europe/Berlin")
    first.close()
    assert first.plan.zone == "Europe/Berlin"
    assert plan(sql, text).zone == "UTC"


def test_a_changed_table_is_planned_anew(sql: SqlService, folder: Path) -> None:
    text = "select * from lite.t order by a"
    assert sql.table(text).num_columns == 2
    with sqlite3.connect(folder / "lite.db") as lite:
        lite.execute("alter table t add column c int")
    lite.close()
    assert sql.table(text).num_columns == 3


def test_new_files_are_read(sql: SqlService, folder: Path) -> None:
    (name,) = (table.path for table in sql.catalog.tables() if table.source == "files")
    text = f"select sum(a) as total from {name}"
    assert sql.table(text).to_pylist() == [{"total": 1}]
    duckdb.sql(f"copy (select 2 as a) to '{folder}/parts_2.parquet'")
    assert sql.table(text).to_pylist() == [{"total": 3}]
    (folder / "parts_1.parquet").unlink()
    assert sql.table(text).to_pylist() == [{"total": 2}]


def test_old_plans_go(sql: SqlService, monkeypatch: pytest.MonkeyPatch) -> None:
    first = plan(sql, "select a from lite.t")
    monkeypatch.setattr(plans, "SECONDS", 0.0)
    assert plan(sql, "select a from lite.t") is not first
    monkeypatch.undo()
    monkeypatch.setattr(plans, "KEPT", 2)
    first = plan(sql, "select a from lite.t")
    for other in ("select 1", "select 2"):
        plan(sql, other)
    assert plan(sql, "select a from lite.t") is not first
