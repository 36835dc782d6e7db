"""The log of questions: shapes and what they took, never what people filter by."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from tests.cache.project import DATASET, row, write_project, write_rows
from tests.cache.stores.places import KINDS, place

from lapwing.cache.keys import questions_key
from lapwing.cache.questions import Questions, Shape, Tally
from lapwing.cache.service import Cache
from lapwing.cache.stores import open_store
from lapwing.cache.stores.cell import unpack
from lapwing.cache.stores.memory import MemoryStore
from lapwing.model.calendar import DAY
from lapwing.model.grain import Grain
from lapwing.query.ask import MetricQuery, Wishes
from lapwing.query.service import Lapwing

Q = MetricQuery(
    metrics=("trips",), by=("shop",), grain=Grain.parse("day"), where="town = 'Aachen' and size > 0", start="2013-01-01"
)
SHAPE = Shape(("trips",), ("shop",), Grain.parse("day"), "America/New_York", ("size", "town"), "source")


@pytest.fixture
def lapwing(tmp_path: Path) -> Iterator[Lapwing]:
    write_project(tmp_path, dataset=DATASET)
    write_rows(tmp_path, "all", [row(datetime.fromisoformat(f"2013-01-0{day}T05:07")) for day in range(1, 6)])
    with Lapwing.open(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_are_counted_by_how_they_were_served(
    lapwing: Lapwing, kind: str, request: pytest.FixtureRequest
) -> None:
    lapwing._cache = Cache(lapwing.project, lapwing.sql, open_store(place(kind, request)))
    for value in ("Aachen", "Bonn"):
        lapwing.answer(replace(Q, where=f"town = '{value}' and size > 0"))
    lapwing.cache.settle()
    lapwing.answer(Q)
    lapwing.cache.build().checked()
    lapwing.answer(Q)
    found = lapwing.cache.questions.read()
    assert {shape.served: tally.count for shape, tally in found.items()} == {"source": 2, "by-product": 1, "rollup": 1}
    tally = found[SHAPE]
    assert tally.worst <= tally.milliseconds < 2 * tally.worst + 1
    assert (tally.longest, tally.step) == (5 * DAY, DAY // 24)  # New York's days begin at full hours
    assert (tally.rows > 0, tally.bytes > 0) == (True, True)
    lapwing.cache.questions.forget()
    assert lapwing.cache.questions.read() == {}


def test_no_value_is_in_it(lapwing: Lapwing) -> None:
    lapwing.answer(Q)
    lapwing.close()
    store = open_store(lapwing.project.store)
    (row_,) = store.get([questions_key()])
    assert row_ is not None
    written = unpack(row_)
    assert b"town" in written
    assert b"Aachen" not in written
    store.close()


def test_questions_that_say_how_are_no_sign(lapwing: Lapwing) -> None:
    lapwing.answer(replace(Q, wishes=Wishes(cache=False)))
    assert lapwing.cache.questions.read() == {}


def test_hits_with_ever_new_filters_are_sampled(lapwing: Lapwing) -> None:
    lapwing.cache.build().checked()
    for number in range(400):
        lapwing.answer(replace(Q, where=f"shop = 'sampled {number}'"))
    (tally,) = lapwing.cache.questions.read().values()
    assert 380 <= tally.count <= 420


def test_threads_and_processes_add_up() -> None:
    store = MemoryStore()
    logs = [Questions(store), Questions(store)]

    def ask(log: Questions) -> None:
        for _ in range(200):
            log.note(SHAPE, 2.0, 5, rows=3, size=4, step=60)
            log.flush()

    threads = [threading.Thread(target=ask, args=(log,)) for log in logs * 2]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    tally = logs[0].read()[SHAPE]
    assert (tally.count, tally.milliseconds, tally.worst, tally.step) == (800, 1600.0, 2.0, 60)
    assert (tally.rows, tally.bytes, tally.longest) == (2400, 3200, 5)


def test_it_is_bounded_and_survives_damage() -> None:
    store = MemoryStore()
    log = Questions(store)
    for number in range(1500):
        log.note(replace(SHAPE, metrics=(f"m{number}",)), 1.0, 1)
        if number % 100 == 0:
            log.flush()
    kept = log.read()
    assert len(kept) == 1_000
    assert replace(SHAPE, metrics=("m1499",)) in kept
    store.put([(questions_key(), b"nonsense")])
    log.note(SHAPE, 1.0, 1)
    assert list(log.read()) == [SHAPE]
    assert isinstance(log.read()[SHAPE], Tally)
