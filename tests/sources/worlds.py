"""The same rows in each kind of source, for the contract suite."""

from __future__ import annotations

import shutil
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pymysql
import sqlglot
import trino
from tests.sources.bigquery_emulator import DIGITS_LOST, bigquery_client

from lapwing.model.project import SourceConfig, Storage
from lapwing.sources.base import Source, Table
from lapwing.sources.engine import Engine
from lapwing.sources.open import open_source
from lapwing.sources.storage import engine_reads, filesystem
from lapwing.sources.trino_session import address_of
from lapwing.sources.types import arrow_type
from lapwing.states.dialects import dialect_of

TRINOS = ("trino", "trino_postgres")  # its catalog in memory, and one that is a PostgreSQL
KINDS = (
    "files",
    "s3",
    "gcs",
    "duckdb",
    "sqlite",
    "postgres",
    "mariadb",
    "bigquery",
    "delta",
    "iceberg",
    "clickhouse",
    "snowflake",
    *TRINOS,
)
LAKES = ("delta", "iceberg")
STORED = ("s3", "gcs")
SERVERS = ("postgres", "mariadb", "bigquery", "clickhouse", "snowflake", *TRINOS, *STORED)
SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("flag", pa.bool_()),
        ("price", pa.decimal128(12, 2)),
        ("wide", pa.decimal128(30, 6)),
        ("ratio", pa.float64()),
        ("name", pa.string()),
        ("day", pa.date32()),
        ("at", pa.timestamp("us")),
        ("moment", pa.timestamp("us", tz="UTC")),
    ]
)
TYPES = {
    "id": "BIGINT",
    "flag": "BOOLEAN",
    "price": "DECIMAL(12,2)",
    "wide": "DECIMAL(30,6)",
    "ratio": "DOUBLE",
    "name": "VARCHAR",
    "day": "DATE",
    "at": "TIMESTAMP",
    "moment": "TIMESTAMP WITH TIME ZONE",
}
# Both sides of New York's repeated hour of autumn, microseconds, negative numbers, empty and foreign text, nulls.
ROWS: list[tuple[object, ...]] = [
    (
        1,
        True,
        Decimal("12.50"),
        Decimal("123456789012345678.654321"),
        0.1,
        "plain",
        date(2013, 2, 8),
        datetime(2013, 2, 8, 23, 59, 59, 999_999),
        datetime(2013, 11, 3, 5, 30, tzinfo=UTC),
    ),
    (
        2,
        False,
        Decimal("-0.01"),
        Decimal("-0.000001"),
        -1e300,
        "",
        date(1969, 12, 31),
        datetime(1969, 12, 31, 0, 0, 0, 1),
        datetime(2013, 11, 3, 6, 30, 0, 1, tzinfo=UTC),
    ),
    (
        3,
        None,
        Decimal("-9999999999.99"),
        None,
        2.0,
        "Grüße, 東京 🐦",
        date(2000, 2, 29),
        datetime(2000, 2, 29),
        datetime(1960, 1, 1, tzinfo=UTC),
    ),
    (4, True, None, Decimal(0), None, 'it\'s "quoted" 100%', None, None, None),
    (2**62, None, None, None, None, None, None, None, None),
]
OTHERWISE = {"bigquery": {"price": DIGITS_LOST, "wide": DIGITS_LOST}, "snowflake": {"id": "HUGEINT"}}
ABSENT = {
    "sqlite": ("wide", "moment"),
    "mariadb": ("moment",),
    "clickhouse": ("at",),
}  # types that the kind of source has not
LONG = {
    **dict.fromkeys(
        ("files", "duckdb", *STORED, *LAKES),
        "SELECT count(*) AS id FROM range(1000000) a, range(1000000) b WHERE a.range * b.range % 7 = 1",
    ),
    # Some seconds, not for ever: nothing breaks it off.
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000000) SELECT max(i) AS id FROM n",
    "postgres": "SELECT count(*) AS id FROM generate_series(1, 3000000) a, generate_series(1, 3000000) b",
    # Some seconds, not for ever: the emulator goes on with what was cancelled.
    "bigquery": "SELECT count(*) AS id FROM UNNEST(GENERATE_ARRAY(1, 3000)) a, UNNEST(GENERATE_ARRAY(1, 700)) b",
    "clickhouse": "SELECT count() AS id FROM numbers(1000000) a, numbers(1000000) b WHERE a.number * b.number % 7 = 1",
    "snowflake": "SELECT COUNT(*) AS id FROM TABLE(GENERATOR(ROWCOUNT => 1000000)) AS a(x), "
    "TABLE(GENERATOR(ROWCOUNT => 1000000)) AS b(y) WHERE a.x * b.y % 7 = 1",
    **dict.fromkeys(
        TRINOS,
        "SELECT count(*) AS id FROM UNNEST(sequence(1, 10000)) a(x), UNNEST(sequence(1, 10000)) b(y), "
        "UNNEST(sequence(1, 10000)) c(z) WHERE x * y % 7 = z",
    ),
    "mariadb": "SELECT count(*) AS id FROM seq_1_to_3000000 a, seq_1_to_3000000 b WHERE a.seq * b.seq % 7 = 1",
}


@dataclass(frozen=True)
class World:
    """One source holding `things` (ROWS) and `empty`. `add` appends a row with a given id to things, `drop` takes the
    table away."""

    kind: str
    config: SourceConfig
    source: Source
    add: Callable[[int], None]
    drop: Callable[[], None]

    @property
    def things(self) -> Table:
        return next(table for table in self.source.tables() if table.name == "things")

    @property
    def types(self) -> dict[str, str]:
        """The engine's types of the columns that this kind of source has."""
        absent = ABSENT.get(self.kind, ())
        return {n: t for n, t in {**TYPES, **OTHERWISE.get(self.kind, {})}.items() if n not in absent}

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([(name, arrow_type(kind)) for name, kind in self.types.items()])

    @property
    def rows(self) -> pa.Table:
        columns = zip(*ROWS, strict=True)
        whole = dict(zip(SCHEMA.names, columns, strict=True))
        return pa.table({one.name: pa.array(whole[one.name], one.type) for one in self.schema}, schema=self.schema)

    def read(self, sql: str, names: tuple[str, ...], time_limit: float | None = None) -> pa.Table:
        """The result of `sql`, whose columns are columns of things."""
        columns = tuple(column for column in self.things.columns if column.name in names)
        with self.source.read(sql, columns, time_limit=time_limit) as stream:
            return pa.Table.from_batches(list(stream), schema=stream.schema)

    def scan(self, names: tuple[str, ...], where: str | None = None, limit: int | None = None) -> pa.Table:
        """`where` is in the engine's dialect."""
        columns = tuple(column for column in self.things.columns if column.name in names)
        if where is not None and self.kind == "bigquery":
            where = sqlglot.transpile(where, read="duckdb", write="bigquery")[0]
        with self.source.scan(self.things, columns, where, limit) as stream:
            found = pa.Table.from_batches(list(stream), schema=stream.schema)
        return found if limit is None else found.slice(0, limit)


@contextmanager
def world(kind: str, folder: Path, dsn: str | None = None) -> Iterator[World]:
    """A world of its own; gone at the end."""
    make = {"files": _files, "duckdb": _duckdb, "sqlite": _sqlite, "delta": _delta, "iceberg": _iceberg}
    if kind in SERVERS:
        assert dsn is not None
        servers: dict[str, Callable[[], Made]] = {
            "postgres": lambda: _postgres(database(dsn)),
            "mariadb": lambda: _mariadb(mariadb_database(dsn)),
            "bigquery": lambda: _bigquery(dsn),
            "clickhouse": lambda: _clickhouse(dsn),
            "snowflake": lambda: _snowflake(dsn),
            **dict.fromkeys(TRINOS, lambda: _trino(dsn)),
            **dict.fromkeys(STORED, lambda: _stored(kind, dsn)),
        }
        config, add, drop = servers[kind]()
    else:
        config, add, drop = make[kind](folder)
    engine = Engine(memory_limit="256MB", threads=2, allowed=engine_reads([config]))
    source = open_source(config, engine)
    try:
        yield World(kind, config, source, add, drop)
    finally:
        source.close()
        engine.close()
        if kind == "bigquery":
            # The emulator's Storage Read API takes any dataset's table of a name.
            with closing(bigquery_client(str(config.project))) as client:
                client.delete_dataset(config.datasets[0], delete_contents=True, not_found_ok=True)


def database(dsn: str) -> str:
    """The DSN of a new, empty database of the server."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    return dsn.rsplit("/", 1)[0] + f"/{name}"


def mariadb_database(dsn: str) -> str:
    """The same of a MariaDB server."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with mariadb_connection(dsn) as connection, connection.cursor() as cursor:
        cursor.execute(f"create database {name}")
    return dsn.rsplit("/", 1)[0] + f"/{name}"


def mariadb_connection(dsn: str) -> Any:
    """A connection that may write, in UTC; names are quoted by double quotes."""
    address = urlsplit(dsn)
    return pymysql.connect(
        host=address.hostname,
        port=address.port,
        user=address.username,
        password=address.password,
        database=address.path.strip("/"),
        charset="utf8mb4",
        autocommit=True,
        init_command="set time_zone = '+00:00', sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
    )


Made = tuple[SourceConfig, Callable[[int], None], Callable[[], None]]


def _table(rows: list[tuple[object, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(SCHEMA)
    return pa.table(
        {field.name: pa.array(column, field.type) for field, column in zip(SCHEMA, columns, strict=True)}, schema=SCHEMA
    )


def _row(number: int) -> tuple[object, ...]:
    return (number, *ROWS[0][1:])


def _files(folder: Path) -> Made:
    data = folder / "data"
    (data / "things").mkdir(parents=True)
    pq.write_table(_table(ROWS[:2]), data / "things" / "a.parquet")
    pq.write_table(_table(ROWS[2:]), data / "things" / "b.parquet")
    pq.write_table(_table([]), data / "empty.parquet")

    def add(number: int) -> None:
        pq.write_table(_table([_row(number)]), data / "things" / f"{number}.parquet")

    def drop() -> None:
        for file in (data / "things").iterdir():
            file.unlink()

    return SourceConfig(name="s", type="files", path=data), add, drop


def _delta(folder: Path) -> Made:
    from deltalake import write_deltalake

    data = folder / "data"
    write_deltalake(data / "things", _table(ROWS[:2]))
    write_deltalake(data / "things", _table(ROWS[2:]), mode="append")
    write_deltalake(data / "empty", _table([]))
    return (
        SourceConfig(name="s", type="delta", path=data),
        lambda number: write_deltalake(data / "things", _table([_row(number)]), mode="append"),
        lambda: shutil.rmtree(data / "things"),
    )


def _iceberg(folder: Path) -> Made:
    from pyiceberg.catalog import load_catalog

    properties = {"type": "sql", "uri": f"sqlite:///{folder}/catalog.db", "warehouse": f"file://{folder}/data"}
    catalog = load_catalog("s", **properties)
    catalog.create_namespace("shop")
    for name in ("things", "empty"):
        catalog.create_table(f"shop.{name}", SCHEMA)
    catalog.load_table("shop.things").append(_table(ROWS[:2]))
    catalog.load_table("shop.things").append(_table(ROWS[2:]))
    return (
        SourceConfig(name="s", type="iceberg", catalog=properties),
        lambda number: catalog.load_table("shop.things").append(_table([_row(number)])),
        lambda: catalog.drop_table("shop.things"),
    )


def storage_of(kind: str, url: str) -> Storage:
    """How a double is reached."""
    if kind == "gcs":
        return Storage(endpoint=url, anonymous=True)
    return Storage(endpoint=url, region="us-east-1", access_key="key", secret_key="secret")


def store(uri: str, storage: Storage, content: pa.Table | bytes) -> None:
    """Writes an object; a table as Parquet."""
    disk, path = filesystem(uri, storage)
    with disk.open_output_stream(path, compression=None) as out:
        if isinstance(content, bytes):
            out.write(content)
        else:
            pq.write_table(content, out)


def _stored(kind: str, url: str) -> Made:
    storage, root = storage_of(kind, url), f"{'s3' if kind == 's3' else 'gs'}://files/{uuid.uuid4().hex[:12]}"
    disk, path = filesystem(root, storage)
    store(f"{root}/things/a.parquet", storage, _table(ROWS[:2]))
    store(f"{root}/things/b.parquet", storage, _table(ROWS[2:]))
    store(f"{root}/empty.parquet", storage, _table([]))
    names = {"a", "b"}

    def add(number: int) -> None:
        store(f"{root}/things/{number}.parquet", storage, _table([_row(number)]))
        names.add(str(number))

    def drop() -> None:
        for name in names:
            disk.delete_file(f"{path}/things/{name}.parquet")

    return SourceConfig(name="s", type="files", uri=root, storage=storage), add, drop


def _duckdb(folder: Path) -> Made:
    path = folder / "data.duckdb"

    def run(sql: str, rows: list[tuple[object, ...]]) -> None:
        with duckdb.connect(str(path)) as connection:
            connection.register("rows", _table(rows))
            connection.execute(sql)

    run("create table things as from rows; create table empty as from rows limit 0", ROWS)
    return (
        SourceConfig(name="s", type="duckdb", path=path),
        lambda number: run("insert into things from rows", [_row(number)]),
        lambda: run("drop table things", ROWS),
    )


def _sqlite(folder: Path) -> Made:
    path = folder / "data.db"
    kept = [index for index, field in enumerate(SCHEMA) if field.name not in ABSENT["sqlite"]]
    words = {"VARCHAR": "TEXT", "BIGINT": "INTEGER"}
    columns = ", ".join(
        f'"{field.name}" {words.get(TYPES[field.name], TYPES[field.name])}'
        for field in SCHEMA
        if field.name not in ABSENT["sqlite"]
    )

    def run(sql: str, rows: list[tuple[object, ...]]) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            if "?" in sql:
                connection.executemany(sql, [[_lite(row[index]) for index in kept] for row in rows])
            else:
                connection.execute(sql)

    insert = f"insert into things values ({', '.join('?' * len(kept))})"
    run(f"create table things ({columns})", [])
    run(f"create table empty ({columns})", [])
    run(insert, ROWS)
    return (
        SourceConfig(name="s", type="sqlite", path=path),
        lambda number: run(insert, [_row(number)]),
        lambda: run("drop table things", []),
    )


def _bigquery(project: str) -> Made:
    dataset = f"test_{uuid.uuid4().hex[:12]}"
    client = bigquery_client(project)
    client.create_dataset(dataset)
    words = {"BIGINT": "INT64", "DOUBLE": "FLOAT64", "VARCHAR": "STRING", "TIMESTAMP": "DATETIME", "BOOLEAN": "BOOL"}
    words |= {"TIMESTAMP WITH TIME ZONE": "TIMESTAMP"}
    columns = ", ".join(
        f"`{name}` {words.get(kind, kind.replace('DECIMAL', 'NUMERIC'))}" for name, kind in TYPES.items()
    )
    for table in ("things", "empty"):
        client.query_and_wait(f"CREATE TABLE {dataset}.{table} ({columns})", retry=None, job_retry=None)

    def insert(rows: list[tuple[object, ...]]) -> None:
        values = ", ".join(f"({', '.join(bigquery_constant(value) for value in row)})" for row in rows)
        client.query_and_wait(f"INSERT INTO {dataset}.things VALUES {values}", retry=None, job_retry=None)

    insert(ROWS)
    return (
        SourceConfig(name="s", type="bigquery", project=project, datasets=(dataset,)),
        lambda number: insert([_row(number)]),
        lambda: client.delete_table(f"{project}.{dataset}.things"),
    )


def bigquery_constant(value: object) -> str:
    """A constant of GoogleSQL."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).upper()
        case str():
            return dialect_of("bigquery").literal(value)
        case Decimal():
            return f"NUMERIC '{value:f}'"
        case float():
            return f"CAST('{value}' AS FLOAT64)"
        case bytes():
            return f"FROM_HEX('{value.hex()}')"
        case datetime() if value.tzinfo:
            return f"TIMESTAMP '{value:%Y-%m-%d %H:%M:%S.%f}+00'"
        case datetime():
            return f"DATETIME '{value:%Y-%m-%d %H:%M:%S.%f}'"
        case date():
            return f"DATE '{value}'"
    return repr(value)


def _trino(dsn: str) -> Made:
    """In a schema of its own of the catalog of the address."""
    address = address_of(dsn)
    schema = f"{address.catalog}.test_{uuid.uuid4().hex[:12]}"
    words = {"TIMESTAMP": "timestamp(6)", "TIMESTAMP WITH TIME ZONE": "timestamp(6) with time zone"}
    columns = ", ".join(f'"{name}" {words.get(kind, kind)}' for name, kind in TYPES.items())

    def run(sql: str) -> None:
        trino_rows(dsn, sql)

    def insert(rows: list[tuple[object, ...]]) -> None:
        values = ", ".join(f"({', '.join(map(trino_literal, row))})" for row in rows)
        run(f"INSERT INTO {schema}.things VALUES {values}")

    run(f"CREATE SCHEMA {schema}")
    run(f"CREATE TABLE {schema}.empty ({columns})")
    run(f"CREATE TABLE {schema}.things ({columns})")
    insert(ROWS)
    return (
        SourceConfig(name="s", type="trino", dsn=f"{dsn.rstrip('/')}/{schema.partition('.')[2]}"),
        lambda number: insert([_row(number)]),
        lambda: run(f"DROP TABLE {schema}.things"),
    )


def trino_rows(dsn: str, sql: str) -> list[Any]:
    """All rows of a statement that may also change something."""
    address = address_of(dsn)
    with closing(trino.dbapi.connect(host=address.host, port=address.port, user="tests", timezone="UTC")) as connection:
        return list(connection.cursor().execute(sql).fetchall())


def trino_literal(value: object) -> str:
    """A constant of Trino's SQL."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).upper()
        case str():
            return dialect_of("trino").literal(value)
        case Decimal():
            return f"DECIMAL '{value:f}'"
        case float():
            return f"CAST('{value!r}' AS double)"
        case datetime() if value.tzinfo:
            return f"TIMESTAMP '{value:%Y-%m-%d %H:%M:%S.%f} UTC'"
        case datetime():
            return f"TIMESTAMP '{value:%Y-%m-%d %H:%M:%S.%f}'"
        case date():
            return f"DATE '{value}'"
    return repr(value)


def _lite(value: object) -> object:
    """As people keep it in SQLite."""
    if isinstance(value, datetime):
        return value.isoformat(" ", "microseconds" if value.microsecond else "seconds")
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def _postgres(dsn: str) -> Made:
    words = {"VARCHAR": "text", "DOUBLE": "double precision", "TIMESTAMP WITH TIME ZONE": "timestamptz"}
    columns = ", ".join(f'"{field.name}" {words.get(TYPES[field.name], TYPES[field.name])}' for field in SCHEMA)

    def run(sql: str, rows: list[tuple[object, ...]]) -> None:
        with psycopg.connect(dsn, autocommit=True) as connection, connection.cursor() as cursor:
            if rows:
                cursor.executemany(sql, rows)
            else:
                cursor.execute(sql)

    insert = f"insert into things values ({', '.join(['%s'] * len(SCHEMA))})"
    run(f"create table things ({columns}); create table empty ({columns})", [])
    run(insert, ROWS)
    return (
        SourceConfig(name="s", type="postgres", dsn=dsn),
        lambda number: run(insert, [_row(number)]),
        lambda: run("drop table things", []),
    )


def clickhouse_client(dsn: str) -> Any:
    """A client that may write."""
    from lapwing.sources.clickhouse_session import connect, parameters

    return connect(parameters(dsn))


def _clickhouse(dsn: str) -> Made:
    client = clickhouse_client(dsn)
    database = f"test_{uuid.uuid4().hex[:12]}"
    client.command(f"create database {database}")
    words = {"BIGINT": "Int64", "BOOLEAN": "Bool", "DOUBLE": "Float64", "VARCHAR": "String", "DATE": "Date32"}
    words |= {"TIMESTAMP WITH TIME ZONE": "DateTime64(6, 'Asia/Tokyo')"}
    names = [name for name in SCHEMA.names if name not in ABSENT["clickhouse"]]
    columns = ", ".join(
        f'"{name}" Nullable({words.get(TYPES[name], TYPES[name].replace("DECIMAL", "Decimal"))})' for name in names
    )
    for table in ("things", "empty"):
        client.command(f"create table {database}.{table} ({columns}) engine = MergeTree order by tuple()")

    def insert(rows: list[tuple[object, ...]]) -> None:
        shown = (dict(zip(SCHEMA.names, row, strict=True)) for row in rows)
        values = ", ".join(f"({', '.join(clickhouse_constant(row[name]) for name in names)})" for row in shown)
        client.command(f"insert into {database}.things values {values}")

    insert(ROWS)
    return (
        SourceConfig(name="s", type="clickhouse", dsn=dsn.replace("/default", f"/{database}")),
        lambda number: insert([_row(number)]),
        lambda: client.command(f"drop table {database}.things sync"),
    )


def clickhouse_constant(value: object) -> str:
    """A constant of ClickHouse."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).lower()
        case str():
            return dialect_of("clickhouse").literal(value)
        case Decimal():
            return f"'{value}'"
        case datetime():
            told = (
                (value.astimezone(UTC) if value.tzinfo else value).replace(tzinfo=None).isoformat(" ", "microseconds")
            )
            return f"toDateTime64('{told}', 6, 'UTC')"
        case date():
            return f"toDate32('{value}')"
    return repr(value)


def _snowflake(dsn: str) -> Made:
    """In a schema of its own, with names in small letters."""
    from lapwing.sources.snowflake_session import connect, login_of

    connection = connect(login_of(dsn))
    schema = f"TEST_{uuid.uuid4().hex[:12].upper()}"
    words = {"BIGINT": "NUMBER(38,0)", "DOUBLE": "FLOAT", "TIMESTAMP": "TIMESTAMP_NTZ"}
    words |= {"TIMESTAMP WITH TIME ZONE": "TIMESTAMP_TZ"}
    columns = ", ".join(f'"{name}" {words.get(kind, kind)}' for name, kind in TYPES.items())

    def run(sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)

    def insert(rows: list[tuple[object, ...]]) -> None:
        values = ", ".join(f"({', '.join(map(snowflake_constant, row))})" for row in rows)
        run(f'INSERT INTO {schema}."things" VALUES {values}')

    run(f"CREATE SCHEMA {schema}")
    for table in ("things", "empty"):
        run(f'CREATE TABLE {schema}."{table}" ({columns})')
    insert(ROWS)
    return (
        SourceConfig(name="s", type="snowflake", dsn=dsn.replace("/PUBLIC", f"/{schema}"), schemas=(schema,)),
        lambda number: insert([_row(number)]),
        lambda: run(f'DROP TABLE {schema}."things"'),
    )


def snowflake_constant(value: object) -> str:
    """A constant of Snowflake's SQL."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).upper()
        case str():
            return dialect_of("snowflake").literal(value)
        case Decimal():
            return f"{value:f}"
        case float():
            return f"'{value!r}'::FLOAT"
        case datetime() if value.tzinfo:
            return f"'{value:%Y-%m-%d %H:%M:%S.%f}+00:00'::TIMESTAMP_TZ"
        case datetime():
            return f"'{value:%Y-%m-%d %H:%M:%S.%f}'::TIMESTAMP_NTZ"
        case date():
            return f"'{value}'::DATE"
    return str(value)


def _mariadb(dsn: str) -> Made:
    words = {
        "VARCHAR": "text",
        "TIMESTAMP": "datetime(6)",
        "TIMESTAMP WITH TIME ZONE": "timestamp(6) null",
    }
    kept = [index for index, field in enumerate(SCHEMA) if field.name not in ABSENT["mariadb"]]
    columns = ", ".join(f'"{SCHEMA[i].name}" {words.get(TYPES[SCHEMA[i].name], TYPES[SCHEMA[i].name])}' for i in kept)

    def run(sql: str, rows: list[tuple[object, ...]]) -> None:
        with mariadb_connection(dsn) as connection, connection.cursor() as cursor:
            if rows:
                cursor.executemany(sql, [[row[index] for index in kept] for row in rows])
            else:
                cursor.execute(sql)

    insert = f"insert into things values ({', '.join(['%s'] * len(kept))})"
    run(f"create table things ({columns})", [])
    run(f"create table empty ({columns})", [])
    run(insert, ROWS)
    return (
        SourceConfig(name="s", type="mariadb", dsn=dsn),
        lambda number: run(insert, [_row(number)]),
        lambda: run("drop table things", []),
    )
