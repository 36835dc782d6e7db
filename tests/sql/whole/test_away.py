"""Where whole statements run is away or busy: what may pass is tried again, and a cluster's sources are read where it stays
away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest
from tests.services.bigquery_double import Refusal, bigquery_double, key_file
from tests.services.bigquery_double_tables import Warehouse
from tests.services.tcp_proxy import TcpProxy, proxied
from tests.services.trino import Trino
from tests.sql.conftest import service
from tests.sql.whole.conftest import clustered_service

from lapwing.model.project import EngineConfig, SourceConfig
from lapwing.sources.circuit import Circuit
from lapwing.sources.guarded import Guarded
from lapwing.sources.passing import Backoff
from lapwing.sql.run import Running
from lapwing.sql.service import SqlService

TEXT = "select count(*) as c, sum(id) as s from crm.away.things"
ROWS = [{"c": 3, "s": 6}]


@dataclass(frozen=True)
class Away:
    sql: SqlService
    proxy: TcpProxy

    def ran(self) -> tuple[list[dict[str, object]], Running]:
        with self.sql.run(TEXT) as running:
            return [row for batch in running for row in batch.to_pylist()], running


def test_bigquery_is_asked_again_for_a_whole_statement(tmp_path: Path) -> None:
    warehouse = Warehouse()
    warehouse.keep(("data", "shop", "orders"), pa.table({"id": [1, 2, 3]}))
    unlucky = Refusal(403, "rateLimitExceeded", "Exceeded rate limits: too many concurrent queries for this project")
    with bigquery_double(warehouse) as double:
        config = SourceConfig(
            name="bq",
            type="bigquery",
            project="billed",
            datasets=("data.shop",),
            location="EU",
            key_file=key_file(tmp_path, double.address),
            endpoint=double.address,
            storage_endpoint=f"http://127.0.0.1:{double.storage.port}",
        )
        for sql in service(tmp_path, {"bq": config}):
            guarded = sql._sources["bq"]
            assert isinstance(guarded, Guarded)
            guarded._backoff = Backoff(random=lambda: 0.0)
            sql.catalog.tables()
            double.fail("POST", "/jobs$", unlucky)  # how much it would read is asked first
            plan = sql.plan("select sum(id) as s from bq.orders", engine="bq")
            assert [scan.id for scan in plan.scans] == ["whole"], plan.notes
            double.fail("POST", "/jobs$", unlucky)
            with sql.start(plan) as running:
                assert [row for batch in running for row in batch.to_pylist()] == [{"s": 6}]
            assert running.progress().scans[0].retries == 1
            assert guarded.circuit.closed


@pytest.fixture(scope="module")
def proxied_cluster(
    tmp_path_factory: pytest.TempPathFactory, trino_server: Trino, trino_postgres_dsn: str, postgres_dsn: str
) -> Iterator[Away]:
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("create schema away")
        connection.execute("create table away.things as select n::bigint as id from generate_series(1, 3) n")
    configs = {"crm": SourceConfig(name="crm", type="postgres", dsn=postgres_dsn, schemas=("away",))}
    folder: Path = tmp_path_factory.mktemp("away")
    with proxied(f"trino://lapwing@127.0.0.1:{trino_server.port}") as (proxy, dsn):
        engine = EngineConfig(dsn=dsn, catalogs={"crm": "pg"})
        for sql in clustered_service(folder, configs, engine):
            yield Away(sql, proxy)


@pytest.fixture
def away(proxied_cluster: Away) -> Away:
    """With a circuit that is closed, and pauses that take no time."""
    cluster = proxied_cluster.sql._cluster
    assert cluster is not None
    cluster.circuit.succeeded()
    cluster._backoff = Backoff(attempts=2, random=lambda: 0.0)
    rows, running = proxied_cluster.ran()
    assert (rows, [scan.id for scan in running.plan.scans]) == (ROWS, ["whole"]), running.plan.notes
    return proxied_cluster


@contextmanager
def refused(proxy: TcpProxy) -> Iterator[None]:
    proxy.refuse()
    try:
        yield
    finally:
        if not proxy.serving:
            proxy.serve()


def test_one_that_comes_back_runs_it(away: Away) -> None:
    cluster = away.sql._cluster
    assert cluster is not None

    def drawn() -> float:
        if not away.proxy.serving:
            away.proxy.serve()
        return 0.0

    cluster._backoff = Backoff(random=drawn)
    with refused(away.proxy):
        rows, running = away.ran()
    assert rows == ROWS
    assert [scan.id for scan in running.plan.scans] == ["whole"]
    (scan,) = running.progress().scans
    assert scan.retries >= 1
    assert "does not answer" in str(scan.trouble)


def test_the_sources_are_read_while_it_stays_away(away: Away) -> None:
    with refused(away.proxy):
        rows, running = away.ran()
        assert rows == ROWS
        assert "whole" not in [scan.id for scan in running.plan.scans]
        assert "the cluster does not answer" in running.plan.notes[-1]
    rows, running = away.ran()
    assert (rows, [scan.id for scan in running.plan.scans]) == (ROWS, ["whole"])


def test_its_circuit_is_told_and_keeps_nobody_waiting(away: Away) -> None:
    cluster = away.sql._cluster
    assert cluster is not None
    now = [0.0]
    opened = Circuit(cluster.name, clock=lambda: now[0])
    cluster.circuit = opened
    with refused(away.proxy):
        away.ran()
        assert away.sql.circuits()[cluster.name].state == "closed"
        now[0] += 10
        for _ in range(2):
            away.ran()
        state = away.sql.circuits()[cluster.name]
        assert (state.state, state.problem and state.problem.code) == ("open", "source-unreachable")
        accepted = away.proxy.accepted
        rows, running = away.ran()
        assert rows == ROWS
        assert "is not asked now" in running.plan.notes[-1]
    assert away.proxy.accepted == accepted


def test_a_catalog_that_the_cluster_does_not_have(tmp_path: Path, trino_server: Trino, postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("create schema nowhere")
        connection.execute("create table nowhere.t as select 1 as id")
    configs = {"ours": SourceConfig(name="ours", type="postgres", dsn=postgres_dsn, schemas=("nowhere",))}
    with contextmanager(clustered_service)(
        tmp_path, configs, EngineConfig(dsn=trino_server.dsn("").rstrip("/"))
    ) as sql:
        plan = sql.plan("select count(*) as n from ours.nowhere.t", engine="trino")
        assert "the cluster has no catalog ours, which ours would be" in " ".join(plan.notes)
        assert sql.table(plan.text, engine="trino").to_pylist() == [{"n": 1}]
