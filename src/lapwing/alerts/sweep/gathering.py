"""Deviations gathered over a few buckets by exponential means, for what builds up; and which slices stand out by them, or by
one bucket alone."""

from __future__ import annotations

import numpy as np

from lapwing.alerts.sweep.constants import SEEN, STREAM_CLIP, STREAMS
from lapwing.alerts.sweep.memory import Memory, Places, Single

_DECAYS = (1 - 1 / np.array(STREAMS))[:, None]
_KEPT = _DECAYS.astype(np.float32)
_UNIT = (1 - _DECAYS**2).astype(np.float32)
"""The square of what makes a sum of deviations a deviation."""
_LARGE = np.float32(9.0)
"""Squares of gathered deviations count for their spread up to this."""
_STAND_OUT = (SEEN**2 / _UNIT).astype(np.float32)
_ROUNDED = np.float32(0.999)


def outstanding(memory: Memory, score: Single) -> tuple[Places, Single]:
    """Which slices are off enough to be seen, and by how many deviations: the most of one bucket's, `score`, and of those
    gathered, which have taken it in."""
    streams, squares = memory.streams
    out = np.abs(score) >= SEEN
    least = np.maximum(squares, 1)
    least *= _STAND_OUT * _ROUNDED
    for over in streams * streams >= least:
        out |= over
    rows = np.flatnonzero(out)
    best = score[rows]
    for size in streams[:, rows] * np.sqrt(_UNIT / np.maximum(squares[:, rows], 1)):
        best = np.where(np.abs(best) >= np.abs(size), best, size)
    seen = np.abs(best) >= SEEN
    return rows[seen], best[seen]


def gather(memory: Memory, score: Single) -> None:
    """Takes a bucket's deviations in."""
    memory.streams[0] *= _KEPT
    memory.streams[0] += np.clip(score, -STREAM_CLIP, STREAM_CLIP)


def widen(memory: Memory, keep: np.float32) -> None:
    """Takes what was gathered in for how large that usually is."""
    streams, squares = memory.streams
    size = streams * streams
    np.minimum(size, _LARGE / _UNIT, out=size)
    size *= _UNIT * (1 - keep)
    squares *= keep
    squares += size
