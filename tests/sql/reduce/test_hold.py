"""What the engine reads itself, and others wait for, is read once before the statement."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from tests.sql.conftest import service
from tests.sql.reduce.test_reduced import answer, same, whole

from lapwing.model.problem import WrongUse
from lapwing.model.project import SourceConfig
from lapwing.sources.base import Stream
from lapwing.sql import plans
from lapwing.sql.nodes import Plan
from lapwing.sql.reduce import choose, hold, kept
from lapwing.sql.reduce.held import HeldFeed
from lapwing.sql.service import SqlService

ONE = "select t.id, s.name from own.s s join my.t t on t.k = s.id where s.k > 2"
CHAIN = "select t.id from own.r r join own.s s on s.id = r.k join my.t t on t.k = s.v where r.id < 6"
TWICE = (
    "select t.id, 1 as n from own.s a join my.t t on t.k = a.id where a.k > 2 "
    "union all select t.id, a.v from own.s a join lite.t t on t.k = a.id where a.k > 2"
)


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "SECONDS", -1.0)
    monkeypatch.setattr(choose, "WORTH", -1)
    monkeypatch.setattr(choose, "SELECTIVE", 2.0)
    monkeypatch.setattr(choose, "saved_enough", lambda saved, keys: True)


def held(plan: Plan) -> list[str]:
    return [scan.table.name for scan in plan.scans if scan.held]


@pytest.mark.parametrize(("text", "tables"), [(ONE, ["s"]), (CHAIN, ["r", "s"]), (TWICE, ["s"])])
def test_it_is_read_once(scattered: SqlService, text: str, tables: list[str]) -> None:
    plan = scattered.ready(text)
    assert held(plan) == tables
    assert plan.residual.sql.count('"kept_scan') == text.count("own.")
    assert "source_own" not in plan.residual.sql  # as the engine calls them
    same(scattered, text)
    told = scattered.explain(text, analyze=True)
    assert told.count("the engine reads it itself, once, before the statement:") == len(tables)
    assert told.count("its rows are those that") == (text == TWICE)


def test_its_rows_are_told(scattered: SqlService) -> None:
    with scattered.run(ONE) as running:
        list(running)
    rows = scattered.table("select count(*) as n from own.s where k > 2").to_pylist()[0]["n"]
    assert [scan.rows for scan in running.progress().scans if scan.id == "scan0"] == [rows]


@pytest.mark.parametrize(
    "text", [ONE.replace("s.k > 2", "s.k > 2 and random() < 2"), ONE.replace("s.k > 2", "now() is not null")]
)
def test_not_where_its_rows_may_be_others_the_next_time(scattered: SqlService, text: str) -> None:
    assert held(scattered.ready(text)) == []


def test_not_where_it_is_large(scattered: SqlService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hold, "MOST", 0)
    assert held(scattered.ready(ONE)) == []
    same(scattered, ONE)


def test_others_of_its_rows_have_them_only_in_types_that_travel(scattered: SqlService, folder_of: Path) -> None:
    duckdb.sql(f"copy (select range as k, [range] as l from range(3)) to '{folder_of}/lists.parquet'")
    configs = {
        "files": SourceConfig(name="files", type="files", path=folder_of / "lists.parquet"),
        "lite": SourceConfig(name="lite", type="sqlite", path=folder_of / "lite.db"),
    }
    text = "select t.id, null as l from files.lists a join lite.t t on t.k = a.k union all select k, l from files.lists"
    for sql in service(folder_of, configs):
        plan = sql.ready(text)
        assert [scan.table.name for scan in plan.scans if scan.shares is not None] == []
        assert held(plan) == ["lists"]
        same(sql, text)


@pytest.mark.parametrize("kind", ["timetz", "uhugeint", "timestamp_s"])
def test_not_in_types_that_arrow_has_not(scattered: SqlService, folder_of: Path, kind: str) -> None:
    values = {"timetz": "'12:00:00-05'", "uhugeint": f"{2**128 - 1}", "timestamp_s": "'infinity'"}
    path = folder_of / f"{kind}.duckdb"
    with duckdb.connect(str(path)) as own:
        own.execute(f"create table e as select range as k, {values[kind]}::{kind} as x from range(9)").fetchall()
    configs = {
        "own": SourceConfig(name="own", type="duckdb", path=path),
        "lite": SourceConfig(name="lite", type="sqlite", path=folder_of / "lite.db"),
    }
    text = "select t.id, e.x::varchar as x from own.e e join lite.t t on t.k = e.k"
    for sql in service(folder_of, configs):
        assert held(sql.ready(text)) == []
        same(sql, text)
        assert isinstance(answer(sql, text), list)


def test_more_than_was_expected_is_streamed(scattered: SqlService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 0)
    for text in (ONE, CHAIN, TWICE):
        same(scattered, text)


def test_what_can_not_be_read_before_is_left_to_the_statement(
    scattered: SqlService, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = {text: whole(scattered, text) for text in (ONE, CHAIN, TWICE)}

    def fails(self: HeldFeed, where: str | None) -> Stream:
        raise WrongUse.of("conversion", "Some row that the statement need not look at.")

    monkeypatch.setattr(HeldFeed, "_read", fails)
    for text, rows in right.items():
        assert answer(scattered, text) == rows


def test_a_statement_that_is_wrong_tells_so_at_its_own_place(scattered: SqlService) -> None:
    text = "select t.id from own.s s join my.t t on t.k = s.id where cast(s.name as int) > 0"
    assert answer(scattered, text) == whole(scattered, text) == "conversion"
