"""The same builds on Prism, a real portable runner: another process runs the pipeline, over Beam's job and function APIs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cache.builders.contents import Chunks, built, chunks_of
from tests.cache.builders.test_beam import failing, published
from tests.cache.project import opened
from tests.cache.test_distributed import write_project_of
from tests.services.prism import Prism, prism, prism_program

from lapwing.cache.builders.beam import steps
from lapwing.cache.home import home_of
from lapwing.cache.stores.memory import MemoryStore
from lapwing.model.problem import Cancelled, StoreError
from lapwing.model.project import BeamConfig


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prism")
    write_project_of(folder, 7)
    return folder


@pytest.fixture(scope="module")
def expected(root: Path) -> Chunks:
    return built(root, "duckdb")


@pytest.fixture(scope="module")
def config(prism_server: Prism) -> BeamConfig:
    return BeamConfig(runner="prism", job_endpoint=prism_server.address, workers=2, shards=3)


def test_it_builds_the_same_bits(root: Path, expected: Chunks, config: BeamConfig) -> None:
    assert built(root, "beam", config) == expected


def test_beam_starts_it_and_ends_it(root: Path, expected: Chunks, prism_server: Prism) -> None:
    config = BeamConfig(runner="prism", workers=1, options={"prism_location": str(prism_program())})
    assert built(root, "beam", config) == expected


def test_workers_that_fail_at_random_double_nothing(root: Path, expected: Chunks, config: BeamConfig) -> None:
    store = MemoryStore()
    with opened(root, store) as (_, cache):
        with pytest.MonkeyPatch.context() as patch:
            failed = failing(patch, 3, 0.03)
            for _ in range(2):
                report = cache.build(builder="beam", beam=config)
                assert {one.code for each in report.failed for one in each.problems} <= {"pipeline-failed"}
        assert failed
        cache.build(builder="beam", beam=config).checked()
        assert cache.upkeep.verify(None).findings == []
        assert chunks_of(cache, store) == expected


def test_our_errors_come_through_it(root: Path, config: BeamConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()

    def full(rows: Iterable[tuple[bytes, bytes]]) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise StoreError.of("value-too-long", "It is too long, in “quotes”.", hint="Shorten it.")
        MemoryStore.put(store, rows)

    with opened(root, store) as (_, cache):
        monkeypatch.setattr(store, "put", full)
        report = cache.build("trips.main", builder="beam", beam=config)
        (failed,) = report.failed
        assert [str(one) for one in failed.problems] == ["It is too long, in “quotes”. Shorten it."]
        assert published(cache) == 0


def test_it_is_cancelled(root: Path, config: BeamConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    cancel, at_work = threading.Event(), threading.Event()
    real = steps.ReadPart.process

    def slow(self: Any, part: Any) -> Iterator[Any]:
        at_work.set()
        until = time.monotonic() + 20
        while not home_of(self._job).cancel.is_set() and time.monotonic() < until:
            time.sleep(0.02)
        yield from real(self, part)

    monkeypatch.setattr(steps.ReadPart, "process", slow)

    def stop() -> None:
        if at_work.wait(20):
            cancel.set()

    stopper = threading.Thread(target=stop)
    stopper.start()
    with opened(root, MemoryStore()) as (_, cache):
        began = time.monotonic()
        with pytest.raises(Cancelled):
            cache.build(builder="beam", beam=config, cancel=cancel)
        assert time.monotonic() - began < 15
        assert published(cache) == 0
    stopper.join()


@pytest.mark.long
def test_a_runner_that_is_killed_is_told(root: Path) -> None:
    with prism() as server, opened(root, MemoryStore()) as (_, cache):
        config = BeamConfig(runner="prism", job_endpoint=server.address, workers=1, options={"job_server_timeout": 2})
        killed = threading.Event()

        def kill(_: object) -> None:
            if not killed.is_set() and server.process is not None:
                killed.set()
                server.process.kill()

        report = cache.build("trips.main", builder="beam", beam=config, progress=kill)
        assert [one.code for failed in report.failed for one in failed.problems] == ["pipeline-failed"]
        assert published(cache) == 0
