"""The Query Cache as a whole: a rollup's answer is the source's answer."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cache.project import opened, row, write_project, write_rows

from lapwing.cache.answer import Answered, Missed
from lapwing.cache.filter import parse_where
from lapwing.cache.request import StateRequest
from lapwing.cache.service import Cache
from lapwing.model import calendar
from lapwing.model.grain import Grain
from lapwing.model.problem import NotFound, WrongUse
from lapwing.model.project import Project
from lapwing.sql.bound import BoundDataset
from lapwing.states import state_for

ZONES = ["America/New_York", "UTC", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Kathmandu"]
GRAINS = ["15 minutes", "hour", "day", "week", "month", "quarter", "year"]
FILTERS = [
    None,
    "shop = 'a'",
    "shop in ('a', 'b') and size = 1",
    "shop is null or far",
    "not (town = 'Bonn')",
    "size <> 2 and not far",
    "town like 'A%' or size + 1 > 2",
    "shop > 'a' and size between 0 and 1",
    "shop = 'nobody'",
]
NEW_YEAR = datetime.fromisoformat("2013-01-01")  # naive: the column keeps a wall clock
CLOCK_CHANGE = datetime.fromisoformat("2013-03-10")
DIMENSIONS = ["shop", "town", "size", "far"]
MEASURES = ["trips", "paid", "miles", "money", "weight", "heavy", "longest", "lightest", "average", "spread"]
KILOS = [None, 0.1, 2.5, -3e-9, 1e15]


def rows(seed: int, count: int) -> list[dict[str, object]]:
    """Random rows of the first quarter of 2013, the night of the clock change included."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        at = NEW_YEAR + timedelta(minutes=chance.randrange(90 * 24 * 60), seconds=chance.randrange(60))
        if number % 5 == 0:
            at = CLOCK_CHANGE + timedelta(minutes=chance.randrange(300))
        one = row(at, chance.choice(["a", "b", "ü", None]), chance.choice([1, 2, None]), chance.choice([None, 5, 200]))
        one |= {"price": chance.choice([None, Decimal("1.25"), Decimal("-0.01")]), "kilos": chance.choice(KILOS)}
        made.append(one)
    return made


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, Cache, BoundDataset]]:
    root = tmp_path_factory.mktemp("service")
    write_project(root)
    write_rows(root, "all", rows(1, 900))
    with opened(root) as (project, cache):
        cache.build("trips")
        yield project, cache, cache._sql.bind(project.datasets["trips"])


def request(
    bound: BoundDataset,
    grain: str | None,
    zone: str,
    start: int,
    end: int,
    *,
    by: tuple[str, ...] = (),
    where: str | None = None,
    measures: tuple[str, ...] | None = None,
) -> StateRequest:
    edges = np.array([start, end]) if grain is None else calendar.edges(Grain.parse(grain), zone, start, end)
    predicate = parse_where(where, bound.dimensions) if where else None
    wanted = measures or tuple(bound.dataset.measures)
    return StateRequest(bound=bound, measures=wanted, by=by, where=predicate, edges=edges)


def finals(bound: BoundDataset, answered: Answered) -> pa.Table:
    """The frame as a table of groups, buckets and final values."""
    frame = answered.frame
    columns = {name: frame.groups.column(name).take(pa.array(frame.group)) for name in frame.groups.column_names}
    columns["$bucket"] = pa.array(frame.bucket)
    for name, state in frame.states.items():
        measure = bound.dataset.measures[name]
        columns[f"${name}"] = state_for(measure, bound.arguments[name]).final(state)
    return pa.table(dict(sorted(columns.items())))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    grain=st.sampled_from([*GRAINS, None]),
    zone=st.sampled_from(ZONES),
    by=st.lists(st.sampled_from(DIMENSIONS), unique=True, max_size=3),
    where=st.sampled_from(FILTERS),
    hours=st.tuples(st.integers(-50, 2300), st.integers(1, 1500)),
    measures=st.lists(st.sampled_from(MEASURES), min_size=1, max_size=3, unique=True),
)
def test_rollup_equals_source(
    built: tuple[Project, Cache, BoundDataset],
    grain: str | None,
    zone: str,
    by: list[str],
    where: str | None,
    hours: tuple[int, int],
    measures: list[str],
) -> None:
    _, cache, bound = built
    start = 1_356_998_400_000_000 + hours[0] * 3_600_000_000
    asked = request(
        bound, grain, zone, start, start + hours[1] * 3_600_000_000, by=tuple(by), where=where, measures=tuple(measures)
    )
    cached, direct = cache.answer(asked), cache.from_source(asked, time_limit=30)
    assert isinstance(cached, Answered)
    assert finals(bound, cached).equals(finals(bound, direct))
    assert cached.frame.groups.equals(direct.frame.groups)
    assert (cached.data_until, cached.missing) == (direct.data_until, direct.missing)


@pytest.mark.parametrize(
    ("where", "start"), [("shop = 'nobody'", "2013-02-01"), (None, "2012-01-01"), ("shop is null", "2013-01-01")]
)
def test_an_answer_of_nothing_has_the_types_of_the_dimensions(
    built: tuple[Project, Cache, BoundDataset], where: str | None, start: str
) -> None:
    _, cache, bound = built
    low = calendar.to_us(datetime.fromisoformat(f"{start}T00:00+00:00"))
    asked = request(bound, None, "UTC", low, low + 900_000_000, by=tuple(DIMENSIONS), where=where, measures=("trips",))
    for answered in (cache.answer(asked), cache.from_source(asked, time_limit=30)):
        assert isinstance(answered, Answered)
        types = [pa.string(), pa.string(), pa.int32(), pa.bool_()]
        assert answered.frame.groups.schema == pa.schema(zip(DIMENSIONS, types, strict=True))
        assert answered.frame.groups.num_rows == 0


def test_the_cheapest_rollup_answers_and_the_others_say_why_not(built: tuple[Project, Cache, BoundDataset]) -> None:
    _, cache, bound = built
    start, end = calendar.edges(Grain.parse("month"), "UTC", 1_360_000_000_000_000, 1_360_000_000_000_001)
    asked = request(bound, "hour", "UTC", int(start), int(end), by=("shop",), measures=("miles",))
    answered = cache.answer(asked)
    assert isinstance(answered, Answered)
    assert answered.pieces[0].name == "trips.by_shop"
    failed = {one.rollup: [reason.check for reason in one.reasons if not reason.passed] for one in answered.considered}
    assert failed == {"trips.by_shop": [], "trips.total": ["dimensions"], "trips.main": ["cost"]}


def test_a_zone_of_quarter_hours_is_not_served_by_hours(built: tuple[Project, Cache, BoundDataset]) -> None:
    _, cache, bound = built
    asked = request(
        bound, "day", "Asia/Kathmandu", 1_360_000_000_000_000, 1_361_000_000_000_000, by=("shop",), measures=("trips",)
    )
    answered = cache.answer(asked)
    assert isinstance(answered, Answered)
    assert answered.pieces[0].name == "trips.main"
    by_shop = next(one for one in answered.considered if one.rollup == "trips.by_shop")
    grain = next(reason for reason in by_shop.reasons if not reason.passed)
    assert (grain.check, grain.passed) == ("grain", False)
    assert "T18:15:00Z" in grain.says


def test_what_no_rollup_keeps_is_missed_with_reasons(built: tuple[Project, Cache, BoundDataset]) -> None:
    _, cache, bound = built
    missed = cache.answer(request(bound, None, "UTC", 1_360_000_000_000_001, 1_360_000_000_000_009))
    assert isinstance(missed, Missed)
    assert {one.rollup for one in missed.considered} == {"trips.main", "trips.by_shop", "trips.total"}


def test_time_past_the_data_is_missing_not_zero(built: tuple[Project, Cache, BoundDataset]) -> None:
    _, cache, bound = built
    until = cache.data_until("trips")
    assert until is not None
    end = until + 7_200_000_000
    answered = cache.answer(request(bound, None, "UTC", until - 900_000_000 * 8, end))
    assert isinstance(answered, Answered)
    assert answered.missing == ((until, end),)


def test_values_come_in_order_and_by_prefix(built: tuple[Project, Cache, BoundDataset]) -> None:
    _, cache, _ = built
    assert cache.values("trips", "town") == ("Aachen", "Bonn")
    assert cache.values("trips", "town", "b") == ("Bonn",)
    assert cache.values("trips", "size", limit=1) == (1,)
    with pytest.raises(NotFound, match="town"):
        cache.values("trips", "tow")


def test_status_tells_what_is_stored(built: tuple[Project, Cache, BoundDataset]) -> None:
    _, cache, _ = built
    status = {one.name: one for one in cache.status()}
    assert set(status) == {"trips.main", "trips.by_shop", "trips.total"}
    main = status["trips.main"]
    assert not main.stale
    assert main.cells > main.keys > 0
    assert main.bytes > 0
    assert [partition.stale for partition in main.partitions] == [False] * len(main.partitions)


def test_wrong_names_are_told_with_the_nearest(built: tuple[Project, Cache, BoundDataset]) -> None:
    _, cache, _ = built
    with pytest.raises(WrongUse, match="spark"):
        cache.build(builder="sparc")
    with pytest.raises(NotFound, match="by_shop"):
        cache.build("trips.by_shopp")


def test_without_rows_there_is_an_answer(tmp_path: Path) -> None:
    write_project(tmp_path)
    write_rows(tmp_path, "none", [])
    with opened(tmp_path) as (project, cache):
        assert cache.span("trips") is None
        cache.build()
        bound = cache._sql.bind(project.datasets["trips"])
        asked = request(bound, "day", "UTC", 1_360_000_000_000_000, 1_361_000_000_000_000)
        direct = cache.from_source(asked, time_limit=30)
        assert (len(direct.frame.group), direct.data_until) == (0, None)
        assert isinstance(cache.answer(asked), Missed)
