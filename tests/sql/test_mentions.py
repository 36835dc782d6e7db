"""Tables are narrowed to the columns that a statement may mean, and to no fewer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from tests.sql.conftest import service

from lapwing.model.problem import LapwingError, NotFound
from lapwing.model.project import SourceConfig
from lapwing.sql.mentions import Mentions
from lapwing.sql.service import SqlService

TABLES = """
create table t (a int, b text, "Odd Name" int); insert into t values (1, 'x', 7), (2, 'y', 8);
create table u (b text, c int); insert into u values ('x', 10), ('z', 30);
"""
TAKEN = [
    "from lite.t order by 1",
    "select t.* from lite.t order by a",
    "select * exclude (a) from lite.t order by a",
    "select columns('^[ab]$') from lite.t order by 1",
    "select * from lite.t natural join lite.u",
    "select count(*) from lite.t natural join lite.u",
    "select y from lite.t as k(x, y) order by 1",
    "select #2 from lite.t order by 1",
    "select t from lite.t order by a",
    "select cast(t as text) from lite.t order by 1",
    "select max(k) from lite.t as k",
    "select k.x from (select t as k from lite.t), lateral (select k['b'] as x) as k order by 1",
    "select count(distinct t) from lite.t",
    "select n, v from lite.t unpivot (v for n in (a, \"Odd Name\")) order by 1, 2",
    "select exists (select * from lite.u where u.b = t.b) from lite.t order by 1",
]  # fmt: skip
NAMED = [
    ("select count(*) from lite.t", "b"),
    ("select a from lite.t, lite.u order by 1", "Odd Name"),
    ("select a from lite.t join lite.u using (b)", "Odd Name"),
    ("select s.* from (select a from lite.t) as s order by 1", "b"),
    ('select t."odd name" from lite.t order by 1', "b"),
    ("select lite.t.a from lite.t order by 1", "b"),
    ("with t2 as (select a from lite.t) select t2 from t2 order by a", "b"),
    ("select (select max(c) from lite.u where u.b = t.b) from lite.t order by 1", "a"),
]


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlService]:
    folder = tmp_path_factory.mktemp("mentions")
    with sqlite3.connect(folder / "lite.db") as lite:
        lite.executescript(TABLES)
    lite.close()
    yield from service(folder, {"lite": SourceConfig(name="lite", type="sqlite", path=Path(folder / "lite.db"))})


@pytest.fixture(scope="module")
def plain() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as own:
        own.execute("attach ':memory:' as lite; use lite")
        own.execute(TABLES)
        yield own


def rows(sql: SqlService, text: str) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in sql.table(text).to_pylist()]


@pytest.mark.parametrize("text", [*TAKEN, *(text for text, _ in NAMED)])
def test_answers_are_those_of_whole_tables(sql: SqlService, plain: duckdb.DuckDBPyConnection, text: str) -> None:
    right = plain.execute(text)
    assert rows(sql, text) == right.fetchall()
    assert sql.plan(text).schema.names == [column[0] for column in right.description or ()]


@pytest.mark.parametrize("text", TAKEN)
def test_what_takes_all_is_seen(sql: SqlService, plain: duckdb.DuckDBPyConnection, text: str) -> None:
    """With the guard gone a statement of most kinds fails or answers otherwise; of every kind the guard says so itself."""
    narrow = [one.columns for one in sql._planner.parse(text).references]
    assert None in narrow or "exists (select *" in text


@pytest.mark.parametrize("text", [TAKEN[0], TAKEN[4], TAKEN[6], TAKEN[7], TAKEN[9]])
def test_without_the_guard_it_is_wrong(
    sql: SqlService, plain: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    right = plain.execute(text).fetchall()
    monkeypatch.setattr(Mentions, "of", lambda self, node, name: self._names)
    try:
        assert rows(sql, f"{text} ") != right
    except LapwingError as error:
        assert error.problems  # noqa: PT017 - one of the two must happen


@pytest.mark.parametrize(("text", "gone"), NAMED)
def test_other_columns_are_not_bound(sql: SqlService, text: str, gone: str) -> None:
    assert f'"{gone}"' not in sql.plan(text).residual.sql


def test_a_wrong_name_is_told_with_the_nearest_of_the_whole_table(sql: SqlService) -> None:
    with pytest.raises(NotFound) as told:
        sql.plan('select "Odd Nane" from lite.t')
    assert told.value.problems[0].nearest == ("Odd Name",)
