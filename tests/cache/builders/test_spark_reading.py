"""Spark's workers read with Lapwing's own sources: bit by bit what the engine builds, from databases, CSV and statements."""

from __future__ import annotations

import csv
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pyarrow as pa
import pytest
from tests.cache.builders.test_spark import CLUSTER, LOCAL, built, of_its_own
from tests.cache.project import opened
from tests.sources.bigquery_emulator import bigquery_tables

from lapwing.cache.builders.spark import reading
from lapwing.model.project import SparkConfig
from lapwing.sources.base import Column

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


def rows(count: int) -> list[tuple[object, ...]]:
    """Over the hour that happens twice."""
    chance = random.Random(7)
    start = datetime(2012, 10, 20)
    step = timedelta(days=40) / count

    def one(number: int) -> tuple[object, ...]:
        at = start + step * number + timedelta(microseconds=chance.randrange(10**6))
        return (
            at,
            at.replace(tzinfo=UTC) + timedelta(hours=chance.randrange(9)),
            chance.choice([date(2012, 2, 29), date(1969, 12, 31), None]),
            chance.choice(["a", "b", "ü", "a'b\\c", "A", None]),
            chance.choice([9007199254740993, 9007199254740994, -(2**62), 5, None]),
            chance.choice([Decimal("0.01"), Decimal("-9999999999.99"), None]),
            chance.choice([Decimal("123456789.123456789"), Decimal("0.000000001")]),
            chance.choice([0.1, 1e300, -2.5, 3.0, None]),
            "x",
        )

    return [one(number) for number in range(count)]


@pytest.fixture(scope="module", name="local")
def _local() -> Iterator[SparkConfig]:
    yield from of_its_own(LOCAL)


@pytest.fixture(scope="module", name="cluster")
def _cluster() -> Iterator[SparkConfig]:
    yield from of_its_own(CLUSTER)


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


def write_csv(root: Path, trips: list[tuple[object, ...]]) -> None:
    for name, head, lines in (("trips", list(COLUMNS), trips), ("shops", ["shop", "town"], SHOPS)):
        with (root / "data" / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([head, *lines])


def written(root: Path, dataset: str, schema: str = "public") -> Path:
    (root / "datasets").mkdir()
    (root / "data").mkdir()
    (root / "lapwing.yaml").write_text(PROJECT.replace("SCHEMA", schema))
    (root / "datasets" / "trips.yaml").write_text(dataset)
    return root


def spied(patch: pytest.MonkeyPatch, log: Path, victim: str | None = None) -> None:
    """Workers write down the number of each part that they read. The first one to have read some rows kills itself and the
    process above it that is called `victim`."""
    made = reading.read_parts

    def read_parts(*given: Any) -> reading.Read:
        read = made(*given)

        def spy(numbers: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            given = list(numbers)
            with log.open("a") as file:
                file.writelines(f"{number}\n" for batch in given for number in batch.column(0).to_pylist())
            for batch in read(iter(given)):
                yield batch
                if victim and not log.with_suffix(".killed").exists():
                    log.with_suffix(".killed").touch()
                    me = psutil.Process()
                    parents = [one for one in me.parents() if victim in " ".join(one.cmdline())]
                    for process in (*parents[:1], me):
                        process.kill()

        return spy

    patch.setattr(reading, "read_parts", read_parts)


def test_types_are_those_of_lapwing() -> None:
    types = {
        "bool": "BOOLEAN",
        "tiny": "TINYINT",
        "unsigned": "USMALLINT",
        "long": "BIGINT",
        "huge": "HUGEINT",
        "money": "DECIMAL(12,2)",
        "text": "VARCHAR",
        "day": "DATE",
        "wall": "TIMESTAMP",
        "moment": "TIMESTAMP WITH TIME ZONE",
    }
    found = reading.spark_schema([Column(name, kind) for name, kind in types.items()])
    assert {field.name: field.dataType.simpleString() for field in found} == {
        "bool": "boolean",
        "tiny": "tinyint",
        "unsigned": "int",
        "long": "bigint",
        "huge": "decimal(38,0)",
        "money": "decimal(12,2)",
        "text": "string",
        "day": "date",
        "wall": "timestamp_ntz",
        "moment": "timestamp",
    }


def test_a_table_of_postgres_is_read_by_workers(tmp_path: Path, local: SparkConfig, schema: str) -> None:
    root = written(tmp_path, DATASET.replace("SKETCHES", ""), schema)
    expected = built(root, "duckdb", None, "one")
    assert sum(map(len, expected.values())) > 100
    assert built(root, "spark", local, "other") == expected


@pytest.mark.long
def test_rows_are_read_once_for_all_parts_of_a_statement(
    tmp_path: Path, local: SparkConfig, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = written(tmp_path, DATASET.replace("SKETCHES\n", SKETCHES), schema)
    expected = built(root, "duckdb", None, "one")
    spied(monkeypatch, tmp_path / "log")
    assert built(root, "spark", local, "other") == expected
    read = (tmp_path / "log").read_text().split()
    assert sorted(read) == ["0", "1", "2", "3"]  # pieces of two months, at least as many as shards


@pytest.mark.long
def test_a_csv_file_is_read_by_workers(tmp_path: Path, local: SparkConfig) -> None:
    text = DATASET.replace("SKETCHES\n", SKETCHES).replace("db.", "files.")
    root = written(tmp_path, text)
    text = (root / "lapwing.yaml").read_text()
    (root / "lapwing.yaml").write_text("".join(line for line in text.splitlines(True) if "postgres" not in line))
    write_csv(root, rows(3000))
    expected = built(root, "duckdb", None, "one")
    assert sum(map(len, expected.values())) > 100
    assert built(root, "spark", local, "other") == expected


@pytest.mark.long
def test_a_statement_is_run_by_workers(tmp_path: Path, local: SparkConfig, schema: str) -> None:
    """Its window sees all rows, whatever stretch of time is read."""
    own = """sql: |
  select t.*, row_number() over (order by t."at", t.seen, t.person) % 7 as turn, (abs(t.person) % 7)::usmallint as unsigned,
         sum(t.kilos) over (partition by t.shop order by t."at", t.person, t.kilos) as so_far
  from db.trips t where t.person > 0 or t.person is null"""
    text = DATASET.replace("table: db.trips", own).replace("SKETCHES\n", SKETCHES)
    text = text.replace("  far: ", "  turn: {}\n  far: ").replace("  seen: ", "  ids: {sum: unsigned}\n  seen: ")
    text = text.replace("dimensions: [shop, town, day, far]", "dimensions: [shop, town, turn, far]")
    root = written(tmp_path, text, schema)
    expected = built(root, "duckdb", None, "one")
    assert sum(map(len, expected.values())) > 100
    assert built(root, "spark", local, "other") == expected


@pytest.mark.long
def test_streams_of_bigquery_are_read_by_workers(
    tmp_path: Path, bigquery_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table that is joined is too large to be handed over, and is cut, too."""
    names = [name for name in COLUMNS if name not in ("price", "fine")]
    lines = [dict(zip(COLUMNS, line, strict=True)) for line in rows(1000)]
    kinds = {"at": pa.timestamp("us"), "seen": pa.timestamp("us", tz="UTC"), "day": pa.date32(), "kilos": pa.float64()}
    schema = pa.schema([(name, pa.int64() if name == "person" else kinds.get(name, pa.string())) for name in names])
    shops = pa.table({"shop": [shop for shop, _ in SHOPS], "town": [town for _, town in SHOPS]})
    with bigquery_tables(bigquery_dsn, {"trips": pa.Table.from_pylist(lines, schema), "shops": shops}) as dataset:
        text = "".join(
            line
            for line in DATASET.replace("SKETCHES\n", SKETCHES).splitlines(keepends=True)
            if not any(name in line for name in ("price", "fine"))
        )
        root = written(tmp_path, text)
        source = f"{{type: bigquery, project: {bigquery_dsn}, datasets: [{dataset}]}}"
        kept = (
            (root / "lapwing.yaml")
            .read_text()
            .replace("{type: postgres, dsn: '${TRIPS_DSN}', schemas: [public]}", source)
        )
        (root / "lapwing.yaml").write_text(kept)
        expected = built(root, "duckdb", None, "one")
        assert sum(map(len, expected.values())) > 100
        monkeypatch.setattr("lapwing.cache.builders.spark.tables.MOST_ROWS", 2)
        for config in of_its_own(LOCAL):  # executors are told of the emulator when a session begins
            assert built(root, "spark", config, "other") == expected


@pytest.mark.long
def test_what_a_source_says_to_a_worker_is_told(
    tmp_path: Path, local: SparkConfig, schema: str, postgres_dsn: str
) -> None:
    """A view that fails at one row, when it is read."""
    with psycopg.connect(postgres_dsn, autocommit=True) as server:
        server.execute(f"alter table {schema}.trips rename to old".encode())
        columns = ", ".join(COLUMNS).replace("price", "(100 / (person - 5))::numeric(12,2) as price")
        server.execute(f"create view {schema}.trips as select {columns} from {schema}.old".encode())
    with opened(written(tmp_path, DATASET.replace("SKETCHES", ""), schema)) as (_, cache):
        expected, found = (cache.build(builder=name, spark=local) for name in ("duckdb", "spark"))
        assert "division by zero" in expected.failed[0].problems[0].message
        assert [one.problems for one in found.failed] == [one.problems for one in expected.failed]


@pytest.mark.long
def test_a_joined_table_may_not_be_large(
    tmp_path: Path, local: SparkConfig, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lapwing.cache.builders.spark.tables.MOST_ROWS", 2)
    with opened(written(tmp_path, DATASET.replace("SKETCHES", ""), schema)) as (_, cache):
        (problem,) = cache.build(builder="spark", spark=local).failed[0].problems
        assert problem.code == "not-at-spark"
        assert problem.message.startswith(f"db.{schema}.shops is joined and has more than 2 rows")


@pytest.mark.long
@pytest.mark.parametrize("victim", ["pyspark.daemon", "ExecutorBackend"])
def test_a_worker_killed_while_it_reads_doubles_nothing(
    tmp_path: Path, cluster: SparkConfig, schema: str, monkeypatch: pytest.MonkeyPatch, victim: str
) -> None:
    root = written(tmp_path, DATASET.replace("SKETCHES\n", SKETCHES), schema)
    expected = built(root, "duckdb", None, "one")
    spied(monkeypatch, tmp_path / "log", victim)
    assert built(root, "spark", cluster, "other") == expected
    assert (tmp_path / "log.killed").exists()
    read = (tmp_path / "log").read_text().split()
    assert len(read) > len(set(read)) == 4
