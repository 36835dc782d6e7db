"""One table in three places: a DuckDB file (the engine's own), SQLite and PostgreSQL, with the values that tempt a
source to answer otherwise."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from tests.sources.worlds import mariadb_connection, mariadb_database

from lapwing.model.project import Project, SourceConfig, StoreConfig
from lapwing.sources.engine import Engine
from lapwing.sources.open import Sources
from lapwing.sources.storage import engine_reads
from lapwing.sql.service import SqlService

FIXTURES = Path(__file__).parent / "fixtures"
WIDE = """
create table {0}wide (id bigint, l boolean, m {1}, z {2}, w_id bigint);
insert into {0}wide values (1, true, 12345678901234567890.1234, '2020-02-29 23:30:00{3}', 7),
  (2, true, -0.0001, '2020-03-01 00:30:00{3}', 8), (3, false, 99999999999999999999.9999, '2020-03-29 01:00:00{3}', 9),
  (4, false, null, null, 9), (5, false, 99999999999999999999.9999, '1999-12-31 23:59:59.999999{3}', 9),
  (6, null, null, null, null);
"""
"""Decimals of more digits than 64 bits hold, and moments that have other days elsewhere."""


def project(folder: Path, sources: dict[str, SourceConfig]) -> Project:
    return Project(
        name="test",
        root=folder,
        timezone="UTC",
        now=None,
        week_start=0,
        sources=sources,
        store=StoreConfig(type="memory"),
        state_path=folder / "state.db",
        datasets={},
        monitors={},
        events=(),
    )


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    with duckdb.connect(str(folder / "own.duckdb")) as own:
        own.execute((FIXTURES / "things_duckdb.sql").read_text()).fetchall()
        own.execute(WIDE.format("", "decimal(24,4)", "timestamptz", "+00")).fetchall()
        own.execute("create table folded as select * from (values ('a'), ('A'), ('b')) x(v)").fetchall()
        own.execute("create table big as select range as n, range % 7 as g from range(200000)").fetchall()
    lite = sqlite3.connect(folder / "lite.db")
    lite.executescript((FIXTURES / "things_sqlite.sql").read_text())
    lite.execute("create table folded (v text collate nocase)")
    lite.execute("insert into folded values ('a'), ('A'), ('b')")
    lite.execute("create table big (n int, g int)")
    lite.executemany("insert into big values (?, ?)", ((n, n % 7) for n in range(200_000)))
    lite.commit()
    lite.close()
    return folder


@pytest.fixture(scope="session")
def local(data: Path) -> Iterator[SqlService]:
    """The DuckDB file as `own` and SQLite as `lite`."""
    configs = {
        "own": SourceConfig(name="own", type="duckdb", path=data / "own.duckdb"),
        "lite": SourceConfig(name="lite", type="sqlite", path=data / "lite.db"),
    }
    yield from service(data, configs)


@pytest.fixture(scope="session")
def everywhere(data: Path, postgres_dsn: str, mariadb_dsn: str) -> Iterator[SqlService]:
    """`own`, `lite`, PostgreSQL as `pg` and MariaDB as `my`."""
    import psycopg

    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("create schema traps")
        connection.execute((FIXTURES / "things_postgres.sql").read_text())
        connection.execute(
            "create table traps.big as select n::bigint, (n % 7)::bigint g from generate_series(0, 199999) n"
        )
        connection.execute(WIDE.format("traps.", "numeric(24,4)", "timestamptz", "+00"))
        connection.execute("analyze")
    traps = mariadb_database(mariadb_dsn)
    with mariadb_connection(traps) as connection, connection.cursor() as cursor:
        wide = WIDE.format("", "decimal(24,4)", "timestamp(6) null", "")
        for statement in ((FIXTURES / "things_mariadb.sql").read_text() + wide).strip().rstrip(";").split(";\n"):
            cursor.execute(statement)
        cursor.execute("create table big (n bigint, g bigint) select seq n, seq % 7 g from seq_0_to_199999")
    configs = {
        "own": SourceConfig(name="own", type="duckdb", path=data / "own.duckdb"),
        "lite": SourceConfig(name="lite", type="sqlite", path=data / "lite.db"),
        "my": SourceConfig(name="my", type="mariadb", dsn=traps),
        "pg": SourceConfig(name="pg", type="postgres", dsn=postgres_dsn, schemas=("traps",)),
    }
    yield from service(data, configs)


def service(folder: Path, configs: dict[str, SourceConfig]) -> Iterator[SqlService]:
    engine = Engine(allowed=[folder, *engine_reads(configs.values())])
    sources = Sources(configs, engine)
    made = SqlService(project(folder, configs), sources, engine)
    yield made
    made.close()
    sources.close()
    engine.close()
