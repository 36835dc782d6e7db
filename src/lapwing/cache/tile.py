"""Tiles a stretch of time with rollups at the least cost: each moment from one of them, or from none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lapwing.cache.cover import BYTE_COST, KEY_COST, Usable
from lapwing.cache.times import Stretches, holds, one, union

PIECE_COST = 100.0
"""Microseconds that another rollup adds to an answer, about: a read of its own and its groups to be met."""

_GAP_COST = 1e12
"""Of leaving a stretch open: no rollup is too dear to close it."""

_MOST_BORDERS = 400


@dataclass(frozen=True, slots=True, eq=False)
class Tiling:
    """`parts`: which of the rollups (by number) serves which stretches. `open` is served by none of them. `cost` is in
    microseconds, without what is open."""

    parts: tuple[tuple[int, Stretches], ...]
    open: Stretches
    cost: float


def tile(start: int, end: int, rollups: Sequence[Usable]) -> Tiling:
    """Shortest path over the borders of all that the rollups can serve. A rollup is entered and left at borders of its own
    buckets, and a chunk of time that two neighbouring tiles of one rollup share is paid once."""
    known = [(number, found) for number, found in enumerate(rollups) if len(found.stretches) <= _MOST_BORDERS]
    borders = np.unique(np.concatenate([np.array([start, end]), *(found.stretches.ravel() for _, found in known)]))
    borders = borders[(borders >= start) & (borders <= end)]
    steps = len(borders) - 1
    gap = len(known)
    serves = [holds(found.stretches, borders[:-1]).tolist() for _, found in known]
    low, high, open_at = [], [], []
    for _, found in known:
        before, until = found.cover.before(borders), found.cover.until(borders)
        low.append(((before[0] * KEY_COST + before[1] * BYTE_COST) * found.share).tolist())
        high.append(((until[0] * KEY_COST + until[1] * BYTE_COST) * found.share).tolist())
        open_at.append((borders % found.cover.definition.grain == 0).tolist())
    best: list[float] = []
    came: list[list[int]] = []
    for step in range(steps):
        free = [number for number in range(gap + 1) if step == 0 or number == gap or open_at[number][step]]
        cheapest = min(free, key=lambda number: best[number]) if step else -1
        entered = best[cheapest] if step else 0.0
        following, origin = [], []
        for number in range(gap):
            if not serves[number][step]:
                following.append(float("inf"))
                origin.append(-1)
                continue
            enter = float("inf")
            if step == 0 or open_at[number][step]:
                enter = entered + PIECE_COST + high[number][step + 1] - low[number][step]
            stay = best[number] + high[number][step + 1] - high[number][step] if step else float("inf")
            following.append(min(stay, enter))
            origin.append(number if stay <= enter else cheapest)
        # A stretch that stays open costs by its length, too, so that as little as possible does.
        stay = best[gap] if step else 0.0
        opened = _GAP_COST + float(borders[step + 1] - borders[step])
        following.append(min(stay, entered) + opened)
        origin.append(gap if step and stay <= entered else cheapest)
        best = following
        came.append(origin)
    chosen = _path(best, came)
    rows = np.column_stack((borders[:-1], borders[1:]))
    which = np.array(chosen, np.intp)
    parts = tuple(
        (number, union(rows[which == place])) for place, (number, _) in enumerate(known) if (which == place).any()
    )
    cost = sum(rollups[number].cost(stretches)[2] + PIECE_COST for number, stretches in parts)
    return Tiling(parts, union(rows[which == gap]) if steps else one(0, 0), cost)


def _path(best: Sequence[float], came: Sequence[Sequence[int]]) -> list[int]:
    """The tiles chosen, in order, from the last back."""
    chosen: list[int] = []
    place = min(range(len(best)), key=lambda number: best[number]) if best else -1
    for origin in reversed(came):
        chosen.append(place)
        place = origin[place]
    return chosen[::-1]
