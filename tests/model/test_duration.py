"""Lengths of time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lapwing.model.duration import parse_duration
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
