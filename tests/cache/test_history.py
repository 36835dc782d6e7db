"""Versions that were replaced: how long they stay, what they tell, and how they come back."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from tests.cache.project import IN_UTC, opened, row, write_project, write_rows
from tests.cache.test_build import SMALL, by_month, counts, moment, versions_stored
from tests.cache.test_manifest import manifest, partition

from lapwing.cache.history import Target
from lapwing.cache.ledger import Busy, Ledger, all_ledgers
from lapwing.cache.owner import owner
from lapwing.cache.retention import merged, prefixes
from lapwing.cache.service import Cache
from lapwing.model.problem import LapwingError, NotFound, Refused
from lapwing.model.project import History, Project

FEBRUARY = 1_359_676_800_000_000
MARCH = 1_362_096_000_000_000


@contextmanager
def kept(root: Path, history: str = "{keep: 30 days, versions: 5}") -> Iterator[tuple[Project, Cache]]:
    (root / "lapwing.yaml").write_text(IN_UTC.replace("{versions: 0}", history))
    with opened(root) as found:
        yield found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_project(tmp_path, dataset=SMALL, project=IN_UTC)
    for month in (1, 2, 3):
        write(tmp_path, month, "a", 2)
    return tmp_path


def write(root: Path, month: int, shop: str, rows: int) -> None:
    time.sleep(0.01)  # so that the file's time is another
    write_rows(root, f"2013-{month:02}", [row(moment(month, 2 + i), shop) for i in range(rows)])


def causes(cache: Cache, start: int = FEBRUARY) -> list[str]:
    return [str(one.partition.cause) for one in cache.upkeep.history("trips.main", start, start + 1)]


def test_who_when_and_why(root: Path) -> None:
    with kept(root) as (_, cache):
        before = time.time()
        cache.build()
        write(root, 2, "a", 3)
        cache.build()
        cache.build(full=True, start=FEBRUARY, end=MARCH)
        (root / "data" / "trips" / "2013-03.parquet").unlink()
        write(root, 3, "a", 1)
        cache.build()
        assert causes(cache) == ["rebuilt", "restated", "built"]
        assert causes(cache, MARCH)[0] == "extended"
        now, restated, first = cache.upkeep.history("trips.main", FEBRUARY, FEBRUARY + 1)
        assert now.until is None
        assert before < first.partition.since < restated.partition.since == first.until
        assert restated.until == now.partition.since < time.time()
        assert first.partition.mark != restated.partition.mark == now.partition.mark
        assert (first.partition.cells, restated.partition.cells) == (2, 3)
        assert cache.status()[0].partitions[1].past == 2
    with pytest.raises(NotFound, match=r"trips\.main"), kept(root) as (_, cache):
        cache.upkeep.history("trips.mian")


def test_the_past_stays_as_long_as_the_project_wants(root: Path) -> None:
    with kept(root, "{keep: 30 days, versions: 2}") as (_, cache):
        for rows in range(2, 8):
            write(root, 2, "a", rows)
            cache.build()
        cache.build()
        assert len(cache.upkeep.history("trips.main", FEBRUARY, FEBRUARY + 1)) == 3
        assert len(versions_stored(cache)) == 5
    with kept(root, "{keep: 0 days, versions: 2}") as (_, cache):
        cache.build()
        assert len(cache.upkeep.history("trips.main", FEBRUARY, FEBRUARY + 1)) == 1
        assert len(versions_stored(cache)) == 3


def test_a_rollback_is_seen_and_lasts_until_the_source_changes(root: Path) -> None:
    with kept(root) as (project, cache):
        cache.build()
        write(root, 2, "b", 5)
        cache.build()
        assert by_month(project, cache) == {"a": 4, "b": 5}
        (planned,) = cache.upkeep.roll_back("trips", Target(), dry_run=True)
        assert by_month(project, cache) == {"a": 4, "b": 5}
        (done,) = cache.upkeep.roll_back("trips", Target())
        assert done == planned
        assert (done.start, done.end, done.before) == (FEBRUARY, MARCH, 4)
        assert by_month(project, cache) == {"a": 6}
        assert causes(cache) == ["rolled back", "restated", "built"]
        assert counts(cache.build()) == (0, 3, 0)
        assert not cache.status()[0].partitions[1].stale
        assert by_month(project, cache) == {"a": 6}
        write(root, 2, "b", 1)
        assert counts(cache.build()) == (1, 2, 0)
        assert by_month(project, cache) == {"a": 4, "b": 1}
        cache.upkeep.roll_back("trips.main", Target(version=done.before))
        assert by_month(project, cache) == {"a": 4, "b": 5}
        assert counts(cache.build(full=True)) == (3, 0, 0)
        assert by_month(project, cache) == {"a": 4, "b": 1}


def test_a_rollback_to_a_moment(root: Path) -> None:
    with kept(root) as (project, cache):
        cache.build()
        then = time.time()
        for month in (1, 2, 3):
            write(root, month, "b", month)
        cache.build()
        write(root, 2, "b", 7)
        cache.build()
        assert len(cache.upkeep.roll_back("trips", Target(moment=then), FEBRUARY, None)) == 2
        assert by_month(project, cache) == {"a": 4, "b": 1}
        cache.upkeep.roll_back("trips", Target(moment=then))
        assert by_month(project, cache) == {"a": 6}
        assert counts(cache.build()) == (0, 3, 0)


def test_what_is_not_kept_is_not_put_back(root: Path) -> None:
    with kept(root) as (_, cache):
        cache.build()
        with pytest.raises(Refused, match="No other version is kept"):
            cache.upkeep.roll_back("trips", Target())
        with pytest.raises(NotFound, match="Version 99"):
            cache.upkeep.roll_back("trips", Target(version=99))
        with pytest.raises(Refused, match="No other version of 2001"):
            cache.upkeep.roll_back("trips", Target(moment=1e9))


def test_what_was_put_back_is_not_removed(root: Path) -> None:
    with kept(root) as (_, cache):
        cache.build()
        write(root, 2, "b", 5)
        cache.build()
        cache.upkeep.roll_back("trips", Target())
    with kept(root, "{versions: 0}") as (project, cache):
        cache.build()
        assert by_month(project, cache) == {"a": 6}
        assert versions_stored(cache) == {1, 2, 3}


def test_one_owner_for_each_partition(root: Path) -> None:
    with kept(root) as (_, cache):
        cache.build()
        cache.build(full=True)
        (ledger,) = all_ledgers(cache._store)
        with owner() as one, owner() as other:
            versions = ledger.reserve([FEBRUARY, MARCH], one, time.time())
            with pytest.raises(Busy, match="is being built by process"):
                ledger.reserve([FEBRUARY, MARCH, MARCH + 10], other, time.time())
            with pytest.raises(Busy):
                cache.upkeep.roll_back("trips", Target(version=2))
            assert ledger.reserve([MARCH, MARCH + 10], other, time.time()) == [versions[0] + 1]
            ledger.give_up(versions)
            ledger.reserve([FEBRUARY, MARCH], other, time.time())
        # Both are dead now: what they reserved is taken over.
        with owner() as third:
            ledger.reserve([FEBRUARY, MARCH], third, time.time())
            assert [b.owner for b in ledger.read().building if b.start == FEBRUARY] == [third]


def test_who_was_taken_for_dead_can_not_publish(root: Path) -> None:
    with kept(root) as (_, cache):
        cache.build()
        (ledger,) = all_ledgers(cache._store)
        old = ledger.read().partition(FEBRUARY)
        assert old is not None
        with owner() as one:
            (version,) = ledger.reserve([FEBRUARY, MARCH], one, time.time())
        with owner() as other:
            ledger.reserve([FEBRUARY, MARCH], other, time.time())
            late = dataclasses.replace(old, version=version)
            with pytest.raises(LapwingError, match="took this one for dead"):
                ledger.publish([late], one)


def test_removal_takes_few_deletes_where_many_versions_go() -> None:
    assert merged([(5, 5), (1, 3), (4, 4), (9, 9)]) == ((1, 5), (9, 9))
    many = manifest(partition(0, 10, 700), partition(10, 20, 5000))
    many = dataclasses.replace(many, next_version=5001)
    found = prefixes(((256, 699), (701, 1023)), many)
    assert (256, True) in found
    assert (768, True) in found
    assert (512, True) not in found
    covered = {v for first, block in found for v in (range(first, first + 256) if block else (first,))}
    assert covered == {*range(256, 700), *range(701, 1024)}


def test_the_last_version_of_a_partition_is_never_forgotten(root: Path) -> None:
    with kept(root, "{versions: 0}") as (project, cache):
        cache.build()
        (ledger,) = all_ledgers(cache._store)
        ledger.sweep(time.time() + 1e9, History(keep=timedelta(), versions=0), 0.0)
        assert by_month(project, cache) == {"a": 6}
        assert isinstance(ledger, Ledger)
