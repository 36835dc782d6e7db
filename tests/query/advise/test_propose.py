"""Advice: what it proposes, once declared and built, answers the questions that it was made of."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from tests.cache.project import DATASET, row, write_project, write_rows
from tests.cache.test_service import rows

from lapwing.cache.questions import Shape
from lapwing.model.grain import Grain
from lapwing.query.advise.propose import Advice, advise
from lapwing.query.advise.write import write
from lapwing.query.ask import MetricQuery, Wishes
from lapwing.query.service import Lapwing

PLAIN = DATASET[: DATASET.index("rollups:")]
DAILY = MetricQuery(metrics=("trips", "miles"), by=("shop",), grain=Grain.parse("day"), where="size = 1")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_project(tmp_path, dataset=PLAIN)
    write_rows(tmp_path, "all", rows(3, 4_000))
    return tmp_path


@pytest.fixture
def lapwing(root: Path) -> Iterator[Lapwing]:
    with Lapwing.open(root) as opened:
        yield opened


def slow(lapwing: Lapwing, query: MetricQuery, times: int = 3) -> None:
    """The question is asked, and noted as if the source had had much more to do."""
    lapwing.answer(query)
    lapwing.cache.settle()
    log = lapwing.cache.questions
    for shape, tally in list(log.read().items()):
        if shape.metrics == query.metrics and shape.by == query.by and tally.step:
            longest, step = tally.longest, tally.step
            for _ in range(times):
                log.note(replace(shape, served="source"), 900.0, longest, rows=1000, size=8000, step=step)


def declare(lapwing: Lapwing, advice: list[Advice]) -> None:
    root = lapwing.project.root
    write(root, root / "datasets" / "trips.yaml", advice)


def test_it_holds_what_was_asked(lapwing: Lapwing) -> None:
    slow(lapwing, DAILY)
    ((one,), left) = advise(lapwing)
    assert left == []
    assert (one.dataset, one.name) == ("trips", "by_shop_size")
    assert (one.dimensions, one.measures, one.grain) == (("shop", "size"), ("trips", "miles"), "hour")
    assert one.questions == 4
    assert one.milliseconds > 2_700
    assert 0 < one.saved < one.milliseconds
    assert (one.rows >= 3_000, one.bytes >= 24_000) == (True, True)
    assert one.serves == ("trips, miles by shop by day where size (America/New_York)",)
    assert one.sized == "counted over the last 28 of 89 days"
    assert one.seconds > 0
    assert one.source_bytes is not None


def test_sizes_are_near_what_is_built(lapwing: Lapwing) -> None:
    slow(lapwing, DAILY)
    ((one,), _) = advise(lapwing)
    declare(lapwing, [one])
    with Lapwing.open(lapwing.project.root) as then:
        then.cache.build().checked()
        (status,) = [status for status in then.cache.status() if status.name == "trips.by_shop_size"]
        cells = sum(partition.cells for partition in status.partitions)
        assert cells / 2 < one.cells < cells * 2


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"])
def test_the_grain_serves_the_zone(lapwing: Lapwing, zone: str) -> None:
    query = replace(DAILY, zone=zone, grain=Grain.parse("week"))
    slow(lapwing, query)
    ((one,), _) = advise(lapwing)
    grains = {"Asia/Kolkata": "30 minutes", "Asia/Kathmandu": "15 minutes", "Australia/Lord_Howe": "30 minutes"}
    assert one.grain == grains.get(zone, "hour")


def test_once_built_the_questions_are_hits(lapwing: Lapwing) -> None:
    chance = random.Random(11)
    asked = []
    for _ in range(12):
        query = MetricQuery(
            metrics=tuple(chance.sample(["trips", "miles", "average", "shops", "usual"], 2)),
            by=tuple(chance.sample(["shop", "town", "size", "far"], chance.randrange(3))),
            grain=chance.choice([None, Grain.parse("day"), Grain.parse("month")]),
            zone=chance.choice(["America/New_York", "UTC", "Asia/Kolkata"]),
            where=chance.choice([None, "far", "shop in ('a', 'b')", "size > 0 or town is null"]),
            start="2013-01-03",
            end="2013-03-20",
        )
        slow(lapwing, query)
        asked.append(query)
    advice, left = advise(lapwing)
    assert left == []
    assert 1 <= len(advice) <= 12
    declare(lapwing, advice)
    with Lapwing.open(lapwing.project.root) as then:
        assert then.check() == ()
        then.cache.build().checked()
        for query in asked:
            answer = then.answer(query)
            assert {piece.by for piece in answer.receipt.pieces} == {"rollup"}, query
            direct = then.answer(replace(query, wishes=Wishes(cache=False)))
            exact = [name for name in answer.table.column_names if name not in ("average", "usual")]
            assert answer.table.select(exact).equals(direct.table.select(exact))
        then.cache.questions.forget()
        assert advise(then) == ([], [])


def test_the_budget_is_kept(lapwing: Lapwing) -> None:
    for by in (("shop",), ("size",), ("shop", "size", "far")):
        slow(lapwing, replace(DAILY, by=by, where=None))
    everything, _ = advise(lapwing)
    total = sum(one.cells for one in everything)
    advice, left = advise(lapwing, budget=total // 2)
    assert sum(one.cells for one in advice) <= total // 2
    advice, left = advise(lapwing, budget=1)
    assert advice == []
    assert len(left) == 3
    assert all("budget is 1" in one.why for one in left)


def test_what_is_asked_most_comes_first(lapwing: Lapwing) -> None:
    slow(lapwing, replace(DAILY, by=("far",), where=None), times=2)
    slow(lapwing, replace(DAILY, by=("size",), where=None), times=200)
    everything, _ = advise(lapwing)
    assert {one.dimensions for one in everything} == {("far",), ("size",)}
    most = max(one.cells for one in everything)
    (first,), left = advise(lapwing, budget=most)
    assert first.dimensions == ("size",)
    assert len(left) == 1


def test_what_can_not_be_kept_is_left_with_the_reason(lapwing: Lapwing) -> None:
    slow(lapwing, replace(DAILY, start="2013-01-03T05:06:07", end="2013-02-01", grain=None))
    advice, (left,) = advise(lapwing)
    assert advice == []
    assert "no whole minutes" in left.why


def test_what_a_rollup_holds_already_is_left(root: Path) -> None:
    (root / "datasets" / "trips.yaml").write_text(DATASET)
    with Lapwing.open(root) as lapwing:
        slow(lapwing, DAILY)
        advice, (left,) = advise(lapwing)
        assert advice == []
        assert "trips.main holds all" in left.why


def test_what_is_no_more_is_not_advised(lapwing: Lapwing) -> None:
    log = lapwing.cache.questions
    for metrics, by in ((("gone",), ()), (("trips",), ("gone",))):
        log.note(Shape(metrics, by, None, "UTC", (), "source"), 500.0, 10, step=3_600_000_000)
    assert advise(lapwing) == ([], [])


def test_the_time_of_builds_is_measured(root: Path) -> None:
    (root / "datasets" / "trips.yaml").write_text(PLAIN + "rollups:\n  total: {grain: day}\n")
    write_rows(root, "more", [row(datetime.fromisoformat("2013-01-05T00:00"))])
    with Lapwing.open(root) as lapwing:
        lapwing.cache.build().checked()
        slow(lapwing, DAILY)
        ((one,), _) = advise(lapwing)
        assert "partitions took that were built before" in one.timed
