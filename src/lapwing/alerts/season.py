"""Seasons: which slot of the week a bucket lies in, by the clock on people's walls."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from lapwing.alerts.evidence import Gathering
from lapwing.alerts.online.clocks import Clocks
from lapwing.alerts.online.constants import MOST_FIRST, Tuning
from lapwing.model.calendar import from_us, transitions
from lapwing.model.grain import Grain, Unit

MINUTE = 60_000_000
WEEK = 7 * 24 * 60
DAY = 24 * 60
HOUR = 60
LOOKED_AT = 3 * DAY * MINUTE
"""So long after a change of clocks it is looked at who goes by it: a day of the weekend and two of the week."""
OTHERS = ("America/New_York", "Europe/London", "Australia/Sydney")
"""The rules by which most of those live whose clocks change."""


def slots(starts: npt.NDArray[np.int64], grain: Grain, zone: ZoneInfo) -> npt.NDArray[np.int64]:
    """The seasonal slots (profiles, buckets) of buckets that start at `starts` (UTC microseconds), finest first: time of
    week and time of day below a day, day of week and all days alike for days, one slot for longer grains. By UTC where a
    change of clocks moves behaviour by whole slots, see `clocks`, else by local time, so that eight in the morning stays eight in
    the morning.
    """
    if grain.unit not in (Unit.SECOND, Unit.MINUTE, Unit.HOUR, Unit.DAY):
        return np.zeros((1, len(starts)), np.int64)
    step = _step(grain)
    time = starts // MINUTE if HOUR % step == 0 else local_minutes(starts, zone)
    if grain.unit is Unit.DAY:
        return np.stack([weekday(time), np.zeros_like(time)])
    of_day = time % DAY
    return np.stack([(weekday(time) * DAY + of_day) // step, of_day // step])


def clocks(starts: npt.NDArray[np.int64], grain: Grain, zone: ZoneInfo) -> Clocks | None:
    """The changes of clocks that are looked at: those of the zone, which its series are believed to go by until they show
    otherwise, and those of others whose people may be among them. None where there are none, or slots go by local time."""
    step = _step(grain)
    if HOUR % step or not len(starts):
        return None
    shift, home = np.zeros(len(starts), np.int64), np.zeros(len(starts))
    begins, ends = np.zeros((2, len(starts)), bool)
    length = grain.fixed or MINUTE
    first, last = int(starts[0]) - 2 * LOOKED_AT, int(starts[-1]) + 2 * LOOKED_AT
    changes = [(*change, 1.0) for change in transitions(zone.key, first, last)]
    for other in OTHERS:
        for change in transitions(other, first, last):
            if all(abs(change[0] - at) >= LOOKED_AT for at, *_ in changes):
                changes.append((*change, 0.0))
    for at, before, after, believed in changes:
        by, rest = divmod((after - before) // MINUTE, step)
        here = (starts >= at) & (starts < at + LOOKED_AT)
        if not rest:
            shift[here], home[here] = by, believed
            begins |= here & (starts < at + length)
            ends |= here & (starts >= at + LOOKED_AT - length)
    around = np.array([7 * DAY // step, DAY // step])
    return Clocks(shift=shift, home=home, begins=begins, ends=ends, around=around) if shift.any() else None


def _step(grain: Grain) -> int:
    """Minutes of a bucket."""
    return DAY if grain.fixed is None else max(grain.fixed // MINUTE, 1)


def weekday(local: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """0 for Monday. The epoch's first day was a Thursday."""
    return (local // DAY + 3) % 7


def local_minutes(starts: npt.NDArray[np.int64], zone: ZoneInfo) -> npt.NDArray[np.int64]:
    """Minutes of local wall clock since 1970."""
    minutes = starts // MINUTE
    if not len(starts):
        return minutes
    changes = transitions(zone.key, int(starts[0]), int(starts[-1]) + 1)
    first = offset(int(starts[0]), zone)
    offsets = np.array([first, *(after // MINUTE for _, _, after in changes)], np.int64)
    return minutes + offsets[np.searchsorted(np.array([at for at, _, _ in changes], np.int64), starts, side="right")]


def offset(at: int, zone: ZoneInfo) -> int:
    """Minutes from UTC to local time at a moment (UTC microseconds)."""
    local = from_us(at).astimezone(zone).utcoffset()
    assert local is not None
    return int(local.total_seconds() // 60)


def tuning(grain: Grain) -> Tuning:
    """How long the model remembers at this grain: its level about a week (ten days for daily buckets), its spread two months
    of days, three weeks of shorter buckets, which have a second level of four weeks."""
    if grain.fixed is None:
        return Tuning()
    a_day = max(DAY * MINUTE // grain.fixed, 1)
    return Tuning(
        level=7.0 * a_day,
        spread=21.0 * a_day,
        first=min(max(3 * a_day, 14), MOST_FIRST),
        day=float(a_day),
        lasting=28.0 * a_day,
    )


def quiet_buckets(grain: Grain) -> int:
    """How many buckets in a row inside the range it takes to call an incident over: six hours, or two days."""
    if grain.fixed is None:
        return 2 if grain.unit is Unit.DAY else 1
    return max(6 * 60 * MINUTE // grain.fixed, 2)


def calm_buckets(grain: Grain) -> int:
    """How many buckets make the stretch over which one counts how often an incident comes and goes, and that must be quiet
    before one that does so too often is called over: a day, or two weeks of days."""
    if grain.fixed is None:
        return 14 if grain.unit is Unit.DAY else 4
    return max(DAY * MINUTE // grain.fixed, 2)


def rejoining(grain: Grain) -> int:
    """How many buckets after an incident a new outbreak is the same one: three days, or four of days. Evidence that reaches back
    two weeks would else tell of the end of what it told of before."""
    if grain.fixed is None:
        return 4 if grain.unit is Unit.DAY else 1
    return max(72 * 60 * MINUTE // grain.fixed, 2)


def gathering(grain: Grain) -> Gathering:
    """Over how many buckets evidence is gathered: up to two weeks of days, two days of shorter buckets, a few of longer
    ones. How far a tail goes is believed in sooner where more buckets tell of it; that it holds more of them, later."""
    if grain.fixed is None:
        return Gathering((1, 2, 3, 5, 7, 14) if grain.unit is Unit.DAY else (1, 2, 3))
    hours = (1, 2, 3, 6, 12, 24, 48)
    an_hour = 60 * MINUTE / grain.fixed
    windows = tuple(sorted({1, *(max(1, round(count * an_hour)) for count in hours)}))
    return Gathering(windows, believed=8.0, often=1200.0)
