"""What a detector has to beat: chance, yesterday, and S-H-ESD. Scores are in [0, 1), higher for more unusual points."""

from __future__ import annotations

import zlib

import numpy as np

from benchmarks.alerts.scoring import Floats, Labelled

_DAY = 86_400.0


def at_random(one: Labelled) -> Floats:
    """Any number; the same one each time."""
    return np.random.default_rng(zlib.crc32(one.name.encode())).random(len(one.times))


def seasonal_naive(one: Labelled) -> Floats:
    """The difference to the value a day ago, in mean differences so far. Sees only the past."""
    ago = np.searchsorted(one.times, one.times - _DAY, side="right") - 1
    known = ago >= 0
    error = np.where(known, np.abs(one.values - one.values[np.maximum(ago, 0)]), 0.0)
    before = np.r_[0.0, np.cumsum(error)[:-1]] / np.maximum(np.r_[0.0, np.cumsum(known)[:-1]], 1)
    ratio: Floats = np.divide(error, before, out=np.zeros_like(error), where=before > 0)
    return ratio / (ratio + 10)


def hybrid_esd(one: Labelled, days: float = 14.0, share: float = 0.001, significant: float = 5.0) -> Floats:
    """S-H-ESD (Hochenbaum, Vallis and Kejariwal, 2017) as a stream: 1 or 0, by a test at the end of each day.

    What is left without the median of each half hour is tested in a window that ends with the day, by the generalised ESD
    test with median and MAD: of the most unusual share of the window, what is significant. The share is the best one for
    the benchmark's series (a thousandth, against the two per cent that the paper starts from).
    """
    score = np.zeros(len(one.times))
    for day in np.arange(one.times[0], one.times[-1] + 1, _DAY):
        start, new, end = np.searchsorted(one.times, [day + (1 - days) * _DAY, day, day + _DAY])
        if new < end:
            found = _deviations(one.times[start:end], one.values[start:end])
            most = max(int(share * len(found)), 1)
            score[new:end] = found[new - start :] >= max(np.sort(found)[-most], significant)
    return score


def _deviations(times: Floats, values: Floats) -> Floats:
    """(rows,): how many robust standard deviations each value is from its season and median."""
    slots = (times % _DAY // 1800).astype(int)
    residual = values.astype(np.float64)
    for slot in np.unique(slots):
        same = slots == slot
        residual[same] -= np.median(values[same])
    deviation = np.abs(residual - np.median(residual))
    spread = 1.4826 * float(np.median(deviation))
    return deviation / spread if spread > 0 else np.zeros(len(values))
