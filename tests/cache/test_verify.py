"""Damage: found when it is read or looked for, never answered from, mended by the next build."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cache.project import IN_UTC, opened, write_project
from tests.cache.test_build import SMALL, by_month, counts, versions_stored
from tests.cache.test_history import FEBRUARY, kept, write

from lapwing.cache.history import Target
from lapwing.cache.keys import prefix_end, rollup_prefix, values_prefix, vocabulary_prefix
from lapwing.cache.ledger import all_ledgers
from lapwing.cache.service import Cache
from lapwing.model.problem import Cancelled, Refused
from lapwing.query.ask import MetricQuery
from lapwing.query.service import Lapwing


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_project(tmp_path, dataset=SMALL, project=IN_UTC)
    for month in (1, 2, 3):
        write(tmp_path, month, "a", 2)
    return tmp_path


Harm = Callable[[Cache, int], None]


def rows(cache: Cache, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
    return iter(list(cache._store.scan(prefix, prefix_end(prefix))))


def _chunks(cache: Cache, version: int) -> Iterator[tuple[bytes, bytes]]:
    return rows(cache, rollup_prefix(all_ledgers(cache._store)[0].id, version))


def flipped(cache: Cache, version: int) -> None:
    """One bit of a chunk's last column."""
    key, value = next(_chunks(cache, version))
    cache._store.put([(key, value[:-1] + bytes((value[-1] ^ 4,)))])


def cut(cache: Cache, version: int) -> None:
    key, value = next(_chunks(cache, version))
    cache._store.put([(key, value[:-3])])


def lost(cache: Cache, version: int) -> None:
    key, _ = next(_chunks(cache, version))
    cache._store.delete_prefix(key)


def directory_lost(cache: Cache, version: int) -> None:
    cache._store.delete_prefix(values_prefix(all_ledgers(cache._store)[0].id, version))


def directory_cut(cache: Cache, version: int) -> None:
    key, value = next(rows(cache, values_prefix(all_ledgers(cache._store)[0].id, version)))
    cache._store.put([(key, value[: len(value) // 2])])


HARMS = (flipped, cut, lost, directory_lost, directory_cut)


@pytest.mark.parametrize("harm", HARMS)
def test_what_is_damaged_is_found_and_repaired(root: Path, harm: Harm) -> None:
    with kept(root) as (project, cache):
        cache.build()
        assert cache.upkeep.verify().findings == []
        harm(cache, 2)
        found = cache.upkeep.verify()
        (one,) = found.findings
        assert (one.rollup, one.start, one.version, one.seen) == ("trips.main", FEBRUARY, 2, True)
        assert found.versions == 3
        cache.upkeep.put_aside(found.findings)
        assert by_month(project, cache) is None
        assert cache.status()[0].partitions[1].stale
        assert counts(cache.build()) == (1, 2, 0)
        assert str(cache.upkeep.history("trips", FEBRUARY, FEBRUARY + 1)[0].partition.cause) == "repaired"
        assert by_month(project, cache) == {"a": 6}


@pytest.mark.parametrize("harm", HARMS)
def test_what_is_met_damaged_is_answered_by_the_source(root: Path, harm: Harm) -> None:
    with opened(root) as (_, cache):
        cache.build()
        harm(cache, 2)
    query = MetricQuery(metrics=("trips",), by=("shop",))
    with Lapwing.open(root) as lapwing:
        answer = lapwing.answer(query)
        assert answer.table.to_pylist() == [{"shop": "a", "trips": 6}]
        by_source = [piece for piece in answer.receipt.pieces if piece.by == "source"]
        assert [piece.stretches for piece in by_source] == [(("2013-02-01T00:00:00Z", "2013-03-01T00:00:00Z"),)]
        (reason,) = [one for one in answer.receipt.considered[0].reasons if not one.passed]
        assert "in quarantine from 2013-02-01" in reason.says
        assert counts(lapwing.cache.build()) == (1, 2, 0)
        answer = lapwing.answer(query)
        assert [piece.by for piece in answer.receipt.pieces] == ["rollup"]
        assert answer.table.to_pylist() == [{"shop": "a", "trips": 6}]


def test_a_vocabulary_that_says_something_else_is_found(root: Path) -> None:
    with kept(root) as (_, cache):
        cache.build()
        (ledger,) = all_ledgers(cache._store)
        ((key, value),) = rows(cache, vocabulary_prefix(ledger.id, 2, 0))
        assert cache.values("trips", "shop") == ("a",)
        for other in (value[:-1] + b"b", value[:-1], None):
            if other is None:
                cache._store.delete_prefix(key)
            else:
                cache._store.put([(key, other)])
            (one,) = cache.upkeep.verify().findings
            assert (one.check, one.start, one.version) == ("vocabulary", FEBRUARY, 2)
        cache.upkeep.put_aside([one])
        assert counts(cache.build()) == (1, 2, 0)
        assert cache.upkeep.verify().findings == []
        assert cache.values("trips", "shop") == ("a",)


def test_a_damaged_past_does_not_come_back(root: Path) -> None:
    with kept(root) as (project, cache):
        cache.build()
        write(root, 2, "b", 3)
        cache.build()
        flipped(cache, 2)
        found = cache.upkeep.verify()
        (one,) = found.findings
        assert (one.version, one.seen) == (2, False)
        cache.upkeep.put_aside(found.findings)
        with pytest.raises(Refused):
            cache.upkeep.roll_back("trips", Target())
        assert counts(cache.build()) == (0, 3, 0)
        assert by_month(project, cache) == {"a": 4, "b": 3}


def test_what_nobody_reads_is_found_and_removed(root: Path) -> None:
    with kept(root) as (project, cache):
        cache.build()
        (ledger,) = all_ledgers(cache._store)
        (left,) = ledger.reserve([50, 60], "host/1/2/3", time.time())
        cache._store.put([(rollup_prefix(ledger.id, left) + b"x", b"y"), (values_prefix(ledger.id, left), b"z")])
        assert cache.upkeep.verify().findings == []  # someone may be writing it
        ledger.change(lambda manifest: replace(manifest, building=()))
        found = cache.upkeep.verify()
        assert [(one.check, one.version) for one in found.findings] == [("orphan", left)]
        cache.upkeep.put_aside(found.findings)
        assert cache.upkeep.verify().findings == []
        assert versions_stored(cache) == {1, 2, 3}
        assert by_month(project, cache) == {"a": 6}


def test_it_can_be_cancelled(root: Path) -> None:
    cancel = threading.Event()
    with kept(root) as (_, cache):
        cache.build()
        with pytest.raises(Cancelled, match="after 1 of 3"):
            cache.upkeep.verify(progress=lambda _: cancel.set(), cancel=cancel)
