"""Moments moved back by a calendar length, whole arrays at once: months and days on a zone's wall clock, the rest in time.

A day that the month lacks becomes its last one: a month before 31 March is the last of February. A time that the clock
skips becomes the moment of the jump, one that it shows twice the first of the two. The beginning of a day stays one, also
where a day begins at another time than midnight.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from lapwing.model.calendar import DAY, FIRST, LAST, Moments, clock, first_shown
from lapwing.model.duration import Span
from lapwing.model.grain import Grain, Unit

_MICROSECOND = timedelta(microseconds=1)


def moved_back(moments: Moments, span: Span, zone: str) -> Moments:
    """Each moment (UTC microseconds) moved back by `span`."""
    if not (span.months or span.days):
        return _in_calendar(moments - span.time // _MICROSECOND)
    moved = first_shown(_earlier(_shown(moments, zone), span), zone)
    return _in_calendar(moved - span.time // _MICROSECOND)


def stretches_back(
    starts: Moments, ends: Moments, span: Span, zone: str, grain: Grain | None
) -> tuple[Moments, Moments]:
    """The stretches of time that buckets `[start, end)` of `grain` are compared with, `span` before them.

    Buckets of hours keep their length, days and weeks their number of days. Months and longer ones, and a time without a
    grain, are moved at both ends; an end goes with the last day before it, if that goes further: from 15 to 30 March is
    compared with 15 February to its last day.
    """
    begin = moved_back(starts, span, zone)
    if grain is not None and grain.fixed is not None:
        return begin, begin + (ends - starts)
    if not (span.months or span.days):
        return begin, moved_back(ends, span, zone)
    local = _shown(ends, zone)
    if grain is not None and grain.unit in (Unit.DAY, Unit.WEEK, Unit.ISO_WEEK):
        end = _earlier(_shown(starts, zone), span) + (local - _shown(starts, zone))
    else:
        last = np.where(local % DAY == 0, _earlier(local - DAY, span) + DAY, np.iinfo(np.int64).min)
        end = np.maximum(_earlier(local, span), last)
    moved = _in_calendar(first_shown(end, zone) - span.time // _MICROSECOND)
    return begin, np.maximum(begin, moved)


def _shown(moments: Moments, zone: str) -> Moments:
    """What the wall clock shows; midnight at the beginning of each day, whatever it shows then."""
    local = clock(moments, zone)
    midnight = local // DAY * DAY
    shown: Moments = np.where(first_shown(midnight, zone) == moments, midnight, local)
    return shown


def _earlier(local: Moments, span: Span) -> Moments:
    """Wall clock times moved back by the months and days of `span`."""
    day = local // DAY
    time = local - day * DAY
    if span.months:
        date = day.astype("datetime64[D]")
        month = date.astype("datetime64[M]")
        of_month = (date - month.astype("datetime64[D]")).astype(np.int64)
        month = month - span.months
        first = month.astype("datetime64[D]").astype(np.int64)
        length = (month + 1).astype("datetime64[D]").astype(np.int64) - first
        day = first + np.minimum(of_month, length - 1)
    earlier: Moments = (day - span.days) * DAY + time
    return earlier


def _in_calendar(moments: Moments) -> Moments:
    """What lies before or after all of the calendar is taken to its border."""
    clipped: Moments = np.clip(moments, FIRST + 2 * DAY, LAST - 2 * DAY)
    return clipped
