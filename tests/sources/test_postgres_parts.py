"""A table of PostgreSQL that is read over several connections gives what one statement gives, whatever happens meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sources.worlds import database

from lapwing.model.problem import Cancelled, LapwingError, SourceError
from lapwing.model.project import SourceConfig
from lapwing.sources import postgres, postgres_parts
from lapwing.sources.base import Stream
from lapwing.sources.postgres import PostgresSource
from lapwing.sources.postgres_parts import ranges_of

ROWS = 40_000


@pytest.fixture(scope="module")
def dsn(postgres_dsn: str) -> str:
    own = database(postgres_dsn)
    with psycopg.connect(own, autocommit=True) as connection:
        connection.execute(
            f"create table big as select n, n % 10 as g, 'x' || n as t from generate_series(1, {ROWS}) n"
        )
        connection.execute(
            "create unique index on big (n); create view seen as select * from big; create table few (n int)"
        )
        connection.execute("create table parent (n int) partition by range (n)")
        connection.execute(f"create table child partition of parent for values from (0) to ({ROWS + 1})")
        connection.execute(f"insert into parent select generate_series(1, {ROWS})")
        connection.execute("vacuum analyze")
    return own


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small tables are cut into small ranges, for three connections."""
    monkeypatch.setattr(postgres, "MANY", 1_000)
    monkeypatch.setattr(postgres, "MOST", 3)
    monkeypatch.setattr(postgres_parts, "MANY", 1_000)
    monkeypatch.setattr(postgres_parts, "MOST", 3)
    monkeypatch.setattr(postgres_parts, "_LEAST_BLOCKS", 10)


@pytest.fixture
def source(dsn: str) -> Iterator[PostgresSource]:
    made = PostgresSource(SourceConfig(name="p", type="postgres", dsn=dsn))
    made._spare = postgres_parts.Spare(4)
    yield made
    made.close()


def scanned(source: PostgresSource, name: str = "big", where: str | None = None, limit: int | None = None) -> Stream:
    table = next(one for one in source.tables() if one.name == name)
    return source.scan(table, table.columns[:2], where, limit, time_limit=60)


def numbers(stream: Stream) -> list[int]:
    with stream:
        return sorted(pa.Table.from_batches(list(stream), stream.schema)["n"].to_pylist())


ALL = list(range(1, ROWS + 1))


def test_every_row_once_over_all_connections(source: PostgresSource) -> None:
    stream = scanned(source)
    assert numbers(stream) == ALL
    assert stream.connections == 3
    assert numbers(scanned(source)) == ALL  # the connections are of use again
    assert source._spare.take(9) == 4


def test_conditions_stay_together(source: PostgresSource) -> None:
    stream = scanned(source, where="g = 3 OR g = 4")
    assert numbers(stream) == [one for one in ALL if one % 10 in (3, 4)]
    assert stream.connections == 3


@pytest.mark.parametrize(
    ("name", "where", "limit"),
    [("big", "n < 50", None), ("big", None, 5_000), ("seen", None, None), ("few", None, None), ("parent", None, None)],
)
def test_one_statement_is_as_good(source: PostgresSource, name: str, where: str | None, limit: int | None) -> None:
    """An index finds it, some rows will do, a view, few rows, a table of partitions."""
    source.tables()
    with psycopg.connect(source._dsn) as connection:
        (rows,) = connection.execute(f"select count(*) from {name} where {where or 'true'}").fetchone() or (0,)
    stream = scanned(source, name, where, limit)
    found = numbers(stream) if name != "few" else []
    assert len(found) == (rows if limit is None else limit)
    assert stream.connections == 1


def changing(dsn: str, monkeypatch: pytest.MonkeyPatch, module: ModuleType = postgres_parts) -> None:
    """All rows get other places before the second connection has begun."""
    helped: Callable[..., Generator[pa.RecordBatch, None, None]] = module.PartsStream._helped

    def late(self: Any, *given: Any) -> Generator[pa.RecordBatch, None, None]:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("update big set t = t || '.'")
        yield from helped(self, *given)

    def half(self: Any, session: Any, ranges: Any) -> Generator[pa.RecordBatch, None, None]:
        middle = len(ranges) // 2
        for one in [*ranges][:middle] if session is self._open[0] else [*ranges][middle:]:
            yield from session.batches(self._select(one))

    monkeypatch.setattr(module.PartsStream, "_helped", late)
    monkeypatch.setattr(module.PartsStream, "_read", half)


def test_what_changes_meanwhile_is_not_seen(source: PostgresSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_parts, "MOST", 2)
    changing(source._dsn, monkeypatch)
    assert numbers(scanned(source)) == ALL


def test_without_the_snapshot_it_would_be(source: PostgresSource, monkeypatch: pytest.MonkeyPatch) -> None:
    guard = '_told(session, f"SET TRANSACTION SNAPSHOT {text(snapshot)}")'
    text = Path(postgres_parts.__file__).read_text(encoding="utf-8")
    assert guard in text
    mutant = ModuleType("mutant")
    exec(compile(text.replace(guard, "pass"), postgres_parts.__file__, "exec"), mutant.__dict__)
    mutant.__dict__.update(MANY=1_000, MOST=2, _LEAST_BLOCKS=10)
    changing(source._dsn, monkeypatch, mutant)
    monkeypatch.setattr(postgres, "PartsStream", mutant.__dict__["PartsStream"])
    assert numbers(scanned(source)) != ALL


def test_a_role_that_may_connect_once(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("drop role if exists single; create role single login password 'p' connection limit 1")
        connection.execute("grant select on big to single")
    once = psycopg.conninfo.make_conninfo(dsn, user="single", password="p")
    source = PostgresSource(SourceConfig(name="p", type="postgres", dsn=once))
    source._spare = postgres_parts.Spare(4)
    assert numbers(scanned(source)) == ALL
    source.close()


def test_a_server_with_few_connections_left(source: PostgresSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_parts, "_SHARE", 1_000)
    stream = scanned(source)
    assert numbers(stream) == ALL
    assert stream.connections == 1


def test_a_server_without_snapshots(source: PostgresSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_parts, "_FACTS", "select no_such_function({relation})")
    stream = scanned(source)
    assert numbers(stream) == ALL
    assert stream.connections == 1


def test_an_error_of_one_ends_all(source: PostgresSource) -> None:
    with pytest.raises(SourceError) as caught:
        numbers(scanned(source, where=f"1 / (n - {ROWS}) IS NOT NULL AND g >= 0"))
    assert caught.value.problems[0].code == "source-refused"
    assert "division by zero" in str(caught.value)
    assert numbers(scanned(source)) == ALL


def test_it_can_be_cancelled(source: PostgresSource) -> None:
    stream = scanned(source, where="pg_sleep(0.01) IS NOT NULL AND g >= 0")
    stream.cancel()
    with pytest.raises(Cancelled):
        numbers(stream)
    assert numbers(scanned(source)) == ALL
    assert source._spare.take(9) == 4


@given(st.integers(0, 3_000_000), st.integers(0, 4_000_000))
def test_each_block_is_in_one_range(blocks: int, block: int) -> None:
    met = 0
    for condition in ranges_of(blocks):
        low, *high = map(int, re.findall(r"\((\d+),", condition))
        met += low <= block and (not high or block < high[0])
    assert met == 1


def test_problems_are_ours(source: PostgresSource) -> None:
    with pytest.raises(LapwingError) as caught:
        numbers(scanned(source, where="nothing = 1"))
    assert caught.value.problems[0].code == "column-vanished"
