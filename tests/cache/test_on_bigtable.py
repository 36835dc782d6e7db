"""The whole cache on Bigtable: built there it answers as it does on LMDB, whoever builds meanwhile."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cache.project import opened, row, write_project, write_rows
from tests.cache.stores.places import place
from tests.cache.test_build import SMALL, by_month, moment, versions_stored
from tests.cache.test_processes import MONTHS, building, counts_all, write_month
from tests.cache.test_processes import SMALL as PROCESSES
from tests.cache.test_service import DIMENSIONS, FILTERS, GRAINS, MEASURES, ZONES, finals, request, rows

from lapwing.cache.answer import Answered, Missed
from lapwing.cache.keys import prefix_end, rollup_prefix
from lapwing.cache.ledger import all_ledgers
from lapwing.cache.service import Cache
from lapwing.cache.stores import open_store
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.stores.bigtable import BigtableStore
from lapwing.model.problem import StoreError
from lapwing.model.project import Project, Reads, StoreConfig


@pytest.fixture
def config(request: pytest.FixtureRequest) -> StoreConfig:
    return place("bigtable", request)


@pytest.fixture
def store(config: StoreConfig) -> RollupStore:
    return open_store(config)


def test_it_answers_as_lmdb_does(tmp_path: Path, store: RollupStore) -> None:
    write_project(tmp_path)
    write_rows(tmp_path, "all", rows(1, 900))
    chance = random.Random(4)
    with opened(tmp_path) as (_, local), opened(tmp_path, store) as (project, cache):
        for one in (local, cache):
            one.build("trips")
        bound = cache._sql.bind(project.datasets["trips"])
        routed = 0
        for _ in range(150):
            start = 1_356_998_400_000_000 + chance.randrange(-50, 2300) * 3_600_000_000
            asked = request(
                bound,
                chance.choice([*GRAINS, None]),
                chance.choice(ZONES),
                start,
                start + chance.randrange(1, 1500) * 3_600_000_000,
                by=tuple(chance.sample(DIMENSIONS, chance.randrange(4))),
                where=chance.choice(FILTERS),
                measures=tuple(chance.sample(MEASURES, 2)),
            )
            found, expected = cache.answer(asked), local.answer(asked)
            if isinstance(expected, Missed):
                assert isinstance(found, Missed)
                continue
            routed += 1
            assert isinstance(found, Answered)
            assert finals(bound, found).equals(finals(bound, expected))
            assert found.pieces[0].name == expected.pieces[0].name
        assert routed > 100
        assert cache.values("trips", "town") == local.values("trips", "town")
        assert {one.name: one.cells for one in cache.status()} == {one.name: one.cells for one in local.status()}
        assert {one.built for one in cache.build("trips").rollups} == {0}


def test_readers_see_one_build_or_the_next_never_both(tmp_path: Path, config: StoreConfig) -> None:
    """Each build adds three rows to one of the months that are past, so every sum divides by three."""
    write_project(tmp_path, dataset=SMALL)
    write_rows(tmp_path, "all", [row(moment(month)) for month in (1, 2, 3)])
    failures: list[object] = []
    stop = threading.Event()

    def read(project: Project, cache: Cache) -> None:
        try:
            while not stop.is_set():
                found = by_month(project, cache)
                if found is None or sum(found.values()) % 3:
                    failures.append(found)
        except BaseException as error:  # noqa: BLE001  whatever it was
            failures.append(error)

    with ExitStack() as stack:
        builder = stack.enter_context(opened(tmp_path, open_store(config), grace=30))
        readers = [stack.enter_context(opened(tmp_path, open_store(config))) for _ in range(2)]
        builder[1].build()
        threads = [threading.Thread(target=read, args=reader) for reader in readers]
        for thread in threads:
            thread.start()
        for turn in range(2, 8):
            write_rows(tmp_path, f"more{turn}", [row(moment(1 + turn % 2, 3 + turn)) for _ in range(3)])
            builder[1].build()
        stop.set()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()
        assert by_month(*builder) == {"a": 3 + 6 * 3}
    assert not failures


@pytest.fixture
def large(tmp_path: Path, config: StoreConfig) -> Path:
    """A project whose lapwing.yaml names the table, so that other processes build into it."""
    kept = f"{{type: bigtable, instance: {config.instance}, table: {config.table}}}"
    write_project(tmp_path, dataset=PROCESSES)
    text = (tmp_path / "lapwing.yaml").read_text()
    assert "{type: lmdb, path: .lapwing/store}" in text
    (tmp_path / "lapwing.yaml").write_text(text.replace("{type: lmdb, path: .lapwing/store}", kept))
    for month in MONTHS:
        write_month(tmp_path, month, "a")
    return tmp_path


def test_two_processes_build_at_once(large: Path) -> None:
    processes = [building(large, "once") for _ in range(2)]
    for process in processes:
        process.communicate()
    assert 0 in {process.returncode for process in processes}
    with opened(large) as (project, cache):
        assert by_month(project, cache) == {"a": 6000}
        cache.build()
        assert counts_all(cache.build()) == {(0, 6, 0)}


@pytest.mark.long
def test_a_builder_killed_at_any_moment_loses_nothing(large: Path) -> None:
    chance = random.Random(2)
    with opened(large) as (project, cache):
        cache.build()
        for turn in range(2):
            shop = "ba"[turn % 2]
            process = building(large, "for ever")
            for month in MONTHS:
                write_month(large, month, shop)
            threading.Event().wait(chance.random())
            process.kill()
            process.communicate()
            answer = by_month(project, cache)
            assert answer is not None
            assert sum(answer.values()) == 6000
            cache.build()
            assert by_month(project, cache) == {shop: 6000}
            cache.build()
            assert len(versions_stored(cache)) == 6


class Unclear(RollupStore):
    """A store whose answer to one change of a manifest is lost: the change is made, but the caller is not told."""

    def __init__(self, store: RollupStore, lost: int) -> None:
        self._store, self.left = store, lost

    def compare_and_set(self, key: bytes, old: bytes | None, new: bytes | None) -> bool:
        self.left -= 1
        done = self._store.compare_and_set(key, old, new)
        if self.left == 0:
            raise StoreError.of("store-unreachable", "The answer was lost.")
        return done

    def put(self, rows):  # type: ignore[no-untyped-def]
        self._store.put(rows)

    def get(self, keys):  # type: ignore[no-untyped-def]
        return self._store.get(keys)

    def scan(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        return self._store.scan(start, end)

    def delete_prefix(self, prefix: bytes) -> None:
        self._store.delete_prefix(prefix)

    def close(self) -> None:
        self._store.close()


@pytest.mark.parametrize("lost", range(1, 6))
def test_a_lost_answer_to_publishing_loses_no_rows(tmp_path: Path, lost: int) -> None:
    write_project(tmp_path, dataset=SMALL)
    for month in (1, 2, 3):
        write_rows(tmp_path, f"2013-{month:02}", [row(moment(month, day)) for day in (2, 3)])
    with opened(tmp_path, grace=0.0) as (project, local):
        unclear = Unclear(local._store, lost)
        cache = Cache(project, local._sql, unclear, grace=0.0)
        with contextlib.suppress(StoreError):
            cache.build()
        assert unclear.left <= 0
        for ledger in all_ledgers(unclear):
            for partition in ledger.read().partitions:
                prefix = rollup_prefix(ledger.id, partition.version)
                assert len(list(unclear.scan(prefix, prefix_end(prefix)))) == partition.keys == 1
        cache.build()
        assert by_month(project, cache) == {"a": 6}
        assert len(versions_stored(cache)) == 3


def test_while_it_does_not_answer_the_source_does(tmp_path: Path, config: StoreConfig) -> None:
    write_project(tmp_path, dataset=SMALL)
    write_rows(tmp_path, "all", [row(moment(1))])
    assert config.instance is not None
    store = open_store(replace(config, reads=Reads(time_limit=0.5, attempt=0.25)))
    assert isinstance(store, BigtableStore)
    with opened(tmp_path, store) as (project, cache):
        cache.build()
        bound = cache._sql.bind(project.datasets["trips"])
        asked = request(bound, "day", "UTC", 1_356_998_400_000_000, 1_357_500_000_000_000, measures=("trips",))
        assert isinstance(cache.answer(asked), Answered)
        store._table.table_name = "gone"
        store._table.client.transport.close()
        missed = cache.answer(asked)
        assert isinstance(missed, Missed)
        assert {one.reasons[0].check for one in missed.considered} == {"store"}
