"""ClickHouse answers as the engine's own table does: what is pushed, what is kept, and what is not asked of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from tests.sources.worlds import clickhouse_client, clickhouse_constant
from tests.sql.conftest import FIXTURES, service
from tests.sql.test_pushdown import CONDITIONS, PREDICATES, rows

from lapwing.model.project import SourceConfig
from lapwing.sql.aggregate import push
from lapwing.sql.service import SqlService

TYPES = {"v": "String", "w": "LowCardinality(Nullable(String))", "f": "Float64", "n": "Decimal(10, 3)", "d": "Date32"}
TYPES |= {
    "id": "Int64",
    "i": "Int64",
    "t": "DateTime64(6, 'America/New_York')",
    "l": "Bool",
    "moment": "DateTime('Asia/Tokyo')",
}
STATEMENTS = [
    "select count(*) as c from {s}.things",
    "select v, count(*) as c, sum(i) as s, avg(f) as a from {s}.things group by v order by v nulls last",
    "select a.id from own.things a left join {s}.things b on a.id = b.i where b.id is null order by all",
    "select id from {s}.things where i in (select i from own.things where v like 'a%') order by id",
    "select i / 2 as half, i // 2 as whole, 1 / nullif(i, 0) as part from {s}.things order by id",
    "select min(f) as least, max(f) as most, max(n) as n, min(d) as d from {s}.things where i > 100000000",
    "select id from {s}.things order by v desc nulls first, id limit 3",
]


@pytest.fixture(scope="module")
def clicked(tmp_path_factory: pytest.TempPathFactory, clickhouse_dsn: str) -> Iterator[SqlService]:
    """One table in a DuckDB file (`own`) and in ClickHouse (`ch`); `nan` in both has numbers that are none."""
    folder, database = tmp_path_factory.mktemp("clicked"), f"test_{uuid.uuid4().hex[:12]}"
    client = clickhouse_client(clickhouse_dsn)
    client.command(f"create database {database}")
    with duckdb.connect(str(folder / "own.duckdb")) as own:
        own.execute((FIXTURES / "things_duckdb.sql").read_text())
        own.execute("alter table things alter t type timestamptz using t at time zone 'UTC'")
        own.execute("create table nan as select * from (values (1, 'nan'::double), (2, 1.5), (3, null)) x(id, f)")
        own.execute(
            "create table seconds as select timestamptz '2024-07-01 12:00:00+00' + interval 1 hour * (x % 2) as moment"
            " from range(5) r(x)"
        )
        for name in ("things", "nan", "seconds"):
            found = own.sql(f"select * from {name}").to_arrow_table()
            columns = ", ".join(f'"{one}" {nullable(TYPES[one])}' for one in found.column_names)
            client.command(f"create table {database}.{name} ({columns}) engine = MergeTree order by tuple()")
            written = [f"({', '.join(map(clickhouse_constant, row.values()))})" for row in found.to_pylist()]
            client.command(f"insert into {database}.{name} values {', '.join(written)}")
    configs = {
        "own": SourceConfig(name="own", type="duckdb", path=folder / "own.duckdb"),
        "ch": SourceConfig(name="ch", type="clickhouse", dsn=clickhouse_dsn.replace("/default", f"/{database}")),
    }
    yield from service(folder, configs)
    client.command(f"drop database {database} sync")


def nullable(kind: str) -> str:
    return kind if "Nullable" in kind else f"Nullable({kind})"


def same(clicked: SqlService, text: str) -> None:
    own = rows(clicked, text.replace("{s}", "own"))
    assert isinstance(own, list), own
    here = text.replace("{s}", "ch")
    assert rows(clicked, here) == own, clicked.explain(here)


@pytest.mark.parametrize("predicate", PREDICATES)
def test_predicates_mean_the_same(clicked: SqlService, predicate: str) -> None:
    same(clicked, f"select id from {{s}}.things where {predicate.replace('{source}', '{s}')} order by id")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(predicate=CONDITIONS)
def test_any_condition_means_the_same(clicked: SqlService, predicate: str) -> None:
    same(clicked, f"select id from {{s}}.things where {predicate} order by id")


@pytest.mark.parametrize("text", STATEMENTS)
def test_statements_mean_the_same(clicked: SqlService, text: str) -> None:
    same(clicked, text)


@pytest.mark.parametrize("condition", ["f > 1", "f = f", "f <> 1.5", "not f < 2", "f is null", "isnan(f)"])
def test_what_is_no_number_is_the_greatest(clicked: SqlService, condition: str) -> None:
    same(clicked, f"select id from {{s}}.nan where {condition} order by id")


def test_plain_conditions_are_pushed(clicked: SqlService) -> None:
    pushed = ("i = 5", "i in (1, 2)", "v like 'a%'", "v < 'b'", "d >= '2020-01-01'", "l", "v is null", "n > 1.5")
    for predicate in (*pushed, "t < '2020-01-01'", "i is distinct from 3", "w between 'a' and 'b'"):
        plan = clicked.plan(f"select id from ch.things where {predicate}")
        assert plan.scans[0].pushed, (predicate, plan.scans[0].kept)
        assert plan.scans[0].kept == ()
    for predicate in ("f > 1", "i + id = 3"):
        assert not clicked.plan(f"select id from ch.things where {predicate}").scans[0].pushed


GROUPS = [
    "select l, count(*) as c, count(i) as n, sum(id) as s, avg(id) as a from {s}.things group by l order by l nulls last",
    "select v, max(d) as d, min(t) as t, max(n) as n from {s}.things group by v order by v nulls last",
    "select w, sum(n) as s, avg(n) as a from {s}.things where i < 100 group by w order by w nulls last",
    "select d, min(i) as least, count(*) filter (where l) as c from {s}.things group by d order by d nulls last",
    "select count(*) as c, sum(n) as s, max(t) as t from {s}.things where id > 100",
    "select l, sum(id) as s from {s}.things group by l having sum(id) > 20 order by l nulls last",
    "select min(moment) as least, max(moment) as most from {s}.seconds",
    "select moment, count(*) as c from {s}.seconds group by moment order by moment",
]


@pytest.mark.parametrize("text", GROUPS)
def test_groups_are_made_there_and_mean_the_same(
    clicked: SqlService, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "FEW", -1)
    monkeypatch.setattr(push, "SHARE", float("inf"))
    monkeypatch.setattr(push, "PICKED_SHARE", float("inf"))
    same(clicked, text)
    assert clicked.plan(text.replace("{s}", "ch")).scans[0].table.body
