"""What is looked at: slices that are everything together, drawn by chance, so that whatever is wrong is found sooner or later."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cache import faults
from tests.cache.project import opened, write_project, write_rows
from tests.cache.test_build import SMALL
from tests.cache.test_manifest import partition
from tests.cache.test_service import request, rows

from lapwing.cache import audit as auditing
from lapwing.cache import slice as slicing
from lapwing.cache.audit import Budget
from lapwing.cache.definition import Definition
from lapwing.cache.looks import Looked, Reads, drawn, weight
from lapwing.cache.service import Cache
from lapwing.cache.slice import Slice, every, some, whole
from lapwing.cache.stores.memory import MemoryStore

DAY = 86_400_000_000


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cache]:
    """Months of hours by shop, and days of quarter hours by shop and size."""
    root = tmp_path_factory.mktemp("slices")
    more = "  fine: {grain: 15 minutes, dimensions: [shop, size], partition: week}\n"
    write_project(root, dataset=SMALL + more)
    write_rows(root, "all", rows(1, 250))
    with opened(root, MemoryStore()) as (_, found):
        found.build().checked()
        yield found


def test_slices_of_a_partition_are_all_of_it_once(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slicing, "_MOST_BUCKETS", 100)
    fine = faults.definitions(cache)["trips.fine"]
    one = faults.partition(cache, fine)
    parts = every(fine, one, 2)
    assert len({part.parts for part in parts}) == 1 < parts[0].parts
    assert len({part.start for part in parts}) == 7
    cells: Counter[tuple[object, ...]] = Counter()
    for part in parts:
        request = part.request(fine)
        frame = cache._reader.read(fine, (one,), request, dict(fine.states)).frame
        groups = frame.groups.to_pylist()
        starts = request.edges[frame.bucket].tolist()
        cells.update((*groups[of].values(), start) for of, start in zip(frame.group.tolist(), starts, strict=True))
    assert len(cells) == one.cells
    assert set(cells.values()) == {1}


@settings(max_examples=200)
@given(share=st.floats(0, 1), most=st.integers(1, 1000), seed=st.integers(0, 99))
def test_a_slice_by_chance_lies_within_and_is_no_larger_than_asked(share: float, most: int, seed: int) -> None:
    one = replace(partition(0, 40 * DAY, 1), cells=10_000, keys=50)
    fine = DEFINED[0]
    part = some(fine, one, share, most, random.Random(seed))
    assert whole(one).holds(part)
    assert 0 <= part.part < part.parts <= 50
    assert part.end - part.start <= max(fine.grain, share * 40 * DAY)
    expected = 10_000 * (part.end - part.start) / (40 * DAY) / part.parts
    assert expected <= most or part.parts == 50
    assert part.holds(part)
    assert part.parts == 1 or not part.holds(Slice(part.start, part.end))


DEFINED: list[Definition] = []


@pytest.fixture(autouse=True, scope="module")
def _defined(cache: Cache) -> None:
    DEFINED.append(faults.definitions(cache)["trips.fine"])


def test_any_fault_is_found_when_all_is_looked_at(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "_MOST_CELLS", 20)
    find_all(cache, 2)


@pytest.mark.long
def test_a_hundred_times_any_fault_is_found(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "_MOST_CELLS", 20)
    for seed in range(100):
        find_all(cache, seed)


def find_all(cache: Cache, seed: int) -> None:
    """Injects faults by chance, and looks at everything."""
    chance = random.Random(seed)
    wrong: set[tuple[str, int]] = set()
    for definition in faults.definitions(cache).values():
        starts = [one.start for one in faults.partitions(cache, definition)]
        for start in chance.sample(starts, 1 + chance.randrange(2)):
            old = faults.partition(cache, definition, start)
            row = chance.randrange(old.cells)
            fault = chance.choice(
                [faults.lost_cell(row), faults.other_numbers({chance.choice(["trips", "miles"]): "n"})]
            )
            faults.rebuild(cache, definition, old, fault)
            wrong.add((definition.name, start))
    audit = cache.audits.run(budget=Budget(whole=True))
    assert {(one.rollup, one.start) for one in audit.opened} == wrong
    cache.build().checked()
    assert len(cache.audits.run(budget=Budget(mended=True)).resolved) == len(wrong)


def test_a_small_budget_finds_a_fault_in_some_runs(cache: Cache) -> None:
    """What was never looked at comes first, so a fault is found about when all was looked at once."""
    fine = faults.definitions(cache)["trips.fine"]
    starts = [one.start for one in faults.partitions(cache, fine)]
    took: list[int] = []
    for seed in (1,):
        chance = random.Random(seed)
        old = faults.partition(cache, fine, chance.choice(starts))
        cache.build("trips.fine", full=True).checked()  # nothing of it was looked at
        faults.rebuild(cache, fine, faults.partition(cache, fine, old.start), faults.other_numbers({"trips": "n"}))
        runs = 1
        while not cache.audits.run("trips.fine", budget=Budget(rows=40), chance=chance).opened:
            runs += 1
            assert runs < 100
        took.append(runs)
        cache.build().checked()
        assert cache.audits.run(budget=Budget(mended=True)).resolved
    assert max(took) > 1


def test_the_longer_ago_and_the_more_read_the_likelier() -> None:
    now = 1e9
    one = replace(partition(0, DAY, 1), version=3)
    never, lately = weight(one, None, 0, now), weight(one, Looked(3, now - 3600, "equal"), 0, now)
    assert never > weight(one, Looked(3, now - 86_400, "equal"), 0, now) > lately
    assert weight(one, Looked(2, now - 3600, "equal"), 0, now) == never  # another version was
    assert weight(one, Looked(3, now - 3600, "equal"), 100, now) > 5 * lately
    chance = random.Random(1)
    first = Counter(drawn({0: 1.0, 1: 2.0, 2: 7.0}, chance)[0] for _ in range(4_000))
    assert all(abs(first[number] / 4_000 - share) < 0.03 for number, share in enumerate((0.1, 0.2, 0.7)))
    assert sorted(drawn(dict.fromkeys(range(9), 1e-9), chance)) == list(range(9))


def test_reads_fade() -> None:
    reads = Reads()
    parts = [partition(0, DAY, 1), partition(DAY, 2 * DAY, 1)]
    for _ in range(8):
        reads.note(b"one", 0, DAY)
    reads.note(b"one", DAY // 2, 2 * DAY)
    reads.note(b"another", 0, 2 * DAY)
    assert list(reads.of(b"one", parts)) == [9, 1]
    for number in range(5_000):
        reads.note(b"third", number, number + 1)
    assert list(reads.of(b"one", parts)) == [4, 0]


def test_answers_are_noted(cache: Cache) -> None:
    bound = cache.bound("trips")
    start = faults.partition(cache, faults.definitions(cache)["trips.main"]).start
    asked = request(bound, "hour", "UTC", start, start + DAY, by=("shop",), where=None, measures=("trips",))
    cache.answer(asked)
    counts = [
        sum(cache.audits._reads.of(one.id, faults.partitions(cache, one))) for one in faults.definitions(cache).values()
    ]
    assert sum(counts) >= 1
