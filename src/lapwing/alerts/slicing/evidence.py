"""How much each leaf speaks for a shift: a log ratio of two negative binomials.

Both are wide: the one of "unchanged" by the noise between leaves, the one of "shifted" also because a slice need not be hit
evenly. So the evidence of a leaf saturates, and a slice is the sum of its leaves instead of what its hottest leaf makes of it.
The scan over likelihood ratios is Kulldorff's (A spatial scan statistic, 1997).

Where what is expected is itself the mean of a few earlier moments, its own chance counts, too: of all events of a leaf, now
and then, the share that falls on now is a beta-binomial. It knows no rate, so leaves with hardly an event are fair.
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


def event_size_of_share(actual: Floats, expected: Floats, moments: Floats, sign: int) -> float:
    """The same where `expected` is the mean of a past that is `moments` times as much as now: of the leaves that moved
    against the direction looked for, however large, for dear events are in large leaves; without the largest 1 %."""
    if np.all(actual == np.round(actual)) and np.all(np.abs(moments * expected - np.round(moments * expected)) < 1e-6):
        return 1.0
    pooled = (actual + moments * expected) / (1 + moments)
    safe = (actual - expected) * sign <= 0
    squares, mean = ((actual - expected) ** 2 * moments / (1 + moments))[safe], pooled[safe]
    if not len(squares) or mean.sum() <= 0:
        return event_size(actual, expected)
    keep = squares <= np.quantile(squares, 0.99)
    return max(float(squares[keep].sum() / max(mean[keep].sum(), 1e-12)), 1e-12)


def spread(actual: Floats, expected: Floats, sign: int, moments: Floats | None = None) -> float:
    """Variance of log(actual / expected) where nothing happened: of the leaves that moved against the direction looked for,
    which can't be affected; their median, so that a second incident the other way does not widen it."""
    safe = (expected >= 2) & ((actual - expected) * sign <= 0)
    count = int(safe.sum())
    if count < 5:
        return SPREAD
    squares = np.log((actual[safe] + 0.5) / (expected[safe] + 0.5)) ** 2
    by_chance = 1 / (expected[safe] + 0.5)
    if moments is not None:
        by_chance = by_chance * (1 + 1 / moments[safe])
    found = max(float(np.median(squares) / 0.455 - np.median(by_chance)), 1e-3)  # 0.455: the median of chi-squared
    return (SPREAD_LEAVES * SPREAD + count * found) / (SPREAD_LEAVES + count)


def evidence(actual: Floats, expected: Floats, variance: float, sign: int) -> Floats:
    """(leaves, shifts): nats for "shifted by so much" against "unchanged"."""
    unchanged = _log_chance(actual, expected, 1 / variance)
    columns = [
        _log_chance(actual, expected * math.exp(sign * shift), 1 / (variance + (UNEVEN * shift) ** 2)) - unchanged
        for shift in SHIFTS.tolist()
    ]
    return np.stack(columns, 1)


def evidence_of_share(actual: Floats, expected: Floats, variance: float, sign: int, moments: Floats) -> Floats:
    """(leaves, shifts): the same where `expected` is the mean of a past that is `moments` times as much as now."""
    past = moments * expected
    if len(moments) and (moments == moments[0]).all():
        moments = moments[:1]  # what depends on it alone is reckoned once
    unchanged = _log_share(actual, past, moments, variance)
    columns = [
        _log_share(actual, past, moments * math.exp(-sign * shift), variance + (UNEVEN * shift) ** 2) - unchanged
        for shift in SHIFTS.tolist()
    ]
    return np.stack(columns, 1)


def _log_share(now: Floats, past: Floats, odds: Floats, variance: float) -> Floats:
    """Log of the beta-binomial, without what depends on the counts alone; `odds` of the past against now, whose log has
    that variance."""
    share = 1 / (1 + odds)
    strength = 1 / (variance * share * (1 - share))
    a, b = share * strength, (1 - share) * strength
    found: Floats = (
        _log_gamma(now + a)
        - _log_gamma(a)
        + _log_gamma(past + b)
        - _log_gamma(b)
        - (_log_gamma(now + past + strength) - _log_gamma(strength))
    )
    return found


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
