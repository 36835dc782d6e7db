"""States of varying size keep the promise of every state, bit by bit, and their finals keep their bounds."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.cache.arrow_states import state_columns
from lapwing.cache.entries_sql import column_name, quote, with_entries
from lapwing.model.dataset import Aggregation, Measure, Shown
from lapwing.states import State, state_for
from lapwing.states.base import Columns, Rows
from lapwing.states.columns import lengths_and_data, texts
from lapwing.states.distinct import Distinct
from lapwing.states.quantile import Quantile
from lapwing.states.top import Top

ENGINE = duckdb.connect()
ENGINE.execute("SET TimeZone = 'America/New_York'")
Row = tuple[int, int, Any]
"""Part, moment, value."""


def state_of(aggregation: str, engine_type: str, parameter: float | None = None) -> State:
    shown = Shown(label="m")
    return state_for(
        Measure(name="m", aggregation=Aggregation(aggregation), argument="x", parameter=parameter, shown=shown),
        engine_type,
    )


def built(state: State, engine_type: str, rows: Sequence[Row], where: str | None = None) -> Columns:
    """The states of the parts as DuckDB builds them, in the order of the parts."""
    if not rows:
        return state.empty(1)
    ENGINE.execute(f"CREATE OR REPLACE TEMP TABLE t (part INTEGER, moment BIGINT, x {engine_type})")
    # All at once: row by row the engine takes a third of a millisecond for each.
    lists = f"unnest(?::INTEGER[]), unnest(?::BIGINT[]), unnest(?::{engine_type}[])"
    ENGINE.execute(f"INSERT INTO t SELECT {lists}", [list(column) for column in zip(*rows, strict=True)])
    given_rows = Rows("x", where, "moment")
    expressions = zip(state.sql(given_rows, "duckdb"), state.built, strict=True)
    flat = [f"{text} AS {quote(column_name('m', suffix))}" for text, suffix in expressions]
    entries = state.entries_sql(given_rows, "duckdb")
    text = with_entries("SELECT * FROM t", "", {"part": "part"}, flat, {"m": entries} if entries else {}, ordered=True)
    return state_columns(ENGINE.sql(text).to_arrow_table(), {"m": state})["m"]


def same(one: Columns, other: Columns) -> bool:
    return one.keys() == other.keys() and all(
        one[name].tobytes() == other[name].astype(one[name].dtype).tobytes() for name in one
    )


def whole_and_parts(
    state: State, engine_type: str, rows: Sequence[tuple[int, Any]], seed: int
) -> tuple[Columns, Columns]:
    """The state of all rows at once, and of a random split of them, some compact, merged in two random steps."""
    chance = random.Random(seed)
    whole = built(state, engine_type, [(0, moment, value) for moment, value in rows])
    parts = built(state, engine_type, [(chance.randrange(5), moment, value) for moment, value in rows])
    many = state.concatenate([parts, state.empty(2), state.empty(1)])
    count = len(many["n"])
    mixed: Columns = state.take(many, np.array(chance.sample(range(count), count)))
    if seed % 2:
        mixed = state.compact(mixed)
    cuts = np.array(sorted({0, *(chance.randrange(count) for _ in range(2))}))
    once = state.merge(mixed, cuts)
    return state.compact(state.merge(whole, np.array([0]))), state.compact(state.merge(once, np.array([0])))


WORDS = (
    st.none()
    | st.text(max_size=6)
    | st.sampled_from(["", " ", "a", "a ", "A", "é", "e\u0301", "\U0001f426", "z" * 300])
)
FLOATS = st.none() | st.floats() | st.floats(-1e6, 1e6) | st.integers(-50, 50).map(float)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "VARCHAR": WORDS,
    "INTEGER": st.none() | st.integers(-(2**31), 2**31 - 1) | st.integers(-9, 9),
    "BIGINT": st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9),
    "DECIMAL(12,2)": st.none() | st.integers(-(10**12) + 1, 10**12 - 1).map(lambda u: Decimal(u).scaleb(-2)),
    "DECIMAL(9,0)": st.none() | st.integers(-(10**9) + 1, 10**9 - 1).map(Decimal),
    "DOUBLE": FLOATS,
    "BOOLEAN": st.none() | st.booleans(),
    "DATE": st.none() | st.dates(date(1, 1, 1)),
    "TIMESTAMP": st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)),
    "TIMESTAMP WITH TIME ZONE": st.none()
    | st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC)),
}
CASES = [
    *(("distinct", kind, p) for kind in VALUES if kind != "DOUBLE" for p in (None, 10.0)),
    *(("quantile", kind, 0.9) for kind in ("INTEGER", "BIGINT", "DECIMAL(12,2)", "DOUBLE")),
    *(("top", kind, 3.0) for kind in ("VARCHAR", "BIGINT", "DECIMAL(12,2)", "DATE")),
    *((name, kind, None) for name in ("first", "last") for kind in VALUES),
    *((name, "VARCHAR", None) for name in ("min", "max")),
]  # fmt: skip


@pytest.mark.parametrize(("aggregation", "engine_type", "parameter"), CASES)
@settings(max_examples=15)
@given(data=st.data(), seed=st.integers(0, 1000))
def test_any_split_merged_in_any_order_is_the_whole(
    aggregation: str, engine_type: str, parameter: float | None, data: st.DataObject, seed: int
) -> None:
    moments = st.integers(-(2**62), 2**62) | st.integers(0, 3)
    rows = data.draw(st.lists(st.tuples(moments, VALUES[engine_type]), max_size=14))
    state = state_of(aggregation, engine_type, parameter)
    whole, together = whole_and_parts(state, engine_type, rows, seed)
    assert same(whole, together)
    assert whole["n"].tolist() == [sum(value is not None for _, value in rows)]
    final, again = (
        state.final(whole),
        state.final(state.merge(state.concatenate([whole, state.empty(1)]), np.array([0]))),
    )
    assert str(final) == str(again)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 5), st.none() | st.text(max_size=3) | WORDS), min_size=1, max_size=20))
def test_first_last_least_and_greatest_texts(rows: list[tuple[int, str | None]]) -> None:
    held = [(moment, value.encode()) for moment, value in rows if value is not None]
    expected = {
        "first": min(held, default=(0, None))[1],
        "last": max(held, default=(0, None))[1],
        "min": min((value for _, value in held), default=None),
        "max": max((value for _, value in held), default=None),
    }
    for aggregation, value in expected.items():
        state = state_of(aggregation, "VARCHAR")
        final = state.final(built(state, "VARCHAR", [(0, *row) for row in rows])).to_pylist()
        assert final == [None if value is None else value.decode()], aggregation


@settings(max_examples=60)
@given(st.lists(FLOATS, min_size=1, max_size=30), st.sampled_from([0.01, 0.1, 0.5, 0.7, 0.9, 0.99]))
def test_a_quantile_is_within_its_bound_of_the_value_at_its_rank(values: list[float | None], q: float) -> None:
    state = state_of("quantile", "DOUBLE", q)
    (final,) = state.final(built(state, "DOUBLE", [(0, 0, value) for value in values])).to_pylist()
    held = sorted((value for value in values if value is not None), key=lambda value: (math.isnan(value), value))
    if not held:
        assert final is None
        return
    exact = held[max(math.ceil(Decimal(str(q)) * len(held)), 1) - 1]
    assert final is not None
    if math.isnan(exact):
        assert math.isnan(final)
    elif math.isinf(exact):
        assert final == exact
    else:
        assert abs(final - exact) <= abs(exact) / 129 * (1 + 1e-12) or abs(exact) < 2.3e-308
    bound = state.bound()
    assert bound is not None
    assert bound.hard


def test_quantiles_of_every_power_of_two_and_its_neighbours() -> None:
    edges = [math.ldexp(1.0, power) for power in range(-1021, 1024)]
    values = [v for edge in edges for v in (math.nextafter(edge, 0), edge, math.nextafter(edge, math.inf), -edge)]
    columns = built(state_of("quantile", "DOUBLE", 0.5), "DOUBLE", [(i, 0, v) for i, v in enumerate(values)])
    bits = np.array(values).view(np.int64)
    expected = np.sign(np.array(values)) * ((bits & (2**63 - 1)) >> 46)
    assert columns["bucket"].tolist() == np.where(np.abs(values) < 2.2250738585072014e-308, 0, expected).tolist()
    coarse = Quantile.coarser(columns, 1)
    assert coarse["n"].sum() == len(values)
    assert set(coarse["bucket"].tolist()) <= set(range(-131_072, 131_073, 2))


def hashes(chance: np.random.Generator, state: Distinct, sizes: Sequence[int]) -> Columns:
    """States of so many random hashes each, as an engine would give them."""
    parts = []
    for size in sizes:
        h = chance.integers(0, 1 << 60, size, dtype=np.int64)
        registers, place = np.unique(h >> (60 - state.p), return_inverse=True)
        least = np.full(len(registers), 1 << 60)
        np.minimum.at(least, place, h)
        parts.append(state.from_entries({"n": np.array([size])}, np.array([len(registers)]), registers, least))
    return state.concatenate(parts)


@pytest.mark.parametrize("p", [10, 12, 14])
def test_distinct_counts_keep_their_bound(p: int) -> None:
    state = state_of("distinct", "BIGINT", float(p))
    assert isinstance(state, Distinct)
    bound = state.bound()
    assert bound is not None
    chance = np.random.default_rng(p)
    for size in (0, 1, 10, 100, 1_000, 20_000, 300_000):
        columns = hashes(chance, state, [size] * 12)
        assert same(state.compact(columns), state.compact(state.compact(columns)))
        found = np.array(state.final(state.compact(columns)).to_pylist())
        assert found.tolist() == state.final(columns).to_pylist()
        errors = np.abs(found - size) / max(size, 1)
        assert np.sqrt((errors**2).mean()) <= 1.7 * bound.relative
        assert errors.max() <= 4 * bound.relative or np.abs(found - size).max() <= 1


def test_dense_and_sparse_states_merge_alike() -> None:
    state = state_of("distinct", "BIGINT")
    assert isinstance(state, Distinct)
    chance = np.random.default_rng(1)
    columns = hashes(chance, state, [10, 5_000, 0, 900, 40_000, 3, 1, 2, 700])
    starts = np.array([0, 3, 5, 8])
    plain, packed = state.merge(columns, starts), state.merge(state.compact(columns), starts)
    assert (state.compact(columns)["packed"] > 0).tolist() == [False, True, False, True, True, *[False] * 4]
    assert same(state.compact(plain), state.compact(packed))
    assert len(state.compact(packed)["bytes"]) < 3 * 2_200
    again = state.merge(state.compact(packed), np.array([0]))
    assert state.final(again).to_pylist() == state.final(state.merge(columns, np.array([0]))).to_pylist()


@pytest.mark.parametrize("sizes", [[5, 800, 20_000, 0], [3], [100_000, 100]])
def test_a_finer_sketch_folds_to_the_coarser_one(sizes: list[int]) -> None:
    fine, coarse = state_of("distinct", "BIGINT", 14.0), state_of("distinct", "BIGINT", 12.0)
    assert isinstance(fine, Distinct)
    assert isinstance(coarse, Distinct)
    one = hashes(np.random.default_rng(5), fine, sizes)
    other = hashes(np.random.default_rng(5), coarse, sizes)
    assert same(fine.fold(fine.compact(one), 12), coarse.merge(other, np.arange(len(sizes))))


@pytest.mark.parametrize("values", ["few", "skewed", "even"])
def test_top_values_keep_their_bounds(values: str) -> None:
    state = Top(state_of("top", "BIGINT", 5.0).argument, 5)  # type: ignore[attr-defined]
    state.kept = 20
    chance = np.random.default_rng(3)
    drawn = {
        "few": chance.integers(0, 9, (60, 150)),
        "skewed": chance.zipf(1.3, (60, 150)) % 5_000,
        "even": chance.integers(0, 900, (60, 150)),
    }[values]
    rows = [(part, 0, value) for part, of_part in enumerate(drawn.tolist()) for value in of_part]
    truth = Counter(str(value) for _, _, value in rows)
    columns = built(state, "BIGINT", rows)
    flat = state.merge(columns, np.array([0]))
    tree = state.merge(state.merge(columns, np.arange(0, 60, 7)), np.array([0]))
    for merged in (flat, tree):
        names = texts(merged["length"], merged["text"]).cast("string").to_pylist()
        bounds = zip(names, merged["lower"].tolist(), merged["slack"].tolist(), strict=True)
        for name, lower, slack in bounds:
            assert lower <= truth[name] <= lower + slack
        assert max((count for name, count in truth.items() if name not in names), default=0) <= merged["absent"][0]
        assert merged["n"][0] == len(rows)
        (final,) = state.final(merged).to_pylist()
        assert [entry["value"] for entry in final] == names[:5]
    if values == "few":
        (final,) = state.final(flat).to_pylist()
        expected = sorted(truth.items(), key=lambda one: (-one[1], one[0]))[:5]
        assert [(entry["value"], entry["at_least"], entry["at_most"]) for entry in final] == [
            (v, c, c) for v, c in expected
        ]


def test_bytes_of_texts_come_back() -> None:
    import pyarrow as pa

    values = pa.array(["", "a", None, "ü" * 5, "\0b"])
    for array in (values, values.slice(1, 3), values.slice(5)):
        back = texts(*lengths_and_data(array)).cast(pa.string()).to_pylist()
        assert back == ["" if value is None else value for value in array.to_pylist()]
