"""How much each leaf speaks for a shift: a log ratio of two negative binomials.

Both are wide: the one of "unchanged" by the noise between leaves, the one of "shifted" also because a slice need not be hit
evenly. So the evidence of a leaf saturates, and a slice is the sum of its leaves instead of what its hottest leaf makes of it.
The scan over likelihood ratios is Kulldorff's (A spatial scan statistic, 1997).
"""

from __future__ import annotations

import math

import numpy as np

from lapwing.alerts.slicing.constants import SHIFTS, SPREAD, SPREAD_LEAVES, UNEVEN
from lapwing.alerts.slicing.leaves import Floats


def event_size(actual: Floats, expected: Floats) -> float:
    """Variance over mean, which counts are divided by: 1 for whole numbers, else of the smaller half of the leaves without
    its largest 1 %."""
    if np.all(actual == np.round(actual)):
        return 1.0
    low = expected <= np.median(expected)
    squares = (actual - expected)[low] ** 2
    keep = squares <= np.quantile(squares, 0.99)
    return max(float(squares[keep].sum() / max(expected[low][keep].sum(), 1e-12)), 1e-12)


def spread(actual: Floats, expected: Floats, sign: int) -> float:
    """Variance of log(actual / expected) where nothing happened: of the leaves that moved against the direction looked for,
    which can't be affected; their median, so that a second incident the other way does not widen it."""
    safe = (expected >= 2) & ((actual - expected) * sign <= 0)
    count = int(safe.sum())
    if count < 5:
        return SPREAD
    squares = np.log((actual[safe] + 0.5) / (expected[safe] + 0.5)) ** 2
    by_chance = np.median(1 / (expected[safe] + 0.5))
    found = max(float(np.median(squares) / 0.455 - by_chance), 1e-3)  # 0.455: the median of chi-squared
    return (SPREAD_LEAVES * SPREAD + count * found) / (SPREAD_LEAVES + count)


def evidence(actual: Floats, expected: Floats, variance: float, sign: int) -> Floats:
    """(leaves, shifts): nats for "shifted by so much" against "unchanged"."""
    unchanged = _log_chance(actual, expected, 1 / variance)
    columns = [
        _log_chance(actual, expected * math.exp(sign * shift), 1 / (variance + (UNEVEN * shift) ** 2)) - unchanged
        for shift in SHIFTS.tolist()
    ]
    return np.stack(columns, 1)


def _log_chance(count: Floats, mean: Floats, shape: float) -> Floats:
    """Log of the negative binomial, without what depends on the count alone."""
    below = np.log(shape + mean)
    found: Floats = (
        _log_gamma(count + shape)
        - math.lgamma(shape)
        + shape * (math.log(shape) - below)
        + count * (np.log(mean) - below)
    )
    return found


def _log_gamma(x: Floats) -> Floats:
    """By Stirling after a shift by three; the error is below 3e-7 for x > 0."""
    y = x + 3
    over = 1 / y
    series = over * (1 / 12 - over * over * (1 / 360 - over * over / 1260))
    found: Floats = (y - 0.5) * np.log(y) - y + 0.9189385332046727 + series - np.log(x * (x + 1) * (x + 2))
    return found
