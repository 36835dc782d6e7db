"""Who is tracked: slices that have, or had, support; a new one has its past gone through once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lapwing.alerts.chance import Floats
from lapwing.alerts.sweep.cuboids import Cuboid
from lapwing.alerts.sweep.memory import Memory, Places
from lapwing.alerts.sweep.reading import Columns
from lapwing.alerts.sweep.runs import Run, advanced, parents_in
from lapwing.alerts.sweep.stretches import Stretches
from lapwing.alerts.sweep.support import firm_buckets, kept_support, weight_of

ROUNDED = 0.999
"""Sums of single precision reach a bound a little sooner than exact ones."""


class TooMany(Exception):
    """A combination has too many slices by now: it can't be gone on from what is remembered."""


def track(stretches: Stretches, first: int, last: int) -> None:
    """Tracks all slices that have, or had, support by then, and brings those that were not tracked up to `first`."""
    state = stretches.state
    at_once = first > 0 and len(list(stretches.cut(first, last))) == 1
    least = _least(stretches)
    new: list[dict[Cuboid, Places]] = [{} for _ in state.levels]
    unread = list(state.unread)
    for size, level in enumerate(state.levels[1:], 1):
        for cuboid, of in list(level.slices.items()):
            columns, totals = _totals(stretches, cuboid, first, last, at_once=at_once)
            if len(columns[0]) > stretches.setting.most_groups:
                if first:
                    raise TooMany
                unread.append(cuboid)
                del level.slices[cuboid]
                continue
            stretches.most = max(stretches.most, len(columns[0]))
            met = state.values.codes(cuboid, columns)
            known = of.places(met)
            before = np.where(known >= 0, np.append(of.totals, 0.0)[known], 0.0)
            enough = before + totals >= least
            # Those that are too small are met when they are gone through.
            places = of.met(met[enough])
            new[size][cuboid] = places[of.row[places] < 0]
    state.unread = tuple(unread)
    grown = [sum(map(len, of.values())) for of in new]
    if not any(grown):
        return
    firsts = [level.series for level in state.levels]
    for size, level in enumerate(state.levels):
        if grown[size]:
            state.load(size, range(len(level.memory.visits)), level.series)
            level.track(new[size])
    if first:
        _catch_up(stretches, firsts, first)


def _totals(stretches: Stretches, cuboid: Cuboid, first: int, last: int, *, at_once: bool) -> tuple[Columns, Floats]:
    """All slices in a stretch, and what supports them there."""
    if not at_once:
        return stretches.reader.totals(cuboid, first, last)
    rows = stretches.rows(cuboid, first, last)
    return rows.columns, rows.total


def _least(stretches: Stretches) -> float:
    """What a slice must have come to in all to have had support in any bucket."""
    if stretches.reader.counted is None:
        return 0.0
    tuning = stretches.setting.tuning
    return ROUNDED * stretches.setting.support * weight_of(firm_buckets(tuning), kept_support(tuning))


def _catch_up(stretches: Stretches, firsts: Sequence[int], until: int) -> None:
    """Goes through the past of rows that were added, from `firsts` on in each level, and of all that they are parts of."""
    levels = stretches.state.levels
    wanted = [np.arange(first, level.series) for first, level in zip(firsts, levels, strict=True)]
    above = parents_in(levels)
    for size in range(len(levels) - 1, 0, -1):
        up = np.concatenate([np.zeros(0, np.intp), *(parents[wanted[size]] for parents in above[size])])
        wanted[size - 1] = np.union1d(wanted[size - 1], up[up >= 0])
    runs: list[Run] = []
    for level, rows, parents in zip(levels, wanted, above, strict=True):
        columns = np.full(level.series, -1, np.intp)
        columns[rows] = np.arange(len(rows))
        blank = Memory.blank(len(rows), len(level.memory.visits), weighted=level.weighted)
        runs.append(Run(level, blank, [runs[-1].places(each[rows]) for each in parents], columns))
    for stretch in stretches.cut(0, until):
        advanced(stretches, runs, *stretch)
    for run, first, rows in zip(runs, firsts, wanted, strict=True):
        new = rows >= first
        run.level.memory.take(run.memory, rows[new], np.flatnonzero(new), weighted=run.level.weighted)
