"""Tables of a lake, and files in object storage, answer as the engine's own table does: their files are left out, and
filtered, by other libraries, or read by another file system."""

from __future__ import annotations

import inspect
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
from lapwing.sql import plans
from lapwing.sql.reduce import choose, keys, values
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


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


KEYED = [
    "select count(*), sum(b.n) from {s}.big b join own.things t on b.n = t.id",
    "select b.n, t.v from {s}.big b join own.things t on b.n = t.i where t.l order by all",
    "select count(*) from {s}.big b join own.big o on b.n = o.n where o.g = 3 and o.n < 3000",
    "select t.id from {s}.things t where t.d in (select d from own.things where id < 4) order by 1",
    "select t.id from {s}.things t join own.things o on t.v = o.v order by 1",
    "select count(*), sum(b.n) from {s}.big b join own.things t on b.n = t.id where t.i = 12345",
]


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are told however little they save."""
    monkeypatch.setattr(plans, "SECONDS", -1.0)
    monkeypatch.setattr(choose, "WORTH", 0)
    monkeypatch.setattr(choose, "SELECTIVE", 2.0)
    monkeypatch.setattr(choose, "saved_enough", lambda *_: True)
    monkeypatch.setattr(values, "PRUNED", 2.0)


@pytest.mark.parametrize("listed", [200, 0])
@pytest.mark.parametrize("text", KEYED)
def test_keys_leave_out_files_and_rows(
    lakes: SqlService, eager: None, text: str, listed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_LISTED", listed)
    same(lakes, text)
    for source in LAKES:
        plan = lakes.ready(text.replace("{s}", source))
        assert any(scan.keys for scan in plan.scans), source


@pytest.mark.parametrize("source", LAKES)
def test_keys_that_leave_out_no_file_are_not_told(lakes: SqlService, source: str) -> None:
    def read(text: str) -> int:
        with lakes.run(text) as running:
            list(running)
        of_lake = {scan.id for scan in running.plan.scans if scan.table.source == source}
        return sum(scan.rows for scan in running.progress().scans if scan.id in of_lake)

    few = f"select count(*) from {source}.big b join own.things t on b.n = t.id where"
    assert read(f"{few} t.l") == 5
    assert read(f"{few} t.i = 12345") == 0
    every = f"select count(*) from {source}.big b join own.big o on b.n = o.n where o.n % 20000 = 1"
    assert any(scan.keys for scan in lakes.ready(every).scans)
    assert read(every) == 200_000


def test_without_their_other_end_keys_would_lose_rows(
    lakes: SqlService, eager: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, guard = inspect.getsource(keys._in_files), "BETWEEN {written[0]} AND {written[1]}"
    assert guard in source
    mutant = dict(vars(keys))
    exec(compile(source.replace(guard, "BETWEEN {written[0]} AND {written[0]}"), keys.__file__, "exec"), mutant)
    monkeypatch.setattr(keys, "_LISTED", 0)
    mutant["_LISTED"] = 0
    monkeypatch.setattr(keys, "_in_files", mutant["_in_files"])
    text = "select count(*), sum(b.n) from {s}.big b join own.things t on b.n = t.id"
    assert rows(lakes, text.replace("{s}", "delta")) != rows(lakes, text.replace("{s}", "own"))
