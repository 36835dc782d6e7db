"""Times as they are written."""

from __future__ import annotations

import pytest

from lapwing.alerts.times import has_zone, seconds_in, seconds_of

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
        "2014/7/1 12:00",
        "2014.07.01 12:00",
        "1.7.2014 14:00:00+02:00",
        "01.07.2014, 12:00",
        "1 July 2014 12:00",
        "01-Jul-2014 12:00 PM",
        "Tue, 01 Jul 2014 12:00:00 GMT",
        "Tue, 01 Jul 2014 14:00:00 +0200",
        "July 1, 2014 12:00 pm",
        "20140701120000",
        "201407011200",
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
    months = ("2014-07", "2014/7", "2014-Q3", "2014q3", "1.7.2014", "Jul 1, 2014", "1 Jul 2014")
    assert {seconds_of(text) for text in months} == {NOON - 43_200}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "noon",
        "07/01/2014",
        "1e9",
        "9" * 30,
        "2014-13-01",
        "2014-02-30",
        "32.1.2014",
        "Foo 1, 2014",
        "1 Jul 2014 25:00",
        "Jul 1, 2014 13:00 pm",
        "2014-07-01 12:00 Europe/Berlin",
        "2014-07-01 12:00 or so",
        "20141301",
    ],
)
def test_what_is_none_or_cant_be_told(text: str) -> None:
    assert seconds_of(text) is None


def test_a_column_tells_what_one_value_does_not() -> None:
    day = 86_400
    assert seconds_in(["7/1/2014", "7/13/2014"]) == [NOON - day / 2, NOON - day / 2 + 12 * day]
    assert seconds_in(["1/7/2014 12:00", "13-7-2014 9:05 AM"]) == [NOON, NOON + 12 * day - 3 * 3600 + 300]
    assert seconds_in(["1/7/2014", "2/7/2014"]) == [None, None], "no day is above twelve"
    assert seconds_in(["13/7/2014", "7/13/2014"]) == [None, None], "two orders"
    assert seconds_in(["1970", "1972"]) == [0.0, 730.0 * day]
    assert seconds_in(["1970", "172"]) == [1970.0, 172.0], "no years, then"
    assert seconds_in(["2014-07-01T12:00", ""]) == [NOON, None]
    assert seconds_in([]) == []


def test_zones() -> None:
    clocks = ("12:00Z", "12:00+02:00", "12:00 UTC", "12:00-0400", "12:00 +0200", "12:00 GMT")
    written = [f"2014-07-01 {clock}" for clock in clocks]
    assert all(has_zone(text) for text in written)
    assert has_zone("2014-07-01 12:00") is False
    assert has_zone("2014-07-01") is False
    assert has_zone("1404216000") is None
