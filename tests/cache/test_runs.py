"""Every run leaves a record, whichever way it ended, in every kind of store."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from tests.cache.project import DATASET, opened, row, write_project, write_rows
from tests.cache.stores.places import KINDS, place

from lapwing.cache.keys import runs_key
from lapwing.cache.runs import KEPT, Result, Run, Runs, Why
from lapwing.cache.service import Cache
from lapwing.cache.status import Fresh
from lapwing.cache.stores import open_store
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.stores.memory import MemoryStore
from lapwing.model.problem import Cancelled, NotFound, Problem, StoreError

PROMISED = DATASET.replace(
    "dimensions: [shop, town, size, far], partition: month",
    "dimensions: [shop, town, size, far], partition: month, freshness: 15 minutes",
)
JANUARY = datetime.fromisoformat("2013-01-15")
FEBRUARY = datetime.fromisoformat("2013-02-15")


def a_run(began: float, *, problem: Problem | None = None, whole: bool = True) -> Run:
    return Run(
        rollup="d.main", why=Why.DUE, began=began, seconds=0.5, whole=whole, by="h/1/2/3", causes={}, problem=problem
    )


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest) -> Iterator[RollupStore]:
    found = open_store(place(request.param, request))
    yield found
    found.close()


def test_the_last_ones_are_kept_and_of_which_moment_the_rollup_is(store: RollupStore) -> None:
    runs = Runs(store)
    wrong = Problem("source-unreachable", "It does not answer.", nearest=("a", "b"), hint="Look at it.")
    runs.add(a_run(10.0), "abc")
    runs.add(a_run(20.0, whole=False), "abc")
    runs.add(a_run(30.0, problem=wrong), "abc")
    runs.add(a_run(5.0), "abc")  # began before, ended after
    record = runs.of(["d.main", "d.other"])["d.main"]
    assert [one.began for one in record.runs] == [30.0, 20.0, 10.0, 5.0]
    assert record.runs[0].problem == wrong
    assert record.runs[2] == a_run(10.0)
    assert (record.fresh_as_of("abc"), record.fresh_as_of("other")) == (10.0, None)
    assert runs.of(["d.other"])["d.other"].runs == ()
    for number in range(KEPT + 5):
        runs.add(a_run(100.0 + number, problem=wrong), None)
    record = runs.of(["d.main"])["d.main"]
    assert len(record.runs) == KEPT
    assert record.fresh_as_of("abc") == 10.0


def test_none_is_lost_where_several_add_at_once(store: RollupStore) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: Runs(store).add(a_run(float(number)), "abc"), range(20)))
    assert [one.began for one in Runs(store).of(["d.main"])["d.main"].runs] == [float(n) for n in reversed(range(20))]


@pytest.mark.parametrize("damaged", [b"", b"[]", b"{", b'{"format":2}', b'{"format":1,"runs":[{}]}', b"\xff"])
def test_a_row_that_can_not_be_read_is_as_none(damaged: bytes) -> None:
    store = MemoryStore()
    store.put([(runs_key("d.main"), damaged)])
    runs = Runs(store)
    assert runs.of(["d.main"])["d.main"].runs == ()
    runs.add(a_run(1.0), "abc")
    assert len(runs.of(["d.main"])["d.main"].runs) == 1


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_project(tmp_path, dataset=PROMISED)
    write_rows(tmp_path, "1", [row(JANUARY)])
    write_rows(tmp_path, "2", [row(FEBRUARY)])
    return tmp_path


def test_runs_say_what_they_did_and_why(root: Path) -> None:
    with opened(root) as (_, cache):
        before = time.time()
        cache.build(why=Why.DUE)
        (first,) = cache.runs("trips.main")
        assert (first.why, first.result, first.built, first.causes) == (Why.DUE, Result.BUILT, 2, {"built": 2})
        assert first.cells == 2
        assert first.bytes > 0
        assert before <= first.began <= time.time()
        assert 0 < first.seconds <= time.time() - before
        assert len(cache.runs()) == 3
        assert len(cache.runs("trips")) == 3
        cache.build(["trips.main", "trips.total"])
        assert [one.result for one in cache.runs("trips.main")] == [Result.UNCHANGED, Result.BUILT]
        assert len(cache.runs("trips.by_shop")) == 1
        time.sleep(0.02)
        write_rows(root, "1", [row(JANUARY), row(JANUARY)])
        cache.build("trips.main")
        assert cache.runs("trips.main")[0].causes == {"restated": 1}
        with pytest.raises(NotFound):
            cache.runs("trips.nothing")
        assert cache.upkeep.verify().findings == []


def test_as_of_is_when_the_last_good_run_over_all_of_it_began(root: Path) -> None:
    with opened(root) as (_, cache):
        assert fresh(cache).late
        assert fresh(cache).as_of is None
        cache.build("trips.main", end=0)
        assert fresh(cache).as_of is None
        cache.build("trips.main")
        good = fresh(cache)
        assert good.as_of == cache.runs("trips.main")[0].began
        assert (good.late, good.late_by, good.promise) == (False, None, "15 minutes")
        assert [one.fresh.promised for one in cache.status(check=False)] == [900.0, None, None]
        (root / "data" / "trips" / "2.parquet").write_bytes(b"nothing of the kind")
        assert cache.build("trips").failed
        assert fresh(cache) == good
        run = cache.runs("trips.main")[0]
        assert run.result is Result.FAILED
        assert run.problem is not None
        assert "2.parquet" in run.problem.message
        assert cache.as_of(["trips.main", "trips.total"]) == {"trips.main": good.as_of, "trips.total": None}


def test_another_definition_is_as_of_no_moment_yet(root: Path) -> None:
    with opened(root) as (_, cache):
        cache.build()
    write_project(
        root, dataset=PROMISED.replace("15 minutes, dimensions: [shop, town", "hour, dimensions: [shop, town")
    )
    with opened(root) as (_, cache):
        assert fresh(cache).as_of is None
        assert len(cache.runs("trips.main")) == 1


def test_a_cancelled_run_is_recorded(root: Path) -> None:
    cancel = threading.Event()
    with opened(root) as (_, cache):
        with pytest.raises(Cancelled):
            cache.build("trips.main", cancel=cancel, progress=lambda _: cancel.set())
        (run,) = cache.runs("trips.main")
        assert run.result is Result.CANCELLED
        assert fresh(cache).as_of is None


class Full(MemoryStore):
    """Has no room for records."""

    def compare_and_set(self, key: bytes, old: bytes | None, new: bytes | None) -> bool:
        if key.startswith(runs_key("")[:-2]):
            raise StoreError.of("store-full", "There is no room.")
        return super().compare_and_set(key, old, new)


def test_a_build_is_no_worse_where_its_record_has_no_room(root: Path) -> None:
    with opened(root, Full()) as (_, cache):
        assert not cache.build().failed
        assert cache.runs() == ()


def fresh(cache: Cache) -> Fresh:
    """How fresh main is."""
    return cache.status(check=False)[0].fresh
