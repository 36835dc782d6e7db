"""A build keeps to its memory: the engine spills, and what is ours is cut to its share."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cache.project import DATASET, opened, row, write_project, write_rows

from lapwing.cache import coarser, memory
from lapwing.cache.builders.duckdb import DuckdbBuilder
from lapwing.cache.definition import Definition
from lapwing.cache.memory import shared_out
from lapwing.cache.service import Cache
from lapwing.model.problem import SourceError, WrongUse

ROLLUPS = """
rollups:
  main: {grain: 15 minutes, dimensions: [shop, size], measures: [trips, miles, spread], partition: month, ancestors: 0}
  hourly: {grain: hour, dimensions: [size], measures: [trips, miles, spread], partition: month, ancestors: 0}
  total: {grain: hour, dimensions: [], measures: [trips, miles, spread], partition: month, ancestors: 0}
"""


@given(st.integers(1, 1 << 40), st.integers(1, 64))
def test_the_shares_are_within_the_whole(total: int, parallel: int) -> None:
    try:
        shares = shared_out(total, parallel)
    except WrongUse as error:
        least = int(error.problems[0].message.split("MB is the least")[0].rsplit(" ", 1)[1]) * 1_000_000
        assert total < least
        assert shared_out(least, parallel).engine >= memory._LEAST_ENGINE
    else:
        ours = parallel * (memory._BUFFERS + shares.fold) + memory._PROCESS
        assert shares.engine + ours <= total
        assert shares.fold > 0


def project(root: Path) -> None:
    write_project(root, dataset=DATASET[: DATASET.index("rollups:")] + ROLLUPS)
    for month in range(1, 5):
        first = datetime.fromisoformat(f"2013-{month:02}-02T00:00")
        places = [("a", 1), ("b", None), (None, 2), ("ü", 1), ("a", 2)]
        rows = [row(first + timedelta(minutes=13 * i), *places[i % 5], distance=i % 7 - 3) for i in range(300)]
        write_rows(root, f"2013-{month:02}", rows)


def stored(cache: Cache) -> list[tuple[str, int, int]]:
    return [(one.name, one.keys, one.cells) for one in cache.status(check=False)]


def test_a_fold_that_has_no_room_is_built_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path)
    with opened(tmp_path) as (_, cache):
        cache.build().checked()
        folded = stored(cache)
        asked: list[str] = []
        batches = DuckdbBuilder.batches

        def counted(
            self: DuckdbBuilder, definition: Definition, borders: Sequence[int], cancel: threading.Event
        ) -> Iterator[tuple[int, pa.RecordBatch]]:
            asked.append(definition.rollup.name)
            yield from batches(self, definition, borders, cancel)

        monkeypatch.setattr(DuckdbBuilder, "batches", counted)
        monkeypatch.setattr(coarser, "_LEAST_ROWS", 100)
        cache.build(full=True, memory=1_000_000_000).checked()
        assert set(asked) == {"main"}
        monkeypatch.setattr(coarser, "_FOLDING", 1 << 40)
        cache.build(full=True, memory=1_000_000_000).checked()
        assert set(asked) == {"main", "hourly", "total"}
        assert stored(cache) == folded


def test_what_does_not_fit_at_once_is_built_in_halves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path)
    with opened(tmp_path) as (_, cache):
        cache.build().checked()
        whole = stored(cache)
        batches = DuckdbBuilder.batches
        taken: list[int] = []

        def tight(
            self: DuckdbBuilder, definition: Definition, borders: Sequence[int], cancel: threading.Event
        ) -> Iterator[tuple[int, pa.RecordBatch]]:
            taken.append(len(borders) - 1)
            if len(borders) > most + 1:
                raise SourceError.of("memory-limit", "No room.")
            yield from batches(self, definition, borders, cancel)

        monkeypatch.setattr(DuckdbBuilder, "batches", tight)
        most = 1
        cache.build(full=True).checked()
        assert max(taken) > 1  # adjacent partitions were tried together
        assert stored(cache) == whole
        most = 0
        report = cache.build(full=True)
        assert [one.problems[0].code for one in report.failed] == ["memory-limit"]
        assert "--memory" in str(report.failed[0].problems[0].hint)
        assert stored(cache) == whole


LARGE = """
name: large
now: 2025-07-02
sources: {files: {type: files, path: data}}
"""
LARGE_DATASET = """
dataset: ads
table: files.clicks
time: {column: at}
dimensions: {campaign: {}}
measures:
  clicks: {count: "*"}
  paid: {sum: paid}
rollups:
  main: {grain: 15 minutes, dimensions: [campaign], ancestors: 0}
"""
CLICKS = """
copy (select 'a rather long name of a campaign' || (hash(i) % 1500) as campaign, hash(i + 1) % 1000 / 8 as paid,
             timestamptz '2025-05-01 00:00:00+00' + to_seconds((hash(i + 7) % 2592000)::bigint) as "at"
      from range(1500000) t(i)) to '{path}' (format parquet)
"""
BUILD = """
import json, sys, threading, time
from pathlib import Path
from lapwing.query.ask import MetricQuery, Wishes
from lapwing.query.service import Lapwing

root, limit = Path(sys.argv[1]), int(sys.argv[2])
peak, spilled = 0, False

def watch():
    global peak, spilled
    while True:
        status = Path("/proc/self/status").read_text()
        peak = max(peak, int(status.split("RssAnon:")[1].split()[0]) * 1024)
        spilled = spilled or any((root / ".lapwing" / "store").glob("spill-*"))
        time.sleep(0.01)

threading.Thread(target=watch, daemon=True).start()
with Lapwing.open(root) as lapwing:
    lapwing.cache.build(memory=limit, parallel=int(sys.argv[3])).checked()
    built = peak
    ask = [MetricQuery(metrics=("clicks", "paid"), wishes=wish) for wish in (Wishes(cache_only=True), Wishes(cache=False))]
    answers = [lapwing.answer(query).table.to_pylist() for query in ask]
print(json.dumps({"peak": built, "spilled": spilled, "answers": answers}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what a process takes is read from /proc")
def test_a_build_larger_than_its_memory_spills_beside_the_store(tmp_path: Path) -> None:
    """What is counted is the process's own memory. Pages of the store that are mapped are the system's to take back."""
    (tmp_path / "data").mkdir()
    (tmp_path / "datasets").mkdir()
    (tmp_path / "lapwing.yaml").write_text(LARGE)
    (tmp_path / "datasets" / "ads.yaml").write_text(LARGE_DATASET)
    duckdb.connect().execute(CLICKS.format(path=tmp_path / "data" / "clicks.parquet"))
    limit = 340_000_000
    command = [sys.executable, "-c", BUILD, str(tmp_path), str(limit), "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    told = json.loads(done.stdout)
    assert told["peak"] < limit
    assert told["spilled"]
    assert told["answers"][0] == told["answers"][1]
    assert not list((tmp_path / ".lapwing" / "store").glob("spill-*"))
