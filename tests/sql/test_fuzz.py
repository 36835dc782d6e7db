"""Any statement over any mixture of sources gives what plain DuckDB gives over one copy of the data."""

from __future__ import annotations

import random
import sqlite3
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import psycopg
import pyarrow as pa
import pytest
from tests.sources.worlds import mariadb_connection, mariadb_database
from tests.sql.conftest import service
from tests.sql.queries import COLUMNS, TABLES, Generator, Query, value

from lapwing.model.problem import LapwingError
from lapwing.model.project import SourceConfig
from lapwing.sql.service import SqlService

ROWS = 60
SEED = 2013
WORDS = {"DOUBLE": "double precision", "TIMESTAMP WITH TIME ZONE": "timestamptz"}


def rows(table: str) -> list[tuple[object, ...]]:
    rng = random.Random(f"{SEED} {table}")
    return [tuple(value(rng, column) for column in COLUMNS) for _ in range(ROWS)]


def fill_duckdb(path: Path) -> None:
    with duckdb.connect(str(path)) as own:
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        for table in TABLES:
            own.execute(f"create table {table} ({columns})").fetchall()
            own.executemany(f"insert into {table} values ({', '.join('?' * len(COLUMNS))})", rows(table))


def fill_sqlite(path: Path) -> None:
    kept = [index for index, name in enumerate(COLUMNS) if name != "z"]
    with sqlite3.connect(path) as lite:
        for table in TABLES:
            lite.execute(f"create table {table} ({', '.join(f'{n} {k}' for n, k in COLUMNS.items() if n != 'z')})")
            lite.executemany(
                f"insert into {table} values ({', '.join('?' * len(kept))})",
                [[row[index] for index in kept] for row in rows(table)],
            )
    lite.close()


def fill_postgres(dsn: str, schema: str) -> None:
    columns = ", ".join(f"{name} {WORDS.get(kind, kind)}" for name, kind in COLUMNS.items())
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"create schema {schema}")
        for table in TABLES:
            connection.execute(f"create table {schema}.{table} ({columns})")
            insert = f"insert into {schema}.{table} values ({', '.join(['%s'] * len(COLUMNS))})"
            with connection.cursor() as cursor:
                cursor.executemany(insert, rows(table))
        connection.execute("analyze")


def fill_mariadb(dsn: str) -> str:
    """The dsn of a database of its own, whose texts fold letters' case where nobody asks for their bytes."""
    own = mariadb_database(dsn)
    kinds = {"VARCHAR": "text collate utf8mb4_general_ci", "TIMESTAMP": "datetime(6)"}
    kept = [index for index, name in enumerate(COLUMNS) if name != "z"]
    columns = ", ".join(f"{name} {kinds.get(kind, kind)}" for name, kind in COLUMNS.items() if name != "z")
    with mariadb_connection(own) as connection, connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"create table {table} ({columns})")
            insert = f"insert into {table} values ({', '.join(['%s'] * len(kept))})"
            cursor.executemany(insert, [[row[index] for index in kept] for row in rows(table)])
    return own


@pytest.fixture(scope="module")
def scattered(
    tmp_path_factory: pytest.TempPathFactory, postgres_dsn: str, mariadb_dsn: str
) -> Iterator[tuple[SqlService, Path]]:
    """The same tables in all five sources, and the DuckDB file that tells the truth."""
    folder = tmp_path_factory.mktemp("scattered")
    truth = folder / "truth.duckdb"
    fill_duckdb(truth)
    (folder / "files").mkdir()
    with duckdb.connect(str(truth)) as own:
        for table in TABLES:
            own.execute(f"copy {table} to '{folder}/files/{table}.parquet'").fetchall()
    (folder / "own.duckdb").write_bytes(truth.read_bytes())
    fill_sqlite(folder / "lite.db")
    schema = f"fuzz_{uuid.uuid4().hex[:8]}"
    fill_postgres(postgres_dsn, schema)
    configs = {
        "files": SourceConfig(name="files", type="files", path=folder / "files"),
        "own": SourceConfig(name="own", type="duckdb", path=folder / "own.duckdb"),
        "lite": SourceConfig(name="lite", type="sqlite", path=folder / "lite.db"),
        "pg": SourceConfig(name="pg", type="postgres", dsn=postgres_dsn, schemas=(schema,)),
        "my": SourceConfig(name="my", type="mariadb", dsn=fill_mariadb(mariadb_dsn)),
    }
    for made in service(folder, configs):
        yield made, truth


def tuples(table: pa.Table) -> list[tuple[object, ...]]:
    """The rows; both zeros are one (`-x` makes the other), because they are equal and so in any order."""
    columns = ([0.0 if cell == 0 and isinstance(cell, float) else cell for cell in one.to_pylist()] for one in table)
    return list(zip(*columns, strict=True))


def same(sql: SqlService, truth: duckdb.DuckDBPyConnection, query: Query) -> str | None:
    """None where the answers are the same, else what differs."""
    truth.execute(f"set TimeZone = '{query.zone}'").fetchall()
    try:
        plain = truth.sql(query.plain).to_arrow_table()
    except duckdb.Error:
        plain = None
    try:
        table = sql.table(query.text, zone=query.zone)
    except LapwingError as error:
        return None if plain is None else f"refused: {error}"
    if plain is None:
        return "plain DuckDB refuses it"
    got, wanted = tuples(table), tuples(plain)
    if query.limit is not None:
        extra = Counter(map(repr, got)) - Counter(map(repr, wanted))
        right = len(got) == min(query.limit, len(wanted)) and not extra
    elif query.ordered:
        right = list(map(repr, got)) == list(map(repr, wanted))
    else:
        right = Counter(map(repr, got)) == Counter(map(repr, wanted))
    return None if right else f"got {got[:5]} of {len(got)}\nnot {wanted[:5]} of {len(wanted)}"


def run(scattered: tuple[SqlService, Path], seed: int, count: int) -> None:
    sql, path = scattered
    generator, answered = Generator(seed), 0
    with duckdb.connect(str(path), read_only=True) as truth:
        for number in range(count):
            query = generator.query()
            wrong = same(sql, truth, query)
            if wrong is not None:
                pytest.fail(f"seed {seed}, query {number}:\n{query.text}\n{wrong}\n{sql.explain(query.text)}")
            answered += 1
    assert answered == count


def test_statements_over_all_sources(scattered: tuple[SqlService, Path]) -> None:
    run(scattered, SEED, 200)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_many_statements_over_all_sources(scattered: tuple[SqlService, Path], seed: int) -> None:
    run(scattered, seed, 500)
