"""Snowflake, as far as a double shows it: what is pushed is its SQL and finds the engine's own rows; the rest stays."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from tests.services.snowflake import snowflake
from tests.sources.worlds import snowflake_constant
from tests.sql.conftest import FIXTURES, service
from tests.sql.test_pushdown import CONDITIONS, PREDICATES, rows

from lapwing.model.project import SourceConfig
from lapwing.sql.aggregate import push
from lapwing.sql.service import SqlService

TYPES = {"v": "VARCHAR", "w": "VARCHAR", "f": "FLOAT", "n": "NUMBER(10,3)", "d": "DATE", "l": "BOOLEAN"}
TYPES |= {"id": "NUMBER(9,0)", "i": "NUMBER(18,0)", "t": "TIMESTAMP_NTZ(6)"}


@pytest.fixture(scope="module")
def snowed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlService]:
    """One table in a DuckDB file (`own`) and in Snowflake (`sf`), where all names are in capitals."""
    folder = tmp_path_factory.mktemp("snowed")
    with duckdb.connect(str(folder / "own.duckdb")) as own:
        own.execute((FIXTURES / "things_duckdb.sql").read_text())
        found = own.sql("select * from things").to_arrow_table()
    columns = ", ".join(f"{name} {TYPES[name]}" for name in found.column_names)
    written = [f"({', '.join(map(snowflake_constant, row.values()))})" for row in found.to_pylist()]
    with snowflake(digits=6) as double:
        double.run(f"create table things ({columns})")
        double.run(f"insert into things values {', '.join(written)}")
        configs = {
            "own": SourceConfig(name="own", type="duckdb", path=folder / "own.duckdb"),
            "sf": SourceConfig(name="sf", type="snowflake", dsn=double.dsn),
        }
        yield from service(folder, configs)


def same(snowed: SqlService, text: str) -> None:
    own = rows(snowed, text.replace("{s}", "own"))
    assert isinstance(own, list), own
    here = text.replace("{s}", "sf")
    found = rows(snowed, here)
    assert isinstance(found, list), found
    assert [{name.lower(): value for name, value in row.items()} for row in found] == own, snowed.explain(here)


@pytest.mark.long
def test_predicates_mean_the_same(snowed: SqlService) -> None:
    for predicate in PREDICATES:
        same(snowed, f"select id from {{s}}.things where {predicate.replace('{source}', '{s}')} order by id")


@pytest.mark.long
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(predicate=CONDITIONS)
def test_any_condition_means_the_same(snowed: SqlService, predicate: str) -> None:
    same(snowed, f"select id from {{s}}.things where {predicate} order by id")


@pytest.mark.parametrize(
    "text",
    [
        "select a.id from own.things a left join {s}.things b on a.id = b.i where b.id is null order by all",
        "select i / 2 as half, i // 2 as whole, 1 / nullif(i, 0) as part from {s}.things order by id",
        "select id from {s}.things order by v desc nulls first, id limit 3",
    ],
)
def test_statements_mean_the_same(snowed: SqlService, text: str) -> None:
    same(snowed, text)


def test_what_is_pushed_and_what_is_not(snowed: SqlService) -> None:
    pushed = ("i = 5", "i in (1, 2)", "v like 'a%'", "v < 'b'", "d >= '2020-01-01'", "l", "v is null", "n > 1.5")
    for predicate in (
        *pushed,
        "t < '2020-01-01'",
        "i is distinct from 3",
        "w between 'a' and 'b'",
        "starts_with(v, 'a')",
        "contains(v, 'a')",
        "regexp_matches(v, 'a')",  # the same, as the engine sees
    ):
        plan = snowed.plan(f"select id from sf.things where {predicate}")
        assert plan.scans[0].pushed, (predicate, plan.scans[0].kept)
        assert plan.scans[0].kept == ()
    for predicate in ("f > 1", "i + id = 3", "regexp_matches(v, 'a|b')", "i // 2 = 1", r"v like 'a\_'"):
        assert not snowed.plan(f"select id from sf.things where {predicate}").scans[0].pushed


@pytest.mark.parametrize(
    "text",
    [
        "select l, count(*) as c, count(i) as n, sum(id) as s, avg(id) as a from {s}.things group by l order by l nulls last",
        "select w, sum(n) as s, avg(n) as a from {s}.things where i < 100 group by w order by w nulls last",
        "select v, max(d) as d, min(t) as t, max(n) as n from {s}.things group by v order by v nulls last",
    ],
)
def test_groups_are_made_there_and_mean_the_same(
    snowed: SqlService, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "FEW", -1)
    monkeypatch.setattr(push, "SHARE", float("inf"))
    monkeypatch.setattr(push, "PICKED_SHARE", float("inf"))
    same(snowed, text)
    assert snowed.plan(text.replace("{s}", "sf")).scans[0].table.body
