"""Writes the tables into the kinds of source that are servers: one function each, with their words for types."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import psycopg
from tests.consistency.made import Made
from tests.sources.bigquery_emulator import bigquery_client
from tests.sources.worlds import (
    bigquery_constant,
    clickhouse_client,
    clickhouse_constant,
    database,
    mariadb_connection,
    mariadb_database,
    snowflake_constant,
    trino_literal,
    trino_rows,
)

from lapwing.model.project import SourceConfig
from lapwing.sources.trino_session import address_of

# `w`, a column whose own rules fold letters' case, conditions on which must go by bytes all the same; `doc`, JSON; `u` and
# `e`, texts that a source may keep as types of its own.
_SPECIAL: Mapping[str, Mapping[str, str]] = {
    "pg": {"w": 'text collate "en-x-icu"', "doc": "json", "u": "uuid", "e": "size"},
    "my": {
        "w": "text character set utf8mb4 collate utf8mb4_general_ci",
        "doc": "json",
        "u": "uuid",
        "e": "enum('small', 'medium', 'large')",
    },
    "ch": {
        "w": "LowCardinality(Nullable(String))",
        "u": "Nullable(UUID)",
        "e": "Nullable(Enum8('small' = 1, 'medium' = 2, 'large' = 3))",
    },
    "trino": {"u": "uuid"},
}
_POSTGRES = {"VARCHAR": "text", "DOUBLE": "double precision", "FLOAT": "real", "BLOB": "bytea"}
_MARIADB = {
    "UTINYINT": "tinyint unsigned",
    "UBIGINT": "bigint unsigned",
    "VARCHAR": "text character set utf8mb4 collate utf8mb4_bin",
    "TIMESTAMP": "datetime(6)",
    "TIMESTAMP WITH TIME ZONE": "timestamp(6) null",
}
_CLICKHOUSE = {
    "BOOLEAN": "Bool",
    "SMALLINT": "Int16",
    "INTEGER": "Int32",
    "BIGINT": "Int64",
    "UTINYINT": "UInt8",
    "UBIGINT": "UInt64",
    "FLOAT": "Float32",
    "DOUBLE": "Float64",
    "VARCHAR": "String",
    "DATE": "Date32",
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP WITH TIME ZONE"), "DateTime64(6, 'Asia/Tokyo')"),
}
_TRINO = {
    "FLOAT": "real",
    "BLOB": "varbinary",
    "TIMESTAMP": "timestamp(6)",
    "TIMESTAMP WITH TIME ZONE": "timestamp(6) with time zone",
}
_BIGQUERY = {
    "BOOLEAN": "BOOL",
    **dict.fromkeys(("SMALLINT", "INTEGER", "BIGINT"), "INT64"),
    **dict.fromkeys(("FLOAT", "DOUBLE"), "FLOAT64"),
    "VARCHAR": "STRING",
    "BLOB": "BYTES",
    "TIMESTAMP": "DATETIME",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
}
_SNOWFLAKE = {
    "UTINYINT": "NUMBER(4,0)",
    "SMALLINT": "NUMBER(9,0)",
    "INTEGER": "NUMBER(18,0)",
    **dict.fromkeys(("BIGINT", "UBIGINT"), "NUMBER(38,0)"),
    "DOUBLE": "FLOAT",
    "BLOB": "BINARY",
    "TIMESTAMP": "TIMESTAMP_NTZ",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP_TZ",
}


def _postgres(dsn: str, tables: tuple[Made, ...]) -> SourceConfig:
    own = database(dsn)
    with psycopg.connect(own, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("create type size as enum ('small', 'medium', 'large')")
        for table in tables:
            cursor.execute(f"create table {table.written} ({table.definition(_POSTGRES, _SPECIAL['pg'])})".encode())
            marks = ", ".join(["%s"] * len(table.columns))
            cursor.executemany(f"insert into {table.written} values ({marks})".encode(), table.rows)
        cursor.execute("analyze")
    return SourceConfig(name="pg", type="postgres", dsn=own)


def _mariadb(dsn: str, tables: tuple[Made, ...]) -> SourceConfig:
    own = mariadb_database(dsn)
    with mariadb_connection(own) as connection, connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"create table {table.written} ({table.definition(_MARIADB, _SPECIAL['my'])})")
            marks = ", ".join(["%s"] * len(table.columns))
            if table.rows:
                cursor.executemany(f"insert into {table.written} values ({marks})", table.rows)
    return SourceConfig(name="my", type="mariadb", dsn=own)


def _clickhouse(dsn: str, tables: tuple[Made, ...]) -> SourceConfig:
    client, own = clickhouse_client(dsn), _new()
    client.command(f"create database {own}")
    for table in tables:
        words = {kind: f"Nullable({_CLICKHOUSE.get(kind, kind.replace('DECIMAL', 'Decimal'))})" for kind in table.kinds}
        client.command(
            f"create table {own}.{table.written} ({table.definition(words, _SPECIAL['ch'])})"
            " engine = MergeTree order by tuple()"
        )
        for rows in _values(table, clickhouse_constant):
            client.command(f"insert into {own}.{table.written} values {rows}")
    client.close()
    return SourceConfig(name="ch", type="clickhouse", dsn=dsn.replace("/default", f"/{own}"))


def _trino(dsn: str, tables: tuple[Made, ...]) -> SourceConfig:
    """In a schema of its own of the catalog of the address."""
    own, catalog = _new(), address_of(dsn).catalog
    trino_rows(dsn, f"create schema {catalog}.{own}")
    for table in tables:
        name = f"{catalog}.{own}.{table.written}"
        trino_rows(dsn, f"create table {name} ({table.definition(_TRINO, _SPECIAL['trino'])})")
        casts = ", ".join(
            f"cast({column} as {_SPECIAL['trino'].get(column) or _TRINO.get(kind, kind)})"
            for column, kind in table.columns
        )
        named = ", ".join(column for column, _ in table.columns)
        for rows in _values(table, _trino_constant):
            trino_rows(dsn, f"insert into {name} select {casts} from (values {rows}) as made({named})")
    return SourceConfig(name="trino", type="trino", dsn=f"{dsn.rstrip('/')}/{own}")


def _trino_constant(value: object) -> str:
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if isinstance(value, float) and not math.isfinite(value):
        return "nan()" if math.isnan(value) else f"{'-' if value < 0 else ''}infinity()"
    return trino_literal(value)


def _bigquery(project: str, tables: tuple[Made, ...]) -> SourceConfig:
    client, own = bigquery_client(project), _new()
    client.create_dataset(own)

    def run(sql: str) -> None:
        client.query_and_wait(sql, retry=None, job_retry=None)

    for table in tables:
        words = dict.fromkeys((kind for kind in table.kinds if kind.startswith("DECIMAL")), "NUMERIC") | _BIGQUERY
        run(f"CREATE TABLE {own}.{table.written} ({table.definition(words, {}, '`')})")
        for rows in _values(table, bigquery_constant):
            run(f"INSERT INTO {own}.{table.written} VALUES {rows}")
    client.close()
    return SourceConfig(name="bq", type="bigquery", project=project, datasets=(own,))


def _snowflake(dsn: str, tables: tuple[Made, ...]) -> SourceConfig:
    from lapwing.sources.snowflake_session import connect, login_of

    connection, own = connect(login_of(dsn)), _new().upper()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {own}")
        for table in tables:
            name = f'{own}."{table.name}"'
            cursor.execute(f"CREATE TABLE {name} ({table.definition(_SNOWFLAKE, {})})")
            for rows in _values(table, _snowflake_constant):
                cursor.execute(f"INSERT INTO {name} VALUES {rows}")
    connection.close()
    return SourceConfig(name="snow", type="snowflake", dsn=dsn.replace("/PUBLIC", f"/{own}"), schemas=(own,))


def _snowflake_constant(value: object) -> str:
    return f"X'{value.hex()}'" if isinstance(value, bytes) else snowflake_constant(value)


def _new() -> str:
    return f"test_{uuid.uuid4().hex[:12]}"


def _values(table: Made, constant: Callable[[Any], str]) -> Iterable[str]:
    """The rows after VALUES, in one piece; none where there are none."""
    if table.rows:
        yield ", ".join(f"({', '.join(map(constant, row))})" for row in table.rows)


SERVERS: Mapping[str, Callable[[str, tuple[Made, ...]], SourceConfig]] = {
    "pg": _postgres,
    "my": _mariadb,
    "ch": _clickhouse,
    "trino": _trino,
    "bq": _bigquery,
    "snow": _snowflake,
}
