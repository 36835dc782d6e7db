"""Borders of buckets against a naive walk over zoneinfo's wall clock."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.model.calendar import DAY, Moments, edges, floor, from_us, local_iso, to_us, transitions, utc_iso, zone
from lapwing.model.grain import SECOND, Grain, Unit
from lapwing.model.problem import WrongUse

HOUR = 3600 * SECOND
ZONES = [
    "UTC",
    "America/New_York",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Havana",
    "America/Toronto",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Kwajalein",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "Europe/Berlin",
    "Europe/Dublin",
    "Asia/Tehran",
]
CALENDAR = [Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.QUARTER, Unit.YEAR]


def us(*parts: int, zone_name: str = "UTC") -> int:
    return to_us(datetime(*parts, tzinfo=ZoneInfo(zone_name)))  # type: ignore[arg-type, misc]


def local_dates(borders: Moments, zone_name: str) -> list[str]:
    return [local_iso(int(border), zone_name) for border in borders]


def first_day(day: date, unit: Unit, week_start: int) -> date:
    """The first day of the calendar bucket that holds `day`."""
    if unit is Unit.DAY:
        return day
    if unit is Unit.WEEK:
        return day - timedelta(days=(day.weekday() - week_start) % 7)
    if unit is Unit.MONTH:
        return day.replace(day=1)
    if unit is Unit.QUARTER:
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day.replace(month=1, day=1)


def naive_border(day: date, zone_name: str) -> int:
    """The first moment whose local date is `day` or later, by walking minutes around midnight (no offset ever changed at
    part of a minute in the years tested; where it did, by seconds)."""
    middle = to_us(datetime(day.year, day.month, day.day, tzinfo=UTC))
    info = ZoneInfo(zone_name)

    def reached(moment: int) -> bool:
        return from_us(moment).astimezone(info).date() >= day

    step = HOUR // 4
    coarse = next(m for m in range(middle - 36 * HOUR, middle + 36 * HOUR, step) if reached(m))
    minute = next(m for m in range(coarse - step, coarse + 1, 60 * SECOND) if reached(m))
    return next(m for m in range(minute - 60 * SECOND, minute + 1, SECOND) if reached(m))


@settings(max_examples=150)
@given(
    moment=st.datetimes(datetime(1900, 1, 1), datetime(2050, 1, 1)),
    length=st.timedeltas(timedelta(microseconds=1), timedelta(days=5)),
    unit=st.sampled_from(CALENDAR),
    zone_name=st.sampled_from(ZONES),
    week_start=st.integers(0, 6),
)
def test_borders_are_the_first_moments_of_their_days(
    moment: datetime, length: timedelta, unit: Unit, zone_name: str, week_start: int
) -> None:
    start, end = to_us(moment.replace(tzinfo=UTC)), to_us((moment + length).replace(tzinfo=UTC))
    borders = edges(Grain(1, unit), zone_name, start, end, week_start)
    assert borders[0] <= start
    assert start < borders[1]
    assert borders[-2] < end
    assert end <= borders[-1]
    assert (np.diff(borders) > 0).all()
    days = [(from_us(start) + timedelta(days=day)).date() for day in range(-2, (end - start) // DAY + 4)]
    expected = {naive_border(first_day(day, unit, week_start), zone_name) for day in days}
    assert {b for b in borders.tolist() if start < b < end} == {b for b in expected if start < b < end}
    for border in (int(borders[0]), int(borders[-1])):
        firsts = {
            first_day(from_us(border + shift).astimezone(ZoneInfo(zone_name)).date(), unit, week_start)
            for shift in (0, 2 * HOUR)
        }
        assert border in {naive_border(day, zone_name) for day in firsts}


@pytest.mark.parametrize(
    ("zone_name", "start", "end", "expected"),
    [
        # the clock jumps at midnight: the day begins at 01:00
        ("America/Sao_Paulo", (2013, 10, 20, 12), (2013, 10, 20, 13), ["2013-10-20T01:00:00-02:00"]),
        # midnight comes twice: its first time counts
        ("America/Havana", (2013, 11, 3, 12), (2013, 11, 3, 13), ["2013-11-03T00:00:00-04:00"]),
        # back from 00:01 to 23:01: the day had begun already
        ("America/St_Johns", (2010, 11, 7, 12), (2010, 11, 7, 13), ["2010-11-07T00:00:00-02:30"]),
        # half past eleven became half past midnight
        ("America/Toronto", (1919, 3, 31, 12), (1919, 3, 31, 13), ["1919-03-31T00:30:00-04:00"]),
        # half an hour of daylight saving
        ("Australia/Lord_Howe", (2013, 4, 7), (2013, 4, 7, 1), ["2013-04-07T00:00:00+11:00"]),
        ("Asia/Kathmandu", (2013, 4, 7), (2013, 4, 7, 1), ["2013-04-07T00:00:00+05:45"]),
        ("Asia/Kathmandu", (1985, 12, 31, 19), (1985, 12, 31, 20), ["1986-01-01T00:15:00+05:45"]),
    ],
)
def test_the_beginning_of_a_day(
    zone_name: str, start: tuple[int, ...], end: tuple[int, ...], expected: list[str]
) -> None:
    assert local_dates(edges(Grain.parse("day"), zone_name, us(*start), us(*end))[:-1], zone_name) == expected


def test_a_day_that_a_zone_left_out_has_no_bucket() -> None:
    borders = edges(Grain.parse("day"), "Pacific/Apia", us(2011, 12, 30), us(2011, 12, 31))
    assert local_dates(borders, "Pacific/Apia") == [
        "2011-12-29T00:00:00-10:00",
        "2011-12-31T00:00:00+14:00",
        "2012-01-01T00:00:00+14:00",
    ]


def test_days_of_23_and_25_hours() -> None:
    zone_name = "America/New_York"
    year = edges(
        Grain.parse("day"), zone_name, us(2013, 1, 1, zone_name=zone_name), us(2014, 1, 1, zone_name=zone_name)
    )
    hours = np.diff(year) // HOUR
    assert len(hours) == 365
    assert sorted(set(hours.tolist())) == [23, 24, 25]
    assert hours[date(2013, 3, 10).timetuple().tm_yday - 1] == 23
    assert hours[date(2013, 11, 3).timetuple().tm_yday - 1] == 25


@pytest.mark.parametrize(
    ("week_start", "expected"), [(0, "2013-02-04"), (1, "2013-02-05"), (5, "2013-02-02"), (6, "2013-02-03")]
)
def test_week_start(week_start: int, expected: str) -> None:
    assert utc_iso(floor(us(2013, 2, 8, 15), Grain.parse("week"), "UTC", week_start))[:10] == expected


@pytest.mark.parametrize(("grain", "expected"), [("quarter", "2013-04-01"), ("year", "2013-01-01")])
def test_long_grains(grain: str, expected: str) -> None:
    assert utc_iso(floor(us(2013, 5, 8), Grain.parse(grain), "UTC"))[:10] == expected


def test_fixed_grains_count_from_1970_in_utc_in_every_zone() -> None:
    borders = edges(Grain.parse("15 minutes"), "Asia/Kathmandu", us(2013, 1, 1, 0, 7), us(2013, 1, 1, 0, 31))
    assert [utc_iso(int(b))[11:16] for b in borders] == ["00:00", "00:15", "00:30", "00:45"]
    assert utc_iso(floor(-1, Grain.parse("hour"), "UTC")) == "1969-12-31T23:00:00Z"


def test_an_aligned_stretch_has_its_own_borders_and_an_empty_one_has_no_bucket() -> None:
    start, end = us(2013, 1, 1), us(2013, 1, 3)
    for grain in ("day", "hour"):
        borders = edges(Grain.parse(grain), "UTC", start, end)
        assert (borders[0], borders[-1]) == (start, end)
        assert edges(Grain.parse(grain), "UTC", start, start).tolist() == [start]


def test_borders_are_shared_and_read_only() -> None:
    borders = edges(Grain.parse("day"), "UTC", 0, DAY)
    assert borders is edges(Grain.parse("day"), "UTC", 0, DAY)
    with pytest.raises(ValueError, match="read-only"):
        borders[0] = 1


@pytest.mark.parametrize("zone_name", ZONES)
def test_transitions_are_where_the_offset_changes(zone_name: str) -> None:
    info = ZoneInfo(zone_name)
    start, end = us(1930, 1, 1), us(2040, 1, 1)
    found = transitions(zone_name, start, end)
    assert list(found) == sorted(found)
    for moment, before, after in found:
        offsets = [from_us(m).astimezone(info).utcoffset() for m in (moment - 1, moment)]
        assert offsets == [timedelta(microseconds=before), timedelta(microseconds=after)]
        assert before != after
    # between two changes the offset stays: looked at every 25 hours
    current = from_us(start).astimezone(info).utcoffset()
    changes = iter(found)
    upcoming = next(changes, None)
    for moment in range(start, end, 25 * HOUR):
        while upcoming and upcoming[0] <= moment:
            current, upcoming = timedelta(microseconds=upcoming[2]), next(changes, None)
        assert from_us(moment).astimezone(info).utcoffset() == current


def test_transitions_of_a_stretch_are_strictly_inside() -> None:
    jump = us(2013, 3, 10, 7)
    zone_name = "America/New_York"
    assert transitions(zone_name, jump - 1, jump + 1) == ((jump, -5 * HOUR, -4 * HOUR),)
    assert transitions(zone_name, jump, jump + DAY) == ()
    assert transitions(zone_name, jump - DAY, jump) == ()
    assert transitions(zone_name, jump, jump) == ()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("Europe/Berlni", "Europe/Berlin"), ("america/new_york", "America/New_York"), ("", None), ("../etc/passwd", None)],
)
def test_an_unknown_zone(name: str, nearest: str | None) -> None:
    with pytest.raises(WrongUse) as caught:
        zone(name)
    problem = caught.value.problems[0]
    assert problem.code == "unknown-zone"
    assert problem.nearest[:1] == ((nearest,) if nearest else ())


def test_stretches_that_make_no_sense() -> None:
    with pytest.raises(WrongUse, match="too many"):
        edges(Grain.parse("second"), "UTC", us(1990, 1, 1), us(2020, 1, 1))
    with pytest.raises(WrongUse, match="outside the years"):
        edges(Grain.parse("day"), "UTC", -(10**18), 0)
    with pytest.raises(ValueError, match="ends"):
        edges(Grain.parse("day"), "UTC", 1, 0)
    with pytest.raises(ValueError, match="zone"):
        to_us(datetime(2013, 1, 1))


def test_iso_texts() -> None:
    moment = us(2013, 2, 8, 19)
    assert utc_iso(moment) == "2013-02-08T19:00:00Z"
    assert utc_iso(moment + 1) == "2013-02-08T19:00:00.000001Z"
    assert local_iso(moment, "America/New_York") == "2013-02-08T14:00:00-05:00"
    assert to_us(from_us(moment)) == moment


def test_moments_out_of_the_calendar_are_shown_as_its_nearest() -> None:
    assert utc_iso(-(2**62)) == "0001-01-01T00:00:00Z"
    assert utc_iso(2**62) == "9999-12-31T23:59:59.999999Z"
    for zone_name in ZONES:
        assert local_iso(-(2**62), zone_name).startswith("0001-01-0")
        assert local_iso(2**62, zone_name).startswith("9999-12-")


@pytest.mark.parametrize("zone_name", ZONES)
def test_far_years_have_the_changes_of_their_rule(zone_name: str) -> None:
    for year in (1500, 2499, 2500, 3033, 9998):
        for moment, before, after in transitions(zone_name, us(year, 1, 1), us(year + 1, 1, 1)):
            at = from_us(moment).astimezone(ZoneInfo(zone_name)).utcoffset()
            just_before = from_us(moment - 1).astimezone(ZoneInfo(zone_name)).utcoffset()
            assert (at, just_before) == (timedelta(microseconds=after), timedelta(microseconds=before))
    summer, winter = (from_us(us(3033, month, 1)).astimezone(ZoneInfo(zone_name)).utcoffset() for month in (1, 7))
    assert bool(transitions(zone_name, us(3033, 1, 1), us(3033, 7, 1))) == (summer != winter)


def test_720_hours_are_fast() -> None:
    start = us(2013, 2, 1)
    best = float("inf")
    for attempt in range(50):
        began = time.perf_counter()
        edges(Grain.parse("hour"), "America/New_York", start + attempt, start + attempt + 720 * HOUR)
        best = min(best, time.perf_counter() - began)
    assert best < 100e-6  # 50 us is the aim; the rest is room for a busy machine
