"""How much each leaf speaks for a shift where amounts have either sign, such as profits.

A profit knows no counts and no factor: half of -3 is no smaller trouble than half of 3. So a leaf is measured by how large its
amounts usually are, whatever their sign, and by how much they vary; a slice shifts by so many of these sizes, up or down. The
tails are Student's, so that what a single leaf says has an end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lapwing.alerts.slicing.constants import FREEDOM, LEAST_PAST, LEAST_SIZE, PAST, SHIFTS, UNEVEN
from lapwing.alerts.slicing.leaves import Floats

_NORMAL = 0.455
"""The median of chi-squared of one degree: the square of a median deviation is so much of the variance."""


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """(leaves,): how large amounts are, and how far they stray from what is expected where nothing happened."""

    size: Floats
    noise: Floats


def levels(amounts: Floats, expected: Floats, chosen: tuple[int, ...]) -> Levels:
    """Of `amounts` (leaves, moments >= 2), the last being explained; `chosen` moments made what is expected. How much a leaf
    strays is seen in its past and, as far as that is short, in what the others do."""
    past = amounts[:, :-1]
    size = np.abs(past[:, list(chosen)]).mean(1)
    some = size[size > 0]
    size = np.maximum(size, LEAST_SIZE * float(some.mean()) if len(some) else 1.0)
    moments = past.shape[1]
    away = past - np.median(past, 1)[:, None] if moments >= LEAST_PAST else (amounts[:, -1] - expected)[:, None]
    variance = np.median(away**2, 1) / _NORMAL
    usual = float(np.median(variance / size**2)) * size**2
    if moments >= LEAST_PAST:
        usual = (PAST * usual + (moments - 1) * variance) / (PAST + moments - 1)
    return Levels(size, np.sqrt(np.maximum(usual, (1e-9 * size) ** 2) * (1 + 1 / len(chosen))))


def evidence_of_levels(actual: Floats, expected: Floats, of: Levels, sign: int) -> Floats:
    """(leaves, shifts): nats for "shifted by so many sizes" against "unchanged"."""
    away = (actual - expected) * sign / of.noise
    unchanged = _log_chance(away, np.ones(1))
    columns = []
    for factor in np.expm1(SHIFTS).tolist():
        shift = factor * of.size / of.noise
        columns.append(_log_chance(away - shift, np.sqrt(1 + (UNEVEN * shift) ** 2)) - unchanged)
    return np.stack(columns, 1)


def _log_chance(away: Floats, scale: Floats) -> Floats:
    """Log of Student's density, without what is the same for all."""
    found: Floats = -(FREEDOM + 1) / 2 * np.log1p((away / scale) ** 2 / FREEDOM) - np.log(scale)
    return found
