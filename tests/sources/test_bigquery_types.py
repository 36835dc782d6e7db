"""The types of BigQuery as the engine gets them, on the emulator."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from tests.sources.bigquery_emulator import bigquery_client

from lapwing.model.project import SourceConfig
from lapwing.sources.base import Table
from lapwing.sources.bigquery import BigQuerySource
from lapwing.sources.bigquery_types import field_of

COLUMNS = """
  id INT64 NOT NULL, money NUMERIC, huge BIGNUMERIC, wall DATETIME, moment TIMESTAMP, clock TIME, raw BYTES,
  tags ARRAY<STRING>, place STRUCT<city STRING, size INT64>, doc JSON, spot GEOGRAPHY"""
ROW = """1, NUMERIC '-12345678901234567890123456789.123456789', BIGNUMERIC '0.00000000000000000000000000000000000001',
  DATETIME '2026-03-29 02:30:00.000001', TIMESTAMP '2026-03-29 01:30:00+00', TIME '23:59:59.500001', b'\\x00\\xff',
  ['a', 'b'], STRUCT('Bonn' AS city, 3 AS size), JSON '{"b": [1, null]}', ST_GEOGPOINT(7, 50)"""


@pytest.fixture(scope="module")
def source(bigquery_dsn: str) -> Iterator[BigQuerySource]:
    dataset = f"types_{uuid.uuid4().hex[:12]}"
    with closing(bigquery_client(bigquery_dsn)) as client:
        client.create_dataset(dataset)
        for text in (f"CREATE TABLE {dataset}.wide ({COLUMNS})", f"INSERT INTO {dataset}.wide VALUES ({ROW})"):
            client.query_and_wait(text, retry=None, job_retry=None)
        opened = BigQuerySource(SourceConfig(name="s", type="bigquery", project=bigquery_dsn, datasets=(dataset,)))
        yield opened
        opened.close()
        client.delete_dataset(dataset, delete_contents=True, not_found_ok=True)


def read(source: BigQuerySource, *names: str) -> dict[str, Any]:
    table: Table = source.tables()[0]
    columns = tuple(next(one for one in table.columns if one.name == name) for name in names)
    with source.scan(table, columns) as stream:
        found = pa.Table.from_batches(list(stream), stream.schema)
    (row,) = found.to_pylist()
    return dict(row)


def test_each_type_is_one_of_the_engine(source: BigQuerySource) -> None:
    assert {one.name: one.type for one in source.tables()[0].columns} == {
        "id": "BIGINT",
        "money": "DECIMAL(38,9)",
        "huge": "VARCHAR",
        "wall": "TIMESTAMP",
        "moment": "TIMESTAMP WITH TIME ZONE",
        "clock": "TIME",
        "raw": "BLOB",
        "tags": "VARCHAR",
        "place": "VARCHAR",
        "doc": "VARCHAR",
        "spot": "VARCHAR",
    }


def test_numbers_arrive_with_all_their_digits(source: BigQuerySource) -> None:
    row = read(source, "money", "huge")
    assert row["money"] == Decimal("-12345678901234567890123456789.123456789")
    assert Decimal(row["huge"]) == Decimal("1e-38")


def test_a_wall_clock_and_a_moment_are_not_mixed_up(source: BigQuerySource) -> None:
    row = read(source, "wall", "moment", "clock")
    assert row["wall"].isoformat() == "2026-03-29T02:30:00.000001"  # a time that Berlin's clocks leave out
    assert row["moment"].isoformat() == "2026-03-29T01:30:00+00:00"
    assert row["clock"].isoformat() == "23:59:59.500001"


def test_what_the_engine_has_no_like_of_is_text(source: BigQuerySource) -> None:
    row = read(source, "tags", "place", "doc", "spot")
    assert json.loads(row["tags"]) == ["a", "b"]
    assert json.loads(row["place"]) == {"city": "Bonn", "size": 3}
    assert json.loads(row["doc"]) == {"b": [1, None]}
    assert row["spot"].replace(" ", "") == "POINT(750)"


@pytest.mark.parametrize(
    ("told", "engine", "sql"),
    [
        ({"type": "NUMERIC", "precision": "12", "scale": "2"}, "DECIMAL(12,2)", None),
        ({"type": "NUMERIC", "precision": "12"}, "DECIMAL(12,0)", None),
        ({"type": "BIGNUMERIC", "precision": "38", "scale": "20"}, "DECIMAL(38,20)", None),
        ({"type": "BIGNUMERIC", "precision": "60", "scale": "20"}, "VARCHAR", "CAST(`c` AS STRING)"),
        ({"type": "STRING", "mode": "REPEATED"}, "VARCHAR", "TO_JSON_STRING(`c`)"),
        ({"type": "INTERVAL"}, "VARCHAR", "CAST(`c` AS STRING)"),
        ({"type": "RANGE", "rangeElementType": {"type": "DATE"}}, "VARCHAR", "CAST(`c` AS STRING)"),
        ({"type": "SOMETHING_NEW"}, "VARCHAR", "TO_JSON_STRING(`c`)"),
    ],
)
def test_types_as_the_api_tells_them(told: dict[str, Any], engine: str, sql: str | None) -> None:
    field = field_of({"name": "c", **told})
    assert (field.column.type, field.sql) == (engine, sql)


def test_a_collation_other_than_by_bytes_is_noted() -> None:
    assert field_of({"name": "c", "type": "STRING"}).column.exact_text
    assert not field_of({"name": "c", "type": "STRING", "collation": "und:ci"}).column.exact_text
