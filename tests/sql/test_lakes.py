"""Tables of a lake, and files in object storage, answer as the engine's own table does: their files are left out, and
filtered, by other libraries, or read by another file system."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from tests.sources.worlds import storage_of, store
from tests.sql.conftest import service
from tests.sql.test_pushdown import CONDITIONS, PREDICATES, rows

from lapwing.model.project import SourceConfig
from lapwing.sql.service import SqlService

LAKES = ("delta", "iceberg")
SOURCES = (*LAKES, "stored")
STATEMENTS = [
    "select count(*) as c from {s}.things",
    "select a.id, b.id as other from {s}.things a join {s}.things b on a.i = b.i where b.v like 'a%' order by all",
    "select a.id from own.things a left join {s}.things b on a.id = b.i where b.id is null order by all",
    "select v, count(*) as c from {s}.things group by v having count(*) > 0 order by v nulls last",
    "select id from {s}.things where i in (select g from {s}.big where n < 50) order by id",
    "select id from {s}.things union all select n from {s}.big where n between 7 and 8 order by all",
    "select sum(i) as s, avg(f) as a, min(v) as v, max(w) as w, sum(n) as n from {s}.things where i < 100",
]


@pytest.fixture(scope="module")
def lakes(data: Path, tmp_path_factory: pytest.TempPathFactory, s3_dsn: str) -> Iterator[SqlService]:
    """The engine's own tables in files of a few rows, some of them parted by a column."""
    from deltalake import write_deltalake
    from pyiceberg.catalog import load_catalog
    from pyiceberg.transforms import IdentityTransform

    folder = tmp_path_factory.mktemp("lakes")
    properties = {"type": "sql", "uri": f"sqlite:///{folder}/catalog.db", "warehouse": f"file://{folder}/iceberg"}
    catalog = load_catalog("iceberg", **properties)
    catalog.create_namespace("main")
    with duckdb.connect(str(data / "own.duckdb"), read_only=True) as own:
        for name, parted, pieces in (("things", "i", 3), ("big", "g", 2)):
            table = own.sql(f"select * from {name}").to_arrow_table()
            table = table.cast(pa.schema([field.with_nullable(True).remove_metadata() for field in table.schema]))
            size = -(-table.num_rows // pieces)
            iceberg = catalog.create_table(f"main.{name}", table.schema)
            with iceberg.update_spec() as spec:
                spec.add_field(parted, IdentityTransform())
            for number in range(pieces):
                piece = table.slice(number * size, size)
                write_deltalake(folder / "delta" / name, piece, partition_by=[parted], mode="append")
                catalog.load_table(f"main.{name}").append(piece)
                store(f"s3://files/pushdown/{name}/{number}.parquet", storage_of("s3", s3_dsn), piece)
    configs = {
        "own": SourceConfig(name="own", type="duckdb", path=data / "own.duckdb"),
        "delta": SourceConfig(name="delta", type="delta", path=folder / "delta"),
        "iceberg": SourceConfig(name="iceberg", type="iceberg", catalog=properties),
        "stored": SourceConfig(
            name="stored", type="files", uri="s3://files/pushdown", storage=storage_of("s3", s3_dsn)
        ),
    }
    yield from service(folder, configs)


def same(lakes: SqlService, text: str) -> None:
    own = rows(lakes, text.replace("{s}", "own"))
    assert isinstance(own, list), own
    for source in SOURCES:
        here = text.replace("{s}", source)
        assert rows(lakes, here) == own, f"{source}: {lakes.explain(here)}"


@pytest.mark.parametrize("predicate", PREDICATES)
def test_predicates_mean_the_same(lakes: SqlService, predicate: str) -> None:
    same(lakes, f"select id from {{s}}.things where {predicate.replace('{source}', '{s}')} order by id")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(predicate=CONDITIONS)
def test_any_condition_means_the_same(lakes: SqlService, predicate: str) -> None:
    same(lakes, f"select id from {{s}}.things where {predicate} order by id")


@pytest.mark.parametrize("text", STATEMENTS)
def test_statements_mean_the_same(lakes: SqlService, text: str) -> None:
    same(lakes, text)


@pytest.mark.parametrize("source", LAKES)
def test_conditions_and_limits_go_to_the_files(lakes: SqlService, source: str) -> None:
    plan = lakes.plan(f"select n from {source}.big where g = 3 limit 5 offset 2")
    assert plan.scans[0].pushed
    assert plan.scans[0].limit == 7
    assert lakes.table(plan.text).num_rows == 5
