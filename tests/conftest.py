"""Fixtures for all tests: the real services, started when the first test needs them."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings
from tests.services.base import MissingService, missing
from tests.services.bigquery import PROJECT, bigquery
from tests.services.bigtable import Bigtable, bigtable
from tests.services.chromium import chromium
from tests.services.clickhouse import clickhouse
from tests.services.gcs import Gcs, gcs
from tests.services.kafka import kafka
from tests.services.mariadb import mariadb
from tests.services.postgres import postgres
from tests.services.prism import Prism, prism
from tests.services.s3 import s3
from tests.services.snowflake import SnowflakeDouble, snowflake
from tests.services.trino import Trino
from tests.services.trino import trino_server as trino_service

T = TypeVar("T")

# How long an example takes says how busy the machine is.
settings.register_profile("lapwing", parent=settings(), deadline=None)
settings.load_profile("lapwing")
pytest_plugins = ["tests.flights", "tests.flights_postgres", "tests.scheduling"]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What was loaded and collected stays to the end: no need to look through it for garbage again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """A PostgreSQL server of this test process (superuser). Tests make databases or schemas of their own in it."""
    with _had(postgres) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def mariadb_dsn() -> Iterator[str]:
    """A MariaDB server of this test process (all rights, time zones loaded). Tests make databases of their own in it."""
    with _had(mariadb) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def bigtable_server() -> Iterator[Bigtable]:
    """A Bigtable emulator of this test process. Tests make tables of their own in it."""
    with _had(bigtable) as service:
        yield service


@pytest.fixture(scope="session")
def gcs_server() -> Iterator[Gcs]:
    """A server of Cloud Storage's API, of this test process."""
    with _had(gcs) as service:
        yield service


@pytest.fixture(scope="session")
def clickhouse_dsn() -> Iterator[str]:
    """A ClickHouse: its engine, its HTTP interface a double."""
    with _had(clickhouse) as service:
        yield service.dsn


@pytest.fixture(scope="session")
def snowflake_double() -> Iterator[SnowflakeDouble]:
    """A double of Snowflake, in this process."""
    with snowflake() as double:
        yield double


@pytest.fixture(scope="session")
def snowflake_dsn(snowflake_double: SnowflakeDouble) -> str:
    """The address of its schema PUBLIC. Tests make schemas of their own in it."""
    return snowflake_double.dsn


@pytest.fixture(scope="session")
def kafka_servers() -> Iterator[str]:
    """A broker of Kafka."""
    with _had(kafka) as service:
        yield service.servers


@pytest.fixture(scope="session")
def gcs_dsn(gcs_server: Gcs) -> str:
    """Where a server of Google Cloud Storage's API listens; it has the bucket `files`."""
    gcs_server.make_bucket("files")
    return gcs_server.url


@pytest.fixture(scope="session")
def s3_dsn() -> Iterator[str]:
    """Where a double of S3 listens; it has the bucket `files`."""
    with s3("files") as storage:
        yield str(storage.endpoint)


@pytest.fixture(scope="module")
def bigquery_dsn() -> Iterator[str]:
    """A BigQuery emulator of this module of tests, which sources find by the environment; the name of its project. Tests
    make datasets of their own in it."""
    with _had(bigquery) as service, pytest.MonkeyPatch.context() as patch:
        for name, value in service.environ.items():
            patch.setenv(name, value)
        yield PROJECT


@pytest.fixture(scope="session")
def prism_server() -> Iterator[Prism]:
    """A job server of Beam's portable runner, of this test process."""
    with _had(prism) as service:
        yield service


@pytest.fixture(scope="session")
def trino_server() -> Iterator[Trino]:
    """A Trino of this test process, with the catalogs memory and tpch. Tests make schemas or catalogs of their own in it.
    It takes some 15 s to start."""
    with _had(trino_service) as service:
        yield service


@pytest.fixture(scope="session")
def trino_dsn(trino_server: Trino) -> str:
    """The address of its catalog memory."""
    return trino_server.dsn("memory")


@pytest.fixture(scope="session")
def trino_postgres_dsn(trino_server: Trino, postgres_dsn: str) -> str:
    """The address of a catalog of it that is the PostgreSQL server's own database."""
    trino_server.postgres_catalog("pg", postgres_dsn)
    return trino_server.dsn("pg")


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """The browser's program, for playwright's `executable_path`."""
    try:
        return chromium()
    except MissingService as error:
        missing(error)


@contextmanager
def _had(service: Callable[[], AbstractContextManager[T]]) -> Iterator[T]:
    """What the service gives, while it runs; a missing one is told by `missing`."""
    with ExitStack() as stack:
        try:
            given = stack.enter_context(service())
        except MissingService as error:
            missing(error)
        yield given
