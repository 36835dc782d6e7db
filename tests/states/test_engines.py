"""Every engine builds the same states, bit by bit, as Lapwing's; what it can't, it refuses. So rows may be split among
engines at will."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from operator import itemgetter
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import sqlglot
from tests.sources.bigquery_emulator import BEYOND
from tests.states.engines import DuckDB, Engine, Row, answer, engine_called

from lapwing.cache.arrow_states import state_columns
from lapwing.cache.source_sql import SourceSql, source_sql
from lapwing.model.dataset import Aggregation, Dataset, Measure, Shown
from lapwing.model.problem import Refused
from lapwing.sql.bound import BoundDataset
from lapwing.states import State, state_for
from lapwing.states.base import Columns
from lapwing.states.dialects import DIALECTS

OTHERS = tuple(name for name in DIALECTS if name != "duckdb")
SLOW = ("spark", "bigquery", "trino")
"""To begin, and with every statement."""
PARTS = 12
DAY = 86_400_000_000
SPAN = (-71 * 366 * DAY, 131 * 366 * DAY)
SPECIAL = {"nan": PARTS, "infinity": PARTS + 1}
"""Parts of rows with values that not every engine has."""

LACKS = {"mysql": ("nan", "infinity"), "sqlite": ("nan",), "bigquery": ("nan",)}
ROUNDED = ("rest", "mean", "m2")
"""Columns that are sums of doubles: each engine rounds in its own order."""

TEXTS = ["", " ", "a", "a ", "A", "b", "é", "e\u0301", "ß", "ss", "\U0001f426", "it's", 'a"b', "\\", "%", "z" * 6000]
MOMENTS = [
    datetime(1970, 1, 1),
    datetime(1969, 12, 31, 23, 59, 59, 999_999),
    datetime(1938, 4, 24, 22, 13, 20, 1),
    datetime(2026, 3, 8, 7),  # New York's clocks go forward, and back
    datetime(2026, 11, 1, 5, 30),
    datetime(2026, 11, 1, 6, 30),
    datetime(2033, 5, 18, 3, 33, 20, 123_456),
]


def powers(chance: random.Random) -> list[float]:
    """Borders of buckets and their neighbours."""
    borders = [math.ldexp(1 + chance.randrange(64) / 64, chance.randrange(-1000, 1000)) for _ in range(60)]
    return [v for b in borders for v in (math.nextafter(b, 0), b, -b, math.nextafter(b, math.inf))]


def values(kind: str, chance: random.Random) -> list[Any]:
    """Ordinary values, traps, repeated ones, and nulls."""
    low, high = -(2**63), 2**63 - 1
    made: dict[str, list[Any]] = {
        "VARCHAR": [
            *TEXTS,
            *(chance.choice(TEXTS[:8]) for _ in range(60)),
            *(str(chance.random()) for _ in range(200)),
        ],
        "INTEGER": [-(2**31), 2**31 - 1, 0, *(chance.randrange(-50, 50) for _ in range(200))],
        "BIGINT": [low, low + 1, high, 0, -1, *(chance.randrange(low, high) for _ in range(100)), *range(-40, 40)],
        "DECIMAL(12,2)": [
            Decimal("-0.05"),
            Decimal(100),
            *(Decimal(chance.randrange(-999, 10**12)) / 100 for _ in range(90)),
        ],
        "DECIMAL(18,9)": [Decimal(chance.randrange(-(10**18) + 1, 10**18)).scaleb(-9) for _ in range(80)],
        "DECIMAL(9,0)": [Decimal(100), Decimal(-10), *(Decimal(chance.randrange(-(10**9), 10**9)) for _ in range(40))],
        "DECIMAL(38,9)": [Decimal(chance.randrange(-(10**36), 10**36)).scaleb(-9) for _ in range(60)],
        "DOUBLE": [
            *(chance.uniform(-1, 1) * 10.0 ** chance.randrange(-25, 24) for _ in range(120)),
            *(chance.randrange(-(10**9), 10**9) / 1000 for _ in range(120)),
            *(0.0, -0.0, 5e-324, -1e-310, 2.2250738585072014e-308, 1e300, 2.0**20, -(2.0**83), 1.7976931348623157e308),
            *powers(chance),
        ],
        "BOOLEAN": [True, False, True, True],
        "DATE": [
            date(1900, 1, 1),
            date(1969, 12, 31),
            date(2026, 3, 29),
            *(date(2020, 1, 1 + i % 9) for i in range(50)),
        ],
        "TIMESTAMP": [*MOMENTS, *MOMENTS, *(datetime(2020, 1, 1) + timedelta(hours=i % 17) for i in range(50))],
    }
    made["TIMESTAMP WITH TIME ZONE"] = [at.replace(tzinfo=UTC) for at in made["TIMESTAMP"] if at > datetime(1970, 1, 1)]
    return [*made[kind], None, None, None]


def rows_of(kind: str, calm: bool) -> list[Row]:
    """`calm`: without the doubles whose variance is out of a double's reach."""
    chance = random.Random(7)
    drawn = values(kind, chance)
    if calm:
        drawn = [x for x in drawn if not isinstance(x, float) or 1e-9 < abs(x) < 1e9]
    moments = [*MOMENTS, *(datetime(2026, 3, 1) + timedelta(minutes=7 * i) for i in range(30))]
    rows = [(chance.randrange(PARTS), chance.choice(moments), value) for value in drawn]
    if kind == "DOUBLE":
        special = {"nan": [math.nan, 1.0], "infinity": [math.inf, -math.inf, 2.0, math.inf]}
        rows += [(SPECIAL[name], at, value) for name, some in special.items() for value in some for at in MOMENTS[:3]]
    return rows


Case = tuple[str, str, float | None]
CASES: list[Case] = [
    *((a, t, None) for a in ("sum", "mean") for t in ("INTEGER", "BIGINT", "DECIMAL(12,2)", "DECIMAL(38,9)", "DOUBLE")),
    *((a, t, None) for a in ("min", "max") for t in ("BIGINT", "DECIMAL(12,2)", "DOUBLE", "VARCHAR", "DATE", "TIMESTAMP")),
    ("max", "TIMESTAMP WITH TIME ZONE", None),
    *(("variance", t, None) for t in ("INTEGER", "BIGINT", "DECIMAL(12,2)", "DECIMAL(18,9)", "DOUBLE")),
    ("sum", "BOOLEAN", None),
    ("count", "DATE", None),
    *(("distinct", t, None) for t in ("VARCHAR", "INTEGER", "BIGINT", "DECIMAL(12,2)", "DECIMAL(9,0)", "DECIMAL(38,9)")),
    *(("distinct", t, 10.0) for t in ("BOOLEAN", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")),
    *(("quantile", t, 0.9) for t in ("INTEGER", "BIGINT", "DECIMAL(12,2)", "DECIMAL(38,9)", "DOUBLE")),
    *(("top", t, 3.0) for t in ("VARCHAR", "INTEGER", "DECIMAL(12,2)", "DATE")),
    *((a, t, None) for a in ("first", "last") for t in ("VARCHAR", "BIGINT", "DECIMAL(12,2)", "DOUBLE", "TIMESTAMP", "BOOLEAN")),
]  # fmt: skip

BY_TYPE = sorted(CASES, key=itemgetter(1))
"""So that each type is loaded once."""

REFUSED = {
    "mysql": {"first", "last"},
    "sqlite": {"first", "last", "distinct", *(t for _, t, _ in CASES if "(" in t), "TIMESTAMP WITH TIME ZONE"},
}
REFUSED_CASES = {"sqlite": {("variance", "BIGINT"), ("variance", "DOUBLE")}}


def state_of(aggregation: str, kind: str, parameter: float | None) -> State:
    shown = Shown(label="m")
    return state_for(
        Measure(name="m", aggregation=Aggregation(aggregation), argument="x", parameter=parameter, shown=shown), kind
    )


def statement(
    state: State, kind: str, dialect: str, where: str | None, zone: str | None = None, step: int = DAY
) -> SourceSql:
    bound = BoundDataset(
        dataset=cast("Dataset", SimpleNamespace(name="states_t", time=SimpleNamespace(zone=zone))),
        relation="states_t",
        time_column="states_t.moment",
        time_type="TIMESTAMP",
        dimensions={"part": "INTEGER"},
        expressions={"part": "states_t.part"},
        arguments={"m": kind},
        argument_sql={"m": "states_t.x"},
        filters={"m": where},
    )
    return source_sql(bound, {"m": state}, ["part"], step, [SPAN[0], 0, SPAN[1]], dialect)


def refused(dialect: str, aggregation: str, kind: str) -> bool:
    never = REFUSED.get(dialect, set())
    return aggregation in never or kind in never or (aggregation, kind) in REFUSED_CASES.get(dialect, set())


def built(engine: Engine, here: DuckDB, state: State, kind: str, where: str | None, **how: Any) -> dict[Any, Columns]:
    """The state of each cell, by partition, part and bucket."""
    sql = statement(state, kind, engine.name, where, **how)
    return gathered(here, sql, answer(engine, sql.text, sql.columns), state)


def gathered(here: DuckDB, sql: SourceSql, answered: Any, state: State) -> dict[Any, Columns]:
    here.connection.register("given_states", answered)
    table = here.connection.sql(sql.gathered.replace("given.states", "given_states")).to_arrow_table()
    columns = state.compact(state_columns(table, {"m": state})["m"])
    keys = zip(*(table[name].to_pylist() for name in ("$partition", "part", "$bucket")), strict=True)
    return {key: state.take(columns, np.array([row])) for row, key in enumerate(keys)}


def assert_same(mine: dict[Any, Columns], theirs: dict[Any, Columns], without: Sequence[int] = ()) -> None:
    mine = {key: columns for key, columns in mine.items() if key[1] not in without}
    theirs = {key: columns for key, columns in theirs.items() if key[1] not in without}
    assert mine.keys() == theirs.keys()
    for key, columns in mine.items():
        for suffix, array in columns.items():
            other = theirs[key][suffix].astype(array.dtype)
            if suffix in ROUNDED:
                assert other == pytest.approx(array, rel=1e-12, abs=1e-25), (key, suffix)
            else:
                assert other.tobytes() == array.tobytes(), (key, suffix, array, other)


@pytest.fixture(scope="module")
def here() -> DuckDB:
    return DuckDB()


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.long) if name in SLOW else name for name in OTHERS],
)
def there(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with engine_called(request.param, request, tmp_path_factory.mktemp(request.param)) as engine:
        yield engine


@pytest.fixture(scope="module")
def loaded() -> dict[str, tuple[str, bool]]:
    """What each engine holds now."""
    return {}


def load(engine: Engine, kind: str, calm: bool, loaded: dict[str, tuple[str, bool]]) -> None:
    if loaded.get(engine.name) != (kind, calm):
        lacks = {SPECIAL[name] for name in LACKS.get(engine.name, ())}
        engine.load(kind, [row for row in rows_of(kind, calm) if row[0] not in lacks])
        loaded[engine.name] = (kind, calm)


@pytest.mark.parametrize("where", [None, "states_t.part <> 1"])
@pytest.mark.parametrize(("aggregation", "kind", "parameter"), BY_TYPE)
def test_states_are_the_same(
    here: DuckDB,
    there: Engine,
    loaded: dict[str, tuple[str, bool]],
    aggregation: str,
    kind: str,
    parameter: float | None,
    where: str | None,
) -> None:
    if there.name == "sqlite" and aggregation == "quantile" and "(" in kind:
        return  # its source has no decimals: an argument of one is refused before
    state = state_of(aggregation, kind, parameter)
    if refused(there.name, aggregation, kind):
        with pytest.raises(Refused, match=f"{there.name} can't build") as error:
            statement(state, kind, there.name, where)
        assert error.value.problems[0].hint == "Lapwing's engine builds it."
        return
    if there.name == "bigquery" and (aggregation, kind) in BEYOND:
        pytest.skip("it is beyond the emulator")
    calm = aggregation == "variance"
    load(here, kind, calm, loaded)
    load(there, kind, calm, loaded)
    mine = built(here, here, state, kind, where)
    theirs = built(there, here, state, kind, where)
    assert_same(mine, theirs, without=[SPECIAL[name] for name in LACKS.get(there.name, ())])


@pytest.fixture(scope="module")
def every(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Engine]]:
    """All engines at hand that start within seconds."""
    with ExitStack() as stack:
        found: list[Engine] = []
        for name in ("duckdb", "postgres", "mysql", "sqlite", "clickhouse"):
            with suppress(pytest.skip.Exception):
                found.append(stack.enter_context(engine_called(name, request, tmp_path_factory.mktemp(name))))
        yield found


@pytest.mark.parametrize(("aggregation", "kind", "parameter"), BY_TYPE)
def test_rows_split_among_engines_merge_to_the_whole(
    here: DuckDB,
    every: list[Engine],
    loaded: dict[str, tuple[str, bool]],
    aggregation: str,
    kind: str,
    parameter: float | None,
) -> None:
    state = state_of(aggregation, kind, parameter)
    special = set(SPECIAL.values())
    by_engine = []
    for engine in every:
        unlike = engine.name == "sqlite" and "(" in kind
        if not (unlike or refused(engine.name, aggregation, kind)):
            load(engine, kind, aggregation == "variance", loaded)
            by_engine.append(built(engine, here, state, kind, None))
    assert len(by_engine) >= 2 or len(every) < 3
    keys = sorted(by_engine[0])
    whole = folded(state, [by_engine[0][key] for key in keys], [0])
    chance = random.Random(f"{aggregation} {kind}")
    for _ in range(12):
        parts = [chance.choice([one for one in by_engine if key[1] not in special or key in one])[key] for key in keys]
        chance.shuffle(parts)
        cuts = sorted({0, *(chance.randrange(len(parts)) for _ in range(3))})
        groups = [parts[low:high] for low, high in itertools.pairwise([*cuts, len(parts)])]
        once = [folded(state, group, [0]) for group in groups]
        together = folded(state, parts if aggregation == "top" else once, [0])  # a top cut twice has other bounds
        assert_same({(0, 0, 0): whole}, {(0, 0, 0): together})


def folded(state: State, parts: Sequence[Columns], starts: Sequence[int]) -> Columns:
    return state.compact(state.merge(state.concatenate(parts), np.array(starts)))


ZONES = [None, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]


@pytest.mark.parametrize("zone", ZONES)
def test_wall_clocks_fall_into_the_same_buckets(
    here: DuckDB, there: Engine, loaded: dict[str, tuple[str, bool]], zone: str | None
) -> None:
    """Through both changes of the clocks of a year, and long ago; a repeated hour is its first one, as everywhere."""
    starts = [datetime(2026, 3, 7, 20), datetime(2026, 10, 31, 20), datetime(2026, 4, 4, 8), datetime(2026, 10, 3, 8)]
    wall = [start + timedelta(minutes=5, microseconds=1) * step for start in starts for step in range(200)]
    wall += [datetime(1960, 1, 1) + timedelta(days=97, seconds=11) * step for step in range(200)]
    rows: list[Row] = [(number % 3, at, number % 7) for number, at in enumerate(wall)]
    for engine in (here, there):
        engine.load("INTEGER", rows)
        loaded.pop(engine.name, None)
    step = 900_000_000
    state = state_of("count", "INTEGER", None)
    mine, theirs = (built(engine, here, state, "INTEGER", None, zone=zone, step=step) for engine in (here, there))
    assert_same(mine, theirs)
    expected: dict[tuple[int, int], int] = {}
    for part, at, _ in rows:
        moment = at.replace(tzinfo=ZoneInfo(zone) if zone else UTC).astimezone(UTC)
        us = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        key = (part, us // step * step)
        expected[key] = expected.get(key, 0) + 1
    assert {key[1:]: int(columns["n"][0]) for key, columns in theirs.items()} == expected


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_statement_is_sql_of_its_engine(dialect: str) -> None:
    """Of the engines that are not at hand at least the grammar is known."""
    read = 0
    for aggregation, kind, parameter in CASES:
        if not (refused(dialect, aggregation, kind) or (dialect == "sqlite" and "(" in kind)):
            text = statement(state_of(aggregation, kind, parameter), kind, dialect, "states_t.part <> 1").text
            tree = sqlglot.parse_one(text, read=dialect, error_level=sqlglot.ErrorLevel.RAISE)
            assert isinstance(tree, sqlglot.exp.Query)
            read += 1
    assert read > 20
