"""Filters: read, evaluated and written back, they mean what the engine means."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lapwing.cache.filter import _parse, parse_where, to_sql
from lapwing.cache.filter_quick import read_quickly
from lapwing.cache.predicate import And, Compare, In, IsNull, Not, Or, Predicate, Sql
from lapwing.cache.truth import coded, evaluate
from lapwing.model.problem import NotFound, WrongUse

TYPES = {"name": "VARCHAR", "size": "INTEGER", "far": "BOOLEAN", "cost": "DOUBLE"}
SCHEMA = pa.schema([("name", pa.string()), ("size", pa.int32()), ("far", pa.bool_()), ("cost", pa.float64())])
NAMES = st.sampled_from(["", "a", "A", "ab", "b'c", "ü", "\U0001f600", "\uffff", "z%_"])


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def text(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


LEAVES = st.one_of(
    st.builds("name {} {}".format, st.sampled_from(["=", "<>", "<", "<=", ">", ">="]), NAMES.map(text)),
    st.builds("{} {} size".format, st.integers(-3, 3), st.sampled_from(["=", "<>", "<", "<=", ">", ">="])),
    st.builds("size between {} and {}".format, st.integers(-3, 3), st.integers(-3, 3)),
    st.builds(
        "name {}in ({})".format, st.sampled_from(["", "not "]), st.lists(NAMES.map(text), min_size=1).map(", ".join)
    ),
    st.builds("size in ({}, null)".format, st.integers(-3, 3)),
    st.builds("{} is {}null".format, st.sampled_from(list(TYPES)), st.sampled_from(["", "not "])),
    st.builds("name like {}".format, NAMES.map(text)),
    st.sampled_from(["far", "far = false", "cost > 0.5", "cost = size", "size + 1 > 2", "far is distinct from true"]),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=6,
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.none() | NAMES,
            "size": st.none() | st.integers(-3, 3),
            "far": st.none() | st.booleans(),
            "cost": st.none() | st.sampled_from([0.0, 0.5, 1.0, float("nan")]),
        }
    ),
    max_size=12,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(condition=CONDITIONS, rows=ROWS)
def test_a_filter_keeps_what_the_engine_keeps(
    engine: duckdb.DuckDBPyConnection, condition: str, rows: list[dict[str, object]]
) -> None:
    table = pa.Table.from_pylist(rows, SCHEMA)
    predicate = parse_where(condition, TYPES)
    engine.register("t", table.append_column("i", pa.array(range(len(rows)), pa.int64())))

    def kept(where: str) -> list[int]:
        return [number for (number,) in engine.execute(f"select i from t where {where} order by i").fetchall()]

    def ask(where: str, values: pa.Table) -> pa.ChunkedArray:
        engine.register("v", values.append_column("$i", pa.array(range(values.num_rows), pa.int64())))
        return engine.sql(f'select ({where}) as keep from v order by "$i"').to_arrow_table().column("keep")

    columns = {name: coded(table.column(name)) for name in TYPES}
    mask = evaluate(predicate, columns, len(rows), ask)
    assert np.flatnonzero(mask).tolist() == kept(condition) == kept(to_sql(predicate))


@pytest.mark.parametrize(
    ("condition", "predicate"),
    [
        ("name = 'a'", In("name", ("a",))),
        ("'a' = name", In("name", ("a",))),
        ("3 > size", Compare("size", "<", 3)),
        ("size <> -1", Not(In("size", (-1,)))),
        ("not far and name is not null", And((Not(In("far", (True,))), Not(IsNull("name"))))),
        ("name in ('a', 'b') or size >= 2", Or((In("name", ("a", "b")), Compare("size", ">=", 2)))),
        ("cost > 1", Sql("cost > 1", ("cost",))),
        ("size = '1'", Sql("size = '1'", ("size",))),
        ("name in ('a', null)", Sql("name IN ('a', NULL)", ("name",))),
    ],
)
def test_plain_comparisons_are_understood_and_the_rest_stays_sql(condition: str, predicate: Predicate) -> None:
    assert parse_where(condition, TYPES) == predicate


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ("nam = 'a'", "1:1: There is no dimension nam. Did you mean name?"),
        ("far and\n  siz > 1", "2:3: There is no dimension siz. Did you mean size?"),
        ("name = (select 1)", "is not part of one"),
        ("count(*) > 1", "is not part of one"),
        ("name = ?", "is not part of one"),
        ("name =", "does not parse"),
        ("name = 'a", "does not parse"),
        ("name = 'a'; drop table t", "does not parse"),
        ("", "does not parse"),
    ],
)
def test_what_is_wrong_is_said(condition: str, says: str) -> None:
    with pytest.raises(NotFound if "There is no" in says else WrongUse) as error:
        parse_where(condition, TYPES)
    assert says in str(error.value)


QUICK = st.recursive(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["name", "Name", "size", "far", "nobody", '"name"', "not name"]),
        st.sampled_from([" = ", "=", " in ", " IN(", " <> "]),
        st.sampled_from(
            ["'a'", "('a')", "'a', 'b c')", "('a','ü' , 'x') ", "'it''s'", "'a' or 1=1", "('a', null)", "1", "'--'"]
        ),
    ),
    lambda inner: st.builds("{}{}{}".format, inner, st.sampled_from([" and ", " AND ", "and", " or "]), inner),
    max_leaves=3,
)


@settings(max_examples=300)
@given(QUICK)
def test_what_is_read_quickly_is_what_the_parser_reads(condition: str) -> None:
    quick = read_quickly(condition, TYPES)
    if quick is not None:
        assert quick == _parse(condition, tuple(TYPES.items()))


@pytest.mark.parametrize(
    ("condition", "predicate"),
    [
        ("name = 'a'", In("name", ("a",))),
        ("\"name\" in ('a')", In("name", ("a",))),
        ('"na""me" = \'a\'', None),
        (" name in ( 'a' ,'b' ) AND name='c'", And((In("name", ("a", "b")), In("name", ("c",))))),
        ("name = 'it''s'", None),
        ("name = 'a' or name = 'b'", None),
        ("name = 'a'and", None),
        ("size = 'a'", None),
        ("name = 'a' and", None),
        ("nobody = 'a'", None),
    ],
)
def test_what_is_read_quickly(condition: str, predicate: Predicate | None) -> None:
    assert read_quickly(condition, TYPES) == predicate
