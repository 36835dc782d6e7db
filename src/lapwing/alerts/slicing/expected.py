"""What each leaf should have had at the last moment, from those before."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lapwing.alerts.slicing.constants import EXPECTED, QUIET
from lapwing.alerts.slicing.leaves import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """(leaves,): `amounts` expected; of a ratio also its numerators and denominators in the baseline, summed.
    `chosen`: which moments made the baseline."""

    amounts: Floats
    before: Floats
    before_weights: Floats | None
    chosen: tuple[int, ...]


def expected(amounts: Floats, weights: Floats | None) -> Expected:
    """The baseline; `amounts` and `weights`: (leaves, moments >= 2), the last being explained.

    Of a ratio, the half of the past furthest from the side it moved to is pooled, and each leaf's rate is shrunk to the
    whole's. Of amounts, it is the mean of the half whose totals are nearest to the median.
    """
    if weights is None:
        past = amounts[:, :-1]
        total = past.sum(0)
        chosen = _first(np.abs(total - np.median(total)))
        mean = past[:, chosen].mean(1)
        return Expected(mean, mean, None, tuple(chosen.tolist()))
    whole = amounts.sum(0) / np.maximum(weights.sum(0), 1e-12)
    past = whole[:-1]
    chosen = _first(past if whole[-1] > np.median(past) else -past)
    before, exposed = amounts[:, chosen].sum(1), weights[:, chosen].sum(1)
    event = one_event(amounts)
    rate = max(before.sum(), event / 2) / max(exposed.sum(), 1e-12)
    usual = (before + EXPECTED * event) / (exposed + EXPECTED * event / rate)
    return Expected(weights[:, -1] * usual, before, exposed, tuple(chosen.tolist()))


def one_event(amounts: Floats) -> float:
    """What one event amounts to: 1 for whole numbers, else the mean amount."""
    some = amounts[amounts != 0]
    return 1.0 if not len(some) or np.all(some == np.round(some)) else float(np.abs(some).mean())


def _first(order: Floats) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Where the smaller part of the values is, QUIET of them."""
    return np.argsort(order, kind="stable")[: max(1, math.ceil(len(order) * QUIET))]
