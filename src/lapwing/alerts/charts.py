"""Lines to draw: a watched series against its range, as far as it was known."""

from __future__ import annotations

import numpy as np

from lapwing.alerts.judged import Judged
from lapwing.alerts.views.view import Chart, listed
from lapwing.model.calendar import DAY


def window(judged: Judged, row: int, start: int, stop: int) -> Chart:
    """The buckets of one series from a moment (UTC microseconds) up to, not with, the bucket of index `stop`."""
    part = np.s_[row, bucket_at(judged, start) : stop]
    found = judged.detection
    ready = np.where(found.ready[part], 1.0, np.nan)
    actual, lower, upper = judged.actual[part], found.lower[part], found.upper[part]
    return Chart(
        time=(judged.borders[:-1][part[1]] // 1000).tolist(),
        actual=listed(actual),
        expected=listed(found.expected[part] * ready),
        lower=listed(lower * ready),
        upper=listed(upper * ready),
        outside=(np.isfinite(found.score[part]) & ((actual < lower) | (actual > upper))).tolist(),
        until=int(judged.borders[stop]) // 1000,
    )


def around(judged: Judged, row: int, start: int, end: int, known: int) -> Chart:
    """Some time before [start, end), that time, and some after it as far as `known` buckets reach."""
    before, after = (2 * DAY, DAY) if judged.monitor.grain.fixed else (28 * DAY, 7 * DAY)
    return window(judged, row, start - before, min(known, bucket_at(judged, end + after)))


def latest(judged: Judged, row: int, known: int) -> Chart:
    """The last days (weeks, for daily and longer grains) of the first `known` buckets."""
    length = 3 * DAY if judged.monitor.grain.fixed else 28 * DAY
    return window(judged, row, int(judged.borders[known]) - length, known)


def bucket_at(judged: Judged, moment: int) -> int:
    """The index of the first bucket that begins at a moment or after it."""
    return int(np.searchsorted(judged.borders[:-1], moment, side="left"))
