"""A project whose sources are catalogs of a cluster as well, and copies of their tables in the engine's own file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import psycopg
import pytest
from tests.services.trino import Trino
from tests.sources.worlds import trino_rows
from tests.sql.conftest import FIXTURES, project

from lapwing.model.project import EngineConfig, SourceConfig
from lapwing.sources.engine import Engine
from lapwing.sources.open import Sources
from lapwing.sources.storage import engine_reads
from lapwing.sql.service import SqlService


@pytest.fixture(scope="session")
def clustered(
    tmp_path_factory: pytest.TempPathFactory, trino_server: Trino, trino_postgres_dsn: str, postgres_dsn: str
) -> Iterator[SqlService]:
    """`crm`, a PostgreSQL that is the catalog pg there; `big`, a catalog of the same name; `own`, which it has not."""
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("create schema clustered")
        connection.execute((FIXTURES / "things_postgres.sql").read_text().replace("traps.", "clustered."))
        connection.execute("create table clustered.kinds (id bigint, c char(3), u uuid, f real, z timestamptz)")
        connection.execute("insert into clustered.kinds values (1, 'a', gen_random_uuid(), 0.5, now())")
    trino_server.catalog("big", "memory")
    trino_rows(
        trino_server.dsn("big"),
        "create table big.default.numbers as select x * 100 + y as n, x * 100 + y as id, (x * 100 + y) % 7 as g "
        "from unnest(sequence(0, 99)) a(x) cross join unnest(sequence(0, 99)) b(y)",
    )
    folder = tmp_path_factory.mktemp("clustered")
    with duckdb.connect(str(folder / "own.duckdb")) as own:
        own.execute("create table local as select 1 as id")
    configs = {
        "crm": SourceConfig(name="crm", type="postgres", dsn=postgres_dsn, schemas=("clustered",)),
        "big": SourceConfig(name="big", type="trino", dsn=trino_server.dsn("big", "default")),
        "own": SourceConfig(name="own", type="duckdb", path=folder / "own.duckdb"),
    }
    dsn = f"trino://lapwing@127.0.0.1:{trino_server.port}"
    yield from clustered_service(folder, configs, EngineConfig(dsn=dsn, catalogs={"crm": "pg", "big": "big.default"}))


def clustered_service(folder: Path, configs: dict[str, SourceConfig], engine: EngineConfig) -> Iterator[SqlService]:
    own = Engine(allowed=[folder, *engine_reads(configs.values())])
    sources = Sources(configs, own)
    made = SqlService(replace(project(folder, configs), engine=engine), sources, own)
    yield made
    made.close()
    sources.close()
    own.close()
