"""A whole statement on a cluster gives what the engine gives, or is not run there, and says why."""

from __future__ import annotations

import pytest
from tests.sql.conftest import FIXTURES

from lapwing.model.problem import WrongUse
from lapwing.sql.service import SqlService

STATEMENTS = [line for line in (FIXTURES / "whole.sql").read_text().splitlines() if line[:2] != "--"]


def here(text: str) -> str:
    return text.replace("{t}", "crm.clustered.things").replace("{b}", "big.numbers")


@pytest.mark.parametrize("text", STATEMENTS)
def test_answers_are_the_engine_s(clustered: SqlService, text: str) -> None:
    text = here(text)
    plan = clustered.plan(text)
    assert [scan.id for scan in plan.scans] == ["whole"], plan.notes
    with clustered.run(text) as running:
        rows = [row for batch in running for row in batch.to_pylist()]
    assert [scan.id for scan in running.plan.scans] == ["whole"], running.plan.notes
    theirs = clustered.table(text, engine="duckdb")
    assert running.schema == theirs.schema
    ordered = "order by" in text
    assert rows == theirs.to_pylist() if ordered else sorted(map(str, rows)) == sorted(map(str, theirs.to_pylist()))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("select avg(f) from {t}", "the mean of what is no exact number"),
        ("select sum(f) from {t}", "floats are added in another order"),
        ("select id from {t} where f > 1", "NaN"),
        ("select f, count(*) from {t} group by f", "which floats are alike"),
        ("select i // 2 from {t}", "int div is not written"),
        ("select id from {t} where v like 'a\\%'", "LIKE of this pattern"),
        ("select id from {t} where v ilike 'A%'", "ilike is not written"),
        ("select lower(v) from {t}", "lower is not written"),
        ("select greatest(i, 3) from {t}", "greatest is not written"),
        ("select d + interval 1 day from {t}", "interval is not written"),
        ("select round(n, 1) from {t}", "round is not written"),
        ("select id from {t} where v similar to 'a.*'", "not written"),
        ("select list(id) from {t}", "not written"),
        ("select id from {t} where i = '5'", "integer against text"),
        ("select (select count(*) from {b} b where b.n = t.id), count(*) from {t} t group by 1", "did not expect it"),
        ("select c from crm.clustered.kinds", "the column c is not the same"),
        ("select * from crm.clustered.kinds", "the column c is not the same"),
        ("select date_trunc('day', z) from crm.clustered.kinds", "the column z is not the same"),
        ("select distinct on (l) id from {t}", "DISTINCT of this kind"),
        ("select l, count(*) from {t} group by rollup (l)", "rollup"),
        ("select id from {t} limit 2 + 1", "limit by what is no number of rows"),
        ("select a.id from {t} a join own.local b on a.id = b.id", "own.local is read by the engine alone"),
        ("select 1 as one", "rows that the cluster has not"),
        ("select i + 1 as id from {t} where id > 3", "names both a column and a result"),
        (
            "with recursive r as (select 1 as step union all select step + 1 from r where step < 3) select step from r, {t}",
            "recursive",
        ),
    ],
)
def test_what_might_differ_is_not_run_there(clustered: SqlService, text: str, why: str) -> None:
    plan = clustered.plan(here(text))
    assert "whole" not in [scan.id for scan in plan.scans]
    (note,) = plan.notes
    assert note.startswith("Not run on the cluster as a whole: ")
    assert why in note
    assert note in clustered.explain(here(text))


def test_explain_shows_the_cluster_s_statement(clustered: SqlService) -> None:
    told = clustered.explain(here("select v, count(*) as c from {t} group by v"))
    assert told.startswith("Statement, on Trino at ")
    assert "sent to the cluster" in told
    assert 'FROM "pg"."clustered"."things" AS "things" GROUP BY "things"."v"' in told


def test_what_fails_there_is_run_here(clustered: SqlService) -> None:
    """The cluster has no room for such a number in between; the engine has."""
    text = here("select sum(n * n * n * n * n * n * n * n) / 2 as s from {t} where i < 3 and i > 0")
    assert [scan.id for scan in clustered.plan(text).scans] == ["whole"]
    theirs = clustered.table(text, engine="duckdb")
    with clustered.run(text) as running:
        assert [row for batch in running for row in batch.to_pylist()] == theirs.to_pylist()


def test_order_is_kept_over_many_rows(clustered: SqlService) -> None:
    text = here("select n from {b} order by g desc, n desc")
    got = clustered.table(text).column("n").to_pylist()
    assert got == sorted(range(10_000), key=lambda n: (-(n % 7), -n))


def test_engines_by_name(clustered: SqlService) -> None:
    text = here("select id from {t}")
    assert clustered.plan(text, engine="trino").scans[0].id == "whole"
    assert clustered.plan(text, engine="duckdb").scans[0].id == "scan0"
    with pytest.raises(WrongUse, match="spark is no engine"):
        clustered.plan(text, engine="spark")
