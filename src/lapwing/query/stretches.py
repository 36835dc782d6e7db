"""From a measure's stretch to moments: the time that it is taken over for each bucket that was asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lapwing.model import calendar
from lapwing.model.calendar import Moments
from lapwing.model.grain import FIXED, Grain, Unit
from lapwing.model.moved import moved_back, stretches_back
from lapwing.model.stretch import Stretch, Window
from lapwing.query.resolve import DAY, Buckets

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a dataset, UTC microseconds: its data begins at `since` and ends at `end`, and all of it before
    `until` is there (None: nothing is)."""

    since: int
    end: int
    until: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """The stretch `[starts, ends)` for each bucket. `early`: it begins before the data does, and so holds less than it says.
    `late`: it has a window, and its bucket begins after the data ends."""

    starts: Moments
    ends: Moments
    early: Mask
    late: Mask

    def complete(self, known: Known) -> Mask:
        """Where all data is known, so that a stretch without rows is an empty one; the one in which the data begins is."""
        if known.until is None:
            return np.zeros(len(self.starts), np.bool_)
        return (self.ends > known.since) & (self.ends <= known.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """By what buckets are laid and moved."""

    grain: Grain | None
    zone: str
    week_start: int
    fiscal: int


def taken(stretch: Stretch | None, step: Buckets, by: Calendar, since: int, end: int) -> Taken:
    """The time that `stretch` stands for, of each bucket of `step`; the data is from `since` to `end`."""
    starts, ends = step.edges[:-1], step.edges[1:]
    no = np.zeros(len(starts), np.bool_)
    if stretch is None:
        return Taken(starts, ends, no, no)
    for span in stretch.back:
        starts, ends = stretches_back(starts, ends, span, by.zone, by.grain)
    window = stretch.window
    if window is None:
        return Taken(starts, ends, starts < _whole(since, None, by), no)
    late = starts >= end
    begin = _begins(window, ends, by, since)
    early = begin < _whole(since, window, by) if window.long or window.to_date else no
    return Taken(begin, ends, early, late)


def _begins(window: Window, ends: Moments, by: Calendar, since: int) -> Moments:
    if window.long is not None:
        return moved_back(ends, window.long, by.zone)
    if window.to_date is not None:
        last = ends - 1
        borders = calendar.edges(
            window.to_date.starting(by.fiscal), by.zone, int(last.min()), int(last.max()) + 1, by.week_start
        )
        begun: Moments = borders[np.searchsorted(borders, last, side="right") - 1]
        return begun
    return np.minimum(since // calendar.DAY * calendar.DAY, ends)


def _whole(since: int, window: Window | None, by: Calendar) -> int:
    """From when on data is there: the day of its first row counts as whole; for a window of hours its hour, and so on."""
    if not calendar.covers(since, since):
        return since
    if window is None or window.long is None or window.long.days or window.long.months:
        return calendar.floor(since, DAY, by.zone, by.week_start)
    length = window.long.time.total_seconds()
    step = next((FIXED[unit] for unit in (Unit.HOUR, Unit.MINUTE) if length * 1_000_000 % FIXED[unit] == 0), 1)
    return since // step * step
