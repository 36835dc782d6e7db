"""Ancestors are chosen where they save something, hold what the fine rollup holds, and follow it."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.cache.project import DATASET, row, write_project, write_rows

from lapwing.cache import definitions, lattice, refold, write
from lapwing.cache.ancestors import Ancestor
from lapwing.cache.definition import Definition
from lapwing.cache.ledger import Ledger, all_ledgers
from lapwing.cache.service import Cache
from lapwing.model.grain import Grain
from lapwing.model.problem import Cancelled
from lapwing.query.ask import MetricQuery, Wishes
from lapwing.query.service import Lapwing

METRICS = (
    "trips",
    "money",
    "weight",
    "longest",
    "average",
    "spread",
    "shops",
    "middle",
    "latest",
    "final_shop",
    "usual",
)
ONLY_MAIN = DATASET[: DATASET.index("  by_shop:")].replace("partition: month}", "partition: month, ancestors: 3}")


def rows_of(month: int, seed: int, count: int = 1_500) -> list[dict[str, object]]:
    chance = random.Random(seed)
    rows = []
    for _ in range(count):
        at = datetime(2013, month, 3) + timedelta(seconds=chance.randrange(24 * 86_400))
        rows.append(row(at, f"{chance.randrange(60):02}", chance.randrange(5), int(chance.paretovariate(1))))
        rows[-1] |= {"kilos": chance.lognormvariate(0, 2), "price": chance.randrange(10**6)}
    return rows


@pytest.fixture(autouse=True)
def everything_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lattice, "LEAST_SAVED", 1)
    monkeypatch.setattr(definitions, "_SECONDS", 0.0)
    monkeypatch.setattr(refold, "_AT_ONCE", 100)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_project(tmp_path, dataset=ONLY_MAIN)
    for month in (1, 2, 3):
        write_rows(tmp_path, f"2013-{month:02}", rows_of(month, month))
    return tmp_path


@pytest.fixture
def lapwing(root: Path) -> Iterator[Lapwing]:
    with Lapwing.open(root) as opened:
        yield opened


def chosen(cache: Cache) -> tuple[Definition, tuple[Ancestor, ...]]:
    main = cache._definitions.of(cache.bound("trips")).declared[0]
    return main, cache._definitions._ancestors.of(main)


def check(lapwing: Lapwing) -> set[str]:
    """Compares answers with the source; which rollups gave them."""
    used: set[str] = set()
    for by in ((), ("shop",), ("size",), ("far", "size")):
        for grain in (None, "hour", "month"):
            query = MetricQuery(metrics=METRICS, by=by, grain=Grain.parse(grain) if grain else None)
            answer = lapwing.answer(query)
            direct = lapwing.answer(MetricQuery(metrics=METRICS, by=by, grain=query.grain, wishes=Wishes(cache=False)))
            assert answer.table.equals(direct.table), (by, grain)
            used |= {piece.name for piece in answer.receipt.pieces}
    return used


def test_they_answer_as_the_source_does(lapwing: Lapwing) -> None:
    lapwing.cache.build()
    main, found = chosen(lapwing.cache)
    names = [one.definition.name for one in found]
    assert "trips.main/town+far@15-minutes" in names, "of which there is one value each"
    assert len(names) >= 2
    assert all("read up to" in one.says for one in found)
    used = check(lapwing)
    assert used & set(names)
    cells = {
        one.definition.name: sum(p.cells for p in Ledger.of(lapwing.cache._store, one.definition).read().partitions)
        for one in found
    }
    finest = sum(p.cells for p in Ledger.of(lapwing.cache._store, main).read().partitions)
    assert all(cells.values())
    assert sum(cells.values()) <= 3 * finest * 1.2, "the budget, as well as it can be told before"


def test_they_follow_a_restated_partition(root: Path, lapwing: Lapwing) -> None:
    lapwing.cache.build()
    _, found = chosen(lapwing.cache)
    before = {one.definition.name: _versions(lapwing.cache, one.definition) for one in found}
    write_rows(root, "2013-02", rows_of(2, 77))
    lapwing.cache.build()
    assert [one.definition.id for one in chosen(lapwing.cache)[1]] == [one.definition.id for one in found]
    for one in found:
        after = _versions(lapwing.cache, one.definition)
        assert after[0] == before[one.definition.name][0], "January did not change"
        assert after[1] != before[one.definition.name][1]
    check(lapwing)
    write_rows(root, "2013-02", [])
    lapwing.cache.build()
    check(lapwing)


def _versions(cache: Cache, definition: Definition) -> list[int]:
    return [partition.version for partition in Ledger.of(cache._store, definition).read().partitions]


def test_a_build_that_ended_before_them_is_completed(lapwing: Lapwing, monkeypatch: pytest.MonkeyPatch) -> None:
    event = threading.Event()
    seen = 0
    real = write.write_version

    def stopping(*given: object) -> object:
        nonlocal seen
        seen += 1
        if seen == 4:
            event.set()
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(refold, "write_version", stopping)
    with pytest.raises(Cancelled):
        lapwing.cache.build(cancel=event)
    check(lapwing)
    monkeypatch.undo()
    lapwing.cache.build()
    _, found = chosen(lapwing.cache)
    assert all(len(_versions(lapwing.cache, one.definition)) == 3 for one in found)
    check(lapwing)


def test_a_failure_while_folding_leaves_nothing_behind(lapwing: Lapwing, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> object:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(refold, "write_version", failing)
        with pytest.raises(MemoryError):
            lapwing.cache.build()
    _, found = chosen(lapwing.cache)
    manifests = [Ledger.of(lapwing.cache._store, one.definition).read() for one in found]
    assert not any(manifest.building or manifest.partitions for manifest in manifests)
    check(lapwing)


def test_a_quarantined_partition_is_in_quarantine_in_all(lapwing: Lapwing) -> None:
    lapwing.cache.build()
    main, found = chosen(lapwing.cache)
    ledger = Ledger.of(lapwing.cache._store, main)
    ledger.quarantine(ledger.read().partitions[1].start, "a test")
    real = lapwing.project.history
    refold.refold(
        lapwing.cache._store,
        main,
        [one.definition for one in found],
        history=real,
        grace=0.0,
        cancel=threading.Event(),
    )
    for one in found:
        held = Ledger.of(lapwing.cache._store, one.definition).read().partitions
        assert [bool(partition.quarantined) for partition in held] == [False, True, False]
    check(lapwing)
    lapwing.cache.build()
    for one in found:
        held = Ledger.of(lapwing.cache._store, one.definition).read().partitions
        assert not any(partition.quarantined for partition in held)
    check(lapwing)


def test_they_are_left_aside_where_the_rollup_was_put_back(root: Path, lapwing: Lapwing) -> None:
    """A rollback of the rollup is a rollback of what follows from it, at once."""
    lapwing.cache.build()
    total = MetricQuery(metrics=("trips", "miles"), grain=Grain.parse("month"))
    before = lapwing.answer(total).table
    write_rows(root, "2013-02", rows_of(2, 77, 700))
    lapwing.cache.build()
    after = lapwing.answer(total)
    assert not after.table.equals(before)
    main, found = chosen(lapwing.cache)
    ledger = Ledger.of(lapwing.cache._store, main)
    start = ledger.read().partitions[1].start
    ledger.roll_back({start: ledger.read().history(start)[0]}, "someone")
    back = lapwing.answer(total)
    assert back.table.equals(before)
    assert "trips.main" in {piece.name for piece in back.receipt.pieces}
    lapwing.cache.build()
    again = lapwing.answer(total)
    assert again.table.equals(before)
    assert {piece.name for piece in again.receipt.pieces} < {one.definition.name for one in found}


def test_those_of_another_definition_are_removed(root: Path, lapwing: Lapwing) -> None:
    lapwing.cache._builds._grace = 0.0
    lapwing.cache.build()
    _, found = chosen(lapwing.cache)
    changed = ONLY_MAIN.replace("{sum: distance}", "{sum: distance + 1}")
    (root / "datasets" / "trips.yaml").write_text(changed)
    with Lapwing.open(root) as again:
        again.cache._builds._grace = 0.0
        again.cache.build()
        again.cache.build()
        left = {(ledger._name, ledger._definition) for ledger in all_ledgers(again.cache._store)}
        assert not left & {(one.definition.name, one.definition.hash) for one in found}
        check(again)
    (root / "datasets" / "trips.yaml").write_text(changed.replace("ancestors: 3}", "ancestors: 0}"))
    with Lapwing.open(root) as without:
        without.cache._builds._grace = 0.0
        without.cache.build()
        assert [ledger._name for ledger in all_ledgers(without.cache._store)] == ["trips.main"]
        assert check(without) == {"trips.main"}
