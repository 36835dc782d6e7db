"""Simple ways of doing it, for any panel: chance, last week, and S-H-ESD. Scores (S, T) are signed and causal."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from benchmarks.alerts.injected.panel import Floats, Panel

_DAILY_WEEKS, _HOURLY_WEEKS = 8, 4
"""Of S-H-ESD's window and of the naive spread: no more than there is before anything counts."""
_SHARE = 0.02
"""At most so much of a window is unusual: what the paper starts from."""


def at_random(panel: Panel) -> Floats:
    """Any number; the same one each time."""
    return np.random.default_rng(zlib.crc32(panel.name.encode())).uniform(-1, 1, panel.values.shape)


def seasonal_naive(panel: Panel) -> Floats:
    """The difference to the same time last week, in mean differences of the weeks before."""
    week = _week(panel)
    error = np.full(panel.values.shape, np.nan)
    error[:, week:] = panel.values[:, week:] - panel.values[:, :-week]
    size, known = np.nan_to_num(np.abs(error)), np.isfinite(error)
    total, seen = (np.cumsum(array, axis=1) for array in (size, known))
    back = week * _weeks(week)
    total[:, back:], seen[:, back:] = total[:, back:] - total[:, :-back], seen[:, back:] - seen[:, :-back]
    usual = np.concatenate([np.full((len(size), 1), np.nan), (total / np.maximum(seen, 1))[:, :-1]], axis=1)
    ratio: Floats = np.nan_to_num(np.divide(error, usual, out=np.zeros_like(error), where=usual > 0))
    return ratio


def hybrid_esd(panel: Panel) -> Floats:
    """S-H-ESD (Hochenbaum, Vallis and Kejariwal, "Automatic Anomaly Detection in the Cloud Via Statistical Learning", 2017)
    at the end of each bucket, over the eight weeks of days or four of hours that end with it.

    The residual is what is left without the window's median and the median of each time of the week (the paper's STL,
    made robust); the statistic is the generalised ESD's with median and MAD. A bucket scores if it is among the most
    unusual two per cent of its window; the critical value is the threshold that is chosen.
    """
    week, out = _week(panel), np.zeros(panel.values.shape)
    count = _weeks(week)
    window = week * count
    for row, values in enumerate(panel.values):
        filled = np.where(np.isfinite(values), values, np.nanmedian(values) if np.isfinite(values).any() else 0.0)
        if len(filled) < window:
            continue
        for low in range(0, len(filled) - window + 1, 512):
            views = sliding_window_view(filled, window)[low : low + 512]
            weeks = views.reshape(len(views), count, week)
            residual = (weeks - np.median(weeks, axis=1, keepdims=True)).reshape(len(views), window)
            residual -= np.median(residual, axis=1, keepdims=True)
            size = np.abs(residual)
            spread = np.maximum(1.4826 * np.median(size, axis=1), 1e-12 + 1e-3 * np.abs(np.median(views, axis=1)))
            few = np.partition(size, -int(_SHARE * window) - 1, axis=1)[:, -int(_SHARE * window) - 1]
            last = residual[:, -1]
            out[row, low + window - 1 : low + window - 1 + len(views)] = np.where(
                np.abs(last) >= few, last / spread, 0.0
            )
        out[row, ~np.isfinite(values)] = 0.0
    return out


def _week(panel: Panel) -> int:
    return round(604_800e6 / float(np.median(np.diff(panel.starts))))


def _weeks(week: int) -> int:
    return _DAILY_WEEKS if week == 7 else _HOURLY_WEEKS
