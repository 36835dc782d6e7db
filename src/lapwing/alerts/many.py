"""Evidence of one among many: the more series are looked at, the more unusual the most unusual of them is by chance.

The chance of evidence is multiplied by the number of those that are looked at beside it (Bonferroni), whatever they have in
common. All of them together then raise no more by chance than one series alone would.
"""

from __future__ import annotations

import math

import numpy as np

from lapwing.alerts.chance import Floats
from lapwing.alerts.evidence import BEYOND, SHAPE, TAIL

_LEAST = math.log(BEYOND)


def among(evidence: Floats, many: Floats | float) -> Floats:
    """Signed evidence, as that of one among so `many`: of infinitely many nothing is any, nor where it is nan.

    >>> bool(among(np.array([6.0]), 1000.0)[0] < 6.0), float(among(np.array([6.0]), np.inf)[0])
    (True, 0.0)
    """
    size = np.abs(evidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        tail = _LEAST - np.log(np.maximum(size, TAIL) / TAIL) / SHAPE
        chance = np.minimum(np.where(size > TAIL, tail, _LEAST * size / TAIL) + np.log(many), 0.0)
        beyond = TAIL * np.exp(SHAPE * np.minimum(_LEAST - chance, 60.0))
        left = np.where(chance < _LEAST, beyond, TAIL * chance / _LEAST)
    out: Floats = np.copysign(np.where(np.isnan(evidence), np.nan, np.where(np.isnan(many), 0.0, left)), evidence)
    return out


def needed(threshold: float, many: Floats) -> Floats:
    """The evidence that is worth `threshold` among so many; infinite where nothing is."""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        chance = _LEAST - math.log(threshold / TAIL) / SHAPE if threshold > TAIL else _LEAST * threshold / TAIL
        wanted = chance - np.log(many)
        out = np.where(wanted < _LEAST, TAIL * np.exp(SHAPE * (_LEAST - wanted)), TAIL * wanted / _LEAST)
    return np.where(np.isfinite(many), out, np.inf)
