"""Times as people write them, the same in the CLI, HTTP, YAML and the UI.

Absolute: `2013`, `2013-Q1`, `2013-02`, `2013-W06`, `2013-02-08`, `2013-02-08T14:00`, `2013-02-08T14:00:00-05:00`;
`FY2013` for the fiscal year that ends in 2013, and `FY2013-Q1`. Relative: `now`, `-7d`, `now-1M`, and `/unit` for the whole
unit in which that lies: `now/d` is today, `-7d/d` the day a week ago (units s, m, h, d, w, M, Q, y, and fq and fy of the
fiscal year). A duration `P7D` beside `to` means so much before or after the other side. Ranges are half-open: `-7d/d to
now/d` is the last seven whole days, `2013-01 to 2013-03` is January and February.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from lapwing.model.calendar import edges, from_us, to_us
from lapwing.model.calendar import zone as zone_of
from lapwing.model.duration import Span, parse_iso
from lapwing.model.grain import Grain, Unit
from lapwing.model.problem import WrongUse

_UNITS = {
    "s": Unit.SECOND,
    "m": Unit.MINUTE,
    "h": Unit.HOUR,
    "d": Unit.DAY,
    "w": Unit.WEEK,
    "M": Unit.MONTH,
    "Q": Unit.QUARTER,
    "y": Unit.YEAR,
    "fq": Unit.FISCAL_QUARTER,
    "fy": Unit.FISCAL_YEAR,
}
_RELATIVE = re.compile(r"(now)?((?:[+-]\d{1,9}(?:fy|fq|[smhdwMQy]))*)(?:/(fy|fq|[smhdwMQy]))?", re.ASCII)
_STEP = re.compile(r"([+-])(\d+)(fy|fq|[smhdwMQy])", re.ASCII)
_DAY_WORDS = {"today": "now/d", "yesterday": "-1d/d", "tomorrow": "+1d/d"}
_YEAR = re.compile(r"(\d{4})", re.ASCII)
_QUARTER = re.compile(r"(\d{4})-?[Qq]([1-4])", re.ASCII)
_FISCAL = re.compile(r"FY(\d{4})(?:-?[Qq]([1-4]))?", re.ASCII | re.IGNORECASE)
_MONTH = re.compile(r"(\d{4})-(\d\d)", re.ASCII)
_WEEK = re.compile(r"(\d{4})-?W(\d\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d(:\d\d(:\d\d([.,]\d{1,6})?)?)?\s?(Z|z|[+-]\d\d(:?\d\d)?)?",
    re.ASCII,
)
_BETWEEN = re.compile(r"\s+to\s+|\s*\.\.\s*")
_ISO_INTERVAL = re.compile(r"([P\d][^/]*)/([P\d][^/]*)")
_HINT = "Write a time such as 2013-02, 2013-02-08T14:00, now, -7d or -7d/d."


def parse_moment(text: str, *, now: datetime, zone: str, week_start: int = 0, fiscal: int = 101) -> tuple[int, int]:
    """The stretch of time that `text` names, `(start, end)` in UTC microseconds: a month for 2013-02, a day for
    2013-02-08 or now/d, the time until now for P7D; a moment (end = start) for now, -7d or a time of day. Wall clock times
    are in `zone`: one that it skips is read with the offset before the gap, one that it has twice is its first.

    Raises:
        WrongUse: not a time, a day that does not exist, an unknown zone.
    """
    if now.tzinfo is None:
        raise ValueError("now needs its zone")
    zone_of(zone)
    wanted = text.strip()
    wanted = _DAY_WORDS.get(wanted.lower(), wanted)
    try:
        found = _absolute(wanted, zone, week_start, fiscal)
        if found is None and (span := parse_iso(wanted)):
            found = _shift(now, span, -1, zone), to_us(now)
        if found is None and wanted:
            found = _relative(wanted, now, zone, week_start, fiscal)
    except (ValueError, OverflowError):  # 2013-02-30, year 0, -999999999y
        raise WrongUse.of("bad-time", f"There is no time {text!r} in the calendar.", hint=_HINT) from None
    if found is None:
        raise WrongUse.of("bad-time", f"{text!r} is not a time.", hint=_HINT)
    return found


def parse_range(
    start: str | None, end: str | None, *, now: datetime, zone: str, week_start: int = 0, fiscal: int = 101
) -> tuple[int | None, int | None]:
    """The half-open stretch from the beginning of what `start` names to the beginning of what `end` names; None leaves a
    side open. A duration on one side is counted from the other (the end is now, where there is none).

    Raises:
        WrongUse: as `parse_moment`; or the start lies after the end ("from-after-to").
    """
    if start is not None and end is None and _sides(start):
        return parse_span(start, now=now, zone=zone, week_start=week_start, fiscal=fiscal)
    after = parse_iso(end.strip()) if end and start else None
    before = parse_iso(start.strip()) if start and end and not after else None
    low = (
        None
        if start is None or before
        else parse_moment(start, now=now, zone=zone, week_start=week_start, fiscal=fiscal)[0]
    )
    high = (
        None if end is None or after else parse_moment(end, now=now, zone=zone, week_start=week_start, fiscal=fiscal)[0]
    )
    try:
        if after and low is not None:
            high = _shift(from_us(low), after, 1, zone)
        if before and high is not None:
            low = _shift(from_us(high), before, -1, zone)
    except (ValueError, OverflowError):
        raise WrongUse.of("bad-time", f"{start!r} to {end!r} leaves the calendar.", hint=_HINT) from None
    if low is not None and high is not None and low > high:
        raise WrongUse.of(
            "from-after-to",
            f"The time from {start} to {end} ends before it starts.",
            hint="Change the two round. The end is exclusive: to 2013-03 means until March begins.",
        )
    return low, high


def parse_span(text: str, *, now: datetime, zone: str, week_start: int = 0, fiscal: int = 101) -> tuple[int, int]:
    """The stretch of time of one text: `2013-02`, `P7D`, `-7d/d to now/d`, `2013-01/2013-03`, `2013-01-15/P1M`. A moment
    such as `-7d` is the time from it until now (or from now until it).

    Raises:
        WrongUse: as `parse_range`.
    """
    if sides := _sides(text):
        low, high = parse_range(*sides, now=now, zone=zone, week_start=week_start, fiscal=fiscal)
        assert low is not None
        assert high is not None
        return low, high
    start, end = parse_moment(text, now=now, zone=zone, week_start=week_start, fiscal=fiscal)
    if start != end:
        return start, end
    return min(start, to_us(now)), max(start, to_us(now))


def _sides(text: str) -> tuple[str, str] | None:
    """The two sides of a range's text, None where it has one side only."""
    if interval := _ISO_INTERVAL.fullmatch(text.strip()):
        return interval[1], interval[2]
    parts = _BETWEEN.split(text.strip())
    return (parts[0], parts[1]) if len(parts) == 2 and all(parts) else None


def _absolute(text: str, zone: str, week_start: int, fiscal: int) -> tuple[int, int] | None:
    if year := _YEAR.fullmatch(text):
        return _bucket(datetime(int(year[1]), 1, 1), Grain(1, Unit.YEAR), zone, week_start)  # noqa: DTZ001, a wall clock's
    if quarter := _QUARTER.fullmatch(text):
        return _bucket(datetime(int(quarter[1]), 3 * int(quarter[2]) - 2, 1), Grain(1, Unit.QUARTER), zone, week_start)  # noqa: DTZ001
    if named := _FISCAL.fullmatch(text):
        of_year, day = divmod(fiscal, 100)
        # Called by the year in which it ends.
        first = 12 * (int(named[1]) - (fiscal > 101)) + of_year - 1 + 3 * (int(named[2] or 1) - 1)
        grain = Grain(1, Unit.FISCAL_QUARTER if named[2] else Unit.FISCAL_YEAR).starting(fiscal)
        return _bucket(datetime(first // 12, first % 12 + 1, day), grain, zone, week_start)  # noqa: DTZ001
    if month := _MONTH.fullmatch(text):
        return _bucket(datetime(int(month[1]), int(month[2]), 1), Grain(1, Unit.MONTH), zone, week_start)  # noqa: DTZ001
    if week := _WEEK.fullmatch(text):
        # An ISO week begins on its Monday; where weeks begin earlier, this one has that day before it.
        return _bucket(datetime.fromisocalendar(int(week[1]), int(week[2]), 1), Grain(1, Unit.WEEK), zone, week_start)
    if _DATE.fullmatch(text):
        return _bucket(datetime.fromisoformat(text), Grain(1, Unit.DAY), zone, week_start)
    if _MOMENT.fullmatch(text):
        moment = datetime.fromisoformat(re.sub(r"\s(?=[Zz+-])", "", text).replace(",", ".").replace("z", "Z"))
        us = to_us(moment if moment.tzinfo else moment.replace(tzinfo=zone_of(zone)))
        return us, us
    return None


def _bucket(day: datetime, grain: Grain, zone: str, week_start: int) -> tuple[int, int]:
    """The bucket whose wall clock begins at `day` (for a week: that holds it), in the zone."""
    noon = to_us((day + timedelta(hours=12)).replace(tzinfo=zone_of(zone)))  # noon is never skipped with the day's date
    borders = edges(grain, zone, noon, noon + 1, week_start)
    return int(borders[0]), int(borders[1])


def _relative(text: str, now: datetime, zone: str, week_start: int, fiscal: int) -> tuple[int, int] | None:
    match = _RELATIVE.fullmatch(text)
    if match is None or not (match[1] or match[2]):
        return None
    moment = to_us(now)
    for sign, count, unit in _STEP.findall(match[2]):
        moment = _shift(from_us(moment), Span.of(int(count), _UNITS[unit]), 1 if sign == "+" else -1, zone)
    if match[3] is None:
        return moment, moment
    borders = edges(Grain(1, _UNITS[match[3]]).starting(fiscal), zone, moment, moment + 1, week_start)
    return int(borders[0]), int(borders[1])


def _shift(moment: datetime, span: Span, sign: int, zone: str) -> int:
    """Months and days move the wall clock (a day that the month lacks becomes its last), the rest moves time."""
    shifted = span.shift(moment.astimezone(zone_of(zone)), sign)
    return to_us(shifted.astimezone(UTC))
