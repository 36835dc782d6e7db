"""Times as they are written."""

from __future__ import annotations

import pytest

from lapwing.alerts.times import has_zone, seconds_of

NOON = 1404216000.0


@pytest.mark.parametrize(
    "text",
    [
        "2014-07-01 12:00:00",
        "2014-07-01T12:00",
        " 2014-07-01T12:00:00.000Z ",
        "2014-07-01 12:00 UTC",
        "2014-07-01T14:00:00+02:00",
        "2014-07-01 08:00-0400",
        "1404216000",
        "1404216000.0",
        "1404216000000",
        "1404216000000000",
        "1404216000000000000",
    ],
)
def test_one_moment_in_many_ways(text: str) -> None:
    assert seconds_of(text) == NOON


def test_days_and_what_is_none() -> None:
    assert seconds_of("2014-07-01") == seconds_of("20140701") == NOON - 43_200
    assert seconds_of("-3600") == -3600.0
    assert [seconds_of(text) for text in ("", "noon", "07/01/2014", "1e9", "9" * 30)] == [None] * 5


def test_zones() -> None:
    written = ("2014-07-01T12:00Z", "2014-07-01 12:00+02:00", "2014-07-01 12:00 UTC", "2014-07-01 12:00-0400")
    assert all(has_zone(text) for text in written)
    assert has_zone("2014-07-01 12:00") is False
    assert has_zone("2014-07-01") is False
    assert has_zone("1404216000") is None
