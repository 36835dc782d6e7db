"""The builder spark, in one process and on a real cluster of two workers: bit by bit what the engine builds, also where
workers are killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import psutil
import pytest
from tests.cache.builders.contents import Chunks, chunks_of
from tests.cache.project import PROJECT, opened, row, write_project, write_rows
from tests.cache.test_distributed import EXACT
from tests.services.base import missing

from lapwing.cache.builders.spark.session import check_spark, java, said
from lapwing.cache.progress import BuildProgress
from lapwing.cache.stores import open_store
from lapwing.model.problem import Cancelled, Refused
from lapwing.model.project import SparkConfig, StoreConfig

# Quick to start matters more than quick for long: no second compiler, no collector of garbage with threads of its own.
SHORT = {"spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC", "spark.driver.memory": "512m"}
CLUSTER = SparkConfig(
    master="local-cluster[2,1,1024]",
    shards=3,
    options={**SHORT, "spark.executor.memory": "512m", "spark.sql.shuffle.partitions": "4"},
)
LOCAL = SparkConfig(master="local[2]", shards=3, options={**SHORT, "spark.sql.shuffle.partitions": "2"})
# What its SQL can't say exactly it refuses, with the reason; a far distance and a join it can.
OF_SPARK = EXACT


@pytest.fixture(scope="module", name="cluster")
def _cluster() -> Iterator[SparkConfig]:
    yield from of_its_own(CLUSTER)


@pytest.fixture(name="local")
def _local() -> Iterator[SparkConfig]:
    yield from of_its_own(LOCAL)


def of_its_own(config: SparkConfig) -> Iterator[SparkConfig]:
    """One session a process: it takes seconds to start."""
    from pyspark.sql import SparkSession

    if java() is None:
        missing("there is no Java")
    for when in ("before", "after"):
        session = SparkSession.getActiveSession()
        if session is not None:
            session.stop()
        if when == "before":
            yield config


def written(root: Path, months: int = 2) -> Path:
    write_project(root, dataset=OF_SPARK, project=PROJECT)
    places = [("a", 1), ("b", None), (None, 2), ("ü", 1), ("", 2), ("a'b\\c", 1)]
    for month in range(1, months + 1):
        rows = [
            row(datetime(2013, month, 2 + i % 25, i % 24, i % 60), *places[i % 6], distance=(i * 37) % 211 - 50)
            for i in range(500)
        ]
        write_rows(root, f"2013-{month:02}", rows)
    return root


def built(root: Path, builder: str, spark: SparkConfig | None, name: str, which: str | None = None) -> Chunks:
    store = open_store(StoreConfig(type="lmdb", path=root / name))
    project = (root / "lapwing.yaml").read_text()
    (root / "lapwing.yaml").write_text(project.replace("path: .lapwing/store", f"path: {name}"))
    try:
        with opened(root, store) as (_, cache):
            cache.build(which, builder=builder, spark=spark).checked()
            assert cache.upkeep.verify(None).findings == []
            return chunks_of(cache, store)
    finally:
        (root / "lapwing.yaml").write_text(project)


def test_it_builds_the_same_bits_of_one_rollup(tmp_path: Path, local: SparkConfig) -> None:
    root = written(tmp_path, months=1)
    expected = built(root, "duckdb", None, "one", "trips.by_shop")
    assert sum(map(len, expected.values())) > 5
    assert built(root, "spark", local, "other", "trips.by_shop") == expected


@pytest.mark.long
def test_it_builds_the_same_bits(tmp_path: Path, cluster: SparkConfig) -> None:
    root = written(tmp_path)
    expected = built(root, "duckdb", None, "one")
    assert sum(map(len, expected.values())) > 30
    assert built(root, "spark", cluster, "other") == expected


@pytest.mark.long
def test_cancelled_it_stops_and_publishes_nothing_half(tmp_path: Path, cluster: SparkConfig) -> None:
    cancel = threading.Event()

    def progress(told: BuildProgress) -> None:
        if "tasks" in (told.note or ""):
            cancel.set()

    with opened(written(tmp_path)) as (_, cache):
        began = time.monotonic()
        with pytest.raises(Cancelled):
            cache.build(builder="spark", spark=cluster, cancel=cancel, progress=progress)
        assert time.monotonic() - began < 60
        assert cache.upkeep.verify(None).findings == []


@pytest.mark.long
def test_a_file_that_is_no_parquet_any_more_is_told(tmp_path: Path, cluster: SparkConfig) -> None:
    root = written(tmp_path)
    with opened(root) as (_, cache):
        cache.bound("trips")
        file = root / "data" / "trips" / "2013-01.parquet"
        whole = file.read_bytes()
        stamp = file.stat()
        file.write_bytes(whole[:-1] + b"?")
        os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        report = cache.build(builder="spark", spark=cluster)
        assert report.failed
        assert all(one.keys == 0 for one in cache.status(check=False))
        file.write_bytes(whole)
        cache.build(builder="spark", spark=cluster).checked()


@pytest.mark.long
@pytest.mark.parametrize("victim", ["ExecutorBackend", "pyspark.daemon"])
def test_killed_workers_double_nothing_and_lose_nothing(tmp_path: Path, cluster: SparkConfig, victim: str) -> None:
    root = written(tmp_path, months=4)
    expected = built(root, "duckdb", None, "one")
    stop, killed = threading.Event(), list[int]()

    def kill() -> None:
        """Two of them, one after the other: Spark gives a task up after four."""
        while len(killed) < 2 and not stop.wait(1.5):
            for one in reversed(psutil.Process().children(recursive=True)):
                with suppress(psutil.Error):  # it ended meanwhile
                    if victim in " ".join(one.cmdline()):
                        one.send_signal(signal.SIGKILL)
                        killed.append(one.pid)
                        break

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        found = built(root, "spark", cluster, "other")
    finally:
        stop.set()
        thread.join()
    assert killed
    assert found == expected


def test_without_java_it_says_where_it_looked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(Refused, match=r"JAVA_HOME \(.*has no bin/java"):
        check_spark(SparkConfig(), StoreConfig(type="lmdb", path=tmp_path))
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused, match="JAVA_HOME \\(not set\\); java on the PATH"):
        check_spark(SparkConfig(), StoreConfig(type="lmdb", path=tmp_path))


def test_what_spark_says_is_one_line() -> None:
    java = (
        "An error occurred while calling o1.collectToPython.\n: a.SparkException: Job aborted: lost.\n\tat a.b.C(D:1)"
    )
    assert said(RuntimeError(java)) == "a.SparkException: Job aborted: lost"
    assert said(ValueError("")) == "ValueError"


def test_a_store_in_memory_is_out_of_reach(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="out of reach"):
        check_spark(SparkConfig(), StoreConfig(type="memory"))


@pytest.mark.long
def test_a_large_table_that_is_no_files_is_refused(
    tmp_path: Path, cluster: SparkConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lapwing.cache.builders.spark.tables.MOST_ROWS", -1)
    with opened(written(tmp_path)) as (_, cache):
        report = cache.build(builder="spark", spark=cluster)
        problems = [problem for one in report.failed for problem in one.problems]
        assert {problem.code for problem in problems} == {"not-at-spark"}
        assert "names.shops" in problems[0].message
