from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from lapwing.alerts.beside import events_beside
from lapwing.model.calendar import to_us
from lapwing.model.events import HolidayCalendar
from lapwing.model.load import load

FLIGHTS = load(Path(__file__).parents[2] / "examples" / "flights")


def at(*parts: int) -> int:
    return to_us(datetime(*parts, tzinfo=UTC))  # type: ignore[misc,arg-type]


def test_own_events_and_holidays_where_there_is_no_own_one() -> None:
    found = events_beside(FLIGHTS, at(2013, 11, 1), at(2013, 12, 1))
    assert [one.name for one in found] == ["Thanksgiving", "Veterans Day"]
    assert (found[1].start, found[1].end) == ("2013-11-11T00:00:00-05:00", "2013-11-12T00:00:00-05:00")


def test_in_the_zone_that_was_asked_for() -> None:
    (one,) = events_beside(FLIGHTS, at(2013, 11, 11, 6), at(2013, 11, 11, 7), "UTC")
    assert one.start.startswith("2013-11-11T05:00:00")


def test_days_are_those_of_the_project() -> None:
    assert events_beside(FLIGHTS, at(2013, 11, 11, 3), at(2013, 11, 11, 4)) == [], "it is still the tenth in New York"
    assert events_beside(FLIGHTS, at(2013, 11, 11, 12), at(2013, 11, 11, 12)) == []


def test_without_a_calendar_only_own_events() -> None:
    assert events_beside(replace(FLIGHTS, calendar=None), at(2013, 11, 11, 12), at(2013, 11, 11, 13)) == []
    assert FLIGHTS.calendar == HolidayCalendar(country="US")
