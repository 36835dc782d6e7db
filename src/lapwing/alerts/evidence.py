"""Evidence that a bucket is unusual, from what is known up to it: what spikes, what builds up, what drifts.

Streams are means of scores over windows of one bucket to a week: a spike shows in the shortest, a small new level in the
middle ones, a slow drift in the longest. Each is calibrated by its own past: by its spread, since neighbours move together
in many series, and by its tail, since in many money is won by few. That gives p-values, leaning on those of a series that
behaves while a series is young, and their harmonic mean (Wilson, "The harmonic mean p-value for combining dependent
tests", PNAS 2019) is the evidence. It is told as the score that has this p-value in a series that behaves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lapwing.alerts.chance import Bools, Floats

CLIP = 4.0
"""Deviations of one bucket that a mean of several takes in: one spike is not news on every scale."""
SPREAD_PRIOR = 50.0
"""Means' worth of belief that neighbours are independent, until the series shows otherwise..."""
SPREAD_CLIP = 3.0
"""...each counted up to so many deviations."""
TAIL = 2.5
"""Deviations from which on the tail begins."""
BEYOND = 0.5 * math.erfc(TAIL / math.sqrt(2))
"""The share of a normal beyond it, on one side..."""
SHAPE = 0.108
"""...and the mean logarithm of how many times as far: Hill's estimate of a normal's tail there."""
THINNEST = 0.7
"""The least shape, as a share of the normal's: few excesses can look thinner than any tail is."""


@dataclass(frozen=True, slots=True)
class Gathering:
    """How evidence is gathered: over windows of so many buckets. `often` are the buckets' worth of belief that no more of them
    lie in the tail than of a normal, and `believed` the excesses' worth that they lie no further out."""

    windows: tuple[int, ...] = (1, 2, 3)
    believed: float = 32.0
    often: float = 600.0


_CELLS = 1 << 20
"""Cells that are worked on at once, so that what lies between needs little room."""


def evidence(score: Floats, gathering: Gathering, alone: Bools | None = None, told: Bools | None = None) -> Floats:
    """Signed evidence (S, T) on the scale of scores, nan where nothing was judged; causal.

    Args:
        score: (S, T) in robust standard deviations, nan where nothing was judged.
        alone: (S, T) buckets that count for themselves only, such as those of an event whose effect is not known yet.
        told: (S, T) buckets of incidents that were told: they are no evidence of another.
    """
    out = np.empty_like(score)
    rows = max(1, _CELLS // max(score.shape[1], 1))
    for first in range(0, len(score), rows):
        part = np.s_[first : first + rows]
        masks = (None if mask is None else mask[part] for mask in (alone, told))
        out[part] = _evidence(score[part], gathering, *masks)
    return out


def _evidence(score: Floats, gathering: Gathering, alone: Bools | None, told: Bools | None) -> Floats:
    judged = np.isfinite(score)
    joined = judged if alone is None else judged & ~alone
    inverse = np.zeros((2, *score.shape))
    for window in gathering.windows:
        stream = score if window == 1 else _means(score, joined, told, window)
        for side, sign in enumerate((1.0, -1.0)):
            inverse[side] += np.exp(-_log_chance(stream * sign, gathering))
    found = _as_score(np.log(len(gathering.windows) / inverse))
    return np.where(judged, np.where(found[0] >= found[1], found[0], -found[1]), np.nan)


def _means(score: Floats, joined: Bools, told: Bools | None, window: int) -> Floats:
    """Sums of the last scores, divided by the standard deviation that such sums showed so far; nan where half are missing."""
    sums = _sums(score, joined, window)
    squares = np.square(np.clip(np.nan_to_num(sums), -SPREAD_CLIP, SPREAD_CLIP))
    variance = (_before(squares) + SPREAD_PRIOR) / (_before(np.isfinite(sums)) + SPREAD_PRIOR)
    if told is not None:
        sums = _sums(score, joined & ~told, window)
    return sums / np.sqrt(np.maximum(variance, 1.0))


def _sums(score: Floats, joined: Bools, window: int) -> Floats:
    count = _last(joined, window)
    total = _last(np.where(joined, np.clip(score, -CLIP, CLIP), 0.0), window)
    known = joined & (count >= max(2.0, 0.5 * window))
    return np.where(known, total / np.sqrt(np.maximum(count, 1.0)), np.nan)


def _log_chance(score: Floats, gathering: Gathering) -> Floats:
    """The logarithm of the chance of a score like this or larger, by how often the series went beyond TAIL before, and how
    far. A run beyond it counts once, and not until the longest window is over: one incident that comes and goes is no
    habit. Below zero, and where nothing is known: 1."""
    known = np.isfinite(score)
    size = np.maximum(np.where(known, score, 0.0), 0.0)
    beyond = size > TAIL
    begins = beyond.copy()
    begins[:, 1:] &= ~beyond[:, :-1]
    excess = np.log(np.maximum(size, TAIL) / TAIL)
    lag, believed = max(gathering.windows), gathering.believed
    times = _before(begins, lag)
    often = (times + gathering.often * BEYOND) / (_before(known, lag) + gathering.often)
    shape = (_before(np.where(begins, excess, 0.0), lag) + believed * SHAPE) / (times + believed)
    out: Floats = np.where(
        beyond, np.log(often) - excess / np.maximum(shape, THINNEST * SHAPE), np.log(often) * size / TAIL
    )
    return out


def _as_score(log_chance: Floats) -> Floats:
    """The score that has this chance in a series that behaves."""
    least = math.log(BEYOND)
    out: Floats = np.where(
        log_chance < least, TAIL * np.exp(SHAPE * np.minimum(least - log_chance, 60.0)), TAIL * log_chance / least
    )
    return out


def _last(array: Floats | Bools, window: int) -> Floats:
    """Sums over the last `window` buckets."""
    total = np.cumsum(array, axis=1, dtype=np.float64)
    total[:, window:] -= total[:, :-window].copy()
    return total


def _before(array: Floats | Bools, lag: int = 1) -> Floats:
    """Sums over all buckets that many before, or more."""
    total = np.zeros(array.shape)
    np.cumsum(array[:, :-lag], axis=1, dtype=np.float64, out=total[:, lag:])
    return total
