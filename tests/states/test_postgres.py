"""PostgreSQL builds the same states, bit by bit, as Lapwing's engine."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import psycopg
import pytest

from lapwing.model.dataset import Aggregation, Measure, Shown
from lapwing.states import state_for
from lapwing.states.base import Rows

PARTS = 6
TYPES = {"DOUBLE": "DOUBLE PRECISION", "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ", "HUGEINT": "NUMERIC(38,0)"}


def values(engine_type: str, chance: random.Random) -> list[Any]:
    """Ordinary values, extremes and nulls."""
    low, high = -(2**63), 2**63 - 1
    made: dict[str, list[Any]] = {
        "INTEGER": [-(2**31), 2**31 - 1, *(chance.randrange(-1000, 1000) for _ in range(40))],
        "BIGINT": [low, low, high, high, *(chance.randrange(low, high) for _ in range(40))],
        "HUGEINT": [10**37, -(10**37), *(chance.randrange(-(10**37), 10**37) for _ in range(20))],
        "DECIMAL(12,2)": [Decimal("-0.05"), *(Decimal(chance.randrange(-(10**12), 10**12)) / 100 for _ in range(40))],
        "DECIMAL(18,9)": [Decimal(chance.randrange(-(10**18), 10**18)).scaleb(-9) for _ in range(40)],
        "DOUBLE": [
            *(chance.uniform(-1, 1) * 10.0 ** chance.randrange(-25, 24) for _ in range(80)),
            *(chance.randrange(-(10**9), 10**9) / 1000 for _ in range(80)),
            *(0.0, -0.0, 5e-324, 1e-310, 2.0**20, 2.0**83, 1e300),
        ],
        "BOOLEAN": [True, False, True, True],
        "DATE": [date(1, 1, 1), date(1969, 12, 31), date(9999, 12, 31), date(2026, 3, 29)],
        "TIMESTAMP": [datetime(1, 1, 1), datetime(1969, 12, 31, 23, 59, 59, 999999), datetime(9000, 1, 1)],
        "TIMESTAMP WITH TIME ZONE": [datetime(1900, 1, 1, 1, 2, 3, 456789, UTC), datetime(2026, 3, 29, 1, tzinfo=UTC)],
    }
    return [*made[engine_type], None, None]


CASES = [
    *((a, t) for a in ("sum", "mean") for t in ("INTEGER", "BIGINT", "HUGEINT", "DECIMAL(12,2)", "DOUBLE")),
    *((a, t) for a in ("min", "max") for t in ("BIGINT", "DECIMAL(12,2)", "DOUBLE", "DATE", "TIMESTAMP")),
    ("max", "TIMESTAMP WITH TIME ZONE"),
    *(("variance", t) for t in ("INTEGER", "BIGINT", "DECIMAL(12,2)", "DECIMAL(18,9)", "DOUBLE")),
    ("sum", "BOOLEAN"),
    ("count", "DATE"),
]
ROUNDED = ("rest", "mean", "m2")
"""Columns that are sums of doubles: each engine rounds in its own order."""


@pytest.fixture(scope="module")
def there(postgres_dsn: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("SET TimeZone TO 'America/New_York'")
        yield connection


@pytest.mark.parametrize("where", [None, "part <> 1"])
@pytest.mark.parametrize(("aggregation", "engine_type"), CASES)
def test_postgres_builds_the_same_states(
    there: psycopg.Connection[Any], aggregation: str, engine_type: str, where: str | None
) -> None:
    state = state_for(
        Measure(name="m", aggregation=Aggregation(aggregation), argument="x", shown=Shown(label="m")), engine_type
    )
    chance = random.Random(7)
    drawn = values(engine_type, chance)
    if aggregation == "variance" and engine_type == "DOUBLE":
        drawn = [value for value in drawn if value is None or 1e-9 < abs(value) < 1e9]
    rows: list[tuple[int, Any]] = [(chance.randrange(PARTS), value) for value in drawn]
    if engine_type == "DOUBLE":
        rows += [(PARTS, math.nan), (PARTS, 1.0), (PARTS + 1, math.inf), (PARTS + 1, -math.inf), (PARTS + 2, math.inf)]
    parts = state.sql(Rows("x", where), "postgres"), state.sql(Rows("x", where), "duckdb")
    selects = [
        f"SELECT part, {', '.join(f'{e} AS c{i}' for i, e in enumerate(texts))} FROM states_t GROUP BY part ORDER BY part"
        for texts in parts
    ]
    there.execute("DROP TABLE IF EXISTS states_t")
    kind = TYPES.get(engine_type, engine_type)
    there.execute(f"CREATE TABLE states_t (part INTEGER, x {kind})".encode())
    with there.cursor() as cursor:
        cursor.executemany(f"INSERT INTO states_t VALUES (%s, CAST(%s AS {kind}))".encode(), rows)
        got = cursor.execute(selects[0].encode()).fetchall()
        assert cursor.description is not None
        kinds = {column.type_code for column in cursor.description[1:]}
        assert kinds <= {20, 701}, "int8 and float8 only"
    with duckdb.connect() as here:
        here.execute(f"CREATE TABLE states_t (part INTEGER, x {engine_type})")
        lists = [list(column) for column in zip(*rows, strict=True)]
        here.execute(f"INSERT INTO states_t SELECT unnest(?::INTEGER[]), CAST(unnest(?) AS {engine_type})", lists)
        expected = here.execute(selects[1]).fetchall()
    assert len(got) == len(expected)
    for mine, theirs in zip(expected, got, strict=True):
        assert mine[0] == theirs[0]
        for column, here_value, there_value in zip(state.columns, mine[1:], theirs[1:], strict=True):
            if column.suffix in ROUNDED:
                assert there_value == pytest.approx(here_value, rel=1e-12, abs=1e-30), column.suffix
            else:
                assert np.array(there_value, column.dtype) == np.array(here_value, column.dtype), column.suffix
