"""What a plain daily threshold would have seen, and when: what people have who have no Lapwing, for comparison.

Whole local days, each beside the mean of the same weekday of the four weeks before; a day is seen at its end, where it is
three deviations (by the median) of the last four weeks away.
"""

from __future__ import annotations

import numpy as np

from lapwing.alerts.chance import Bools, Floats
from lapwing.alerts.judged import Judged
from lapwing.model.calendar import edges
from lapwing.model.grain import Grain, Unit

_WEEKS = 4
_LEAST_DAYS = 14
"""Of four weeks, so many days make a deviation."""
_DEVIATIONS = 3.0
_MAD = 1.4826
"""A normal's standard deviation in median deviations."""
_DAY = Grain(1, Unit.DAY)


def seen_at(judged: Judged, row: int, first: int, last: int, direction: int, zone: str) -> int | None:
    """When the threshold would have shown what happened in the buckets `first` to `last` of a series (UTC microseconds):
    the end of the first day that it shows and the time that its data needs; None: never."""
    borders = edges(_DAY, zone, int(judged.borders[0]), int(judged.borders[-1]))
    loud = shown(_by_day(judged, row, borders), direction)
    places = np.searchsorted(borders, judged.borders[[first, last]], side="right") - 1
    days = np.flatnonzero(loud[places[0] : places[1] + 1])
    return int(borders[places[0] + days[0] + 1]) + judged.complete_after if len(days) else None


def shown(values: Floats, direction: int) -> Bools:
    """(days,): those that the threshold shows on this side."""
    past = 7 * _WEEKS
    if len(values) <= past + _LEAST_DAYS:
        return np.zeros(len(values), bool)
    weeks = np.stack([values[past - back : len(values) - back] for back in range(7, past + 1, 7)])
    away = np.concatenate([np.full(past, np.nan), values[past:] - weeks.mean(axis=0)])
    before = np.lib.stride_tricks.sliding_window_view(away, past)[:-1]
    enough = np.isfinite(before).sum(axis=1) >= _LEAST_DAYS
    size = np.full(len(values), np.nan)
    size[past:][enough] = _MAD * np.nanmedian(np.abs(before[enough]), axis=1)
    loud: Bools = direction * away > _DEVIATIONS * size
    return loud


def _by_day(judged: Judged, row: int, borders: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Floats:
    """Values of whole days; nan where nothing was measured."""
    day = np.searchsorted(borders, judged.borders[:-1], side="right") - 1
    amount, exposure = judged.amount[row], judged.exposure[row]
    there = np.isfinite(amount)
    total, weight = np.zeros((2, len(borders) - 1))
    np.add.at(total, day[there], amount[there])
    np.add.at(weight, day[there], exposure[there])
    count = np.bincount(day[there], minlength=len(total))
    if not judged.measured.ratio and not judged.measured.additive:
        total = total / np.maximum(count, 1)
    values: Floats = np.where(count > 0, judged.measured.value(total, weight), np.nan)
    return values
