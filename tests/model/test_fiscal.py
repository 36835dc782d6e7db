"""Fiscal years and ISO weeks, against a walk over the days of Python's own calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.model.calendar import edges, from_us, to_us, utc_iso
from lapwing.model.grain import Grain, Unit
from lapwing.model.problem import WrongUse
from lapwing.model.timerange import parse_moment, parse_span

ZONES = ["UTC", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia"]
STARTS = st.builds(lambda month, day: 100 * month + day, st.integers(1, 12), st.integers(1, 28))
NOW = datetime(2024, 5, 17, 12, tzinfo=UTC)


def first_day(day: date, unit: Unit, starts: int) -> date:
    """The day on which the period of `day` began, found by going back day by day."""
    month, of_month = divmod(starts, 100)
    months = {(month - 1 + step) % 12 + 1 for step in range(0, 12, 12 if unit is Unit.FISCAL_YEAR else 3)}
    while day.isoweekday() != 1 if unit is Unit.ISO_WEEK else (day.day != of_month or day.month not in months):
        day -= timedelta(days=1)
    return day


@given(
    moment=st.datetimes(datetime(1971, 1, 1), datetime(2090, 1, 1)),
    length=st.integers(1, 900),
    unit=st.sampled_from([Unit.FISCAL_YEAR, Unit.FISCAL_QUARTER, Unit.ISO_WEEK]),
    starts=STARTS,
    zone=st.sampled_from(ZONES),
    week_start=st.integers(0, 6),
)
def test_borders_are_those_of_a_walk_over_days(
    moment: datetime, length: int, unit: Unit, starts: int, zone: str, week_start: int
) -> None:
    start = to_us(moment.replace(tzinfo=UTC))
    end = start + length * 86_400_000_000
    borders = edges(Grain(1, unit).starting(starts), zone, start, end, week_start).tolist()
    assert borders[0] <= start < borders[1]
    assert borders[-2] < end <= borders[-1]
    for border in borders:
        local = from_us(border + 43_200_000_000).astimezone(ZoneInfo(zone)).date()
        assert first_day(local, unit, starts) == local
    for border, following in pairwise(borders):
        inside = from_us(following - 43_200_000_000).astimezone(ZoneInfo(zone)).date()
        assert first_day(inside, unit, starts) == from_us(border + 43_200_000_000).astimezone(ZoneInfo(zone)).date()


@pytest.mark.parametrize(
    ("text", "starts", "expected"),
    [
        ("FY2024", 401, ("2023-04-01", "2024-04-01")),
        ("fy2024-Q4", 401, ("2024-01-01", "2024-04-01")),
        ("FY2024", 101, ("2024-01-01", "2025-01-01")),
        ("FY2024-Q1", 1001, ("2023-10-01", "2024-01-01")),
        ("FY2025", 406, ("2024-04-06", "2025-04-06")),
        ("now/fy", 401, ("2024-04-01", "2025-04-01")),
        ("-1fy/fy", 401, ("2023-04-01", "2024-04-01")),
        ("-1fq/fq", 401, ("2024-01-01", "2024-04-01")),
        ("-1fy/fy to now/fy", 701, ("2022-07-01", "2023-07-01")),
    ],
)
def test_fiscal_times(text: str, starts: int, expected: tuple[str, str]) -> None:
    start, end = parse_span(text, now=NOW, zone="UTC", fiscal=starts)
    assert (utc_iso(start)[:10], utc_iso(end)[:10]) == expected


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("fiscal_year", Unit.FISCAL_YEAR),
        ("fiscal year", Unit.FISCAL_YEAR),
        ("Fiscal-Quarters", Unit.FISCAL_QUARTER),
        ("fy", Unit.FISCAL_YEAR),
        ("fq", Unit.FISCAL_QUARTER),
        ("iso_week", Unit.ISO_WEEK),
        ("ISO week", Unit.ISO_WEEK),
    ],
)
def test_names_of_grains(text: str, unit: Unit) -> None:
    assert Grain.parse(text) == Grain(1, unit)


def test_a_fiscal_grain_without_its_start_is_refused() -> None:
    with pytest.raises(WrongUse, match="fiscal year starts"):
        edges(Grain.parse("fiscal_year"), "UTC", 0, 1)
    with pytest.raises(WrongUse, match="is not a time"):
        parse_moment("FY24", now=NOW, zone="UTC")
