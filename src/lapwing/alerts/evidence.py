"""Evidence gathered over a few buckets, so that what builds up is told before any one bucket is far out."""

from __future__ import annotations

import numpy as np

from lapwing.alerts.chance import Floats

TOGETHER = 3
"""How many judged buckets in a row may add up."""
CLIP = 2.0
PRIOR = 50.0
"""Buckets' worth of belief that neighbours are independent, until the series shows otherwise."""


def gathered(score: Floats) -> Floats:
    """For each bucket the largest, in size, of its own score and the sums with one and two judged buckets before it, each
    divided by its standard deviation (Stouffer). Neighbours that move together anyway count for less: their
    autocorrelation so far widens that deviation. Causal; (S, T) with nan where nothing was judged."""
    out = score.copy()
    for row in range(len(score)):
        judged = np.flatnonzero(np.isfinite(score[row]))
        if len(judged) >= TOGETHER:
            out[row, judged] = _gathered(score[row, judged])
    return out


def _gathered(score: Floats) -> Floats:
    clipped = np.clip(score, -CLIP, CLIP)
    power = np.cumsum(clipped * clipped) + PRIOR
    best, total = score.copy(), score.copy()
    spread, shared = np.ones(len(score)), np.zeros(len(score))
    for back in range(1, TOGETHER):
        earlier = np.concatenate([np.zeros(back), score[:-back]])
        together = np.concatenate([np.zeros(back), np.cumsum(clipped[back:] * clipped[:-back])])
        # What neighbours share is taken from the past only: the bucket at hand must not weaken its own evidence.
        shared = shared + np.maximum(np.concatenate([[0.0], (together / power)[:-1]]), 0.0)
        total = total + earlier
        spread = spread + 1 + 2 * shared
        sums = total / np.sqrt(spread)
        best = np.where(np.abs(sums) > np.abs(best), sums, best)
    return best
