"""What slices should come to in a bucket, by all that is remembered of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lapwing.alerts.online.constants import MEDIAN_OF_NORMAL
from lapwing.alerts.sweep.constants import LEVEL_EVENTS, PATTERN_EVENTS
from lapwing.alerts.sweep.memory import Memory, Single

_PATTERN, _LEVEL = np.float32(PATTERN_EVENTS), np.float32(LEVEL_EVENTS)


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """Arrays of (S,). `rate`: by unit of weight; `mean`: in all; `base`: in all by the pattern alone, without the `level`;
    `spread`: how far off slices usually are, in deviations of chance, and `variance`, its square."""

    rate: Single
    mean: Single
    base: Single
    level: Single
    spread: Single
    variance: Single

    @staticmethod
    def of(memory: Memory, slot: int, weight: Single | None, borrowed: Single | None, floor: np.float32) -> Expected:
        """`weight`: None where each bucket counts alike. `borrowed`: what the parent's pattern says of a unit of weight.
        `floor`: the spread of chance alone."""
        square, judged = memory.square
        variance = square / judged
        variance *= NORMAL
        np.fmax(variance, floor * floor, out=variance)
        prior = _prior(memory, borrowed)
        believed = variance * _PATTERN
        rate = memory.amounts[slot] + believed
        rate *= prior
        prior *= memory.weights[slot]
        prior += believed
        rate /= prior
        base = rate if weight is None else rate * weight
        extra = variance * _LEVEL
        level = memory.recent[0] + extra
        extra += memory.recent[1]
        level /= extra
        rate = rate * level
        mean = rate if weight is None else rate * weight
        return Expected(rate, mean, base, level, np.sqrt(variance), variance)


def sound(array: Single) -> bool:
    """Whether all are numbers, as far as one sum tells: it may say no of very large ones, which then are looked at closer."""
    return math.isfinite(array.sum())


def _prior(memory: Memory, borrowed: Single | None) -> Single:
    """What slots are held for that are hardly known: by the parent's pattern where it says something, else by all slots."""
    own, of = memory.total if borrowed is None else memory.share
    prior: Single = own / of
    if borrowed is not None:
        prior *= borrowed
        if not sound(prior):
            prior = np.where(np.isfinite(prior), prior, memory.total[0] / memory.total[1])
    return prior


def _clipped_square(limit: float) -> float:
    """The mean of min(z², limit²) of a standard normal z."""
    outside = math.erfc(limit / math.sqrt(2))
    return 1 - outside - limit * math.sqrt(2 / math.pi) * math.exp(-limit * limit / 2) + limit * limit * outside


NORMAL = np.float32(1 / _clipped_square(MEDIAN_OF_NORMAL))
"""What makes a mean clipped square a variance."""
