"""Bigtable in trouble while rollups are built and served in it: told in plain words, nothing half-published, and over when the
trouble is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep

import grpc
import pytest
from tests.cache.project import opened, row, write_project, write_rows
from tests.cache.stores.places import place
from tests.cache.test_build import SMALL, by_month, moment
from tests.cache.test_service import request
from tests.services.bigtable import Bigtable
from tests.services.bigtable_proxy import Call, Proxy, Refused, bigtable_proxy

from lapwing.cache.answer import Answered, Missed
from lapwing.cache.progress import BuildReport
from lapwing.cache.service import Cache
from lapwing.cache.stores import open_store
from lapwing.cache.stores.bigtable_table import admin_client
from lapwing.model.problem import Cancelled, LapwingError
from lapwing.model.project import Project, Reads, StoreConfig, Writes

YEAR = (1_356_998_400_000_000, 1_388_534_400_000_000)
WRITES = ("MutateRow", "MutateRows", "CheckAndMutateRow")
CODES = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)


@pytest.fixture(name="config")
def _config(request: pytest.FixtureRequest) -> StoreConfig:
    writes = Writes(time_limit=10, attempt=5, first_wait=0.05, longest_wait=0.3)
    return replace(place("bigtable", request), writes=writes)


@pytest.fixture(name="proxy")
def _proxy(config: StoreConfig, bigtable_server: Bigtable, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    with bigtable_proxy(bigtable_server.address) as proxy:
        monkeypatch.setenv("BIGTABLE_EMULATOR_HOST", proxy.address)
        yield proxy


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    write_project(tmp_path, dataset=SMALL)
    for month in (1, 2, 3):
        write_rows(tmp_path, f"2013-{month:02}", [row(moment(month, day)) for day in (2, 3)])
    return tmp_path


def answer(project: Project, cache: Cache) -> Answered | Missed:
    bound = cache._sql.bind(project.datasets["trips"])
    return cache.answer(request(bound, "month", "UTC", *YEAR, measures=("trips",)))


def codes(build: Callable[[], BuildReport]) -> set[str]:
    """Of all that went wrong; each is told with what to do."""
    try:
        problems = [problem for one in build().failed for problem in one.problems]
    except LapwingError as error:
        problems = list(error.problems)
    assert all(one.hint and "Traceback" not in one.message and "grpc" not in one.message for one in problems)
    return {one.code for one in problems}


def refusing(code: grpc.StatusCode, seconds: float, methods: tuple[str, ...] = WRITES) -> Callable[[Call], None]:
    """From the first such call on, for so many seconds."""
    began: list[float] = []
    lock = threading.Lock()

    def rule(call: Call) -> None:
        if call.method in methods:
            with lock:
                began[:] = began or [monotonic()]
            if monotonic() - began[0] < seconds:
                raise Refused(code)

    return rule


@pytest.mark.parametrize("code", CODES)
def test_a_build_waits_for_a_store_that_refuses_for_a_while(
    root: Path, config: StoreConfig, proxy: Proxy, code: grpc.StatusCode
) -> None:
    with opened(root, open_store(config)) as (project, cache):
        proxy.before = refusing(code, 2.0)
        began = monotonic()
        assert codes(cache.build) == set()
        assert monotonic() - began >= 2
        assert by_month(project, cache) == {"a": 6}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("parallel", [1, 3])
def test_a_build_waits_for_a_store_that_does_not_answer_at_all_while_answers_do_not(
    root: Path, config: StoreConfig, proxy: Proxy, code: grpc.StatusCode, parallel: int
) -> None:
    impatient = replace(config, reads=Reads(time_limit=0.3, attempt=0.3))
    with opened(root, open_store(impatient)) as (project, cache), ThreadPoolExecutor(1) as other:
        cache.build().checked()
        for month in (1, 2, 3):
            write_rows(root, f"more-{month}", [row(moment(month, 9)) for _ in range(10)])
        proxy.before = refusing(code, 3.0, (*WRITES, "ReadRows"))
        building = other.submit(codes, lambda: cache.build(parallel=parallel))
        sleep(0.5)
        began = monotonic()
        assert isinstance(answer(project, cache), Missed)
        assert monotonic() - began < 2
        assert building.result() == set()
        assert monotonic() - began >= 2
        assert sum((by_month(project, cache) or {}).values()) == 36


def test_a_build_that_waits_can_be_cancelled(root: Path, config: StoreConfig, proxy: Proxy) -> None:
    with opened(root, open_store(config)) as (_, cache), ThreadPoolExecutor(1) as other:
        cancel = threading.Event()
        proxy.before = refusing(CODES[1], 10**9, ("ReadRows",))
        building = other.submit(cache.build, cancel=cancel)
        sleep(0.5)
        cancel.set()
        with pytest.raises(Cancelled):
            building.result(5)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("method", ["MutateRows", "CheckAndMutateRow"])
def test_beyond_the_limit_nothing_is_half_published_and_the_next_build_finishes(
    root: Path, config: StoreConfig, proxy: Proxy, code: grpc.StatusCode, method: str
) -> None:
    short = replace(config, writes=replace(config.writes, time_limit=0.6, attempt=0.5))
    with opened(root, open_store(short)) as (project, cache):
        cache.build().checked()
        for month in (1, 2):
            write_rows(root, f"more-{month}", [row(moment(month, 9)) for _ in range(10)])
        proxy.before = refusing(code, 10**9, (method,))
        assert codes(cache.build) == {"store-unreachable" if code == CODES[0] else "store-full"}
        assert by_month(project, cache) == {"a": 6}
        proxy.before = None
        assert codes(cache.build) == set()
        assert by_month(project, cache) == {"a": 26}
        assert {one.built for one in cache.build().rollups} == {0}


def test_every_answer_of_publishing_lost_once_publishes_once(root: Path, config: StoreConfig, proxy: Proxy) -> None:
    seen: set[bytes] = set()
    lock = threading.Lock()

    def lose(call: Call) -> None:
        if call.method in WRITES:
            with lock:
                new = call.request not in seen
                seen.add(call.request)
            if new:
                raise Refused(grpc.StatusCode.UNAVAILABLE, "The answer was lost.")

    with opened(root, open_store(config)) as (project, cache):
        proxy.after = lose
        assert codes(cache.build) == set()
        assert by_month(project, cache) == {"a": 6}
        proxy.after = None
        assert {one.built for one in cache.build().rollups} == {0}


def test_a_table_deleted_while_it_serves_is_told_and_back_when_it_is_made_again(
    root: Path, config: StoreConfig, proxy: Proxy
) -> None:
    with opened(root, open_store(config)) as (project, cache):
        cache.build().checked()
        assert isinstance(answer(project, cache), Answered)
        admin = admin_client()
        admin.delete_table(name=f"{config.instance}/tables/{config.table}")
        admin.transport.close()
        missed = answer(project, cache)
        assert isinstance(missed, Missed)
        says = {reason.says for one in missed.considered for reason in one.reasons}
        assert all("has no table" in one for one in says)
        assert codes(cache.build) == {"store-missing"}
        with opened(root, open_store(config)) as (_, again):
            again.build().checked()
        assert isinstance(answer(project, cache), Answered)
        assert by_month(project, cache) == {"a": 6}
        assert {one.built for one in cache.build().rollups} == {0}


def test_a_row_over_the_limit_names_rollup_and_group(
    root: Path, config: StoreConfig, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lapwing.cache.write.MOST_VALUE_BYTES", 10)
    with opened(root, open_store(config)) as (project, cache):
        (problem, *_) = [problem for one in cache.build().failed for problem in one.problems]
        assert problem.code == "value-too-long"
        assert "trips.main (shop = 'a')" in problem.message
        assert " bytes; the store takes up to 10." in problem.message
        assert isinstance(answer(project, cache), Missed)
        monkeypatch.undo()
        monkeypatch.setenv("BIGTABLE_EMULATOR_HOST", proxy.address)
        cache.build().checked()
        assert by_month(project, cache) == {"a": 6}
