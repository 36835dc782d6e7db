"""What is known to happen: a project's own events, and the public holidays of its country."""

from __future__ import annotations

import calendar as months
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from lapwing.model.names import nearest
from lapwing.model.problem import NotFound


class EventKind(StrEnum):
    """NOTE: it is laid beside what is unusual, and changes nothing. EXPECTED: numbers are expected to differ by it."""

    NOTE = "note"
    EXPECTED = "expected"


class Every(StrEnum):
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something known that explains numbers: a storm, a deploy, a sale. Times are absolute, half-open; one that recurs does
    so by the clock on the wall, from `start` on. `before` and `after`: days around it that differ, too. `slice`: only
    where these dimensions have these values."""

    name: str
    start: datetime
    end: datetime
    kind: EventKind = EventKind.NOTE
    every: Every | None = None
    before: int = 0
    after: int = 0
    slice: tuple[tuple[str, str], ...] = ()

    def occurrences(self, start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
        """Its times that reach into [start, end), in order."""
        if self.every is None:
            if self.start < end and self.end > start:
                yield self.start, self.end
            return
        first, last = (at.astimezone(zone).replace(tzinfo=None) for at in (self.start, self.end))
        count = max(0, _steps(self.every, first, start.astimezone(zone).replace(tzinfo=None)) - 1)
        while True:
            here = _later(first, self.every, count).replace(tzinfo=zone)
            until = (_later(first, self.every, count) + (last - first)).replace(tzinfo=zone)
            if here >= end:
                return
            if until > start:
                yield here, until
            count += 1


def _steps(every: Every, first: datetime, at: datetime) -> int:
    """About how many steps it is from one time to another."""
    if every is Every.WEEK:
        return (at - first).days // 7
    apart = 12 * (at.year - first.year) + at.month - first.month
    return apart if every is Every.MONTH else apart // 12


def _later(first: datetime, every: Every, count: int) -> datetime:
    """So many steps later; the last day of a month that has no such day."""
    if every is Every.WEEK:
        return first + timedelta(weeks=count)
    month = first.month - 1 + count * (1 if every is Every.MONTH else 12)
    year, month = first.year + month // 12, month % 12 + 1
    return first.replace(year=year, month=month, day=min(first.day, months.monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayCalendar:
    """The public holidays of a country (ISO 3166, two letters) or a subdivision of it, with so many days around each that
    differ, too."""

    country: str
    subdivision: str | None = None
    before: int = 1
    after: int = 1

    def days(self, first: date, last: date) -> dict[date, str]:
        """The holidays from `first` to `last`, both included, by day; one that is observed on another day keeps its name."""
        import holidays  # a country's rules are loaded when they are asked for

        years = range(first.year, last.year + 1)
        found = holidays.country_holidays(self.country, subdiv=self.subdivision, years=years, language="en_US")
        names = {day: found[day].split(";")[0].split(" (")[0].strip() for day in sorted(found)}
        return {day: name for day, name in names.items() if first <= day <= last}


def check_country(country: str, subdivision: str | None) -> None:
    """Raises:
    NotFound: holidays of that country, or subdivision, are not known; with the nearest ones.
    """
    import holidays

    known = holidays.list_supported_countries(include_aliases=True)
    if country not in known:
        near = nearest(country, known)
        hint = "Write its two letters, such as US, DE or IN."
        raise NotFound.of("unknown-country", f"Holidays of {country} are not known.", nearest=near, hint=hint)
    if subdivision is not None and subdivision not in known[country]:
        near = nearest(subdivision, known[country])
        others = None if near else f"Known are {', '.join(known[country]) or 'none'}."
        says = f"{country} has no subdivision {subdivision}."
        raise NotFound.of("unknown-subdivision", says, nearest=near, hint=others)
