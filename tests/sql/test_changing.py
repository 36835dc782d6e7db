"""Tables that change between planning and reading: the statement is planned again once, or says what is otherwise now."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.sources.worlds import database
from tests.sql.conftest import service

from lapwing.model.problem import LapwingError, NotFound, SourceError
from lapwing.model.project import SourceConfig
from lapwing.sql.again import Again
from lapwing.sql.nodes import Plan
from lapwing.sql.run import Running
from lapwing.sql.service import SqlService

LONGEST = "select max(length(v::varchar)) as l from far.t"


@dataclass(frozen=True)
class Far:
    """A source `far` with one table `t (n, v, w)`; `tell` has its owner run a statement."""

    kind: str
    sql: SqlService
    tell: Callable[[str], object]

    @property
    def worded(self) -> tuple[str, ...]:
        """What makes the numbers of `v` words; in SQLite the values have the types."""
        update = "update t set v = 'ten'"
        return (update,) if self.kind == "sqlite" else ("alter table t alter column v type text", update)

    def after(self, text: str, *changes: str) -> tuple[list[dict[str, object]], Running]:
        """The rows of a statement that was planned before the changes were made."""
        plan = self.sql.ready(text)
        for change in changes:
            self.tell(change)
        with self.sql.start(plan) as running:
            return pa.Table.from_batches(list(running), running.schema).to_pylist(), running

    def failing(self, text: str, *changes: str) -> LapwingError:
        with pytest.raises(LapwingError) as caught:
            self.after(text, *changes)
        return caught.value


@pytest.fixture(scope="module")
def dsn(postgres_dsn: str) -> str:
    return database(postgres_dsn)


@pytest.fixture(params=["postgres", "sqlite"])
def far(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Far]:
    kind: str = request.param
    if kind == "postgres":
        dsn: str = request.getfixturevalue("dsn")
        config = SourceConfig(name="far", type=kind, dsn=dsn)
        connection = psycopg.connect(dsn, autocommit=True)
        tell: Callable[[str], object] = connection.execute
        close = connection.close
    else:
        config = SourceConfig(name="far", type=kind, path=tmp_path / "far.db")
        lite = sqlite3.connect(tmp_path / "far.db", isolation_level=None)
        tell, close = lite.execute, lite.close
    tell("drop table if exists t")
    tell("create table t (n int, v int, w int)")
    tell("insert into t values (1, 10, 100), (2, 20, 200), (3, 30, 300)")
    for sql in service(tmp_path, {"far": config}):
        yield Far(kind, sql, tell)
    close()


def test_a_column_that_is_not_read_goes(far: Far) -> None:
    text = "select sum(x.n) as s, count(*) as c from (select * from far.t) as x"
    rows, running = far.after(text, "alter table t drop column w")
    assert rows == [{"s": 6, "c": 3}]
    assert running.progress().stage == "done"


def test_a_column_that_is_read_goes(far: Far) -> None:
    """Neither is its name read in its place, as SQLite would by itself."""
    text = "select n, v from far.t"
    error = far.failing(text, "alter table t drop column v")
    (problem,) = error.problems
    assert isinstance(error, NotFound)
    assert problem.code == "unknown-column"
    assert (problem.place and problem.place.column) == text.index("v") + 1
    assert "no column v" in problem.message


def test_a_column_is_renamed(far: Far) -> None:
    (problem,) = far.failing("select v from far.t where v > 5", "alter table t rename column v to v2").problems
    assert (problem.code, problem.nearest) == ("unknown-column", ("v2",))
    assert far.sql.table("select v2 from far.t").num_rows == 3


def test_a_column_gets_another_type(far: Far) -> None:
    error = far.failing("select v from far.t", *far.worded)
    (problem,) = error.problems
    assert isinstance(error, SourceError)
    assert problem.code == "source-changed"
    assert "the column v of far.t was" in problem.message
    assert problem.hint == "Ask again."
    assert far.sql.table("select v from far.t").to_pylist() == [{"v": "ten"}] * 3


def test_one_whose_type_matters_not_is_read_by_a_plan_of_now(far: Far) -> None:
    rows, running = far.after(LONGEST, *far.worded)
    assert rows == [{"l": 3}]
    assert "Planned anew before its first row, as the column v of far.t was" in running.plan.notes[-1]
    assert running.progress().stage == "done"


def test_a_table_is_replaced(far: Far) -> None:
    new = [
        "drop table t",
        "create table t (w bigint, n bigint, x text)",
        "insert into t values (1, 2, 'x'), (1, 4, 'y')",
    ]
    rows, _ = far.after("select n + 0 as n from far.t where w < 5 order by 1", *new)
    assert rows == [{"n": 2}, {"n": 4}]
    (problem,) = far.failing("select x from far.t", "drop table t", "create table t (n int)").problems
    assert problem.code == "unknown-column"
    (problem,) = far.failing("select n from far.t", "drop table t").problems
    assert problem.code == "unknown-table"
    assert "far has no table t" in problem.message


def test_the_second_change_is_told(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    """The owner changes the table again just when it was planned anew."""
    anew = SqlService._anew

    def changing(*given: object) -> object:
        made = anew(*given)  # type: ignore[arg-type]
        far.tell("drop table t")
        return made

    monkeypatch.setattr(SqlService, "_anew", changing)
    error = far.failing(LONGEST, *far.worded)
    (problem,) = error.problems
    assert problem.code == "source-changed"
    assert "Tables change while they are read" in problem.message
    assert "far.t is not there any more" in problem.message
    assert problem.hint


def torn(path: Path) -> bytes:
    """Overwrites what the footer says where pages begin, as a file does that is replaced after its footer was read."""
    good = path.read_bytes()
    path.write_bytes(good[:4] + b"\xff" * 24 + good[28:])
    return good


def test_a_file_that_is_replaced_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"n": [1, 2, 3]}), path)
    good, failed, plan = torn(path), list[str](), Again.plan

    def replaced(self: Again, of: Plan, why: LapwingError, sources: Collection[str]) -> Plan | None:
        failed.append(why.problems[0].code)
        path.write_bytes(good)
        return plan(self, of, why, sources)

    monkeypatch.setattr(Again, "plan", replaced)
    for sql in service(tmp_path, {"files": SourceConfig(name="files", type="files", path=tmp_path)}):
        with sql.run("select sum(n) as n from files.t") as running:
            assert pa.Table.from_batches(list(running), running.schema).to_pylist() == [{"n": 6}]
        assert running.plan.notes == ("Planned anew before its first row, as a file was replaced while it was read.",)
    assert failed == ["unreadable-file"]


def test_a_file_that_stays_damaged_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"n": [1, 2, 3]}), path)
    torn(path)
    for sql in service(tmp_path, {"files": SourceConfig(name="files", type="files", path=tmp_path)}):
        with pytest.raises(SourceError, match="was replaced while it was read, or is damaged") as caught:
            sql.table("select sum(n) as n from files.t")
    assert caught.value.problems[0].code == "unreadable-file"
