"""Which effects act on which buckets: holidays, the project's events, days of the month, the days when clocks change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from lapwing.alerts.history import Slice
from lapwing.alerts.online.constants import CLOCK_DOUBT, EVENT_DOUBT, MARGIN_DOUBT, OWN_DOUBT
from lapwing.alerts.online.effects import Effects
from lapwing.alerts.season import DAY, MINUTE, local_minutes
from lapwing.model.calendar import from_us, to_us
from lapwing.model.events import Event, EventKind, HolidayCalendar
from lapwing.model.grain import Grain, Unit

Moments = npt.NDArray[np.int64]
HOLIDAY = "holiday"
AROUND = "around a holiday"
_EPOCH = date(1970, 1, 1)
MONTH_END = 3
"""Days before the end of a month that are counted from its end."""


class _Names:
    """Effects in the order in which they were first met: numbers that were given stay."""

    def __init__(self, known: Sequence[str]) -> None:
        self.ids = {name: place for place, name in enumerate(known)}
        self.family: dict[int, int] = {}
        self.prior: dict[int, float] = {}
        self.doubt: dict[int, float] = {}
        self.slices: dict[int, Slice] = {}

    def id(self, name: str, *, doubt: float = 0.0, prior: float = 1.0, family: str | None = None) -> int:
        place = self.ids.setdefault(name, len(self.ids))
        self.doubt[place], self.prior[place] = doubt, prior
        if family is not None:
            self.family[place] = self.id(family, doubt=doubt)
        return place


def effects(
    borders: Moments,
    grain: Grain,
    zone: ZoneInfo,
    *,
    holidays: HolidayCalendar | None = None,
    events: Sequence[Event] = (),
    slices: Sequence[Slice] = ((),),
    known: Sequence[str] = (),
) -> Effects | None:
    """What acts on the buckets between `borders` (T + 1, UTC microseconds), by local time. None for grains longer than a
    day, in which a holiday is lost.

    `known`: names that have their numbers already, so that what was remembered of them stays theirs.
    """
    if len(borders) < 2 or not ((grain.unit is Unit.DAY and grain.count == 1) or grain.fixed):
        return None
    names = _Names(known)
    days = local_minutes(borders[:-1], zone) // DAY
    rows = [_days_of_month(days, names), _clocks(borders, grain, names)]
    if holidays is not None:
        rows.append(_holidays(days, holidays, names))
    rows += [_event(borders, zone, event, names) for event in events if event.kind is EventKind.EXPECTED]
    count = len(names.ids)
    active = np.stack(rows)
    return Effects(
        names=tuple(names.ids),
        active=active[(active >= 0).any(1)],
        family=np.array([names.family.get(place, -1) for place in range(count)], np.int64),
        prior=np.array([names.prior.get(place, 1.0) for place in range(count)]),
        doubt=np.array([names.doubt.get(place, 0.0) for place in range(count)]),
        scope=_scope(names, slices, count) if names.slices else None,
    )


def _days_of_month(days: Moments, names: _Names) -> Moments:
    """Days of the month by their number, the last ones by their distance from its end."""
    of_day: dict[int, int] = {}
    for number in np.unique(days).tolist():
        day = _EPOCH + timedelta(days=number)
        left = ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - day).days
        name = f"day {day.day} of the month" if left > MONTH_END else f"day {left} from the month's end"
        of_day[number] = names.id(name)
    return _spread(days, of_day)


def _clocks(borders: Moments, grain: Grain, names: _Names) -> Moments:
    """Days, or shorter buckets, that are longer or shorter than their like, since the clocks change."""
    minutes = np.diff(borders) // MINUTE
    usual = DAY if grain.unit is Unit.DAY else (grain.fixed or MINUTE) // MINUTE
    out = np.full(len(minutes), -1)
    for length in np.unique(minutes[minutes != usual]).tolist():
        name = f"{length / 60:g} hours in the place of {usual / 60:g}"
        out[minutes == length] = names.id(name, doubt=CLOCK_DOUBT, prior=(1 + length / usual) / 2)
    return out


def _holidays(days: Moments, calendar: HolidayCalendar, names: _Names) -> Moments:
    """Holidays, and the days around them where these are none themselves: the day before counts most."""
    first, last = (_EPOCH + timedelta(days=int(day)) for day in (days[0], days[-1]))
    found = calendar.days(first - timedelta(days=calendar.after), last + timedelta(days=calendar.before))
    of_day = {(day - _EPOCH).days: names.id(name, doubt=EVENT_DOUBT, family=HOLIDAY) for day, name in found.items()}
    margins = [*((-n, f"{n} before") for n in range(1, calendar.before + 1))]
    margins += [*((n, f"{n} after") for n in range(1, calendar.after + 1))]
    for off, says in margins:
        for day, name in found.items():
            at = (day - _EPOCH).days + off
            if at not in of_day:
                of_day[at] = names.id(f"{name}, {says}", doubt=MARGIN_DOUBT, family=AROUND)
    return _spread(days, of_day)


def _event(borders: Moments, zone: ZoneInfo, event: Event, names: _Names) -> Moments:
    """A bucket counts as the event's where the event has a half of it or more; days around it by its own length of day."""
    starts, ends = borders[:-1], borders[1:]
    margin = 24 * 60 * MINUTE
    out = np.full(len(starts), -1)
    since = from_us(int(starts[0]) - event.after * margin)
    until = from_us(int(ends[-1]) + event.before * margin)
    for begins, over in event.occurrences(since, until, zone):
        low, high = to_us(begins), to_us(over)
        pieces = [(low, high, event.name, OWN_DOUBT)]
        pieces += [
            (low - n * margin, low - (n - 1) * margin, f"{event.name}, {n} before", MARGIN_DOUBT)
            for n in range(1, event.before + 1)
        ]
        pieces += [
            (high + (n - 1) * margin, high + n * margin, f"{event.name}, {n} after", MARGIN_DOUBT)
            for n in range(1, event.after + 1)
        ]
        for at, end, name, doubt in pieces:
            common = np.minimum(ends, end) - np.maximum(starts, at)
            here = (2 * common >= np.minimum(ends - starts, end - at)) & (common > 0)
            if here.any():
                place = names.id(f"event: {name}", doubt=doubt)
                out = np.where(here & ((out < 0) | (doubt == OWN_DOUBT)), place, out)
                if event.slice:
                    names.slices[place] = tuple(event.slice)
    return out


def _scope(names: _Names, slices: Sequence[Slice], count: int) -> npt.NDArray[np.bool_]:
    """An event of a slice acts on all series but those of other values: on the whole, too, as far as that shows it."""
    out = np.ones((count, len(slices)), bool)
    for place, wanted in names.slices.items():
        for row, within in enumerate(slices):
            has = {name: str(value) for name, value in within}
            out[place, row] = all(has.get(name, value) == value for name, value in wanted)
    return out


def _spread(days: Moments, of_day: dict[int, int]) -> Moments:
    """By bucket what is known by day."""
    low, high = int(days.min()), int(days.max())
    table = np.full(high - low + 1, -1)
    for day, place in of_day.items():
        if low <= day <= high:
            table[day - low] = place
    found: Moments = table[days - low]
    return found
