"""Where partitions are cut."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.cache.project import DATASET, PROJECT, row, write_project, write_rows

from lapwing.cache.definition import Definition, define
from lapwing.cache.span import Span
from lapwing.cache.stretch import HOUR, borders
from lapwing.model import calendar
from lapwing.model.grain import Grain
from lapwing.query.service import Lapwing

ZONES = ("UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Kiritimati")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("borders")


@cache
def defined(root: Path, zone: str, grain: str, partition: str) -> Definition:
    folder = root / f"{zone}-{grain}-{partition}".replace("/", "-").replace(" ", "-")
    folder.mkdir()
    rollups = f"rollups:\n  main: {{grain: {grain}, dimensions: [shop], measures: [trips], partition: {partition}}}\n"
    write_project(
        folder,
        dataset=DATASET[: DATASET.index("rollups:")] + rollups,
        project=PROJECT.replace("timezone: America/New_York", f"timezone: {zone}", 1),
    )
    write_rows(folder, "rows", [row(datetime(2013, 1, 2), "a")])
    with Lapwing.open(folder) as lapwing:
        bound = lapwing.cache.bound("trips")
        return define(bound, bound.dataset.rollups["main"], zone)


@settings(max_examples=120)
@given(
    zone=st.sampled_from(ZONES),
    grain=st.sampled_from(["15 minutes", "hour", "6 hours", "day"]),
    partition=st.sampled_from(["day", "month", "quarter"]),
    start=st.integers(1_300_000_000, 1_700_000_000),
    seconds=st.integers(1, 200 * 86_400),
)
def test_partitions_tile_the_span(root: Path, zone: str, grain: str, partition: str, start: int, seconds: int) -> None:
    """They hold all of it, none in vain, and cut no bucket of the rollup nor an hour."""
    assume((grain, partition) != ("day", "day"))  # a partition holds several buckets
    definition = defined(root, zone, grain, partition)
    span = Span(start * 1_000_000, (start + seconds) * 1_000_000)
    found = np.array(borders(definition, span))
    assert found[0] <= span.start < found[1]
    assert found[-2] < span.end <= found[-1]
    assert (np.diff(found) > 0).all()
    assert not (found % definition.grain).any()
    assert not (found % HOUR).any()
    own = calendar.edges(Grain.parse(partition), zone, span.start, span.end)
    assert set(own[own % np.lcm(definition.grain, HOUR) == 0]) <= set(found.tolist())
    longer = borders(definition, Span(span.start, span.end + 86_400_000_000))
    assert longer[: len(found) - 1] == found[:-1].tolist(), "more data moves no border before its end"


def test_months_of_the_project_are_partitions(root: Path) -> None:
    definition = defined(root, "America/New_York", "15 minutes", "month")
    february = 1_359_694_800_000_000  # 2013-02-01T00:00-05:00
    assert february in borders(definition, Span(february - 10**12, february + 10**12))
