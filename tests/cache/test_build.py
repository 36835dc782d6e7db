"""Builds: only what changed, and whatever stops one loses nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from tests.cache.project import DATASET, opened, row, write_project, write_rows

from lapwing.cache.answer import Answered
from lapwing.cache.keys import prefix_end, rollup_prefix
from lapwing.cache.ledger import all_ledgers
from lapwing.cache.owner import owner
from lapwing.cache.progress import BuildProgress, BuildReport
from lapwing.cache.request import StateRequest
from lapwing.cache.service import Cache
from lapwing.cache.stores.lmdb import LmdbStore
from lapwing.cache.stores.memory import MemoryStore
from lapwing.model.problem import Cancelled, StoreError
from lapwing.model.project import Project

SMALL = (
    DATASET[: DATASET.index("measures:")]
    + """
measures: {trips: {count: "*"}, miles: {sum: distance}}
rollups:
  main: {grain: hour, dimensions: [shop], partition: month}
"""
)


def moment(month: int, day: int = 2) -> datetime:
    return datetime.fromisoformat(f"2013-{month:02}-{day:02}T12:00:00")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_project(tmp_path, dataset=SMALL)
    for month in (1, 2, 3):
        write_rows(tmp_path, f"2013-{month:02}", [row(moment(month, day)) for day in (2, 3)])
    return tmp_path


def by_month(project: Project, cache: Cache) -> dict[str, int] | None:
    """Trips from the rollup alone, by shop, over all the data it says it has; None where it can't answer."""
    span = cache.span("trips")
    assert span is not None
    edges = np.array([span[0] // 3_600_000_000 * 3_600_000_000, span[1]])
    bound = cache._sql.bind(project.datasets["trips"])
    asked = StateRequest(bound=bound, measures=("trips",), by=("shop",), where=None, edges=edges)
    answered = cache.answer(asked)
    if not isinstance(answered, Answered) or any(piece.by == "source" for piece in answered.pieces):
        return None
    shops = answered.frame.groups.column("shop").to_pylist()
    return dict(zip(shops, answered.frame.states["trips"]["n"].tolist(), strict=True))


def counts(report: BuildReport) -> tuple[int, int, int]:
    (one,) = report.rollups
    return one.built, one.unchanged, one.emptied


def versions_stored(cache: Cache) -> set[int]:
    """The versions whose chunks are in the store."""
    found = set()
    for ledger in all_ledgers(cache._store):
        for version in range(1, ledger.read().next_version):
            prefix = rollup_prefix(ledger.id, version)
            if any(True for _ in cache._store.scan(prefix, prefix_end(prefix))):
                found.add(version)
    return found


def test_only_the_month_that_changed_is_built_again(root: Path) -> None:
    with opened(root) as (project, cache):
        assert counts(cache.build()) == (3, 0, 0)
        assert counts(cache.build()) == (0, 3, 0)
        assert by_month(project, cache) == {"a": 6}
        time.sleep(0.01)
        write_rows(root, "2013-02", [row(moment(2)), row(moment(2), "b"), row(moment(2), "b")])
        assert [p.stale for p in cache.status()[0].partitions] == [False, True, False]
        assert counts(cache.build()) == (1, 2, 0)
        assert by_month(project, cache) == {"a": 5, "b": 2}
        assert counts(cache.build(full=True)) == (3, 0, 0)


def test_a_month_that_lost_its_rows_is_published_empty(root: Path) -> None:
    with opened(root) as (project, cache):
        cache.build()
        (root / "data" / "trips" / "2013-02.parquet").unlink()
        assert counts(cache.build())[0] == 1
        assert by_month(project, cache) == {"a": 4}
        (root / "data" / "trips" / "2013-03.parquet").unlink()
        assert counts(cache.build())[2] >= 1
        assert by_month(project, cache) == {"a": 2}


def test_a_new_definition_is_never_mixed_with_the_old(root: Path) -> None:
    with opened(root) as (project, cache):
        cache.build()
        assert by_month(project, cache) == {"a": 6}
    (root / "datasets" / "trips.yaml").write_text(SMALL.replace('{count: "*"}', "{count: \"*\", where: shop = 'b'}"))
    with opened(root) as (project, cache):
        assert by_month(project, cache) is None
        assert counts(cache.build()) == (3, 0, 0)
        assert by_month(project, cache) == {"a": 0}
        assert len(all_ledgers(cache._store)) == 1


def test_a_part_of_the_time_can_be_built_first(root: Path) -> None:
    february = 1_359_676_800_000_000
    with opened(root) as (project, cache):
        assert counts(cache.build(start=february, end=february + 1)) == (1, 0, 0)
        assert by_month(project, cache) is None
        assert counts(cache.build()) == (2, 1, 0)
        assert by_month(project, cache) == {"a": 6}


def test_replaced_versions_are_removed_after_a_grace(root: Path) -> None:
    with opened(root, grace=0.0) as (_, cache):
        cache.build()
        cache.build(full=True)
        assert versions_stored(cache) == {1, 2, 3, 4, 5, 6}
        cache.build()
        assert versions_stored(cache) == {4, 5, 6}
    with opened(root, grace=60.0) as (_, cache):
        cache.build(full=True)
        cache.build()
        assert versions_stored(cache) == {4, 5, 6, 7, 8, 9}


def test_progress_counts_up_to_the_whole(root: Path) -> None:
    told: list[BuildProgress] = []
    with opened(root) as (_, cache):
        cache.build(progress=told.append)
    assert [(one.done, one.total, one.action) for one in told] == [(n, 3, "built") for n in (1, 2, 3)]
    assert told[-1].fraction == 1.0
    assert told[-1].seconds_left == 0.0


def test_a_cancelled_build_keeps_what_it_published(root: Path) -> None:
    cancel = threading.Event()
    with opened(root) as (project, cache):
        with pytest.raises(Cancelled, match="after 1 of 3"):
            cache.build(progress=lambda _: cancel.set(), cancel=cancel)
        assert counts(cache.build()) == (2, 1, 0)
        assert by_month(project, cache) == {"a": 6}


class Full(MemoryStore):
    """A store whose disk is full after so many writes more, manifests (written by `put`, too) included."""

    left: int | None = None

    def _spend(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise StoreError.of("store-full", "The disk is full.")

    def put(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        self._spend()
        super().put(rows)

    def delete_prefix(self, prefix: bytes) -> None:
        self._spend()
        super().delete_prefix(prefix)


WRITES = 6  # of a build of three months: reserved, written, published; then two at once, the same


@pytest.mark.parametrize("writes", range(WRITES + 1))
def test_a_full_disk_leaves_the_last_answer(root: Path, writes: int) -> None:
    store = Full()
    with opened(root, store) as (project, cache):
        cache.build()
        time.sleep(0.01)
        for month in (1, 2, 3):
            write_rows(root, f"2013-{month:02}", [row(moment(month, day), "b") for day in (2, 3)])
        store.left = writes
        failed = False
        try:
            cache.build()
        except StoreError:
            failed = True
        assert failed == (writes < WRITES)
        answer = by_month(project, cache)
        assert answer is not None
        assert {answer.get("a", 0) % 2, answer.get("b", 0) % 2} == {0}  # each month is whole, old or new
        assert sum(answer.values()) == 6
        store.left = None
        cache.build()
        assert by_month(project, cache) == {"b": 6}
        cache.build()
        assert len(versions_stored(cache)) == 3


def test_builders_at_once_never_corrupt(root: Path) -> None:
    with opened(root) as (project, cache):
        failures: list[BaseException] = []

        def build() -> None:
            try:
                cache.build(full=True)
            except BaseException as error:  # noqa: BLE001  the test looks at whatever it was
                failures.append(error)

        threads = [threading.Thread(target=build) for _ in range(3)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            answer = by_month(project, cache)
            assert answer in (None, {"a": 6})
        assert failures == []
        assert by_month(project, cache) == {"a": 6}
        cache.build()
        assert len(versions_stored(cache)) == 3


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {tree!r})
from lapwing.cache.stores.lmdb import LmdbStore
from tests.cache.project import opened

class Dies(LmdbStore):
    left = int(sys.argv[2])
    def put(self, rows):
        Dies.left -= 1
        super().put(rows)
        if Dies.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

root = Path(sys.argv[1])
with opened(root, Dies(root / ".lapwing" / "store")) as (_, cache):
    cache.build(full=True)
"""


def test_kill_9_in_the_middle_of_a_build_loses_nothing(root: Path) -> None:
    tree = str(Path(__file__).parents[2])
    with opened(root) as (_, cache):
        cache.build()
    time.sleep(0.01)
    for month in (1, 2, 3):
        write_rows(root, f"2013-{month:02}", [row(moment(month, day), "b") for day in (2, 3)])
    killed = subprocess.run([sys.executable, "-c", KILLED.format(tree=tree), str(root), "2"], check=False, cwd=tree)
    assert killed.returncode == -signal.SIGKILL
    with opened(root) as (project, cache):
        # January is new and published; February was written but not published, so it and March are the old ones.
        assert by_month(project, cache) == {"a": 4, "b": 2}
        assert counts(cache.build()) == (2, 1, 0)
        assert by_month(project, cache) == {"b": 6}
        cache.build()
        assert len(versions_stored(cache)) == 3


def test_a_build_that_lives_is_not_swept(root: Path) -> None:
    """What another living process is writing stays."""
    store = LmdbStore(root / ".lapwing" / "store")
    with opened(root, store) as (_, cache):
        cache.build()
        (ledger,) = all_ledgers(store)
        with owner() as name:
            dead = name.replace(f"/{os.getpid()}/", "/999999/")
            (left,) = ledger.reserve([50, 60], dead, time.time())
            (alive,) = ledger.reserve([10, 20], name, time.time())
            store.put([(rollup_prefix(ledger.id, version) + b"x", b"") for version in (left, alive)])
            cache.build()
            assert [one.first for one in ledger.read().building] == [alive]
            assert versions_stored(cache) == {1, 2, 3, alive}
