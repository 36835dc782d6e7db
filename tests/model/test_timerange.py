"""Times as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.model.calendar import local_iso, to_us
from lapwing.model.problem import WrongUse
from lapwing.model.timerange import parse_moment, parse_range, parse_span

ZONE = "America/New_York"
NOW = datetime(2014, 1, 1, 15, 30, tzinfo=UTC)  # 10:30 in New York


def shown(*moments: int | None) -> list[str | None]:
    """Moments on New York's clock, shortened where they are at midnight or on the minute."""
    texts = [None if moment is None else local_iso(moment, ZONE)[:19] for moment in moments]
    return [text and text.removesuffix("T00:00:00").removesuffix(":00") for text in texts]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2013", "2013-01-01", "2014-01-01"),
        ("2013-Q2", "2013-04-01", "2013-07-01"),
        ("2013q4", "2013-10-01", "2014-01-01"),
        ("2013-02", "2013-02-01", "2013-03-01"),
        ("2013-12", "2013-12-01", "2014-01-01"),
        ("2013-W06", "2013-02-04", "2013-02-11"),
        ("2013-W01", "2012-12-31", "2013-01-07"),
        ("2013-02-08", "2013-02-08", "2013-02-09"),
        (" 2013-03-10 ", "2013-03-10", "2013-03-11"),
        ("2013-02-08T14:00", "2013-02-08T14:00", "2013-02-08T14:00"),
        ("2013-02-08 14", "2013-02-08T14:00", "2013-02-08T14:00"),
        ("2013-02-08T14:00:30", "2013-02-08T14:00:30", "2013-02-08T14:00:30"),
        ("2013-02-08T19:00Z", "2013-02-08T14:00", "2013-02-08T14:00"),
        ("2013-02-08T20:00+01:00", "2013-02-08T14:00", "2013-02-08T14:00"),
        ("2013-02-08 20:00 +0100", "2013-02-08T14:00", "2013-02-08T14:00"),
        ("2013-03-10T02:30", "2013-03-10T03:30", "2013-03-10T03:30"),  # skipped: the offset before the gap
        ("2013-11-03T01:30-05:00", "2013-11-03T01:30", "2013-11-03T01:30"),
        ("now", "2014-01-01T10:30", "2014-01-01T10:30"),
        ("now/d", "2014-01-01", "2014-01-02"),
        ("today", "2014-01-01", "2014-01-02"),
        ("yesterday", "2013-12-31", "2014-01-01"),
        ("now/M", "2014-01-01", "2014-02-01"),
        ("-7d", "2013-12-25T10:30", "2013-12-25T10:30"),
        ("now-7d", "2013-12-25T10:30", "2013-12-25T10:30"),
        ("-7d/d", "2013-12-25", "2013-12-26"),
        ("-1w/w", "2013-12-23", "2013-12-30"),
        ("-1M/M", "2013-12-01", "2014-01-01"),
        ("-1Q/Q", "2013-10-01", "2014-01-01"),
        ("-1y/y", "2013-01-01", "2014-01-01"),
        ("-90m", "2014-01-01T09:00", "2014-01-01T09:00"),
        ("+1h/h", "2014-01-01T11:00", "2014-01-01T12:00"),
        ("now-1d+2h", "2013-12-31T12:30", "2013-12-31T12:30"),
        ("P7D", "2013-12-25T10:30", "2014-01-01T10:30"),
        ("P1M", "2013-12-01T10:30", "2014-01-01T10:30"),
        ("PT6H", "2014-01-01T04:30", "2014-01-01T10:30"),
        ("P1Y2M3DT4H", "2012-10-29T06:30", "2014-01-01T10:30"),
    ],
)
def test_moments(text: str, start: str, end: str) -> None:
    assert shown(*parse_moment(text, now=NOW, zone=ZONE)) == [start, end]


@pytest.mark.parametrize(
    "text",
    ["", " ", "soon", "7d", "-7x", "-d", "/d", "2013-13", "2013-02-30", "2013-W60", "2013-Q5", "P", "PT", "-", "13-02-08",
     "2013-02-08T25:00", "2013-02-08T", "0000", "-999999999y", "P99999999Y", "2013-02-08T14:00+99:00", "9999-12-31/d",
     "now now", "2013-02-08; drop table", "٢٠١٣"],
)  # fmt: skip
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(WrongUse) as caught:
        parse_moment(text, now=NOW, zone=ZONE)
    assert caught.value.problems[0].code == "bad-time"
    assert caught.value.problems[0].hint


def test_days_move_the_wall_clock_and_hours_move_time() -> None:
    after_the_jump = datetime(2013, 3, 10, 16, tzinfo=UTC)  # noon of the day with 23 hours
    assert shown(parse_moment("-1d", now=after_the_jump, zone=ZONE)[0]) == ["2013-03-09T12:00"]
    assert shown(parse_moment("-24h", now=after_the_jump, zone=ZONE)[0]) == ["2013-03-09T11:00"]


def test_the_last_day_of_a_shorter_month() -> None:
    end_of_march = datetime(2013, 3, 31, 12, tzinfo=UTC)
    assert shown(parse_moment("-1M/d", now=end_of_march, zone=ZONE)[0]) == ["2013-02-28"]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2013-02", "2013-03", ["2013-02-01", "2013-03-01"]),
        ("-7d/d", "now/d", ["2013-12-25", "2014-01-01"]),
        ("2013-02", None, ["2013-02-01", None]),
        (None, "2013-02", [None, "2013-02-01"]),
        (None, None, [None, None]),
        ("2013-02-01", "P1M", ["2013-02-01", "2013-03-01"]),
        ("P7D", "2013-02-08", ["2013-02-01", "2013-02-08"]),
        ("P7D", None, ["2013-12-25T10:30", None]),
        ("2013-01 to 2013-02", None, ["2013-01-01", "2013-02-01"]),
        ("2013-02", "2013-02", ["2013-02-01", "2013-02-01"]),
    ],
)
def test_ranges(start: str | None, end: str | None, expected: list[str | None]) -> None:
    assert shown(*parse_range(start, end, now=NOW, zone=ZONE)) == expected


def test_from_after_to() -> None:
    with pytest.raises(WrongUse) as caught:
        parse_range("2013-03", "2013-02", now=NOW, zone=ZONE)
    assert caught.value.problems[0].code == "from-after-to"
    assert "2013-03" in caught.value.problems[0].message


def test_an_unknown_zone() -> None:
    with pytest.raises(WrongUse, match="no time zone"):
        parse_range("2013-03", None, now=NOW, zone="Europe/Berlni")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2013-02", ["2013-02-01", "2013-03-01"]),
        ("2013-01 to 2013-03", ["2013-01-01", "2013-03-01"]),
        ("2013-01/2013-03", ["2013-01-01", "2013-03-01"]),
        ("2013-01..2013-03", ["2013-01-01", "2013-03-01"]),
        ("2013-01-15/P1M", ["2013-01-15", "2013-02-15"]),
        ("P7D/2013-02-08", ["2013-02-01", "2013-02-08"]),
        ("-7d/d to now/d", ["2013-12-25", "2014-01-01"]),
        ("-7d", ["2013-12-25T10:30", "2014-01-01T10:30"]),
        ("+7d", ["2014-01-01T10:30", "2014-01-08T10:30"]),
        ("-7d/d", ["2013-12-25", "2013-12-26"]),
        ("P7D", ["2013-12-25T10:30", "2014-01-01T10:30"]),
    ],
)
def test_spans(text: str, expected: list[str]) -> None:
    assert shown(*parse_span(text, now=NOW, zone=ZONE)) == expected


def test_week_start_moves_weeks() -> None:
    assert shown(*parse_moment("2013-02-08", now=NOW, zone=ZONE, week_start=6)) == ["2013-02-08", "2013-02-09"]
    assert shown(*parse_moment("now/w", now=NOW, zone=ZONE, week_start=6)) == ["2013-12-29", "2014-01-05"]


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_a_clear_error(text: str) -> None:
    try:
        start, end = parse_moment(text, now=NOW, zone=ZONE)
    except WrongUse:
        return
    assert start <= end


@given(st.datetimes(datetime(1950, 1, 1), datetime(2040, 1, 1)))
def test_iso_texts_come_back(moment: datetime) -> None:
    us = to_us(moment.replace(tzinfo=UTC))
    assert parse_moment(local_iso(us, ZONE), now=NOW, zone=ZONE) == (us, us)
