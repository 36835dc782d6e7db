"""Manifests: what they say of published partitions, what they remember, and how they are kept."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.cache.leaf import MOST_PARTITIONS, split
from lapwing.cache.manifest import Manifest
from lapwing.cache.manifest_rows import encode, leaf_rows, read, spill, stored
from lapwing.cache.partition import Building, Cause, Partition
from lapwing.cache.stores.memory import MemoryStore
from lapwing.model.problem import StoreError

ROLLUP = b"12345678"


def partition(
    start: int, end: int, version: int, data_end: int | None = None, sealed: int | None = None, since: float = 0.0
) -> Partition:
    reach = end if data_end is None else data_end
    return Partition(
        start=start,
        end=end,
        version=version,
        keys=1,
        cells=2,
        bytes=3,
        distinct=(1, 1),
        built_at=0.5,
        mark="m",
        data_start=start,
        data_end=reach,
        sealed=reach if sealed is None else sealed,
        since=since,
        cause=Cause.BUILT,
        builder="me",
    )


def manifest(*partitions: Partition) -> Manifest:
    return Manifest(rollup="d.r", definition="0" * 16, grain=60, leaves=tuple(split(partitions, ())))


def comes_back(one: Manifest) -> Manifest | None:
    """What a reader who knows nothing finds in a store."""
    store, kept = MemoryStore(), spill(one)
    store.put(leaf_rows(ROLLUP, kept.leaves))
    return read(store, ROLLUP, encode(kept), {})


def same(one: Manifest | None, other: Manifest) -> bool:
    assert one is not None
    facts = [
        (m.partitions, [leaf.past for leaf in m.leaves], dataclasses.replace(m, leaves=()).__repr__())
        for m in (one, other)
    ]
    return facts[0] == facts[1]


@pytest.mark.parametrize("count", [0, 1, 2, MOST_PARTITIONS, 3 * MOST_PARTITIONS + 1])
def test_a_manifest_comes_back_as_it_was(count: int) -> None:
    full = dataclasses.replace(
        manifest(*(partition(10 * i, 10 * i + 10, i + 1) for i in range(count))),
        building=(Building(first=900, count=2, start=0, end=20, owner="host/1/2/3", since=1.5),),
        removing=((5, 7), (9, 9)),
        next_version=1000,
        data_start=1,
        goal=20,
    ).with_partitions([partition(0, 10, 1001), partition(40, 50, 1002)], 9.0)
    assert same(comes_back(full), full)


def test_data_ends_where_the_first_gap_is() -> None:
    assert manifest().data_end is None
    assert manifest(partition(0, 10, 1), partition(10, 20, 2, 15)).data_end == 15
    assert manifest(partition(0, 10, 1), partition(20, 30, 2)).data_end == 10
    stale = manifest(partition(0, 10, 1, 7), partition(10, 20, 2))
    assert (stale.data_end, stale.data_until) == (7, 7)


def test_completeness_ends_at_the_first_incomplete_partition() -> None:
    assert manifest(partition(0, 10, 1, sealed=8), partition(10, 20, 2, 15, 10)).data_until == 8
    assert manifest(partition(0, 10, 1), partition(10, 20, 2, 15, 12)).data_until == 12


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=12), st.integers(1, 5)
)
def test_many_leaves_say_what_one_says(parts: list[tuple[bool, int, int]], size: int) -> None:
    """Where data ends and is complete does not depend on how partitions lie in leaves."""
    partitions = [
        partition(10 * i, 10 * i + 10, i + 1, 10 * i + 10 - short, 10 * i + 10 - short - late)
        for i, (there, short, late) in enumerate(parts)
        if there
    ]
    whole = manifest(*partitions)
    leaves = tuple(leaf for i in range(0, len(partitions), size) for leaf in split(partitions[i : i + size], ()))
    cut = dataclasses.replace(whole, leaves=leaves)
    assert (cut.data_end, cut.data_until) == (whole.data_end, whole.data_until)
    for low in range(0, 130, 7):
        assert cut.overlapping(low, low + 25) == whole.overlapping(low, low + 25)
        assert {p.start for p in cut.overlapping(low, low + 25)} == {
            p.start for p in partitions if p.start < low + 25 and p.end > low
        }


def test_publishing_replaces_and_remembers() -> None:
    building = Building(first=3, count=2, start=10, end=30, owner="o", since=0.0)
    before = dataclasses.replace(manifest(partition(0, 10, 1), partition(10, 20, 2)), building=(building,))
    after = before.with_partitions([partition(10, 20, 3)], now=9.0)
    assert [(p.version, p.since) for p in after.partitions] == [(1, 0.0), (3, 9.0)]
    assert [(one.partition.version, one.until) for one in after.history(10)] == [(2, 9.0)]
    assert after.building == (dataclasses.replace(building, first=4, count=1, start=20),)
    assert after.with_partitions([partition(20, 30, 4)], now=9.0).building == ()


def test_a_clock_set_back_does_not_reorder_the_past() -> None:
    after = manifest(partition(0, 10, 1, since=50.0)).with_partitions([partition(0, 10, 2)], now=9.0)
    assert after.partitions[0].since > 50.0


@settings(max_examples=50)
@given(st.integers(0, 2**32), st.sampled_from([3, 40, 600]))
def test_what_was_known_is_known(seed: int, spread: int) -> None:
    """Publishing anywhere, in any order, through the store: each moment's view comes back."""
    chance = random.Random(seed)
    store = MemoryStore()
    now, one = 1.0, manifest()
    seen: list[tuple[float, tuple[Partition, ...]]] = [(0.5, ())]
    for version in range(1, 40):
        starts = sorted(chance.sample(range(spread), chance.randrange(1, 3)))
        parts = [partition(10 * at, 10 * at + 10, 100 * version + i) for i, at in enumerate(starts)]
        one = spill(one.with_partitions(parts, now))
        known = stored(one)
        store.put(leaf_rows(ROLLUP, known.values()))
        kept = read(store, ROLLUP, encode(one), known if chance.random() < 0.5 else {})
        assert kept is not None
        assert [p.start for p in kept.partitions] == sorted({p.start for p in kept.partitions})
        one = kept
        seen.append((now + 0.5, one.partitions))
        now += 1.0
    for moment, then in seen:
        assert one.known_at(moment).partitions == then
    assert one.forgotten(0, 10 * spread, 0.0) is None


def test_a_change_costs_as_much_in_a_large_manifest_as_in_a_small_one() -> None:
    """In rows written and their bytes."""

    def written(count: int) -> tuple[int, int]:
        large = spill(manifest(*(partition(10 * i, 10 * i + 10, i + 1) for i in range(count))))
        kept = read(store_of(large), ROLLUP, encode(large), {})
        assert kept is not None
        after = spill(kept.with_partitions([partition(50, 60, count + 1)], 9.0))
        added = [leaf for token, leaf in stored(after).items() if token not in stored(kept)]
        return len(added), len(encode(after))

    leaves, size = written(20_000)
    assert leaves <= 1
    assert size < 100_000  # of some 3,000,000


def store_of(one: Manifest) -> MemoryStore:
    store = MemoryStore()
    store.put(leaf_rows(ROLLUP, one.leaves))
    return store


def test_a_leaf_that_is_gone_means_that_the_row_is_old() -> None:
    kept = spill(manifest(*(partition(10 * i, 10 * i + 10, i + 1) for i in range(600))))
    store = store_of(kept)
    store.delete_prefix(leaf_rows(ROLLUP, kept.leaves)[1][0])
    assert read(store, ROLLUP, encode(kept), {}) is None
    assert read(store, ROLLUP, encode(kept), stored(kept)) is not None


OLD = {
    "format": 1,
    "rollup": "d.r",
    "definition": "0" * 16,
    "grain": 60,
    "partitions": [[0, 10, 4, 1, 2, 3, [1, 1], 0.5, "m", 10, 10], [10, 20, 2, 1, 2, 3, [1, 1], 0.5, "m", 15, 12]],
    "building": [{"version": 6, "start": 0, "owner": "host/1/2/3", "since": 1.5}],
    "retired": [{"version": 1, "since": 2.5}],
    "next_version": 7,
    "data_start": 5,
    "goal": 15,
    "changed_at": 3.5,
}


def test_one_of_an_older_lapwing_is_read() -> None:
    found = read(MemoryStore(), ROLLUP, json.dumps(OLD).encode(), {})
    assert found is not None
    assert [(p.start, p.version, p.data_start, p.data_end, p.sealed) for p in found.partitions] == [
        (0, 4, 5, 10, 10),
        (10, 2, 10, 15, 12),
    ]
    assert (found.removing, found.next_version, found.goal) == (((1, 1), (6, 6)), 7, 15)
    assert same(comes_back(found), found)


@pytest.mark.parametrize("row", [b"", b"{}", b"[]", b'{"format": 2}', b'{"format": 1}', b'{"format": "x"}', b"\xff"])
def test_a_damaged_row_is_said_to_be_one(row: bytes) -> None:
    with pytest.raises(StoreError, match="can't be read"):
        read(MemoryStore(), ROLLUP, row, {})


def test_a_damaged_leaf_is_said_to_be_one() -> None:
    kept = spill(manifest(*(partition(10 * i, 10 * i + 10, i + 1) for i in range(600))))
    store = store_of(kept)
    store.put([(key, value[: len(value) // 2]) for key, value in leaf_rows(ROLLUP, kept.leaves)])
    found = read(store, ROLLUP, encode(kept), {})
    assert found is not None
    with pytest.raises(StoreError, match="can't be read"):
        found.overlapping(0, 10)


def test_a_newer_one_is_not_guessed_at() -> None:
    row = json.loads(encode(manifest()))
    row["format"] = 3
    with pytest.raises(StoreError, match="newer"):
        read(MemoryStore(), ROLLUP, json.dumps(row).encode(), {})


def versions(partitions: Sequence[Partition]) -> list[int]:
    return [p.version for p in partitions]


def test_what_is_in_quarantine_is_not_read() -> None:
    bad = dataclasses.replace(partition(10, 20, 2), quarantined="damaged")
    one = manifest(partition(0, 10, 1), bad, partition(20, 30, 3))
    assert versions(one.overlapping(0, 30)) == [1, 3]
    assert versions(one.quarantined(0, 30)) == [2]
    assert one.data_until == 30
