"""Engines at hand, each holding the same rows; what they answer comes back as Arrow."""

from __future__ import annotations

import math
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.sources.bigquery_emulator import bigquery_client

from lapwing.sources.base import Column
from lapwing.sources.streams import schema_of
from lapwing.sources.types import convert, decimal_of
from lapwing.states.dialects import dialect_of

Row = tuple[int, datetime, Any]
"""Part, moment (UTC, naive), value."""


class Engine(Protocol):
    """An engine by sqlglot's name; its table holds columns part, moment and x."""

    name: str

    def load(self, kind: str, rows: Sequence[Row]) -> None: ...

    def ask(self, sql: str) -> Sequence[Sequence[Any]]: ...


def answer(engine: Engine, sql: str, columns: Sequence[Column]) -> pa.Table:
    """The result of `sql` with the promised columns."""
    values = list(zip(*engine.ask(sql), strict=True)) or [()] * len(columns)
    arrays = [
        convert(pa.array([value.decode() if isinstance(value, bytes) else value for value in one]), column.type)
        for one, column in zip(values, columns, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema_of(columns))


class DuckDB:
    name = "duckdb"

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'America/New_York'")

    def load(self, kind: str, rows: Sequence[Row]) -> None:
        given = arrow(kind, rows)
        self.connection.register("given_rows", given)
        self.connection.execute(
            f"CREATE OR REPLACE TABLE states_t AS SELECT part, moment, x::{kind} AS x FROM given_rows"
        )

    def ask(self, sql: str) -> Sequence[Sequence[Any]]:
        return self.connection.execute(sql).fetchall()


class Postgres:
    name = "postgres"

    def __init__(self, dsn: str) -> None:
        import psycopg

        self.connection = psycopg.connect(dsn, autocommit=True)
        self.connection.execute("SET TimeZone TO 'America/New_York'")

    def load(self, kind: str, rows: Sequence[Row]) -> None:
        types = {"DOUBLE": "DOUBLE PRECISION", "VARCHAR": "TEXT"}
        kind = types.get(kind, kind)
        self.connection.execute("DROP TABLE IF EXISTS states_t")
        self.connection.execute(f"CREATE TABLE states_t (part INTEGER, moment TIMESTAMP, x {kind})".encode())
        with self.connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO states_t VALUES (%s, %s, CAST(%s AS {kind}))".encode(), list(rows))

    def ask(self, sql: str) -> Sequence[Sequence[Any]]:
        return self.connection.execute(sql.encode()).fetchall()


class MariaDB:
    name = "mysql"

    def __init__(self, dsn: str) -> None:
        import pymysql

        parts = urlsplit(dsn)
        self.connection = pymysql.connect(
            host=parts.hostname or "",
            port=parts.port or 3306,
            user=parts.username,
            password=parts.password or "",
            database=parts.path[1:],
            charset="utf8mb4",
            autocommit=True,
        )
        for setting in dialect_of("mysql").settings:
            self._run(setting)

    def load(self, kind: str, rows: Sequence[Row]) -> None:
        types = {"VARCHAR": "LONGTEXT", "TIMESTAMP": "DATETIME(6)", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP(6) NULL"}
        self._run("DROP TABLE IF EXISTS states_t")
        column = f"{types.get(kind, kind)} {'COLLATE utf8mb4_general_ci' if kind == 'VARCHAR' else ''}"
        self._run(f"CREATE TABLE states_t (part INTEGER, moment DATETIME(6), x {column}) CHARACTER SET utf8mb4")
        naive = [(part, at, x.replace(tzinfo=None) if isinstance(x, datetime) else x) for part, at, x in rows]
        with self.connection.cursor() as cursor:
            cursor.executemany("INSERT INTO states_t VALUES (%s, %s, %s)", naive)

    def ask(self, sql: str) -> Sequence[Sequence[Any]]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()  # type: ignore[no-any-return]

    def _run(self, sql: str) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)


class SQLite:
    name = "sqlite"

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:")

    def load(self, kind: str, rows: Sequence[Row]) -> None:
        self.connection.execute("DROP TABLE IF EXISTS states_t")
        self.connection.execute("CREATE TABLE states_t (part INTEGER, moment TEXT, x COLLATE NOCASE)")
        texts = [
            (
                part,
                str(at),
                x.isoformat(" T"[x.second % 2]) if isinstance(x, datetime) else str(x) if isinstance(x, date) else x,
            )
            for part, at, x in rows
        ]
        self.connection.executemany("INSERT INTO states_t VALUES (?, ?, ?)", texts)

    def ask(self, sql: str) -> Sequence[Sequence[Any]]:
        return self.connection.execute(sql).fetchall()


class ClickHouse:
    name = "clickhouse"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.session: Any = import_module("chdb.session").Session(str(folder / "clickhouse"))
        self.session.query("SET session_timezone = 'America/New_York'")

    def load(self, kind: str, rows: Sequence[Row]) -> None:
        types = {"DOUBLE": "Float64", "VARCHAR": "String", "INTEGER": "Int32", "BIGINT": "Int64", "BOOLEAN": "Bool"}
        types |= {"DATE": "Date32", "TIMESTAMP": "DateTime64(6, 'UTC')"}
        types["TIMESTAMP WITH TIME ZONE"] = "DateTime64(6, 'Asia/Tokyo')"
        structure = f"part Int32, moment DateTime64(6, 'UTC'), x Nullable({types.get(kind, kind)})"
        file = self.folder / "rows.parquet"
        pq.write_table(arrow(kind, rows), file)
        self.session.query("DROP TABLE IF EXISTS states_t")
        self.session.query(f"CREATE TABLE states_t ({structure}) ENGINE = Memory")
        written = structure.replace("'", "\\'")
        self.session.query(f"INSERT INTO states_t SELECT part, moment, x FROM file('{file}', Parquet, '{written}')")

    def ask(self, sql: str) -> Sequence[Sequence[Any]]:
        found = self.session.query(sql, "ArrowTable")
        columns = [column.to_pylist() for column in found.columns]
        return list(zip(*columns, strict=True))


class Spark:
    name = "spark"

    def __init__(self, folder: Path) -> None:
        from pyspark.sql import SparkSession

        self.folder = folder
        options = {
            "spark.sql.shuffle.partitions": "2",
            "spark.ui.enabled": "false",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.sql.warehouse.dir": str(folder / "warehouse"),
        }
        builder = SparkSession.builder.master("local[1]")
        for name, value in options.items():
            builder = builder.config(name, value)
        self.session = builder.getOrCreate()
        for setting in dialect_of("spark").settings:
            self.session.sql(setting)

    def load(self, kind: str, rows: Sequence[Row]) -> None:
        file = self.folder / f"rows{abs(hash((kind, len(rows))))}.parquet"
        pq.write_table(arrow(kind, rows), file)
        self.session.read.parquet(str(file)).createOrReplaceTempView("states_t")

    def ask(self, sql: str) -> Sequence[Sequence[Any]]:
        return [tuple(row) for row in self.session.sql(sql).collect()]


class Trino:
    """In a schema of a catalog: `address` is such as trino://user@127.0.0.1:8080/memory/default."""

    name = "trino"

    def __init__(self, address: str) -> None:
        import trino

        parts = urlsplit(address)
        catalog, schema = parts.path.strip("/").split("/")
        self.connection = trino.dbapi.connect(
            host=parts.hostname,
            port=parts.port,
            user="lapwing",
            catalog=catalog,
            schema=schema,
            timezone="America/New_York",
        )

    def load(self, kind: str, rows: Sequence[Row]) -> None:
        types = {"TIMESTAMP": "TIMESTAMP(6)", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP(6) WITH TIME ZONE"}
        kind = types.get(kind, kind)
        self.ask("DROP TABLE IF EXISTS states_t")
        self.ask(f"CREATE TABLE states_t (part INTEGER, moment TIMESTAMP(6), x {kind})")
        for low in range(0, len(rows), 20):
            values = ", ".join(
                f"({part}, TIMESTAMP '{at}', CAST({trino_constant(x)} AS {kind}))"
                for part, at, x in rows[low : low + 20]
            )
            self.ask(f"INSERT INTO states_t VALUES {values}")

    def ask(self, sql: str) -> Sequence[Sequence[Any]]:
        cursor = self.connection.cursor()
        cursor.execute(sql)
        return cursor.fetchall()  # type: ignore[no-any-return]


class BigQuery:
    """The emulator; `project` is its, the dataset is of this test."""

    name = "bigquery"

    def __init__(self, project: str) -> None:
        self.dataset = f"{project}.states_{uuid.uuid4().hex[:12]}"
        self.client: Any = bigquery_client(project)
        self.client.create_dataset(self.dataset)

    def load(self, kind: str, rows: Sequence[Row]) -> None:
        types = {"DOUBLE": "FLOAT64", "VARCHAR": "STRING", "INTEGER": "INT64", "BIGINT": "INT64", "BOOLEAN": "BOOL"}
        types |= {"TIMESTAMP": "DATETIME", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP"}
        kind = "BIGNUMERIC" if decimal_of(kind) else types.get(kind, kind)
        self.client.delete_table(f"{self.dataset}.states_t", not_found_ok=True)
        self.ask(f"CREATE TABLE states_t (part INT64, moment DATETIME, x {kind})")
        for low in range(0, len(rows), 50):
            values = ", ".join(
                f"({part}, DATETIME '{at}', CAST({google_literal(x)} AS {kind}))"
                for part, at, x in rows[low : low + 50]
            )
            self.ask(f"INSERT INTO states_t VALUES {values}")

    def ask(self, sql: str) -> Sequence[Sequence[Any]]:
        config = import_module("google.cloud.bigquery").QueryJobConfig(default_dataset=self.dataset)
        rows = self.client.query_and_wait(sql, job_config=config, retry=None, job_retry=None)
        return [tuple(row.values()) for row in rows]


def google_literal(x: object) -> str:
    """The emulator can't write down infinite constants, but it can divide."""
    if isinstance(x, float) and math.isinf(x):
        return f"IEEE_DIVIDE({'-' if x < 0 else ''}1, 0)"
    return dialect_of("bigquery").literal(x) if isinstance(x, str) else literal(x)


def trino_constant(x: object) -> str:
    """Doubles that are no numbers are functions in Trino."""
    if isinstance(x, float) and not math.isfinite(x):
        return "nan()" if math.isnan(x) else f"{'-' if x < 0 else ''}infinity()"
    return literal(x)


def literal(x: object) -> str:
    if x is None:
        return "NULL"
    if isinstance(x, datetime) and x.tzinfo:
        return f"'{x.astimezone(UTC).replace(tzinfo=None)} UTC'"
    if isinstance(x, str):
        return "'" + x.replace("'", "''") + "'"
    if isinstance(x, (float, Decimal, date, datetime)):
        return f"'{x!r}'" if isinstance(x, float) else f"'{x}'"
    return str(x)


def arrow(kind: str, rows: Sequence[Row]) -> pa.Table:
    from lapwing.sources.types import arrow_type

    parts, moments, values = zip(*rows, strict=True)
    return pa.table(
        {
            "part": pa.array(parts, pa.int32()),
            "moment": pa.array(moments, pa.timestamp("us")),
            "x": pa.array(values, arrow_type(kind)),
        }
    )


@contextmanager
def engine_called(name: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[Engine]:
    """The engine; the test is skipped, with the reason, where it is not at hand."""
    match name:
        case "duckdb":
            yield DuckDB()
        case "postgres":
            yield Postgres(request.getfixturevalue("postgres_dsn"))
        case "mysql":
            yield MariaDB(request.getfixturevalue("mariadb_dsn"))
        case "sqlite":
            yield SQLite()
        case "clickhouse":
            yield request.getfixturevalue("clickhouse")
        case "spark":
            yield Spark(folder)
        case "bigquery":
            yield BigQuery(request.getfixturevalue("bigquery_dsn"))
        case "trino":
            yield Trino(request.getfixturevalue("trino_server").dsn("memory", "default"))
        case _:
            pytest.skip(f"no {name} runs here")
