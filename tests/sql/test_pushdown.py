"""What is pushed must change nothing: pushed, kept, and in the engine's own table."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lapwing.model.problem import LapwingError
from lapwing.sql.plan import Planner
from lapwing.sql.rules.projection import projection
from lapwing.sql.run import Running
from lapwing.sql.service import SqlService

PREDICATES = [
    line for line in (Path(__file__).parent / "fixtures/predicates.sql").read_text().splitlines() if line[:2] != "--"
]


def rows(service: SqlService, text: str, *, push: bool = True) -> object:
    """The rows, or the code of what was wrong."""
    try:
        if push:
            return service.table(text).to_pylist()
        planner = Planner(service.catalog, service._planning, rules=(projection,))
        plan = planner.plan(text, "UTC", {})
        assert not any(scan.pushed for scan in plan.scans)
        with Running(
            plan, engine=service._engine, sources=service._sources, given={}, time_limit=20, query_id="x"
        ) as running:
            return [row for batch in running for row in batch.to_pylist()]
    except LapwingError as error:
        return error.problems[0].code


def same_everywhere(service: SqlService, predicate: str) -> None:
    text = "select id from {source}.things where " + predicate + " order by id"
    own = rows(service, text.replace("{source}", "own"))
    assert isinstance(own, list), own
    for source in (name for name in ("lite", "pg", "my") if name in service._sources):
        here = text.replace("{source}", source)
        kept = rows(service, here, push=False)
        assert rows(service, here) == kept, f"{source}: {service.explain(here)}"
        assert kept == own, source


@pytest.mark.parametrize("predicate", PREDICATES)
def test_predicates_mean_the_same(everywhere: SqlService, predicate: str) -> None:
    same_everywhere(everywhere, predicate)


def test_most_plain_conditions_are_pushed(everywhere: SqlService) -> None:
    for predicate in ("i = 5", "i in (1, 2)", "v like 'a%'", "v < 'b'", "d >= '2020-01-01'", "l", "f > 1", "v is null"):
        for source in ("lite", "pg", "my"):
            plan = everywhere.plan(f"select id from {source}.things where {predicate}")
            assert plan.scans[0].pushed, (source, predicate, plan.scans[0].kept)
    for source in ("pg", "my"):
        plan = everywhere.plan(f"select id from {source}.things where n > 1.5 and t < '2020-01-01'")
        assert plan.scans[0].kept == ()


VALUES = {
    "i": ["1", "5", "-3", "2.5", "9007199254740993", "null"],
    "v": ["'a'", "'A'", "''", "'a%'", "'ab'", "'é☃'", "'it''s ~~ x'", "null"],
    "w": ["'a'", "'Z'", "'10'", "'9'", "'ä'"],
    "f": ["0.1", "0.30000000000000004", "0", "5.5", "1e300"],
    "n": ["1.1", "1.105", "0", "-0.5"],
    "d": ["'2020-01-01'", "'1969-07-20'", "'2020-02-29'"],
    "t": ["'2020-01-01'", "'2019-12-31 23:59:59.999999'"],
}


@st.composite
def _leaf(draw: st.DrawFn) -> str:
    column = draw(st.sampled_from(sorted(VALUES)))
    value = st.sampled_from(VALUES[column])
    kind = draw(st.sampled_from(["compare", "in", "between", "null", "distinct", "like"]))
    if kind == "in":
        return f"{column} {draw(st.sampled_from(['in', 'not in']))} ({', '.join(draw(st.lists(value, min_size=1, max_size=3)))})"
    if kind == "between":
        return f"{column} between {draw(value)} and {draw(value)}"
    if kind == "null":
        return f"{column} is {draw(st.sampled_from(['', 'not ']))}null"
    if kind == "distinct":
        return f"{column} is distinct from {draw(value)}"
    if kind == "like" and column in "vw":
        pattern = draw(st.sampled_from(["a%", "%b", "_", "A_%"]))
        return f"{column} {draw(st.sampled_from(['like', 'not like', 'ilike']))} {pattern!r}"
    return f"{column} {draw(st.sampled_from(['=', '<>', '<', '<=', '>', '>=']))} {draw(value)}"


CONDITIONS = st.recursive(
    _leaf(),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda three: f"({' '.join(three)})"),
        inner.map(lambda one: f"not ({one})"),
    ),
    max_leaves=4,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(predicate=CONDITIONS)
def test_any_condition_means_the_same(everywhere: SqlService, predicate: str) -> None:
    same_everywhere(everywhere, predicate)


STATEMENTS = [
    "select count(*) as c from {s}.things",
    "select a.id, b.id as other from {s}.things a join {s}.things b on a.i = b.i where b.v like 'a%' order by all",
    "select a.id, b.v from own.things a left join {s}.things b on a.id = b.i order by all",
    "select a.id from own.things a left join {s}.things b on a.id = b.i where b.id is null order by all",
    "with q as (select * from {s}.things where i > 1) select x.id from q x, q y where x.i = y.id order by all",
    """with recursive r as (select id, i from {s}.things where id = 1
           union all select t.id, t.i from {s}.things t, r where t.id = r.id + 1 and t.id < 5)
           select * from r order by all""",
    "select v, count(*) as c from {s}.things group by v having count(*) > 0 order by v nulls last",
    "select id from {s}.things where i in (select g from {s}.big where n < 50) order by id",
    "select id, (select max(n) from {s}.big b where b.g = t.i) as m from {s}.things t order by id",
    "select * from {s}.things order by id desc limit 3",
    "select id from {s}.things union all select n from {s}.big where n between 7 and 8 order by all",
    "select count(*) as c from {s}.things where 1 = 0",
    "select sum(i) as s, avg(f) as a, min(v) as v, max(w) as w, sum(n) as n from {s}.things where i < 100",
]


@pytest.mark.parametrize("text", STATEMENTS)
def test_statements_mean_the_same(everywhere: SqlService, text: str) -> None:
    own = rows(everywhere, text.format(s="own"))
    for source in ("lite", "pg", "my"):
        assert rows(everywhere, text.format(s=source)) == own


def test_limit_is_pushed_only_where_every_condition_is(everywhere: SqlService) -> None:
    plan = everywhere.plan("select n from pg.big where g = 3 limit 5 offset 2")
    assert plan.scans[0].limit == 7
    assert everywhere.table(plan.text).num_rows == 5
    for kept in ("abs(g) = 3", "g = 3 and n % 2 = 0"):
        assert everywhere.plan(f"select n from pg.big where {kept} limit 5").scans[0].limit is None
    assert everywhere.plan("select count(*) from pg.big limit 5", whole=True).scans[0].limit is None
    assert everywhere.plan("select distinct g from pg.big limit 5", whole=True).scans[0].limit is None
