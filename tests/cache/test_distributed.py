"""Builds by many workers give what one gives, whatever is cut where, comes when, or is done twice."""

from __future__ import annotations

import itertools
import pickle
import random
import threading
from collections import defaultdict
from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cache.project import DATASET, opened, row, write_project, write_rows

from lapwing.cache import building, splits
from lapwing.cache.builders.base import HereOnly, Tell
from lapwing.cache.builders.duckdb import DuckdbBuilder
from lapwing.cache.definition import define
from lapwing.cache.distributed import Order, Shard, blocks, receipts, write_rest, write_shard
from lapwing.cache.keys import encode_values
from lapwing.cache.ledger import Ledger
from lapwing.cache.refold import cells_of
from lapwing.cache.service import Cache
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.stores.memory import MemoryStore
from lapwing.cache.write import Written
from lapwing.model.problem import Cancelled, StoreError
from lapwing.sources.base import Split
from lapwing.sql.service import SqlService

HOUR = 3_600_000_000
EXACT = DATASET.replace("  usual: {top: distance, k: 3}\n", "")
"""Without the one measure that depends on how rows are cut, within its bounds."""


class Workers(HereOnly):
    """A builder of many workers, all of them here: rows cut by time, work shuffled and repeated, orders pickled."""

    name = "workers"

    def __init__(self, sql: SqlService, store: RollupStore, seed: int, shards: int) -> None:
        self._duckdb = DuckdbBuilder(sql)
        self._store = store
        self._random = random.Random(seed)
        self._shards = shards
        self.lost: Shard | None = None
        self.orders: list[Order] = []

    def write(
        self, order: Order, cancel: threading.Event, tell: Tell
    ) -> Generator[tuple[int, tuple[Written, ...]], None, None]:
        order = pickle.loads(pickle.dumps(Order(members=order.members, borders=order.borders, shards=self._shards)))
        self.orders.append(order)
        given: dict[Shard, list[bytes]] = defaultdict(list)
        for partition in range(len(order.borders) - 1):
            for low, high in self._cuts(*order.borders[partition : partition + 2]):
                rows = [batch for _, batch in self._duckdb.batches(order.finest, (low, high), cancel)]
                for shard, block in blocks(order, partition, rows):
                    given[shard].append(block)
        heads: dict[tuple[int, int], list[bytes]] = defaultdict(list)
        for shard, of in self._shuffled(given.items()):
            for times in range(self._random.choice((1, 1, 2))):
                found = list(write_shard(self._store, order, shard, self._shuffled(of)))
                if not times and shard != self.lost:
                    heads[shard.member, shard.partition] += found
        every = [(m, p) for m in range(len(order.members)) for p in range(len(order.borders) - 1)]
        for member, partition in self._shuffled(every):
            write_rest(self._store, order, member, partition, self._shuffled(heads[member, partition]))
        for number, written in enumerate(receipts(self._store, order)):
            assert written is not None
            self.before()
            if cancel.is_set():
                raise Cancelled.of("cancelled", "The workers were stopped.")
            yield number, written

    def before(self) -> None:
        """Called before anything is given."""

    def _cuts(self, start: int, end: int) -> list[tuple[int, int]]:
        inner = sorted({start + HOUR * self._random.randrange(1, (end - start) // HOUR) for _ in range(5)})
        edges = [start, *inner, end]
        return list(itertools.pairwise(edges))

    def _shuffled(self, items: Any) -> list[Any]:
        found = list(items)
        self._random.shuffle(found)
        return found


def write_project_of(root: Path, seed: int, months: int = 3) -> None:
    write_project(root, dataset=EXACT)
    chosen = random.Random(seed)
    for month in range(1, months + 1):
        first = datetime.fromisoformat(f"2013-{month:02}-02T00:00")
        rows = [
            row(
                first + timedelta(minutes=chosen.randrange(35_000)),
                chosen.choice(["a", "b", None, "ü", "", "a\0b"]),
                chosen.choice([1, 2, None]),
                chosen.choice([None, -3, 150, 7, 10**12]),
            )
            for _ in range(200 if month == 1 else chosen.choice([0, 30]))
        ]
        write_rows(root, f"2013-{month:02}", rows)


def contents(cache: Cache, store: RollupStore) -> dict[str, list[Any]]:
    """The cells of each rollup's partitions, in one order: that of an engine differs from that of keys."""
    found: dict[str, list[Any]] = {}
    bound = cache.bound("trips")
    for rollup in bound.dataset.rollups.values():
        one = define(bound, rollup, "America/New_York")
        names = rollup.dimensions
        for partition in Ledger.of(store, one).read().partitions:
            parts = list(cells_of(store, one, partition))
            rows = [
                (encode_values(values), bucket)
                for cells in parts
                for *values, bucket in zip(
                    *(cells.dimensions.column(name).to_pylist() for name in names), cells.bucket.tolist(), strict=True
                )
            ]
            order = np.array(sorted(range(len(rows)), key=rows.__getitem__), np.int64)
            states = {
                name: (state, state.take(state.concatenate([cells.states[name] for cells in parts]), order))
                for name, state in one.kept.items()
                if parts
            }
            size = (partition.start, partition.keys, partition.cells, sorted(partition.distinct))
            found.setdefault(one.name, []).append((size, sorted(rows), states))
    return found


def assert_alike(mine: dict[str, list[Any]], theirs: dict[str, list[Any]]) -> None:
    assert mine.keys() == theirs.keys()
    for name, partitions in mine.items():
        assert [one[:2] for one in partitions] == [one[:2] for one in theirs[name]]
        for (_, _, states), (_, _, others) in zip(partitions, theirs[name], strict=True):
            for measure, (state, columns) in states.items():
                assert state.same(columns, others[measure][1]).all(), (name, measure)


def built(root: Path, workers: Callable[[Cache, RollupStore], Workers] | None) -> dict[str, list[Any]]:
    """Builds into a store of its own; what is then in it."""
    store = MemoryStore()
    with opened(root, store) as (_, cache), pytest.MonkeyPatch.context() as patch:
        if workers is not None:
            made = workers(cache, store)
            patch.setattr(building, "builder_of", lambda *_, **__: made)
        cache.build().checked()
        assert workers is None or made.orders
        assert cache.upkeep.verify(None).findings == []
        return contents(cache, store)


@pytest.mark.parametrize(("seed", "shards"), [(5, 2), (12, 7)])
def test_they_give_what_one_gives(seed: int, shards: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    alike(seed, shards, tmp_path_factory.mktemp("workers"))


@pytest.mark.long
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1 << 30), shards=st.sampled_from([1, 2, 7]))
def test_any_of_them_give_what_one_gives(seed: int, shards: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    alike(seed, shards, tmp_path_factory.mktemp("workers"))


def alike(seed: int, shards: int, root: Path) -> None:
    write_project_of(root, seed)
    mine = built(root, lambda cache, store: Workers(cache._builds._sql, store, seed, shards))
    assert_alike(mine, built(root, None))


def test_what_a_worker_lost_is_noticed_before_it_is_published(tmp_path: Path) -> None:
    write_project_of(tmp_path, 1)
    store = MemoryStore()
    with opened(tmp_path, store) as (_, cache), pytest.MonkeyPatch.context() as patch:
        workers = Workers(cache._builds._sql, store, 1, 3)
        patch.setattr(building, "builder_of", lambda *_, **__: workers)
        workers.lost = Shard(0, 0, 1)
        with pytest.raises(StoreError) as told:
            cache.build()
        assert told.value.problems[0].code == "not-written"
        assert [one.keys for one in cache.status(check=False) if one.follows is None] == [0, 0, 0]
        workers.lost = None
        cache.build().checked()
        assert all(one.keys for one in cache.status(check=False))


def test_cancelled_it_keeps_what_was_whole(tmp_path: Path) -> None:
    write_project_of(tmp_path, 2)
    cancel = threading.Event()
    with opened(tmp_path, store := MemoryStore()) as (_, cache), pytest.MonkeyPatch.context() as patch:
        workers = Workers(cache._builds._sql, store, 2, 2)
        patch.setattr(building, "builder_of", lambda *_, **__: workers)
        patch.setattr(workers, "before", cancel.set)
        with pytest.raises(Cancelled):
            cache.build(cancel=cancel)
        assert [one.keys for one in cache.status(check=False) if one.follows is None] == [0, 0, 0]


def test_a_row_that_is_too_large_for_a_store_is_told_with_its_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project_of(tmp_path, 5, months=1)
    monkeypatch.setattr("lapwing.cache.write.MOST_VALUE_BYTES", 600)
    with opened(tmp_path, MemoryStore()) as (_, cache):
        report = cache.build("trips.total")
        (problem,) = (problem for one in report.failed for problem in one.problems)
        assert problem.code == "value-too-long"
        assert "trips.total (all of it)" in problem.message
        (problem,) = (problem for one in cache.build("trips.by_shop").failed for problem in one.problems)
        assert "trips.by_shop (shop = " in problem.message
        assert problem.hint


@given(st.lists(st.none() | st.integers(0, 3_000_000), max_size=40), st.integers(1, 12))
def test_splits_are_read_together_as_far_as_they_may(sizes: list[int | None], at_least: int) -> None:
    given_ones = tuple(
        Split(source="s", table="t", columns=(), what=(number,), rows=rows) for number, rows in enumerate(sizes)
    )
    parts = list(splits._together_read(given_ones, at_least))
    assert tuple(one for part in parts for one in part) == given_ones
    for part in parts:
        assert len(part) == 1 or all(one.rows is not None for one in part)
        assert len(part) == 1 or sum(one.rows or 0 for one in part) <= splits._PART_ROWS
    most = min(splits._PART_ROWS, -(-sum(size or 0 for size in sizes) // at_least))
    for part, after in itertools.pairwise(parts):
        if part[0].rows is not None and after[0].rows is not None:
            assert sum(one.rows or 0 for one in part) + after[0].rows > most
