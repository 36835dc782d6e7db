"""Seasons: which slot of the week a bucket lies in, by the clock on people's walls."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from lapwing.alerts.evidence import Gathering
from lapwing.alerts.online.constants import MOST_FIRST, Tuning
from lapwing.model.calendar import from_us, transitions
from lapwing.model.grain import Grain, Unit

MINUTE = 60_000_000
WEEK = 7 * 24 * 60
DAY = 24 * 60


def slots(starts: npt.NDArray[np.int64], grain: Grain, zone: ZoneInfo) -> npt.NDArray[np.int64]:
    """The seasonal slots (profiles, buckets) of buckets that start at `starts` (UTC microseconds), finest first: time of
    week and time of day below a day, day of week and all days alike for days, one slot for longer grains. By local time,
    so that eight in the morning stays eight in the morning when the clocks change.
    """
    if grain.unit not in (Unit.SECOND, Unit.MINUTE, Unit.HOUR, Unit.DAY):
        return np.zeros((1, len(starts)), np.int64)
    local = local_minutes(starts, zone)
    if grain.unit is Unit.DAY:
        return np.stack([weekday(local), np.zeros_like(local)])
    step = max((grain.fixed or MINUTE) // MINUTE, 1)
    of_day = local % DAY
    return np.stack([(weekday(local) * DAY + of_day) // step, of_day // step])


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
    of days, three weeks of shorter buckets."""
    if grain.fixed is None:
        return Tuning()
    a_day = max(DAY * MINUTE // grain.fixed, 1)
    return Tuning(
        level=7.0 * a_day,
        spread=21.0 * a_day,
        first=min(max(3 * a_day, 14), MOST_FIRST),
        day=float(a_day),
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
    ones. A tail is believed in sooner where more buckets tell of it."""
    if grain.fixed is None:
        return Gathering((1, 2, 3, 5, 7, 14) if grain.unit is Unit.DAY else (1, 2, 3))
    hours = (1, 2, 3, 6, 12, 24, 48)
    an_hour = 60 * MINUTE / grain.fixed
    return Gathering(tuple(sorted({1, *(max(1, round(count * an_hour)) for count in hours)})), believed=8.0)
