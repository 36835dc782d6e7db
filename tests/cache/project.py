"""A small real project for the cache's tests: rows in Parquet by month, a lookup in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lapwing.cache.service import Cache
from lapwing.cache.stores import open_store
from lapwing.cache.stores.base import RollupStore
from lapwing.model.load import load
from lapwing.model.project import Project
from lapwing.sources.engine import Engine
from lapwing.sources.open import Sources
from lapwing.sources.storage import engine_reads
from lapwing.sql.service import SqlService

PROJECT = """
name: test
timezone: America/New_York
now: 2013-05-01
sources:
  files: {type: files, path: data}
  names: {type: sqlite, path: names.db}
store: {type: lmdb, path: .lapwing/store}
history: {versions: 0}
"""
IN_UTC = PROJECT.replace("timezone: America/New_York", "timezone: UTC")
"""Where months begin at midnight UTC, and so do partitions."""

DATASET = """
dataset: trips
table: files.trips
time: {column: at, timezone: America/New_York}
complete_after: 0 hours
joins:
  shops: {table: names.shops, on: shop, many_to_one: true}
dimensions:
  shop: {}
  town: {column: shops.town}
  size: {}
  far: {sql: distance > 100}
measures:
  trips: {count: "*"}
  paid: {count: price}
  miles: {sum: distance}
  money: {sum: price}
  weight: {sum: kilos}
  heavy: {sum: kilos, where: kilos > 1}
  longest: {max: distance}
  lightest: {min: kilos}
  average: {mean: kilos}
  spread: {stddev: distance}
  shops: {distinct: shop}
  distances: {distinct: distance, precision: 10}
  middle: {quantile: kilos, q: 0.5}
  slow: {quantile: kilos, q: 0.9}
  latest: {last: distance}
  earliest: {first: kilos}
  final_shop: {last: shop}
  greatest: {max: shop}
  usual: {top: distance, k: 3}
rollups:
  main: {grain: 15 minutes, dimensions: [shop, town, size, far], partition: month}
  by_shop: {grain: hour, dimensions: [shop], measures: [trips, miles, average], partition: month}
  total: {grain: 15 minutes, dimensions: [], partition: month}
"""

SCHEMA = pa.schema(
    [
        ("at", pa.timestamp("us")),
        ("shop", pa.string()),
        ("size", pa.int32()),
        ("distance", pa.int64()),
        ("price", pa.decimal128(12, 2)),
        ("kilos", pa.float64()),
    ]
)


def write_project(root: Path, *, dataset: str = DATASET, project: str = PROJECT) -> None:
    """The project's files, without rows."""
    (root / "datasets").mkdir(parents=True, exist_ok=True)
    (root / "data" / "trips").mkdir(parents=True, exist_ok=True)
    (root / "lapwing.yaml").write_text(project)
    (root / "datasets" / "trips.yaml").write_text(dataset)
    (root / "names.db").unlink(missing_ok=True)
    with sqlite3.connect(root / "names.db") as database:
        database.execute("create table shops (shop text primary key, town text)")
        database.executemany("insert into shops values (?, ?)", [("a", "Aachen"), ("b", "Bonn"), ("ü", None)])
    database.close()


def write_rows(root: Path, name: str, rows: Sequence[Mapping[str, object]]) -> None:
    """One Parquet file of the table trips, whole at once: someone may be reading."""
    file = root / "data" / "trips" / f"{name}.parquet"
    pq.write_table(pa.Table.from_pylist(list(rows), SCHEMA), file.with_name(f".{name}"))
    file.with_name(f".{name}").replace(file)


def row(at: datetime, shop: str | None = "a", size: int | None = 1, distance: int | None = 10) -> dict[str, object]:
    """A row whose other values follow from these."""
    return {"at": at, "shop": shop, "size": size, "distance": distance, "price": None, "kilos": 0.1}


@contextmanager
def opened(root: Path, store: RollupStore | None = None, *, grace: float = 0.0) -> Iterator[tuple[Project, Cache]]:
    """The project's cache over real parts. A store handed in is closed by it, too."""
    project = load(root)
    engine = Engine(allowed=[root, *engine_reads(project.sources.values())])
    sources = Sources(project.sources, engine)
    sql = SqlService(project, sources, engine)
    cache = Cache(project, sql, store or open_store(project.store), grace=grace)
    try:
        yield project, cache
    finally:
        cache.close()
        sql.close()
        sources.close()
        engine.close()
