"""Families: a rollup is folded from a finer one where all it keeps follows from it, else it is read from the source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.cache.project import DATASET, IN_UTC, opened, row, write_project, write_rows

from lapwing.cache.builders.base import Builder
from lapwing.cache.builders.duckdb import DuckdbBuilder
from lapwing.cache.definition import Definition, define
from lapwing.cache.family import families
from lapwing.cache.ledger import Ledger
from lapwing.cache.service import Cache
from lapwing.cache.unpack import unpack
from lapwing.model.project import Project

ROLLUPS = """
rollups:
  main: {grain: 15 minutes, dimensions: [shop, size], partition: month}
  hourly: {grain: hour, dimensions: [size], measures: [trips, weight], partition: month}
  half: {grain: 10 minutes, dimensions: [shop], partition: month}
  towns: {grain: day, dimensions: [town], partition: month}
  total: {grain: hour, dimensions: [], partition: month}
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[tuple[Project, Cache]]:
    write_project(tmp_path, dataset=DATASET[: DATASET.index("rollups:")] + ROLLUPS, project=IN_UTC)
    for month in range(1, 6):
        first = datetime.fromisoformat(f"2013-{month:02}-02T00:00")
        places = [("a", 1), ("b", None), (None, 2), ("ü", 1), ("a", 2)]
        rows = [row(first + timedelta(minutes=13 * i), *places[i % 5], distance=i % 7 - 3) for i in range(300)]
        write_rows(tmp_path, f"2013-{month:02}", [one | {"kilos": i / 7 - 20} for i, one in enumerate(rows)])
    with opened(tmp_path) as both:
        yield both


def definitions(project: Project, cache: Cache) -> dict[str, Definition]:
    dataset = project.datasets["trips"]
    bound = cache._sql.bind(dataset)
    return {name: define(bound, rollup, project.timezone) for name, rollup in dataset.rollups.items()}


def test_what_follows_from_what(project: tuple[Project, Cache]) -> None:
    found = families(list(definitions(*project).values()))
    named = {one.finest.rollup.name: [coarse.rollup.name for coarse in one.coarser] for one in found}
    # 15 minutes do not give 10, nor do shops and sizes give towns.
    assert named == {"main": ["hourly", "total"], "half": [], "towns": []}


def stored(cache: Cache, definition: Definition) -> dict[tuple[object, ...], list[list[int]]]:
    """Every cell of a rollup's store: (dimension values, chunk start) -> bucket offsets and bits of each column."""
    found = {}
    for partition in Ledger.of(cache._store, definition).read().partitions:
        directory = cache._reader.directory(definition, partition)
        columns = [directory.columns[name].coded for name in definition.rollup.dimensions]
        for place, value in enumerate(cache._store.get(directory.keys)):
            assert value is not None
            group = tuple(column.values.list[column.codes[place]] for column in columns)
            unpacked = unpack([value], definition.layout.columns)
            bits = [list(np.ascontiguousarray(array).tobytes()) for array in unpacked.columns.values()]
            found[(*group, int(directory.starts[place]))] = [unpacked.offsets.tolist(), *bits]
    return found


def test_a_folded_rollup_is_the_one_read_from_the_source(project: tuple[Project, Cache]) -> None:
    cache = project[1]
    cache.build()
    together = {name: stored(cache, one) for name, one in definitions(*project).items()}
    for name, one in definitions(*project).items():
        cache.build(one.name, full=True)
        alone = stored(cache, one)
        assert alone.keys() == together[name].keys()
        assert len(alone) >= 5
        assert alone == together[name]


class Counted(DuckdbBuilder):
    """Counts what the source is asked."""

    def __init__(self, inner: Builder) -> None:
        assert isinstance(inner, DuckdbBuilder)
        super().__init__(inner._sql)
        self.asked: list[tuple[str, int]] = []

    def batches(self, definition, borders, cancel):  # type: ignore[no-untyped-def]
        self.asked.append((definition.rollup.name, len(borders) - 1))
        return super().batches(definition, borders, cancel)


def test_quick_partitions_are_read_together(project: tuple[Project, Cache], monkeypatch: pytest.MonkeyPatch) -> None:
    cache = project[1]
    counted = Counted(DuckdbBuilder(cache._sql))
    monkeypatch.setattr("lapwing.cache.building.builder_of", lambda *_, **__: counted)
    monkeypatch.setattr("lapwing.cache.build._QUICK_SECONDS", 1e9)
    cache.build()
    families_read = ("main", "half", "towns")
    assert counted.asked == [(name, months) for months in (1, 4) for name in families_read]
    counted.asked.clear()
    assert all(one.unchanged == 5 for one in cache.build().rollups)
    assert counted.asked == []


def test_slow_partitions_are_read_one_by_one(project: tuple[Project, Cache], monkeypatch: pytest.MonkeyPatch) -> None:
    cache = project[1]
    counted = Counted(DuckdbBuilder(cache._sql))
    monkeypatch.setattr("lapwing.cache.building.builder_of", lambda *_, **__: counted)
    monkeypatch.setattr("lapwing.cache.build._QUICK_SECONDS", 0.0)
    cache.build("trips.total")
    assert counted.asked == [("total", 1)] * 5
