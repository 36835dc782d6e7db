"""Slow drift: a level that moves by little each day, which no single day shows.

Each value is compared, as a logarithm, with what was expected a week before; the differences, in usual ones, are summed up
beyond a slack in either direction (Page, "Continuous inspection schemes", 1954).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lapwing.alerts.chance import Floats
from lapwing.alerts.early.constants import (
    DRIFT_BOUND,
    DRIFT_CLIP,
    DRIFT_LAG,
    DRIFT_LEAST,
    DRIFT_LEVEL,
    DRIFT_MEMORY,
    DRIFT_SLACK,
    WARM_UP,
)
from lapwing.alerts.early.holidays import Known
from lapwing.alerts.early.outlook import Slots, outlook

_SETTLED = 14
"""Comparisons before the usual one is known."""
_MEAN_OF_NORMAL = 1.2533


@dataclass(frozen=True, slots=True, eq=False)
class Drift:
    """(S, T): the sums upwards and downwards, in usual differences; how far the last week's mean is from what was expected a
    week before, as a share; and how likely it is that there is a drift, as far as the sums' bound says so (0 or 1)."""

    up: Floats
    down: Floats
    moved: Floats
    found: Floats


def drift(
    values: Floats, slots: Slots, direction: int = 0, known: Known | None = None, of: Floats | None = None
) -> Drift:
    """Of daily values (S, T), nan where unknown; `slots` (P, T + a week). `direction`: 1 only upwards, -1 only downwards is
    told, 0 both. `known`: holidays and events, whose days say nothing of a level. `of`
    (S,): among how many like it each series is looked at. Page's sum passes a bound h by chance at a rate of about
    exp(-2 slack h) (Siegmund, "Sequential Analysis", 1985), so that many have the false alarms of one where h is larger by
    log(n) / (2 slack)."""
    slots = slots[:, : values.shape[1] + DRIFT_LAG]
    expected = outlook(values, slots, DRIFT_LAG, level=DRIFT_LEVEL, known=known)[:, :, -1]
    away = np.full(values.shape, np.nan)
    # Half of one: the logarithm of a count of nothing.
    with np.errstate(divide="ignore", invalid="ignore"):
        away[:, DRIFT_LAG:] = np.log(np.maximum(values[:, DRIFT_LAG:], 0.5) / np.maximum(expected[:, :-DRIFT_LAG], 0.5))
    # Shares and prices are below one half: there the least of the series itself is the floor.
    small = np.nanmedian(np.abs(values), axis=1) < 5 if values.size else np.zeros(0, bool)
    if small.any():
        with np.errstate(divide="ignore", invalid="ignore"):
            plain = np.log(values[small, DRIFT_LAG:] / expected[small, :-DRIFT_LAG])
        away[small, DRIFT_LAG:] = np.where(np.isfinite(plain), plain, np.nan)
    if known is not None:
        away[:, known.held[: values.shape[1]]] = np.nan
    up, down = _sums(_standard(away))
    week = np.nan_to_num(away)
    total = np.cumsum(np.concatenate([np.zeros((len(week), 7)), week], axis=1), axis=1)
    moved = np.expm1((total[:, 7:] - total[:, :-7]) / 7)
    bound = DRIFT_BOUND + (0.0 if of is None else np.log(of)[:, None] / (2 * DRIFT_SLACK))
    rise = (up > bound) & (moved > DRIFT_LEAST) & (direction >= 0)
    fall = (down > bound) & (moved < -DRIFT_LEAST) & (direction <= 0)
    return Drift(up, down, moved, np.where(np.isfinite(away), (rise | fall).astype(np.float64), np.nan))


def _standard(away: Floats) -> Floats:
    """In usual differences, by what was usual before."""
    out = np.full(away.shape, np.nan)
    middle, size, seen = (np.zeros(len(away)) for _ in range(3))
    for at in range(away.shape[1]):
        value, known = away[:, at], np.isfinite(away[:, at])
        settled = seen >= _SETTLED
        usual = np.maximum(_MEAN_OF_NORMAL * size, 1e-9)
        out[:, at] = np.where(known & settled & (at >= WARM_UP), (value - middle) / usual, np.nan)
        kept = np.where(settled, np.clip(value, middle - DRIFT_CLIP * usual, middle + DRIFT_CLIP * usual), value)
        seen += known
        memory = 1 / np.minimum(np.maximum(seen, 1), DRIFT_MEMORY)
        middle = np.where(known, middle + memory * (kept - middle), middle)
        size = np.where(known, size + memory * (np.abs(kept - middle) - size), size)
    return out


def _sums(score: Floats) -> tuple[Floats, Floats]:
    """Page's two sums; what is not known adds nothing."""
    step = np.clip(np.nan_to_num(score), -DRIFT_CLIP, DRIFT_CLIP)
    up, down = np.zeros(score.shape), np.zeros(score.shape)
    above, under = np.zeros(len(score)), np.zeros(len(score))
    for at in range(score.shape[1]):
        above = np.maximum(above + step[:, at] - DRIFT_SLACK, 0)
        under = np.maximum(under - step[:, at] - DRIFT_SLACK, 0)
        up[:, at], down[:, at] = above, under
    return up, down
