"""kill -9 of workers, and of whole builds with all their workers: nothing is lost, doubled or left half."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from tests.cache.builders.contents import Chunks, built, chunks_of
from tests.cache.project import opened
from tests.cache.test_distributed import write_project_of

from lapwing.model.project import BeamConfig

PROCESSES = BeamConfig(workers=2, shards=3, options={"direct_running_mode": "multi_processing"})
KILLS = 6


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kills")
    write_project_of(folder, 7)
    return folder


@pytest.fixture(scope="module")
def expected(root: Path) -> Chunks:
    return built(root, "duckdb")


def workers() -> list[psutil.Process]:
    """Beam's workers that this process started."""
    found = []
    for child in psutil.Process().children(recursive=True):
        try:
            if any("sdk_worker_main" in word for word in child.cmdline()):
                found.append(child)
        except psutil.Error:
            continue
    return found


@contextmanager
def killing(after: float) -> Iterator[list[int]]:
    """Kills a worker so many seconds after the first one began; which."""
    killed: list[int] = []
    done = threading.Event()

    def kill() -> None:
        while not workers() and not done.wait(0.05):
            pass
        if not done.wait(after):
            for worker in workers()[:1]:
                killed.append(worker.pid)
                worker.kill()

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        done.set()
        thread.join()


@pytest.mark.long
def test_a_killed_worker_is_replaced_and_doubles_nothing(root: Path, expected: Chunks) -> None:
    with opened(root) as (_, cache), killing(random.Random(0).uniform(0.5, 5)) as killed:
        cache.build("trips.main", builder="beam", beam=PROCESSES, full=True).checked()
        assert killed
        assert cache.upkeep.verify(None).findings == []
        found = {place: chunks for place, chunks in chunks_of(cache, cache._store).items() if place[0] == "trips.main"}
        assert found == {place: chunks for place, chunks in expected.items() if place[0] == "trips.main"}


@pytest.mark.long
def test_killed_builds_lose_nothing(root: Path, expected: Chunks, tmp_path: Path) -> None:
    write_project_of(tmp_path, 7)
    dice = random.Random(11)
    command = [sys.executable, "-m", "lapwing", "-p", str(tmp_path), "build", "--builder", "beam", "--workers", "2"]
    killed = 0
    for _ in range(KILLS):
        process = subprocess.Popen([*command, "--full"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        assert process.stderr is not None
        process.stderr.readline()  # it is at work
        time.sleep(dice.uniform(0.0, 2.5))
        killed += process.poll() is None
        process.kill()
        process.communicate()
        with opened(tmp_path) as (_, cache):
            # What was published is whole, whatever was under way.
            findings = cache.upkeep.verify(None).findings
            assert {one.check for one in findings} <= {"orphan"}
            assert all(expected[place] == chunks for place, chunks in chunks_of(cache, cache._store).items() if chunks)
    assert killed >= KILLS // 2
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    with opened(tmp_path) as (_, cache):
        assert cache.upkeep.verify(None).findings == []
        assert chunks_of(cache, cache._store) == expected
