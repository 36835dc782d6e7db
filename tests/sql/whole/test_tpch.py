"""TPC-H at the smallest scale: whole on the cluster, its orders and customers in a PostgreSQL, against copies here."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest
from tests.services.trino import Trino
from tests.sources.worlds import trino_rows
from tests.sql.conftest import FIXTURES
from tests.sql.whole.conftest import clustered_service

from lapwing.model.project import EngineConfig, SourceConfig
from lapwing.sql.service import SqlService

QUERIES = [line.rstrip(";") for line in (FIXTURES / "tpch.sql").read_text().splitlines() if line[:2] != "--"]
IN_POSTGRES = ("orders", "customer")
TABLES = ("lineitem", "part", "partsupp", "supplier", "nation", "region", *IN_POSTGRES)

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def tpch(
    tmp_path_factory: pytest.TempPathFactory, trino_server: Trino, trino_postgres_dsn: str, postgres_dsn: str
) -> Iterator[SqlService]:
    """`big` and `crm` on the cluster, `own` with copies of all."""
    trino_server.catalog("tpchd", "tpch", {"tpch.column-naming": "STANDARD", "tpch.double-type-mapping": "DECIMAL"})
    dsn = trino_server.dsn("pg")
    trino_rows(dsn, "create schema pg.tpch")
    for table in IN_POSTGRES:
        trino_rows(dsn, f"create table pg.tpch.{table} as select * from tpchd.tiny.{table}")
    folder = tmp_path_factory.mktemp("tpch")
    configs = {
        "big": SourceConfig(name="big", type="trino", dsn=trino_server.dsn("tpchd", "tiny")),
        "crm": SourceConfig(name="crm", type="postgres", dsn=postgres_dsn, schemas=("tpch",)),
        "own": SourceConfig(name="own", type="duckdb", path=folder / "own.duckdb"),
    }
    with duckdb.connect(str(folder / "own.duckdb")) as own:
        own.execute("create table nothing (n int)")
    engine = EngineConfig(
        dsn=f"trino://lapwing@127.0.0.1:{trino_server.port}", catalogs={"big": "tpchd.tiny", "crm": "pg"}
    )
    for service in clustered_service(folder, configs, engine):
        copies = {table: service.table(f"select * from big.{table}", engine="duckdb") for table in TABLES}
        with duckdb.connect(str(folder / "own.duckdb")) as own:
            for table, rows in copies.items():
                own.register("given_rows", rows)
                own.execute(f"create table {table} as select * from given_rows")
                own.unregister("given_rows")
        yield service


@pytest.mark.parametrize("number", range(1, len(QUERIES) + 1))
def test_answers_are_the_engine_s(tpch: SqlService, number: int) -> None:
    text = QUERIES[number - 1]
    there = text.replace("{s}.", "big.")
    for table in IN_POSTGRES:
        there = there.replace(f"big.{table}", f"crm.tpch.{table}")
    with tpch.run(there) as running:
        got = pa.Table.from_batches(list(running), running.schema)
    assert [scan.id for scan in running.plan.scans] == ["whole"], running.plan.notes
    assert got.to_pylist() == tpch.table(text.replace("{s}", "own")).to_pylist()
