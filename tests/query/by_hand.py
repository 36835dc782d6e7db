"""Metrics of time by hand: rows filtered and added up in plain Python, times moved by `datetime` and `zoneinfo`, one bucket
after the other. Slow, and made of nothing that the answers are made of."""

from __future__ import annotations

import calendar
import math
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Length:
    months: int = 0
    days: int = 0
    time: timedelta = timedelta()


@dataclass(frozen=True)
class Asked:
    """`buckets` are pairs of moments; `unit` is of the grain, "" without one."""

    buckets: Sequence[tuple[datetime, datetime]]
    zone: ZoneInfo
    unit: str
    week_start: int = 0


@dataclass(frozen=True)
class Data:
    """Rows with a moment `at`; all before `until` are known; the last one's bucket ends at `end`."""

    rows: Sequence[Row]
    until: datetime
    end: datetime

    @property
    def since(self) -> datetime:
        found: datetime = min(row["at"] for row in self.rows)
        return found


def shown(moment: datetime, zone: ZoneInfo) -> datetime:
    """The wall clock, midnight where a day begins."""
    local = moment.astimezone(zone).replace(tzinfo=None, fold=0)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight if first(midnight, zone) == moment else local


def first(local: datetime, zone: ZoneInfo) -> datetime:
    """The first moment at which the clock shows `local` or later."""
    moment = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None, fold=0) == local:
        return moment
    low, high = moment - DAY, moment + DAY
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).replace(tzinfo=None) >= local:
            high = middle
        else:
            low = middle
    return high


def earlier(local: datetime, by: Length) -> datetime:
    if by.months:
        month = local.year * 12 + local.month - 1 - by.months
        year, month = month // 12, month % 12 + 1
        local = local.replace(year=year, month=month, day=min(local.day, calendar.monthrange(year, month)[1]))
    return local - by.days * DAY


def back(moment: datetime, by: Length, zone: ZoneInfo) -> datetime:
    if by.months or by.days:
        moment = first(earlier(shown(moment, zone), by), zone)
    return moment - by.time


def bucket_back(start: datetime, end: datetime, by: Length, asked: Asked) -> tuple[datetime, datetime]:
    begin = back(start, by, asked.zone)
    if asked.unit in ("minute", "hour"):
        return begin, begin + (end - start)
    if not (by.months or by.days):
        return begin, end - by.time
    first_local, last_local = shown(start, asked.zone), shown(end, asked.zone)
    if asked.unit in ("day", "week"):
        local = earlier(first_local, by) + (last_local - first_local)
    else:
        local = earlier(last_local, by)
        if last_local.time() == datetime.min.time():
            local = max(local, earlier(last_local - DAY, by) + DAY)
    return begin, max(begin, first(local, asked.zone) - by.time)


def begun(end: datetime, period: str, asked: Asked) -> datetime:
    """The beginning of the period in which the last moment before `end` lies."""
    local = (end - timedelta(microseconds=1)).astimezone(asked.zone).replace(tzinfo=None, fold=0)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0)
    match period:
        case "week":
            day -= (day.weekday() - asked.week_start) % 7 * DAY
        case "month":
            day = day.replace(day=1)
        case "quarter":
            day = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "year":
            day = day.replace(month=1, day=1)
    return first(day, asked.zone)


@dataclass(frozen=True)
class Time:
    """`back` first, then the window: a length, a period's name, or "all"."""

    back: tuple[Length, ...] = ()
    window: Length | str | None = None

    def of(self, start: datetime, end: datetime, asked: Asked, data: Data) -> tuple[datetime, datetime, bool]:
        """From when to when, and whether there is anything to say."""
        for length in self.back:
            start, end = bucket_back(start, end, length, asked)
        if self.window is None:
            return start, end, end > start and not (self.back and start < self._whole(asked, data))
        late = start >= data.end
        if self.window == "all":
            return min(data.since, end), end, not late
        begin = begun(end, self.window, asked) if isinstance(self.window, str) else back(end, self.window, asked.zone)
        return begin, end, begin < end and not late and begin >= self._whole(asked, data)

    def _whole(self, asked: Asked, data: Data) -> datetime:
        if isinstance(self.window, Length) and not (self.window.days or self.window.months):
            step = 3600 if self.window.time.total_seconds() % 3600 == 0 else 60
            second = int(data.since.timestamp())
            return datetime.fromtimestamp(second - second % step, UTC)
        local = data.since.astimezone(asked.zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        return first(local, asked.zone)


@dataclass(frozen=True)
class Measure:
    """`of` a row is what is aggregated, None for nothing; `empty` is the value of nothing."""

    of: Callable[[Row], Any]
    aggregate: Callable[[list[Any]], Any]
    empty: Any = None
    counts: bool = False


def value(measure: Measure, rows: Sequence[Row], start: datetime, end: datetime, data: Data) -> Any:
    """The measure of rows of one group over `[start, end)`."""
    there = [row for row in rows if start <= row["at"] < end]
    kept = [of for row in there if (of := measure.of(row)) is not None]
    if kept:
        return measure.aggregate(kept)
    if data.since < end <= data.until and measure.empty is not None:
        return measure.empty
    return 0 if measure.counts and there else None


def divided(over: Any, under: Any) -> float | None:
    return None if over is None or under is None or float(under) == 0 else float(over) / float(under)


def compared(now: Any, then: Any, comparison: str) -> Any:
    match comparison:
        case "ratio":
            return divided(now, then)
        case "difference":
            return None if now is None or then is None else now - then
    return None if now is None or then is None else divided(now - then, abs(then))


def stddev(values: list[Any]) -> float | None:
    return statistics.stdev(values) if len(values) > 1 else None


def two_most_frequent(values: list[Any]) -> list[dict[str, Any]]:
    counts = sorted(Counter(values).items(), key=lambda one: (-one[1], one[0]))
    return [{"value": value, "at_least": count, "at_most": count} for value, count in counts[:2]]


def alike(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float | int | Decimal):
        return math.isclose(one, float(other), rel_tol=1e-9, abs_tol=1e-9)
    return bool(one == other) and isinstance(one, type(other))
