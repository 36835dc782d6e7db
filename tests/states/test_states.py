"""The promise of every state: any split of the rows, merged in any order, gives the state of the whole, and its final
value is what exact arithmetic gives."""

from __future__ import annotations

import math
import random
import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.model.dataset import Aggregation, Measure, Shown
from lapwing.model.problem import Refused
from lapwing.states import State, state_for
from lapwing.states.base import Rows

ENGINE = duckdb.connect()
LARGE = 2.0**83


def measure(aggregation: str) -> Measure:
    return Measure(name="m", aggregation=Aggregation(aggregation), argument="x", shown=Shown(label="m"))


def texts(state: State, where: str | None, dialect: str) -> str:
    expressions = state.sql(Rows("x", where), dialect)
    assert len(expressions) == len(state.columns)
    return ", ".join(f'{e} AS "{c.suffix}"' for e, c in zip(expressions, state.columns, strict=True))


def built(state: State, engine_type: str, rows: Sequence[tuple[int, Any]], where: str | None = None) -> dict[str, Any]:
    """The states of the parts (first of each row) as DuckDB builds them, in the order of the parts."""
    ENGINE.execute(f"CREATE OR REPLACE TEMP TABLE t (part INTEGER, x {engine_type})")
    if rows:
        ENGINE.executemany("INSERT INTO t VALUES (?, ?)", [list(row) for row in rows])
    table = ENGINE.sql(
        f"SELECT part, {texts(state, where, 'duckdb')} FROM t GROUP BY part ORDER BY part"
    ).to_arrow_table()
    kinds = {"<i8": "int64", "<f8": "double"}
    for column in state.columns:
        assert str(table.schema.field(column.suffix).type) == kinds[column.dtype], column.suffix
    return {c.suffix: table[c.suffix].to_numpy().astype(c.dtype) for c in state.columns}


def merged(state: State, columns: dict[str, Any]) -> dict[str, Any]:
    return dict(state.merge(columns, np.array([0])))


def reordered(columns: dict[str, Any], order: Sequence[int]) -> dict[str, Any]:
    return {suffix: array[list(order)] for suffix, array in columns.items()}


def bits(columns: dict[str, Any], but: Sequence[str] = ()) -> dict[str, list[int]]:
    return {name: array.view("<i8").tolist() for name, array in columns.items() if name not in but}


def whole_and_parts(state: State, engine_type: str, values: Sequence[Any], seed: int) -> tuple[dict[str, Any], ...]:
    """The state of all `values` at once, and of a random split of them merged in two random steps, identities among."""
    chance = random.Random(seed)
    whole = built(state, engine_type, [(0, value) for value in values])
    parts = built(state, engine_type, [(chance.randrange(5), value) for value in values])
    many = {c.suffix: np.concatenate([parts[c.suffix], state.empty(2)[c.suffix]]) for c in state.columns}
    count = len(many["n"])
    mixed = reordered(many, chance.sample(range(count), count))
    cuts = np.array(sorted({0, *(chance.randrange(count) for _ in range(2))}))
    return whole, merged(state, dict(state.merge(mixed, cuts)))


INTEGERS = {"INTEGER": 31, "BIGINT": 63, "HUGEINT": 120}
EDGES = st.sampled_from([0, 1, -1])


def integers(bits_: int) -> st.SearchStrategy[int | None]:
    low, high = -(2**bits_), 2**bits_ - 1
    return st.none() | st.integers(low, high) | st.sampled_from([low, high, 0, -1]) | st.integers(-100, 100)


def decimals(digits: int, scale: int) -> st.SearchStrategy[Decimal | None]:
    exact = Context(prec=60)
    unscaled = st.integers(-(10**digits) + 1, 10**digits - 1) | st.integers(-1000, 1000)
    return st.none() | unscaled.map(lambda u: Decimal(u).scaleb(-scale, exact))


EXACT_TYPES: dict[str, st.SearchStrategy[Any]] = {
    **{name: integers(width) for name, width in INTEGERS.items()},
    "UBIGINT": st.none() | st.integers(0, 2**64 - 1),
    "DECIMAL(9,2)": decimals(9, 2),
    "DECIMAL(18,9)": decimals(18, 9),
    "DECIMAL(18,18)": decimals(18, 18),
    "DECIMAL(18,0)": decimals(18, 0),
    "DECIMAL(38,9)": decimals(36, 9),
}
seeds = st.integers(0, 1000)
few = settings(max_examples=25)


@pytest.mark.parametrize("engine_type", EXACT_TYPES)
@few
@given(data=st.data(), seed=seeds)
def test_integer_and_decimal_sums_are_exact(engine_type: str, data: st.DataObject, seed: int) -> None:
    values = data.draw(st.lists(EXACT_TYPES[engine_type], min_size=1, max_size=12))
    state, mean = state_for(measure("sum"), engine_type), state_for(measure("mean"), engine_type)
    whole, together = whole_and_parts(state, engine_type, values, seed)
    assert bits(whole) == bits(together)
    held = [Fraction(value) for value in values if value is not None]
    final = state.final(together).to_pylist()[0]
    assert (None if final is None else Fraction(final)) == (sum(held) if held else None)
    assert mean.columns == state.columns
    expected = float(sum(held) / len(held)) if held else None
    assert mean.final(together).to_pylist() == [expected]


@pytest.mark.parametrize("engine_type", ["INTEGER", "BIGINT", "DECIMAL(9,2)", "DECIMAL(18,9)", "DECIMAL(18,18)"])
@few
@given(data=st.data(), seed=seeds)
def test_integer_and_decimal_variances_are_exact(engine_type: str, data: st.DataObject, seed: int) -> None:
    values = data.draw(st.lists(EXACT_TYPES[engine_type], min_size=1, max_size=12))
    state, root = state_for(measure("variance"), engine_type), state_for(measure("stddev"), engine_type)
    whole, together = whole_and_parts(state, engine_type, values, seed)
    assert bits(whole) == bits(together)
    held = [Fraction(value) for value in values if value is not None]
    expected = None
    if len(held) > 1:
        mean = sum(held) / len(held)
        expected = float(sum((value - mean) ** 2 for value in held) / (len(held) - 1))
    assert state.final(together).to_pylist() == [expected]
    assert root.final(together).to_pylist() == [None if expected is None else math.sqrt(expected)]


ORDINARY = (
    st.floats(-(2.0**70), 2.0**70)
    | st.integers(-(10**9), 10**9).map(lambda i: i / 1000)
    | st.sampled_from([0.0, -0.0, 0.1, -0.1, 2.0**20, -(2.0**20), 2.0**83 - 2.0**30, 2.0**-60, 2.0**-59, 1e15 + 0.3])
)
WILD = (
    ORDINARY
    | st.floats()
    | st.sampled_from([math.nan, math.inf, -math.inf, 5e-324, -5e-324, 1.7976931348623157e308, LARGE])
)


@settings(max_examples=80)
@given(values=st.lists(st.none() | ORDINARY, min_size=1, max_size=15), seed=seeds)
def test_float_sums_are_exact_in_any_order(values: list[float | None], seed: int) -> None:
    state, mean = state_for(measure("sum"), "DOUBLE"), state_for(measure("mean"), "DOUBLE")
    whole, together = whole_and_parts(state, "DOUBLE", values, seed)
    assert bits(whole, but=["rest"]) == bits(together, but=["rest"])
    held = [value for value in values if value is not None]
    if not held:
        assert state.final(together).to_pylist() == mean.final(together).to_pylist() == [None]
        return
    kept = [sum(map(_cut, held), Fraction(0)), sum(map(Fraction, held), Fraction(0))]
    exact = math.fsum(held)
    final = state.final(together).to_pylist()[0]
    # Every bit is in the integers, so the result is the nearest double; else the cut bits may turn a rounding.
    if kept[0] == kept[1]:
        assert final == state.final(whole).to_pylist()[0] == exact
        assert mean.final(together).to_pylist() == [float(kept[1] / len(held))]
    assert abs(Fraction(final) - kept[1]) <= Fraction(len(held), 2**60) + abs(kept[1]) * Fraction(1, 2**52)


def _cut(value: float) -> Fraction:
    return Fraction(math.trunc(Fraction(value) * 2**60), 2**60)


@settings(max_examples=80)
@given(values=st.lists(st.none() | WILD, min_size=1, max_size=10), seed=seeds)
def test_wild_floats(values: list[float | None], seed: int) -> None:
    state = state_for(measure("sum"), "DOUBLE")
    whole, together = whole_and_parts(state, "DOUBLE", values, seed)
    assert bits(whole, but=["rest"]) == bits(together, but=["rest"])
    held = [value for value in values if value is not None]
    final = state.final(together).to_pylist()[0]
    infinities = {value for value in held if math.isinf(value)}
    if not held:
        assert final is None
    elif any(math.isnan(value) for value in held) or len(infinities) == 2:
        assert math.isnan(final)
    elif infinities:
        assert final == infinities.pop()
    else:
        size = sum((abs(Fraction(value)) for value in held), Fraction(0))
        exact = sum(Fraction(value) for value in held)
        if size < Fraction(1.7e308):
            assert abs(Fraction(final) - exact) <= Fraction(len(held) + 5, 2**52) * size


def test_tiny_floats_are_not_lost() -> None:
    state, mean = state_for(measure("sum"), "DOUBLE"), state_for(measure("mean"), "DOUBLE")
    columns = built(state, "DOUBLE", [(0, 1e-300), (0, 2e-300), (1, 5e-324), (2, 1e-17), (2, 1.0)])
    assert state.final(columns).to_pylist() == [pytest.approx(3e-300, rel=1e-15), 5e-324, 1.0]
    assert mean.final(columns).to_pylist()[0] == pytest.approx(1.5e-300, rel=1e-15)


def _greatest(value: float) -> tuple[bool, float]:
    return math.isnan(value), 0.0 if math.isnan(value) else value


@pytest.mark.parametrize("kind", ["min", "max"])
@few
@given(values=st.lists(st.none() | WILD, min_size=1, max_size=10), seed=seeds)
def test_float_extremes_are_those_of_sql(kind: str, values: list[float | None], seed: int) -> None:
    state = state_for(measure(kind), "DOUBLE")
    whole, together = whole_and_parts(state, "DOUBLE", values, seed)
    assert bits(whole) == bits(together)
    held = [value for value in values if value is not None]
    expected = (min if kind == "min" else max)(held, key=_greatest) if held else None
    final = state.final(together).to_pylist()[0]
    assert final == expected or (math.isnan(final) and expected is not None and math.isnan(expected))


MOMENT = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))
ORDERED: dict[str, st.SearchStrategy[Any]] = {
    "TINYINT": integers(7),
    "BIGINT": integers(63),
    "DECIMAL(18,4)": decimals(18, 4),
    "DATE": st.none() | st.dates(),
    "TIMESTAMP": st.none() | MOMENT,
    "TIMESTAMP WITH TIME ZONE": st.none() | MOMENT.map(lambda moment: moment.replace(tzinfo=UTC)),
}


@pytest.mark.parametrize("kind", ["min", "max"])
@pytest.mark.parametrize("engine_type", ORDERED)
@settings(max_examples=15)
@given(data=st.data(), seed=seeds)
def test_extremes(engine_type: str, kind: str, data: st.DataObject, seed: int) -> None:
    values = data.draw(st.lists(ORDERED[engine_type], min_size=1, max_size=10))
    state = state_for(measure(kind), engine_type)
    whole, together = whole_and_parts(state, engine_type, values, seed)
    assert bits(whole) == bits(together)
    held = [value for value in values if value is not None]
    expected = (min if kind == "min" else max)(held) if held else None
    assert state.final(together).to_pylist() == [expected]


@settings(max_examples=60)
@given(
    values=st.lists(st.integers(-10000, 10000), min_size=2, max_size=30),
    offset=st.sampled_from([0.0, 1e6, -1e8]),
    seed=seeds,
)
def test_float_variances_merge_safely(values: list[int], offset: float, seed: int) -> None:
    state = state_for(measure("variance"), "DOUBLE")
    floats = [value / 8 + offset for value in values]
    whole, together = whole_and_parts(state, "DOUBLE", floats, seed)
    mean = sum(map(Fraction, floats)) / len(floats)
    exact = float(sum((Fraction(value) - mean) ** 2 for value in floats) / (len(floats) - 1))
    for columns in (whole, together):
        final = state.final(columns).to_pylist()[0]
        if exact == 0 or abs(offset) / math.sqrt(exact) > 1e6:
            assert final == pytest.approx(exact, abs=1e-12 * max(1.0, offset * offset))
        else:
            assert final == pytest.approx(exact, rel=1e-9)
    assert state.bound() is not None


def test_a_variance_with_what_is_no_number_is_none() -> None:
    state = state_for(measure("variance"), "DOUBLE")
    columns = built(state, "DOUBLE", [(0, 1.0), (0, math.nan), (1, math.inf), (1, 2.0), (2, 1.0), (3, None)])
    final = state.final(columns).to_pylist()
    assert math.isnan(final[0])
    assert math.isnan(final[1])
    assert final[2:] == [None, None]


ALL = [
    *(
        (aggregation, name)
        for aggregation in ("sum", "mean", "min", "max", "variance", "stddev")
        for name in ("INTEGER", "BIGINT", "DECIMAL(12,2)", "DOUBLE")
    ),
    ("sum", "BOOLEAN"),
    ("count", "VARCHAR"),
    ("max", "TIMESTAMP"),
    ("min", "DATE"),
]


@pytest.mark.parametrize(("aggregation", "engine_type"), ALL)
def test_nothing_is_the_identity(aggregation: str, engine_type: str) -> None:
    state = state_for(measure(aggregation), engine_type)
    ENGINE.execute(f"CREATE OR REPLACE TEMP TABLE t (x {engine_type})")
    query = f"SELECT {texts(state, None, 'duckdb')} FROM t"
    empty = ENGINE.sql(query).to_arrow_table()
    ENGINE.execute("INSERT INTO t VALUES (NULL)")
    nulls = ENGINE.sql(query).to_arrow_table()
    expected = {suffix: array.tolist() for suffix, array in state.empty(1).items()}
    assert empty.to_pydict() == nulls.to_pydict() == expected
    assert state.final(state.empty(2)).to_pylist() == ([0, 0] if aggregation == "count" else [None, None])


@pytest.mark.parametrize(("aggregation", "engine_type"), ALL)
def test_a_condition_keeps_rows(aggregation: str, engine_type: str) -> None:
    value = {"BOOLEAN": True, "VARCHAR": "a", "TIMESTAMP": datetime(2020, 1, 1), "DATE": date(2020, 1, 1)}.get(
        engine_type, 3
    )
    state = state_for(measure(aggregation), engine_type)
    rows = [(0, value), (1, value), (1, value), (2, value)]
    columns = built(state, engine_type, rows, where="part <> 1 OR NULL")
    assert columns["n"].tolist() == [1, 0, 1]
    none = state.empty(1)
    assert {suffix: array[1] for suffix, array in columns.items()} == {
        suffix: array[0] for suffix, array in none.items()
    }


def test_count_star_and_its_condition() -> None:
    state = state_for(Measure(name="m", aggregation=Aggregation.COUNT, argument=None, shown=Shown(label="m")), None)
    sql = state.sql(Rows(None), "duckdb") + state.sql(Rows(None, "x > 1"), "duckdb") + state.sql(Rows("x"), "duckdb")
    assert ENGINE.sql(f"SELECT {', '.join(sql)} FROM (VALUES (1), (2), (NULL)) t(x)").fetchall() == [(3, 1, 2)]


def test_sums_beyond_38_digits_are_refused_and_not_cut() -> None:
    state = state_for(measure("sum"), "DECIMAL(38,0)")
    greatest = Decimal("9" * 38)
    columns = built(state, "DECIMAL(38,0)", [(0, greatest), (1, greatest)])
    assert [int(value) for value in state.final(columns).to_pylist()] == [10**38 - 1] * 2
    with pytest.raises(Refused, match="38 digits"):
        state.final(merged(state, columns))


def test_an_int64_sum_that_would_wrap_is_refused() -> None:
    state = state_for(measure("sum"), "INTEGER")
    columns = {"n": np.array([2**32, 2**32]), "sum": np.array([2**62, 2**62])}
    with pytest.raises(Refused):
        state.merge(columns, np.array([0]))


@pytest.mark.parametrize(
    ("aggregation", "engine_type", "says"),
    [
        ("sum", "VARCHAR", "a text is no number"),
        ("mean", "DATE", "dates can't be added"),
        ("sum", "TIMESTAMP", "times can't be added"),
        ("max", "HUGEINT", "64 bits"),
        ("min", "DECIMAL(38,2)", "18 digits"),
        ("variance", "BOOLEAN", "no number"),
        ("sum", "STRUCT(a INTEGER)", "no number and no time"),
        ("distinct", "DOUBLE", "different ways"),
        ("quantile", "VARCHAR", "a text is no number"),
        ("quantile", "DATE", "times are no numbers"),
        ("top", "DOUBLE", "seldom repeat"),
        ("top", "TIMESTAMP", "seldom repeat"),
        ("last", "HUGEINT", "64 bits"),
        ("sum", None, "needs an expression"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_reason(aggregation: str, engine_type: str | None, says: str) -> None:
    with pytest.raises(Refused, match=says):
        state_for(measure(aggregation), engine_type)


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(Refused, match="not built in oracle"):
        state_for(measure("sum"), "BIGINT").sql(Rows("x"), "oracle")


SQLITE = [
    ("count", "BIGINT"), ("sum", "BIGINT"), ("sum", "INTEGER"), ("mean", "BIGINT"), ("min", "BIGINT"), ("max", "BIGINT"),
    ("variance", "INTEGER"), ("sum", "DOUBLE"), ("mean", "DOUBLE"), ("min", "DOUBLE"), ("max", "DOUBLE"), ("sum", "BOOLEAN"),
]  # fmt: skip


@pytest.mark.parametrize(("aggregation", "engine_type"), SQLITE)
@settings(max_examples=20)
@given(data=st.data())
def test_sqlite_builds_the_same_states(aggregation: str, engine_type: str, data: st.DataObject) -> None:
    finite = st.none() | ORDINARY | st.sampled_from([math.inf, -math.inf, 5e-324])
    kinds: dict[str, st.SearchStrategy[Any]] = {"DOUBLE": finite, "BOOLEAN": st.none() | st.booleans()}
    values = data.draw(st.lists({**EXACT_TYPES, **kinds}[engine_type], max_size=10))
    state = state_for(measure(aggregation), engine_type)
    there = sqlite3.connect(":memory:")
    there.execute("CREATE TABLE t (x)")
    there.executemany("INSERT INTO t VALUES (?)", [(value,) for value in values])
    row = there.execute(f"SELECT {texts(state, None, 'sqlite')} FROM t").fetchone()
    there.close()
    here = built(state, engine_type, [(0, value) for value in values]) if values else state.empty(1)
    there_columns = {c.suffix: np.array([v], c.dtype) for c, v in zip(state.columns, row, strict=True)}
    assert bits(there_columns, but=["rest"]) == bits(here, but=["rest"])
    if "rest" in here:
        assert there_columns["rest"][0] == pytest.approx(here["rest"][0], rel=1e-12)


@pytest.mark.parametrize(
    ("aggregation", "engine_type"),
    [
        ("sum", "DECIMAL(9,2)"),
        ("sum", "HUGEINT"),
        ("variance", "BIGINT"),
        ("variance", "DOUBLE"),
        ("min", "TIMESTAMP WITH TIME ZONE"),
    ],
)
def test_sqlite_refuses_what_it_can_not_build_equally(aggregation: str, engine_type: str) -> None:
    with pytest.raises(Refused, match="sqlite can't build"):
        state_for(measure(aggregation), engine_type).sql(Rows("x"), "sqlite")


def test_a_moment_before_1970_and_after_2262() -> None:
    state = state_for(measure("max"), "TIMESTAMP")
    moments = [datetime(1969, 12, 31) + timedelta(microseconds=1), datetime(9000, 1, 1)]
    assert state.final(built(state, "TIMESTAMP", list(enumerate(moments)))).to_pylist() == moments
