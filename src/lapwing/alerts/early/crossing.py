"""Will it cross a limit: the outlook with its trend against a value that is not to be crossed, and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Floats
from lapwing.alerts.early.constants import DAMPING, INTERVAL, LEAST_WINDOWS
from lapwing.alerts.early.errors import spread
from lapwing.alerts.early.holidays import Known
from lapwing.alerts.early.outlook import Slots, outlook
from lapwing.alerts.early.student import below, quantile


@dataclass(frozen=True, slots=True, eq=False)
class Crossing:
    """`expected` with `low` to `high` (S, T, H): the next buckets after each. `chance` (S, T): how likely one of them is
    across the limit; 1 where the bucket itself is. `away` (S, T): how many buckets it is to the first that is expected across,
    or to the one that comes closest; 0 where the bucket itself is."""

    expected: Floats
    low: Floats
    high: Floats
    chance: Floats
    away: npt.NDArray[np.int64]


def crossing(
    values: Floats,
    slots: Slots,
    limit: float,
    *,
    above: bool,
    ahead: int,
    a_day: int = 1,
    warm_up: int = 28,
    known: Known | None = None,
) -> Crossing:
    """Arrays (S, T); `slots` (P, T + ahead), and `known`: holidays and events. `above`: more than the limit is too much,
    else less is too little."""
    series, buckets = values.shape
    expected = outlook(values, slots, ahead, a_day, damping=DAMPING, known=known)
    end = np.arange(buckets)[:, None] + np.arange(1, ahead + 1)
    came = np.where(end < buckets, values[:, np.minimum(end, buckets - 1)], np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = np.clip(came / expected - 1, -5, 5)
    errors = np.where(np.isfinite(errors), errors, np.nan)
    shape = (series, buckets, ahead)
    low, high = np.full(shape, np.nan), np.full(shape, np.nan)
    for step in range(ahead):
        found = spread(errors, np.full(buckets, step + 1))
        freedom = np.maximum(found.freedom, LEAST_WINDOWS)
        reach = quantile(INTERVAL, freedom) * found.scale * np.abs(expected[:, :, step])
        low[:, :, step], high[:, :, step] = expected[:, :, step] - reach, expected[:, :, step] + reach
    chance = _chance(expected, came, limit, above=above)
    chance[:, : min(warm_up, buckets)] = np.nan
    across = values > limit if above else values < limit
    beyond = expected > limit if above else expected < limit
    furthest = expected.argmax(axis=2) if above else expected.argmin(axis=2)
    first = np.where(beyond.any(axis=2), beyond.argmax(axis=2), furthest) + 1
    return Crossing(expected, low, high, np.where(across, 1.0, chance), np.where(across, 0, first))


def _chance(expected: Floats, came: Floats, limit: float, *, above: bool) -> Floats:
    """How likely the furthest of the next buckets is across: by how wrong the furthest expected was before, so that what
    noise adds to the furthest of many counts."""
    ahead = expected.shape[2]
    middle, seen = (part.max(axis=2) if above else part.min(axis=2) for part in (expected, came))
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.clip(seen / middle - 1, -5, 5)
        errors = np.full(expected.shape, np.nan)
        errors[:, :, -1] = np.where(np.isfinite(error), error, np.nan)
        known = spread(errors, np.full(expected.shape[1], ahead))
        freedom = np.maximum(known.freedom, LEAST_WINDOWS)
        away = (middle * (1 + known.bias) - limit) / (known.scale * np.abs(middle))
        over = below(np.clip(np.nan_to_num(away), -1e9, 1e9), freedom)
    known_enough = np.isfinite(away) & (known.freedom >= LEAST_WINDOWS)
    return np.where(known_enough, over if above else 1 - over, np.nan)
