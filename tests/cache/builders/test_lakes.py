"""Builds from Delta and Iceberg tables: bit by bit those from the same rows in files, by every builder; and only of the
partitions whose files were written."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.cache.builders.contents import Chunks, built
from tests.cache.builders.test_spark import LOCAL, of_its_own
from tests.cache.builders.test_spark import built as built_by_spark
from tests.cache.project import PROJECT, SCHEMA, opened, row
from tests.cache.test_distributed import write_project_of
from tests.services.base import missing

from lapwing.cache.builders.spark.session import java
from lapwing.model.project import BeamConfig

FILES = "  files: {type: files, path: data}\n"


def into_delta(root: Path, rows: pa.Table) -> None:
    from deltalake import write_deltalake

    write_deltalake(root / "lake" / "trips", rows, mode="append")


def into_iceberg(root: Path, rows: pa.Table) -> None:
    from pyiceberg.catalog import load_catalog
    from pyiceberg.transforms import MonthTransform

    (root / "lake").mkdir(exist_ok=True)
    catalog: Any = load_catalog("lake", type="sql", uri=f"sqlite:///{root}/lake/c.db", warehouse=f"file://{root}/lake")
    catalog.create_namespace_if_not_exists("shop")
    if not catalog.table_exists("shop.trips"):
        with catalog.create_table("shop.trips", SCHEMA).update_spec() as spec:
            spec.add_field("at", MonthTransform())
    catalog.load_table("shop.trips").append(rows)
    catalog.close()


LAKES: dict[str, tuple[str, Callable[[Path, pa.Table], None]]] = {
    "delta": ("  lake: {type: delta, path: lake}\n", into_delta),
    "iceberg": ("  lake: {type: iceberg, catalog: {type: sql, uri: 'sqlite:///lake/c.db'}}\n", into_iceberg),
}


@pytest.fixture(scope="module", params=LAKES, name="lake")
def _lake(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Chunks]:
    """A project whose rows are in a lake, and what a build from files of the same rows has made."""
    root = tmp_path_factory.mktemp(request.param)
    write_project_of(root, 7)
    expected = built(root, "duckdb")
    move(root, request.param)
    return request.param, root, expected


def move(root: Path, kind: str) -> None:
    source, write = LAKES[kind]
    for file in sorted((root / "data" / "trips").glob("*.parquet")):
        write(root, pq.read_table(file))
    (root / "lapwing.yaml").write_text(PROJECT.replace(FILES, source))
    dataset = root / "datasets" / "trips.yaml"
    dataset.write_text(dataset.read_text().replace("files.trips", "lake.trips"))


def test_it_is_built_here(lake: tuple[str, Path, Chunks]) -> None:
    _, root, expected = lake
    assert built(root, "duckdb") == expected


def test_it_is_built_by_beam(lake: tuple[str, Path, Chunks]) -> None:
    _, root, expected = lake
    assert built(root, "beam", BeamConfig(workers=2, shards=5)) == expected


@pytest.mark.long
def test_it_is_built_by_spark(lake: tuple[str, Path, Chunks]) -> None:
    if java() is None:
        missing("there is no Java")
    _, root, expected = lake
    for config in of_its_own(LOCAL):
        assert built_by_spark(root, "spark", config, "other") == expected


@pytest.mark.parametrize("kind", LAKES)
def test_only_partitions_whose_files_were_written_are_built_again(tmp_path: Path, kind: str) -> None:
    write_project_of(tmp_path, 7)
    move(tmp_path, kind)
    with opened(tmp_path) as (_, cache):
        first = cache.build().checked()
        assert all(one.built == 3 for one in first.rollups)
        assert all(one.built == 0 for one in cache.build().checked().rollups)
    LAKES[kind][1](tmp_path, pa.Table.from_pylist([row(datetime(2013, 2, 14, 12))], SCHEMA))
    with opened(tmp_path) as (_, cache):
        again = cache.build().checked()
        assert [(one.built, one.unchanged) for one in again.rollups] == [(1, 2)] * 3
        assert cache.upkeep.verify(None).findings == []


def test_where_the_rows_are_there_is_no_engine(tmp_path: Path) -> None:
    """The builder source reads them, as the engine here does."""
    write_project_of(tmp_path, 7)
    dataset = tmp_path / "datasets" / "trips.yaml"
    alone = [
        line for line in dataset.read_text().splitlines(True) if not re.match(r"joins:|  shops: .table|  town:", line)
    ]
    dataset.write_text("".join(alone).replace("shop, town,", "shop,"))
    move(tmp_path, "delta")
    assert built(tmp_path, "source") == built(tmp_path, "duckdb")
