"""Lengths of time as people write them: `2 hours`, `28 days`, `PT90M`."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lapwing.model.grain import Unit
from lapwing.model.names import nearest
from lapwing.model.problem import WrongUse

_ISO = re.compile(
    r"P(?=[\dT])(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,6})?)S)?)?",
    re.ASCII,
)
_WORDS = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)", re.ASCII)
_LENGTH = re.compile(r"(?:(\d+)\s*)?([A-Za-z]+)", re.ASCII)
_LONGEST = 12_000  # months; the calendar has less than a thousand years around any data
_SECONDS = {Unit.SECOND: 1, Unit.MINUTE: 60, Unit.HOUR: 3600, Unit.DAY: 86_400, Unit.WEEK: 604_800}
_SHORT = {"s": Unit.SECOND, "sec": Unit.SECOND, "min": Unit.MINUTE, "m": Unit.MINUTE, "h": Unit.HOUR, "d": Unit.DAY}
_SHORT["w"] = Unit.WEEK
_MONTHS = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}
_OTHERWISE = {Unit.FISCAL_QUARTER: Unit.QUARTER, Unit.FISCAL_YEAR: Unit.YEAR, Unit.ISO_WEEK: Unit.WEEK}


@dataclass(frozen=True, slots=True)
class Span:
    """A calendar length: months, then days, then time."""

    months: int = 0
    days: int = 0
    time: timedelta = timedelta()

    @classmethod
    def of(cls, count: int, unit: Unit) -> Span:
        unit = _OTHERWISE.get(unit, unit)
        if unit in _MONTHS:
            return cls(months=count * _MONTHS[unit])
        if unit in (Unit.DAY, Unit.WEEK):
            return cls(days=count * (7 if unit is Unit.WEEK else 1))
        return cls(time=timedelta(seconds=count * _SECONDS[unit]))

    def __str__(self) -> str:
        """As people write it: `28 days`, `1 month`, `1 day 6 hours`."""
        seconds, rest = divmod(self.time // timedelta(microseconds=1), 1_000_000)
        counts = [(self.months, Unit.MONTH), (self.days, Unit.DAY)]
        if self.months % 12 == 0:
            counts[0] = (self.months // 12, Unit.YEAR)
        unit = next((one for one in (Unit.HOUR, Unit.MINUTE) if not rest and seconds % _SECONDS[one] == 0), Unit.SECOND)
        words = [f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in counts if count]
        length = f"{seconds}.{rest:06}".rstrip("0") if rest else str(seconds // _SECONDS[unit])
        if self.time:
            words.append(f"{length} {unit}{'' if length == '1' else 's'}")
        return " ".join(words) or "0"

    def shift(self, moment: datetime, sign: int) -> datetime:
        """`moment` moved by the span, months and days on its zone's wall clock, the time in UTC."""
        if self.months:
            month = moment.year * 12 + moment.month - 1 + sign * self.months
            year, month = month // 12, month % 12 + 1
            if not 1 <= year <= 9999:
                raise OverflowError("out of the calendar")
            moment = moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))
        if self.months or self.days:
            moment = (moment + timedelta(days=sign * self.days)).replace(fold=0)
        return (moment.astimezone(UTC) + sign * self.time).astimezone(moment.tzinfo)


def parse_iso(text: str) -> Span | None:
    """An ISO 8601 duration such as P7D, P1Y2M or PT6H; None where it isn't one."""
    match = _ISO.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    years, months, weeks, days, hours, minutes = (int(group or 0) for group in match.groups()[:6])
    return Span(
        months=12 * years + months,
        days=7 * weeks + days,
        time=timedelta(hours=hours, minutes=minutes, seconds=float(match[7] or 0)),
    )


def parse_duration(text: str) -> timedelta:
    """A fixed length of time (a day is 24 hours).

    >>> parse_duration("2 hours")
    datetime.timedelta(seconds=7200)

    Raises:
        WrongUse: not a length of time, or one of months or years, whose length varies.
    """
    wanted = text.strip()
    if wanted == "0":
        return timedelta()
    try:
        if (span := parse_iso(wanted)) and not span.months:
            return timedelta(days=span.days) + span.time
        if match := _WORDS.fullmatch(wanted):
            word = match[2].lower()
            unit = _SHORT.get(word) or next((u for u in _SECONDS if word in (u.value, f"{u.value}s")), None)
            if unit:
                return timedelta(seconds=float(match[1]) * _SECONDS[unit])
    except OverflowError:
        pass  # longer than any calendar: as wrong as any other text
    words = [f"{unit.value}s" for unit in _SECONDS]
    word = match[2].lower() if (match := _WORDS.fullmatch(wanted)) else wanted
    raise WrongUse.of(
        "bad-duration",
        f"{text!r} is not a length of time.",
        nearest=nearest(word, words),
        hint="Write a count and seconds, minutes, hours, days or weeks, such as 2 hours.",
    )


def exactly(length: timedelta) -> str:
    """A fixed length as people write it.

    >>> exactly(timedelta(minutes=15)), exactly(timedelta(days=1))
    ('15 minutes', '1 day')
    """
    return str(Span(days=length.days, time=length - timedelta(days=length.days)))


def about(seconds: float) -> str:
    """A length that is measured, in two digits or so of one unit.

    >>> about(150.4), about(100 * 3600)
    ('2 minutes', '4 days')
    """
    unit = next((one for one in (Unit.DAY, Unit.HOUR, Unit.MINUTE) if seconds >= 2 * _SECONDS[one]), Unit.SECOND)
    count = int(seconds // _SECONDS[unit])
    return f"{count} {unit}{'' if count == 1 else 's'}"


def parse_length(text: str) -> Span:
    """A calendar length that is not nothing: `28 days`, `3 months`, `year`, `6 hours`, `P28D`.

    >>> parse_length("3 months")
    Span(months=3, days=0, time=datetime.timedelta(0))

    Raises:
        WrongUse: not a whole number of a unit, or none of it.
    """
    wanted = text.strip()
    words = [unit.value for unit in (*_SECONDS, *_MONTHS)]
    match = _LENGTH.fullmatch(wanted)
    word = match[2].lower() if match else wanted.lower()
    try:
        span = parse_iso(wanted)
        if match and (unit := _SHORT.get(word) or next((u for u in Unit if word in (u, f"{u}s")), None)):
            span = Span.of(int(match[1] or 1), unit)
    except OverflowError:
        span = None
    if span is not None and span != Span() and span.months < _LONGEST and span.days < 31 * _LONGEST:
        return span
    says = "is no time at all" if span == Span() else "is not a length of time on the calendar"
    near = () if span is not None else nearest(word, [*words, *(f"{unit}s" for unit in words)])
    raise WrongUse.of(
        "bad-length",
        f"{text!r} {says}.",
        nearest=near,
        hint="Write a whole number and a unit, such as 28 days or month.",
    )
