"""Lengths of time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lapwing.model.duration import Span, parse_duration, parse_length
from lapwing.model.problem import WrongUse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", timedelta()),
        ("2 hours", timedelta(hours=2)),
        ("1 hour", timedelta(hours=1)),
        ("90min", timedelta(minutes=90)),
        ("1.5 days", timedelta(hours=36)),
        ("28 days", timedelta(days=28)),
        ("2 weeks", timedelta(days=14)),
        ("30 s", timedelta(seconds=30)),
        ("2h", timedelta(hours=2)),
        ("PT90M", timedelta(minutes=90)),
        ("P1DT12H", timedelta(hours=36)),
        ("P2W", timedelta(days=14)),
        ("PT0.5S", timedelta(milliseconds=500)),
    ],
)
def test_durations(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "2", "hours", "2 hors", "1 month", "P1M", "P1Y", "-2 hours", "9" * 30 + " weeks"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(WrongUse) as caught:
        parse_duration(text)
    assert caught.value.problems[0].code == "bad-duration"


def test_the_nearest_unit() -> None:
    with pytest.raises(WrongUse) as caught:
        parse_duration("2 hors")
    assert caught.value.problems[0].nearest == ("hours",)


@pytest.mark.parametrize(
    ("text", "expected", "written"),
    [
        ("28 days", Span(days=28), "28 days"),
        ("2 weeks", Span(days=14), "14 days"),
        ("month", Span(months=1), "1 month"),
        ("18 months", Span(months=18), "18 months"),
        ("2 Years", Span(months=24), "2 years"),
        ("quarter", Span(months=3), "3 months"),
        ("36h", Span(time=timedelta(hours=36)), "36 hours"),
        ("90 minutes", Span(time=timedelta(minutes=90)), "90 minutes"),
        ("P1Y2M3DT1H30M", Span(14, 3, timedelta(minutes=90)), "14 months 3 days 90 minutes"),
        ("PT1.5S", Span(time=timedelta(milliseconds=1500)), "1.5 seconds"),
    ],
)
def test_lengths_on_the_calendar(text: str, expected: Span, written: str) -> None:
    assert parse_length(text) == expected
    assert str(expected) == written


@pytest.mark.parametrize(
    "text", ["", "0 days", "PT0S", "28", "1.5 days", "-7 days", "last week", "9" * 30 + " days", "99999 years"]
)
def test_what_is_no_length(text: str) -> None:
    with pytest.raises(WrongUse) as caught:
        parse_length(text)
    assert caught.value.problems[0].code == "bad-length"
