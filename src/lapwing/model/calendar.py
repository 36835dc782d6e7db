"""Buckets of time: where the buckets of a grain begin in a zone, exactly, daylight saving included.

Moments are UTC microseconds since 1970 everywhere inside. A calendar bucket (day or longer) begins at the first moment at
which the zone's wall clock shows its first day or a later one: so a skipped midnight begins with the jump, a midnight
that comes twice begins with its first occurrence, and a day that a zone left out altogether has no bucket. Buckets
shorter than a day are fixed lengths counted from 1970 in UTC, whatever the zone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import numpy.typing as npt

from lapwing.model.grain import FISCAL, SECOND, Grain, Unit
from lapwing.model.names import nearest
from lapwing.model.problem import WrongUse

DAY = 86_400 * SECOND
MOST_BUCKETS = 2_000_000
Moments = npt.NDArray[np.int64]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PROBE = 2 * 86_400  # seconds; no zone has changed its offset twice within three days
FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
"""The first and the last moment of the years 1 to 9999, in UTC."""
_FIRST, _LAST = FIRST + 2 * DAY, LAST - 2 * DAY  # so that every zone's clock stays within them
_OLDEST = 1800  # before it every zone kept its local mean time
_STEADY = 2100  # from it on every zone's rule is the same each year, and the calendar repeats after 400 years
_CYCLE_YEARS, _CYCLE = 400, 146_097 * DAY
_MONTHS = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12, Unit.FISCAL_QUARTER: 3, Unit.FISCAL_YEAR: 12}
_MONDAY = 4  # 1970-01-05, in days


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The zone called `name`.

    Raises:
        WrongUse: there is no such zone (with the nearest names).
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not found, a path out of the database, a folder of it
        raise WrongUse.of(
            "unknown-zone",
            f"There is no time zone {name!r}.",
            nearest=nearest(name, available_timezones()),
            hint="Write a name of the IANA database, such as Europe/Berlin or UTC.",
        ) from None


def to_us(moment: datetime) -> int:
    """UTC microseconds of a moment with a zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs its zone")
    return (moment - _EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """The moment in UTC; of one outside the years 1 to 9999 the nearest inside."""
    return _EPOCH + timedelta(microseconds=min(max(us, FIRST), LAST))


def in_zone(us: int, zone_name: str) -> datetime:
    """The moment as the zone's clock shows it; of one that has no place in the calendar (`covers`) the nearest that has."""
    return from_us(min(max(us, _FIRST), _LAST)).astimezone(zone(zone_name))


def covers(start: int, end: int) -> bool:
    """Whether buckets of `[start, end)` have a place in the calendar's years 1 to 9999, in every zone."""
    return start >= _FIRST and end <= _LAST


def utc_iso(us: int) -> str:
    """ISO 8601 in UTC.

    >>> utc_iso(0)
    '1970-01-01T00:00:00Z'
    """
    return from_us(us).replace(tzinfo=None).isoformat() + "Z"


def local_iso(us: int, zone_name: str) -> str:
    """ISO 8601 as the zone's clock shows it, with its offset.

    >>> local_iso(0, "Asia/Kolkata")
    '1970-01-01T05:30:00+05:30'
    """
    return in_zone(us, zone_name).isoformat()


def transitions(zone_name: str, start: int, end: int) -> tuple[tuple[int, int, int], ...]:
    """Changes of the zone's offset with `start < moment < end`: (moment, offset before, offset after), microseconds, in
    order of time. The offset after holds from the moment on."""
    if end <= start:
        return ()
    zone(zone_name)
    found: list[tuple[int, int, int]] = []
    for year in range(_year(start), _year(end) + 1):
        found.extend(change for change in _transitions_of_year(zone_name, year) if start < change[0] < end)
    return tuple(found)


@lru_cache(maxsize=4096)
def edges(grain: Grain, zone_name: str, start: int, end: int, week_start: int = 0) -> Moments:
    """The borders of every bucket that overlaps `[start, end)`: the first is at or before `start`, the last at or after
    `end`; neighbours enclose one bucket. Only the border of the bucket of `start` where the stretch is empty. The array is
    shared and read-only. `week_start` is 0 for Monday to 6 for Sunday.

    Raises:
        WrongUse: an unknown zone, a time out of the calendar's years 1 to 9999, or far too many buckets.
    """
    if end < start:
        raise ValueError("a stretch of time ends at or after its start")
    if not covers(start, end):
        raise WrongUse.of("bad-time", "The time is outside the years 1 to 9999.")
    zone(zone_name)
    if grain.unit in FISCAL and not grain.starts:
        hint = "Set fiscal_year: {starts: april} in lapwing.yaml, and ask for metrics by it."
        raise WrongUse.of("no-fiscal-year", "It is not known here when a fiscal year starts.", hint=hint)
    length = grain.fixed or {Unit.DAY: DAY, Unit.WEEK: 7 * DAY, Unit.ISO_WEEK: 7 * DAY}.get(grain.unit, 28 * DAY)
    if (end - start) // length > MOST_BUCKETS:
        raise WrongUse.of(
            "too-many-buckets",
            f"{(end - start) // length:,} buckets of one {grain} are too many.",
            hint="Take a coarser grain or a shorter time.",
        )
    borders = _borders(grain, zone_name, start, end, week_start)
    borders.flags.writeable = False
    return borders


def floor(us: int, grain: Grain, zone_name: str, week_start: int = 0) -> int:
    """The beginning of the bucket that holds `us`."""
    return int(edges(grain, zone_name, us, us + 1, week_start)[0])


def clock(moments: Moments, zone_name: str) -> Moments:
    """What the zone's wall clock shows at each moment, in microseconds, as if 1970 had begun on it."""
    if not len(moments):
        return moments
    begins, offsets, _ = _stretches(zone_name, _year(int(moments.min())) - 1, _year(int(moments.max())) + 1)
    shown: Moments = moments + offsets[np.searchsorted(begins, moments, side="right") - 1]
    return shown


def first_shown(local: Moments, zone_name: str) -> Moments:
    """The first moments at which the zone's wall clock shows `local` or later."""
    if not len(local):
        return local
    begins, offsets, clock_ends = _stretches(zone_name, _year(int(local.min())) - 1, _year(int(local.max())) + 1)
    which = np.searchsorted(clock_ends, local, side="right")
    moments: Moments = np.maximum(local - offsets[which], begins[which])
    return moments


def _borders(grain: Grain, zone_name: str, start: int, end: int, week_start: int) -> Moments:
    if fixed := grain.fixed:
        return np.arange(start // fixed * fixed, -(-end // fixed) * fixed + 1, fixed, dtype=np.int64)
    # Two days around cover every offset; a bucket more on either side is cut off again.
    borders = _from_local(_local_starts(grain, start - 2 * DAY, end + 2 * DAY, week_start), zone_name)
    low = int(np.searchsorted(borders, start, side="right")) - 1
    high = int(np.searchsorted(borders, end, side="left"))
    return borders[low : max(low, high) + 1].copy()


def _local_starts(grain: Grain, start: int, end: int, week_start: int) -> Moments:
    """Wall clock microseconds at which calendar buckets begin, from at or before `start` to after `end`."""
    first, last = start // DAY, end // DAY + 1
    unit = grain.unit
    if unit in _MONTHS:
        step = _MONTHS[unit]
        month, day = divmod(grain.starts or 101, 100)
        months = np.array([first, last], dtype="datetime64[D]").astype("datetime64[M]").astype(np.int64) - (month - 1)
        before = months[0] // step - (day > 1)  # the bucket of a day early in a month may have begun the month before
        numbers = np.arange(before * step, (months[1] // step + 1) * step + 1, step) + (month - 1)
        days: Moments = numbers.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + (day - 1)
    else:
        weeks = unit in (Unit.WEEK, Unit.ISO_WEEK)
        step = 7 if weeks else 1
        offset = (_MONDAY + (week_start if unit is Unit.WEEK else 0)) % 7 if weeks else 0
        days = np.arange((first - offset) // step * step + offset, last + step, step, dtype=np.int64)
    starts: Moments = days * DAY
    return starts


def _from_local(local: Moments, zone_name: str) -> Moments:
    """The first moments at which the zone's wall clock shows `local` (sorted) or later; equal ones once."""
    moments = first_shown(local, zone_name)
    keep = np.ones(len(moments), dtype=np.bool_)
    np.not_equal(moments[1:], moments[:-1], out=keep[1:])
    return moments if keep.all() else moments[keep]


@lru_cache(maxsize=512)
def _stretches(zone_name: str, first_year: int, last_year: int) -> tuple[Moments, Moments, Moments]:
    """Stretches of one offset: their beginnings in UTC, their offsets, and the latest time the wall clock has shown by
    the end of each but the last (so that a search in it finds the first stretch that reaches a wall clock time)."""
    changes = [c for year in range(first_year, last_year + 1) for c in _transitions_of_year(zone_name, year)]
    first = changes[0][1] if changes else _offset(zone(zone_name), _year_start(last_year) // SECOND) // _MICROSECOND
    begins = np.array([np.iinfo(np.int64).min // 4, *(moment for moment, _, _ in changes)], dtype=np.int64)
    offsets = np.array([first, *(after for _, _, after in changes)], dtype=np.int64)
    return begins, offsets, np.maximum.accumulate(begins[1:] + offsets[:-1])


@lru_cache(maxsize=16384)
def _transitions_of_year(zone_name: str, year: int) -> tuple[tuple[int, int, int], ...]:
    """Changes in `[start of the year, start of the next)` in UTC, found by probing and bisection over whole seconds."""
    if year < _OLDEST:
        return ()
    if (cycles := (year - _STEADY) // _CYCLE_YEARS) > 0:
        alike = _transitions_of_year(zone_name, year - cycles * _CYCLE_YEARS)
        return tuple((moment + cycles * _CYCLE, before, after) for moment, before, after in alike)
    info = zone(zone_name)
    low = _year_start(year) // SECOND
    last = _year_start(year + 1) // SECOND - 1
    found = []
    # The second before the year belongs to the probe, so a change with the stroke of the new year is seen.
    position, before = low - 1, _offset(info, low - 1)
    while position < last:
        following = min(position + _PROBE, last)
        after = _offset(info, following)
        if after != before:
            change = _change(info, position, following, before)
            found.append((change * SECOND, before // _MICROSECOND, after // _MICROSECOND))
        position, before = following, after
    return tuple(found)


def _change(info: ZoneInfo, low: int, high: int, before: timedelta) -> int:
    """The first second in (low, high] at which the offset isn't `before`."""
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(info, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _offset(info: ZoneInfo, second: int) -> timedelta:
    offset = datetime.fromtimestamp(second, info).utcoffset()
    assert offset is not None
    return offset


def _year(us: int) -> int:
    return from_us(min(max(us, _FIRST), _LAST)).year


def _year_start(year: int) -> int:
    return int(np.datetime64(f"{year:04d}-01-01", "us").astype(np.int64))
