"""Moments moved back on the calendar: clamped months, changes of clocks, days without a midnight."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.query import by_hand

from lapwing.model import calendar
from lapwing.model.duration import Span, parse_length
from lapwing.model.grain import Grain
from lapwing.model.moved import moved_back, stretches_back

NEW_YORK = "America/New_York"
ZONES = [NEW_YORK, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Beirut", "America/Havana", "Pacific/Apia", "UTC"]
LENGTHS = ["day", "7 days", "month", "3 months", "year", "36 hours", "P1M1DT1H"]


def us(text: str, zone: str = NEW_YORK) -> int:
    return calendar.to_us(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def shown(moment: int, zone: str = NEW_YORK) -> str:
    return calendar.local_iso(moment, zone)


@pytest.mark.parametrize(
    ("moment", "length", "expected"),
    [
        ("2013-03-31", "month", "2013-02-28T00:00:00-05:00"),
        ("2013-03-29T15:00", "month", "2013-02-28T15:00:00-05:00"),
        ("2012-02-29", "year", "2011-02-28T00:00:00-05:00"),
        ("2013-05-31", "3 months", "2013-02-28T00:00:00-05:00"),
        ("2013-03-17", "7 days", "2013-03-10T00:00:00-05:00"),  # 167 hours
        ("2013-03-17T02:30", "7 days", "2013-03-10T03:00:00-04:00"),  # a time the clock skipped
        ("2013-11-10T01:30", "7 days", "2013-11-03T01:30:00-04:00"),  # one that it showed twice
        ("2013-03-10T12:00", "24 hours", "2013-03-09T11:00:00-05:00"),
    ],
)
def test_a_moment(moment: str, length: str, expected: str) -> None:
    moved = moved_back(np.array([us(moment)]), parse_length(length), NEW_YORK)
    assert shown(int(moved[0])) == expected


def test_a_day_begins_where_it_begins() -> None:
    """Beirut's clocks skip midnight on 31 March 2024: that day begins at one o'clock, those around it at midnight."""
    day = Grain.parse("day")
    borders = calendar.edges(day, "Asia/Beirut", us("2024-03-30", "Asia/Beirut"), us("2024-04-02", "Asia/Beirut"))
    starts, ends = stretches_back(borders[:-1], borders[1:], parse_length("day"), "Asia/Beirut", day)
    np.testing.assert_array_equal(starts[1:], borders[:-2])
    np.testing.assert_array_equal(ends[1:], borders[1:-1])


@pytest.mark.parametrize(
    ("grain", "start", "end", "length", "expected"),
    [
        ("month", "2013-03-01", "2013-04-01", "month", ("2013-02-01", "2013-03-01")),
        ("month", "2013-02-01", "2013-03-01", "month", ("2013-01-01", "2013-02-01")),
        ("month", "2013-03-01", "2013-03-15", "month", ("2013-02-01", "2013-02-15")),  # cut: so far
        ("month", "2013-03-01", "2013-04-01", "7 days", ("2013-02-22", "2013-03-25")),
        ("year", "2013-01-01", "2014-01-01", "year", ("2012-01-01", "2013-01-01")),
        ("week", "2013-03-25", "2013-04-01", "month", ("2013-02-25", "2013-03-04")),
        ("day", "2013-03-30", "2013-03-31", "month", ("2013-02-28", "2013-03-01")),
        ("hour", "2013-03-30T23:00", "2013-03-31T00:00", "month", ("2013-02-28T23:00", "2013-03-01")),
        ("hour", "2013-03-17T02:00", "2013-03-17T03:00", "7 days", ("2013-03-10T03:00", "2013-03-10T04:00")),
        (None, "2013-03-15", "2013-03-31", "month", ("2013-02-15", "2013-03-01")),
        (None, "2013-03-29", "2013-03-30", "month", ("2013-02-28", "2013-03-01")),
        (None, "2013-03-29T10:00", "2013-03-29T12:00", "month", ("2013-02-28T10:00", "2013-02-28T12:00")),
    ],
)
def test_a_bucket(grain: str | None, start: str, end: str, length: str, expected: tuple[str, str]) -> None:
    borders = np.array([us(start), us(end)])
    one = Grain.parse(grain) if grain else None
    begin, stop = stretches_back(borders[:1], borders[1:], parse_length(length), NEW_YORK, one)
    assert (shown(int(begin[0])), shown(int(stop[0]))) == tuple(shown(us(text)) for text in expected)


@given(
    moments=st.lists(st.datetimes(datetime(1950, 1, 1), datetime(2050, 1, 1)), min_size=1, max_size=10),
    zone=st.sampled_from(ZONES),
    length=st.sampled_from(LENGTHS),
)
def test_many_at_once_are_each_as_by_hand(moments: list[datetime], zone: str, length: str) -> None:
    span = parse_length(length)
    at = np.array([us(moment.isoformat(), zone) for moment in moments])
    by = by_hand.Length(span.months, span.days, span.time)
    expected = [calendar.to_us(by_hand.back(calendar.from_us(int(one)), by, ZoneInfo(zone))) for one in at]
    assert moved_back(at, span, zone).tolist() == expected


def test_out_of_the_calendar_is_its_border() -> None:
    moved = moved_back(np.array([us("2013-03-31")]), Span(months=11_999 * 3), "UTC")
    assert calendar.covers(int(moved[0]), int(moved[0]))
    assert int(moved[0]) < us("0002-01-01", "UTC")
