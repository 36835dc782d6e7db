"""Spark's workers read with Lapwing's own sources: bit by bit what the engine builds, from databases, CSV and statements."""

from __future__ import annotations

import csv
import os
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from tests.cache.builders.test_spark import CLUSTER, built
from tests.cache.project import opened

from lapwing.cache.builders.spark.session import java
from lapwing.model.project import SparkConfig

LOCAL = SparkConfig(
    master="local[2]", shards=2, options={"spark.driver.memory": "512m", "spark.sql.shuffle.partitions": "2"}
)

PROJECT = """
name: test
timezone: America/New_York
now: 2013-05-01
sources:
  db: {type: postgres, dsn: '${TRIPS_DSN}', schemas: [SCHEMA]}
  files: {type: files, path: data}
store: {type: lmdb, path: .lapwing/store}
history: {versions: 0}
"""
DATASET = """
dataset: trips
table: db.trips
time: {column: at, timezone: America/New_York}
complete_after: 0 hours
joins:
  shops: {table: db.shops, on: shop, many_to_one: true}
dimensions:
  shop: {}
  town: {column: shops.town}
  day: {}
  far: {sql: "person > 9007199254740993"}
measures:
  trips: {count: "*"}
  paid: {count: price}
  money: {sum: price}
  exact: {max: fine}
  people: {sum: person}
  weight: {sum: kilos}
  heavy: {sum: kilos, where: kilos > 1}
  seen: {max: seen}
  first_at: {min: trips.at}
  last_day: {max: day}
  least_shop: {min: shop}
SKETCHES
rollups:
  main: {grain: hour, dimensions: [shop, town, day, far], partition: month}
"""
SKETCHES = """  who: {distinct: person}
  middle: {quantile: kilos, q: 0.5}
  usual: {top: shop, k: 2}
"""
COLUMNS = {
    "at": "timestamp",
    "seen": "timestamptz",
    "day": "date",
    "shop": "text",
    "person": "bigint",
    "price": "numeric(12,2)",
    "fine": "numeric(18,9)",
    "kilos": "double precision",
    "unused": "text",
}
SHOPS = [("a", "Aachen"), ("b", "Bonn"), ("ü", None)]


def rows(count: int, *, nulls: bool = True) -> list[tuple[object, ...]]:
    """Over both changes of the clock, with the hour that happens twice; and of times that are in no month that is built."""
    chance = random.Random(7)
    start = datetime(2012, 10, 20)
    step = timedelta(days=180) / count
    none = [None] if nulls else []

    def one(number: int) -> tuple[object, ...]:
        at = start + step * number + timedelta(microseconds=chance.randrange(10**6))
        return (
            at,
            at.replace(tzinfo=UTC) + timedelta(hours=chance.randrange(9)),
            chance.choice([date(2012, 2, 29), date(1969, 12, 31), *none]),
            chance.choice(["a", "b", "ü", "a'b\\c", "A", *none]),
            chance.choice([9007199254740993, 9007199254740994, -(2**62), 5, *none]),
            chance.choice([Decimal("0.01"), Decimal("-9999999999.99"), *none]),
            chance.choice([Decimal("123456789.123456789"), Decimal("0.000000001")]),
            chance.choice([0.1, 1e300, -2.5, 3.0, *none]),
            "x",
        )

    return [one(number) for number in range(count)]


@pytest.fixture(scope="module", name="local")
def _local() -> Iterator[SparkConfig]:
    yield from _of_its_own(LOCAL)


@pytest.fixture(scope="module", name="cluster")
def _cluster() -> Iterator[SparkConfig]:
    yield from _of_its_own(CLUSTER)


def _of_its_own(config: SparkConfig) -> Iterator[SparkConfig]:
    """One session a process."""
    pyspark = pytest.importorskip("pyspark", reason="Spark is not installed")
    if java() is None:
        if os.environ.get("CI") == "true":
            pytest.fail("there is no Java")
        pytest.skip("there is no Java")
    for when in ("before", "after"):
        session = pyspark.sql.SparkSession.getActiveSession()
        if session is not None:
            session.stop()
        if when == "before":
            yield config


@pytest.fixture(name="schema")
def _schema(postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A schema with the tables trips and shops, in the project's PostgreSQL."""
    schema = f"trips_{uuid.uuid4().hex[:8]}"
    monkeypatch.setenv("TRIPS_DSN", postgres_dsn)
    with psycopg.connect(postgres_dsn, autocommit=True) as server:
        server.execute(f"create schema {schema}".encode())
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        server.execute(f"create table {schema}.trips ({columns})".encode())
        server.execute(f"create table {schema}.shops (shop text, town text)".encode())
        with server.cursor() as cursor:
            places = ", ".join(["%s"] * len(COLUMNS))
            cursor.executemany(f"insert into {schema}.trips values ({places})".encode(), rows(3000))
            cursor.executemany(f"insert into {schema}.shops values (%s, %s)".encode(), SHOPS)
        server.execute(f"analyze {schema}.trips".encode())
        yield schema
        server.execute(f"drop schema {schema} cascade".encode())


def written(root: Path, dataset: str, schema: str = "public") -> Path:
    (root / "datasets").mkdir()
    (root / "data").mkdir()
    (root / "lapwing.yaml").write_text(PROJECT.replace("SCHEMA", schema))
    (root / "datasets" / "trips.yaml").write_text(dataset)
    return root


def test_a_table_of_postgres_is_read_by_workers(tmp_path: Path, local: SparkConfig, schema: str) -> None:
    root = written(tmp_path, DATASET.replace("SKETCHES", ""), schema)
    expected = built(root, "duckdb", None, "one")
    assert len(expected) > 5
    assert built(root, "spark", local, "other") == expected
