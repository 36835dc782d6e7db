"""A reduced statement gives what the same statement gives without: random ones over all sources, and what is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lapwing.model.problem import LapwingError, SourceError
from lapwing.sources.base import Source
from lapwing.sql import plans
from lapwing.sql.reduce import choose, edges, keys, prune
from lapwing.sql.service import SqlService

SOURCES = ("lite", "pg", "my", "own")
KEYS = ("k", "v", "name", "day", "id")


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every legal reduction is done, worth it or not."""
    monkeypatch.setattr(plans, "SECONDS", -1.0)  # what is changed here is planned anew
    monkeypatch.setattr(choose, "WORTH", -1)
    monkeypatch.setattr(prune, "FEW", -1)
    monkeypatch.setattr(choose, "SELECTIVE", 2.0)
    monkeypatch.setattr(choose, "saved_enough", lambda saved, keys: True)


def table(draw: st.DrawFn) -> str:
    return f"{draw(st.sampled_from(SOURCES))}.{draw(st.sampled_from('rst'))}"


def condition(draw: st.DrawFn, alias: str) -> str:
    return draw(
        st.sampled_from(
            [
                "true",
                f"{alias}.k > 2",
                f"{alias}.v = 3",
                f"{alias}.v is null",
                f"{alias}.name in ('a', 'ä')",
                f"{alias}.k + {alias}.v > 4",
                f"coalesce({alias}.v, 1) = 1",
            ]
        )
    )


def equal(draw: st.DrawFn, one: str, other: str) -> str:
    key = draw(st.sampled_from(KEYS))
    second = draw(st.sampled_from(["k", "v", "id"])) if key in ("k", "v", "id") else key
    return f"{one}.{key} = {other}.{second}"


def relation(draw: st.DrawFn, depth: int = 0) -> str:
    """A table, or something made of tables with its columns."""
    kind = draw(
        st.sampled_from(
            ["table"] * 4 + ["where", "group", "distinct", "union", "limit", "brackets", "window", "join", "left"]
        )
    )
    if kind == "table" or depth > 1:
        return table(draw)
    inner = relation(draw, depth + 1)
    columns = "x.id, x.k, x.v, x.name, x.day"
    match kind:
        case "where":
            return f"(select * from {inner} x where {condition(draw, 'x')})"
        case "group":
            return f"(select max(id) id, k, sum(v)::bigint v, name, max(day) as day from {inner} x group by k, name)"
        case "distinct":
            return f"(select distinct * from {inner} x)"
        case "union":
            both = draw(st.sampled_from(["union", "union all", "except", "intersect"]))
            other = relation(draw, depth + 1)
            if draw(st.booleans()):
                return f"(select * from {inner} x union by name select v, k, id, name, day from {other} y)"
            return f"(select * from {inner} x {both} select * from {other} y)"
        case "limit":
            return f"(select * from {inner} x order by id, k, v, name, day limit 5)"
        case "brackets":
            return f"((select * from {inner} x) order by id, k, v, name, day limit 5)"
        case "window":
            return f"(select id, k, count(*) over (partition by name)::bigint v, name, day from {inner} x)"
    side = "left join" if kind == "left" else "join"
    return f"(select {columns} from {inner} x {side} {relation(draw, depth + 1)} y on {equal(draw, 'x', 'y')})"


@st.composite
def statements(draw: st.DrawFn) -> str:
    """Two or three relations met in one of many ways."""
    joins, where, aliases = [f"{relation(draw)} a"], ["true"], ["a"]
    for alias in ("b", "c")[: draw(st.integers(0, 2))]:
        met = equal(draw, alias, draw(st.sampled_from(aliases)))
        side = draw(st.sampled_from(["join", "join", "left join", "right join", "full join"]))
        more = draw(st.sampled_from(["", "", f" and {condition(draw, alias)}"]))
        joins.append(f"{side} {relation(draw)} {alias} on {met}{more}")
        aliases.append(alias)
    for number in range(draw(st.integers(0, 2))):
        name, outer = f"q{number}", draw(st.sampled_from(aliases))
        inner = f"{relation(draw)} {name}"
        kept = condition(draw, name)
        where.append(
            draw(
                st.sampled_from(
                    [
                        condition(draw, outer),
                        f"{outer}.k in (select {name}.k from {inner} where {kept})",
                        f"{outer}.k not in (select {name}.v from {inner} where {kept} and {name}.v is not null)",
                        f"exists (select 1 from {inner} where {equal(draw, name, outer)} and {kept})",
                        f"not exists (select 1 from {inner} where {equal(draw, name, outer)} and {kept})",
                        f"exists (select count(*) from {inner} where {equal(draw, name, outer)} having count(*) < 2)",
                        f"{outer}.v >= (select min({name}.v) from {inner} where {equal(draw, name, outer)})",
                        f"(select count(*) from {inner} where {equal(draw, name, outer)}) < 3",
                        f"({outer}.v = 1 or {outer}.k in (select {name}.k from {inner} where {kept}))",
                    ]
                )
            )
        )
    shown = ", ".join(f"{alias}.{column}" for alias in aliases for column in ("id", "k", "v", "name"))
    text = f"select {shown} from {' '.join(joins)} where {' and '.join(where)}"
    if draw(st.booleans()):
        again = draw(st.sampled_from(["select * from w", "select count(*), max(k) from w"]))
        return f"with w as (select a.id, a.k, a.v, a.name from {' '.join(joins)} where {' and '.join(where)}) {again}"
    return text


def answer(service: SqlService, text: str) -> object:
    """The rows, in any order, or the code of what was wrong."""
    try:
        return sorted(map(repr, service.table(text).to_pylist()))
    except LapwingError as error:
        return error.problems[0].code


def whole(service: SqlService, text: str) -> object:
    """The same without any reduction."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service._plans, "_reduced", lambda plan: plan)
        return answer(service, text)


def inside(service: SqlService, text: str) -> None:
    """The same, of a source that finds keys by itself wherever it has both tables."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choose, "_most", lambda *given: -1)
        same(service, text.replace("lite.", "pg.").replace("my.", "pg."))


def same(service: SqlService, text: str) -> None:
    assert answer(service, text) == whole(service, text), service.explain(text)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(text=statements(), check=st.sampled_from([same, same, inside]))
def test_reduction_changes_nothing(scattered: SqlService, text: str, check: Callable[[SqlService, str], None]) -> None:
    check(scattered, text)


@pytest.mark.long
@settings(max_examples=4_000, suppress_health_check=list(HealthCheck))
@given(text=statements(), check=st.sampled_from([same, inside]))
def test_reduction_changes_nothing_at_length(
    scattered: SqlService, text: str, check: Callable[[SqlService, str], None]
) -> None:
    check(scattered, text)


ONCE_WRONG = [
    "select r.id from pg.r r where exists (select count(*) from lite.s s where s.k = r.k and s.id = 2)",
    "select r.id from pg.r r where exists (select 1 from lite.s s where s.id = r.k and s.v > 6 having count(*) = 0)",
    "select count(*) from pg.r r join ((select k, id from lite.s) order by id limit 6) q on q.k = r.k where r.id = 4",
    "select q.k from pg.r r join (select k from my.t union all by name select v, k from lite.s) q on q.k = r.k where r.id = 6",
    "select r.id from pg.r r join lite.s q(id, v, k) on q.k = r.id where r.id < 5",
    (
        "with q as (select k, v, id from lite.s) select count(*) from pg.r r join q on q.k = r.k where r.id = 6 "
        "and (select count(*) from my.t t anti join q x on x.v = t.v) < 5"
    ),
]
"""Each had other rows by keys."""


@pytest.mark.parametrize("text", ONCE_WRONG)
def test_no_row_is_missed(scattered: SqlService, text: str) -> None:
    right = whole(scattered, text)
    assert isinstance(right, list)
    assert answer(scattered, text) == right, scattered.explain(text, analyze=True)


MISSED = {
    "_receives": "select q.k, q.n from pg.r a join (select k, count(*) over () n from lite.s) q on q.k = a.k where a.id = 2",
    "_plain": "select a.id, b.id as other from pg.r a positional join own.s b join lite.t c on a.k = c.k where c.id = 6",
}


@pytest.mark.parametrize("guard", MISSED)
def test_without_its_guard_a_statement_goes_wrong(
    scattered: SqlService, guard: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = MISSED[guard]
    right = whole(scattered, text)
    assert answer(scattered, text) == right
    monkeypatch.setattr(edges, guard, lambda *given: True)
    assert answer(scattered, text) != right, scattered.explain(text, analyze=True)


def test_a_chain_over_three_sources_is_reduced_and_told(scattered: SqlService) -> None:
    text = "select t.id from pg.r r join lite.s s on s.id = r.k join my.t t on t.k = s.v where r.id = 2"
    told = scattered.explain(text, analyze=True)
    assert "rows at the source only with id in the k of scan0" in told
    assert told.count("rows at the source only with") == 2
    keyed = [scan["keys"] for scan in scattered.explained(text).document["scans"]]
    assert [[(key["provider"], key["provided"], key["column"]) for key in keys] for keys in keyed] == [
        [],
        [("scan0", "k", "id")],
        [("scan1", "v", "k")],
    ]
    same(scattered, text)


def test_a_source_finds_many_keys_of_its_own_tables_by_itself(
    scattered: SqlService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choose, "_most", lambda *given: -1)
    text = "select t.id from pg.r r join pg.s s on s.id = r.k join pg.t t on t.k = s.v where r.id = 2 and s.name <> 'b'"
    told = scattered.explain(text, analyze=True)
    assert "rows at the source only with id in the k of scan0, about" in told
    assert "k in the v of scan1" in told
    assert told.count("found by the source itself") == 2
    same(scattered, text)


def test_more_keys_than_were_expected_are_found_by_the_source_itself(
    scattered: SqlService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "key_condition", lambda *given: None)
    sent: list[str] = []
    written = keys.inside_condition

    def noted(*given: Any) -> str:
        sent.append(written(*given))
        return sent[-1]

    monkeypatch.setattr(keys, "inside_condition", noted)
    same(scattered, "select s.id from pg.r r join pg.s s on s.id = r.k where r.id = 2")
    assert any("IN (SELECT" in one for one in sent)
    del sent[:]
    same(scattered, "select s.id from lite.r r join lite.s s on s.id = r.k where r.id = 2")
    assert not sent


def test_a_native_provider_is_asked_with_its_own_keys(scattered: SqlService) -> None:
    text = "select t.id from pg.r r join own.s s on s.id = r.k join my.t t on t.k = s.v where r.id = 2"
    plan = scattered._reducer.reduced(scattered.plan(text))
    assert sum(len(scan.keys) for scan in plan.scans) == 2
    same(scattered, text)


def test_a_provider_that_fails_is_the_error(scattered: SqlService, monkeypatch: pytest.MonkeyPatch) -> None:
    source = scattered.catalog.source("pg")
    plain = type(source).scan

    def fails(self: Source, *given: object, **named: object) -> object:
        raise SourceError.of("source-unreachable", "It is away.")

    monkeypatch.setattr(type(source), "scan", fails)
    text = "select t.id from pg.r r join my.t t on t.k = r.k where r.id = 2"
    assert answer(scattered, text) == "source-unreachable"
    monkeypatch.setattr(type(source), "scan", plain)
    assert isinstance(answer(scattered, text), list)


def test_values_too_many_to_be_kept_are_not_waited_for(scattered: SqlService, monkeypatch: pytest.MonkeyPatch) -> None:
    from lapwing.sql.reduce import kept

    monkeypatch.setattr(kept, "MOST", 0)
    same(scattered, "select t.id from pg.r r join my.t t on t.k = r.k where r.id < 5")
