"""What is known to happen: recurrences by the wall clock, holidays, and mistakes with their places."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lapwing.model.events import Event, EventKind, Every, HolidayCalendar
from lapwing.model.load import load
from lapwing.model.problem import ModelError

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (None, ["2024-01-31"]),
        (Every.WEEK, ["2024-01-31", "2024-02-07", "2024-02-14", "2024-02-21", "2024-02-28"]),
        (Every.MONTH, ["2024-01-31", "2024-02-29"]),
        (Every.YEAR, ["2024-01-31"]),
    ],
)
def test_it_recurs_by_the_wall_clock(every: Every | None, expected: list[str]) -> None:
    event = Event(name="e", start=at("2024-01-31T10:00"), end=at("2024-01-31T12:00"), every=every)
    found = list(event.occurrences(at("2024-01-01"), at("2024-03-01"), BERLIN))
    assert [start.astimezone(BERLIN).isoformat()[:10] for start, _ in found] == expected
    assert {start.astimezone(BERLIN).hour for start, _ in found} == {10}


def test_only_what_reaches_into_the_stretch() -> None:
    event = Event(name="e", start=at("2020-06-01T22:00"), end=at("2020-06-02T02:00"), every=Every.WEEK)
    ((start, end),) = event.occurrences(at("2024-03-26T01:00"), at("2024-03-26T01:30"), BERLIN)
    assert (start, end) == (at("2024-03-25T22:00"), at("2024-03-26T02:00"))
    assert list(event.occurrences(at("2024-03-27"), at("2024-03-30"), BERLIN)) == []


def test_holidays_by_country_and_state() -> None:
    days = HolidayCalendar(country="DE", subdivision="BY").days(date(2024, 1, 1), date(2024, 1, 31))
    assert days == {date(2024, 1, 1): "New Year's Day", date(2024, 1, 6): "Epiphany"}
    assert date(2024, 1, 6) not in HolidayCalendar(country="DE").days(date(2024, 1, 1), date(2024, 1, 31))


PROJECT = """name: p
timezone: Europe/Berlin
calendar: {country: %s, subdivision: %s}
events:
  - {name: Sale, start: 2024-07-01, end: 2024-07-04, kind: expected, every: year, after: 2}
"""


def test_from_yaml(tmp_path: Path) -> None:
    (tmp_path / "lapwing.yaml").write_text(PROJECT % ("DE", "BY"))
    project = load(tmp_path)
    assert project.calendar == HolidayCalendar(country="DE", subdivision="BY")
    (event,) = project.events
    assert (event.kind, event.every, event.before, event.after) == (EventKind.EXPECTED, Every.YEAR, 0, 2)


@pytest.mark.parametrize(
    ("country", "state", "code", "near"),
    [("DEU", "BYY", "unknown-subdivision", "BY"), ("UX", "BY", "unknown-country", None)],
)
def test_mistakes(tmp_path: Path, country: str, state: str, code: str, near: str | None) -> None:
    (tmp_path / "lapwing.yaml").write_text(PROJECT % (country, state))
    with pytest.raises(ModelError) as caught:
        load(tmp_path)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert problem.place is not None
    assert problem.place.line == 3
    assert near is None or near in problem.nearest
