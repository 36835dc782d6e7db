"""The same three small tables in every source: keys that are missing, doubled, and null."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb
import psycopg
import pytest
from tests.sources.worlds import mariadb_connection, mariadb_database
from tests.sql.conftest import service

from lapwing.model.project import SourceConfig
from lapwing.sql.service import SqlService

TABLES = ("r", "s", "t")
NAMES = ("a", "A", "", "ä", "it's", 'a"b', "a\\b", "a ", None)
DAYS = ("2024-02-29", "1969-12-31", "2000-01-01", None)
COLUMNS = "id bigint, k bigint, v bigint, name varchar(20), day date"


def rows(seed: int) -> list[tuple[object, ...]]:
    draw = random.Random(seed)
    maybe = [*range(-3, 9), None]
    return [
        (number, draw.choice(maybe), draw.choice(maybe), draw.choice(NAMES), draw.choice(DAYS))
        for number in range(draw.randrange(8, 20))
    ]


@pytest.fixture(scope="session")
def scattered(tmp_path_factory: pytest.TempPathFactory, postgres_dsn: str, mariadb_dsn: str) -> Iterator[SqlService]:
    """The tables as `own`, `lite`, `pg` and `my`."""
    folder = tmp_path_factory.mktemp("scattered")
    databases = mariadb_database(mariadb_dsn)
    with (
        duckdb.connect(str(folder / "own.duckdb")) as own,
        sqlite3.connect(folder / "lite.db") as lite,
        psycopg.connect(postgres_dsn, autocommit=True) as pg,
        mariadb_connection(databases) as connection,
        connection.cursor() as my,
    ):
        pg.execute("create schema scattered")
        for seed, table in enumerate(TABLES):
            own.execute(f"create table {table} ({COLUMNS})")
            lite.execute(f"create table {table} ({COLUMNS})")
            pg.execute(f"create table scattered.{table} ({COLUMNS})")
            my.execute(f"create table {table} ({COLUMNS})")
            for row in rows(seed):
                own.execute(f"insert into {table} values (?, ?, ?, ?, ?)", row)
                lite.execute(f"insert into {table} values (?, ?, ?, ?, ?)", row)
                pg.execute(f"insert into scattered.{table} values (%s, %s, %s, %s, %s)", row)
                my.execute(f"insert into {table} values (%s, %s, %s, %s, %s)", row)
        connection.commit()
        pg.execute("analyze")
    lite.close()
    yield from service(
        folder,
        {
            "own": SourceConfig(name="own", type="duckdb", path=folder / "own.duckdb"),
            "lite": SourceConfig(name="lite", type="sqlite", path=folder / "lite.db"),
            "pg": SourceConfig(name="pg", type="postgres", dsn=postgres_dsn, schemas=("scattered",)),
            "my": SourceConfig(name="my", type="mariadb", dsn=databases),
        },
    )


@pytest.fixture
def folder_of(scattered: SqlService) -> Path:
    return scattered.project.root
