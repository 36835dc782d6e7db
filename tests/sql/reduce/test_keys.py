"""Values written at a source mean what they mean in the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import cast

import pyarrow as pa
import pytest

from lapwing.sources import lake, postgres, sqlite
from lapwing.sources.base import Capabilities, Column, Source, Table
from lapwing.sql.feed import NOTHING
from lapwing.sql.nodes import Key, Scan
from lapwing.sql.reduce.keys import found_inside, inside_condition, key_condition
from lapwing.sql.service import SqlService

SOURCES = ("lite", "pg", "my")


def left(service: SqlService, source: str, name: str, values: list[object]) -> list[int] | None:
    """The ids of the rows of `r` that the source leaves."""
    table = service.catalog.resolve((source, "r"))
    column = next(one for one in table.columns if one.name == name)
    asked = service.catalog.source(source)
    condition = key_condition(asked.capabilities, column, pa.array(values))
    if condition is None:
        return None
    with asked.scan(table, table.columns[:1], condition) as stream:
        return sorted(value for batch in stream for value in batch.column(0).to_pylist())


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("k", [3]),
        ("k", [-3, 0, 8]),
        ("k", [1, 2, 3, 4]),
        ("k", [5, *range(1_000, 3_000, 2)]),
        ("k", [9223372036854775807, -9223372036854775808]),
        ("name", ["a"]),
        ("name", ["A", "ä", "", "it's", 'a"b', "a\\b", "a ", "{a,b}", "NULL", "%", "a,b"]),
    ],
)
def test_values_mean_the_same(scattered: SqlService, source: str, column: str, values: list[object]) -> None:
    own = scattered.table(f"select id, {column} from own.r").to_pylist()
    assert left(scattered, source, column, values) == [row["id"] for row in own if row[column] in values]


@pytest.mark.parametrize("source", SOURCES)
def test_days_mean_the_same(scattered: SqlService, source: str) -> None:
    days = scattered.table("select distinct day from own.r where day < date '1990-01-01'").column(0).to_pylist()
    own = scattered.table("select id from own.r where day < date '1990-01-01' order by 1").column(0).to_pylist()
    assert days
    assert left(scattered, source, "day", days) == own


@pytest.mark.parametrize("source", SOURCES)
def test_no_value_is_no_row_and_too_many_are_not_written(scattered: SqlService, source: str) -> None:
    assert left(scattered, source, "k", []) == []
    most = scattered.catalog.source(source).capabilities.keys
    assert left(scattered, source, "k", list(range(0, 2 * most + 2, 2))) is None
    assert NOTHING == "1 = 0"


def test_as_many_as_are_allowed_are_understood(scattered: SqlService) -> None:
    for source in SOURCES:
        most = scattered.catalog.source(source).capabilities.keys
        found = left(scattered, source, "k", list(range(-2, 2 * most - 2, 2)))
        own = scattered.table("select id from own.r where k % 2 = 0 and k >= -2 order by 1").column(0).to_pylist()
        assert found == own, source


EVEN = list(range(0, 3_000, 2))
PG, LITE, LAKE = postgres.CAPABILITIES, sqlite.CAPABILITIES, lake.CAPABILITIES


@pytest.mark.parametrize(
    ("able", "kind", "values", "begin"),
    [
        (PG, "BIGINT", [1, 2, 3], '"k" BETWEEN 1 AND 3'),
        (PG, "BIGINT", [1, 3], """("k" BETWEEN 1 AND 3 AND "k" = ANY('{1,3}'::bigint[]))"""),
        (PG, "VARCHAR", ["a\n"], """"k" = ANY('{"a"""),
        (LITE, "BIGINT", [1, 3], '"k" IN (1,3)'),
        (LITE, "BIGINT", EVEN, '"k" IN (SELECT value FROM json_each('),
        (LITE, "DATE", [date(2024, 2, 29)], """"k" IN ('2024-02-29')"""),
        (LAKE, "BIGINT", [1, 2, 3], '"k" IN (1, 2, 3)'),
        (LAKE, "VARCHAR", ["a", "b"], "\"k\" IN ('a', 'b')"),
        (LAKE, "DOUBLE", [1.5], "None"),
        (LAKE, "BIGINT", EVEN, '"k" BETWEEN 0 AND 2998'),
        (LAKE, "DATE", [date(1, 1, 1), date(9999, 12, 31)], """"k" IN (DATE '0001-01-01', DATE '9999-12-31')"""),
    ],
)
def test_how_they_are_written(able: Capabilities, kind: str, values: list[object], begin: str) -> None:
    assert str(key_condition(able, Column("k", kind), pa.array(values))).startswith(begin)


@pytest.mark.parametrize("able", [PG, LITE, LAKE])
@pytest.mark.parametrize("days", [[-719_163], [2_932_897], [0, 2**31 - 1], [-(2**31), 0]])
def test_days_that_are_written_in_many_ways(able: Capabilities, days: list[int]) -> None:
    """BC, after 9999, or infinite."""
    assert key_condition(able, Column("k", "DATE"), pa.array(days, pa.int32()).cast(pa.date32())) is None


@pytest.mark.parametrize(("able", "text"), [(PG, "a\0"), (LITE, "a\0"), (LAKE, "a\0"), (LAKE, "a\n")])
def test_texts_that_are_not_written(able: Capabilities, text: str) -> None:
    assert key_condition(able, Column("k", "VARCHAR"), pa.array([text, "b"])) is None


@dataclass(frozen=True)
class Place:
    """Of a source, what is asked here."""

    capabilities: Capabilities


PLACES = cast("Mapping[str, Source]", {"pg": Place(PG), "other": Place(PG), "lite": Place(LITE)})
KEY = Column("k", "BIGINT")
ROWS = Scan(
    id="scan0", table=Table("pg", "", "r", (KEY,)), alias="r", kind="postgres", native=False, columns=(KEY,)
)  # fmt: skip
LITE_ROWS = replace(ROWS, table=replace(ROWS.table, source="lite"))


@pytest.mark.parametrize(
    ("provider", "column", "receiver", "found"),
    [
        (ROWS, KEY, ROWS, True),
        (ROWS, KEY, replace(ROWS, native=True), False),
        (replace(ROWS, table=replace(ROWS.table, source="other")), KEY, ROWS, False),
        (LITE_ROWS, KEY, LITE_ROWS, False),
        (ROWS, replace(KEY, exact_text=False), ROWS, False),
    ],
)
def test_where_a_source_finds_them_itself(provider: Scan, column: Column, receiver: Scan, found: bool) -> None:
    assert found_inside(provider, column, receiver, PLACES) is found


@pytest.mark.parametrize(("where", "written"), [("", ""), ("v > 3", " WHERE v > 3")])
def test_how_a_source_finds_them_itself(where: str, written: str) -> None:
    key = Key(KEY, "scan0", Column("id", "BIGINT"), 5, inside=True)
    assert inside_condition(PG, key, '"r"', where) == f'"k" IN (SELECT "id" FROM "r"{written})'
