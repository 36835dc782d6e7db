"""The clocks and calendars of made markets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from lapwing.alerts.season import local_minutes, weekday
from lapwing.model.calendar import edges
from lapwing.model.grain import Grain

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Market:
    """Where, and when hourly series begin: so that the clocks change in what counts, where they change."""

    country: str
    zone: str
    begins: date


MARKETS = (
    Market("US", "America/New_York", date(2026, 1, 19)),
    Market("DE", "Europe/Berlin", date(2025, 8, 25)),
    Market("BR", "America/Sao_Paulo", date(2026, 1, 19)),
    Market("GB", "Europe/London", date(2026, 1, 26)),
)
_FIXED = {
    "US": ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25)),
    "DE": ((1, 1), (5, 1), (10, 3), (12, 25), (12, 26)),
    "BR": ((1, 1), (4, 21), (5, 1), (9, 7), (10, 12), (11, 2), (11, 15), (12, 25)),
    "GB": ((1, 1), (12, 25), (12, 26)),
}
_AFTER_EASTER = {"US": (), "DE": (-2, 1, 39, 50), "BR": (-2,), "GB": (-2, 1)}
_MONDAYS = {"US": ((5, -1), (9, 0)), "DE": (), "BR": (), "GB": ((5, 0), (5, -1), (8, -1))}
"""Month, and which Monday of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
    """Buckets by the clock on people's walls: `starts` in UTC microseconds, days since 1970, hours and weekdays (T,)."""

    starts: Integers
    day: Integers
    hour: Integers
    weekday: Integers


def clock(grain: Grain, zone: str, begins: date, days: int) -> Clock:
    """The buckets of so many local days."""
    midnight = datetime(begins.year, begins.month, begins.day, tzinfo=ZoneInfo(zone))
    start = int(midnight.timestamp()) * 1_000_000
    end = int((midnight + timedelta(days=days)).timestamp()) * 1_000_000
    starts = edges(grain, zone, start, end, 0)[:-1]
    local = local_minutes(starts, ZoneInfo(zone))
    return Clock(starts, local // 1440, local % 1440 // 60, weekday(local))


def holidays(country: str, first: int, last: int) -> list[int]:
    """Public holidays of the days [first, last], in days since 1970."""
    years = range(_date(first).year, _date(last).year + 1)
    found = {day for year in years for day in _of_year(country, year)}
    return sorted(number for day in found if first <= (number := _number(day)) <= last)


def month_ends(first: int, last: int) -> list[int]:
    """The last days of months, in days since 1970."""
    return [day for day in range(first, last + 1) if _date(day + 1).day == 1]


def _of_year(country: str, year: int) -> list[date]:
    found = [date(year, month, day) for month, day in _FIXED[country]]
    found += [_easter(year) + timedelta(days=after) for after in _AFTER_EASTER[country]]
    for month, place in _MONDAYS[country]:
        mondays = [day for n in range(1, 32) if (day := _in_month(year, month, n)) and day.weekday() == 0]
        found.append(mondays[place])
    if country == "US":
        found.append(next(date(year, 11, n) for n in range(22, 29) if date(year, 11, n).weekday() == 3))
    return found


def _in_month(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _easter(year: int) -> date:
    """The Gregorian computus (Meeus, Jones and Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    month, day = divmod(h + k - 7 * ((a + 11 * h + 22 * k) // 451) + 114, 31)
    return date(year, month, day + 1)


def _number(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) // 86_400


def _date(number: int) -> date:
    return datetime.fromtimestamp(number * 86_400, tz=UTC).date()
