"""What goes through a stretch of time together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from lapwing.alerts.sweep.constants import SUPPORT_SHARE
from lapwing.alerts.sweep.cuboids import Cuboid
from lapwing.alerts.sweep.memory import Memory, Places, Single
from lapwing.alerts.sweep.reading import Panel
from lapwing.alerts.sweep.remembered import Level, Slices
from lapwing.alerts.sweep.screen import Screen
from lapwing.alerts.sweep.seen import Above, Seen
from lapwing.alerts.sweep.stretches import Stretches
from lapwing.alerts.sweep.values import Ints

THREADS = 2
"""More do not pay: memory is what is waited for."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What goes through a stretch of time together: of a level all that is tracked, or the rows of which `columns` (S,) says
    the place, the others -1. `parents`: by dimension, the places of their parents."""

    level: Level
    memory: Memory
    parents: list[Places]
    columns: Places | None = None

    def places(self, rows: Places) -> Places:
        """Of rows of the level."""
        if self.columns is None:
            return rows
        padded = np.append(self.columns, -1)
        return padded[rows]


def parents_in(levels: Sequence[Level]) -> list[list[Places]]:
    """By level and dimension, where the parents of its rows are in the level above."""
    return [[], *(level.parents(above) for above, level in pairwise(levels))]


def whole_runs(levels: Sequence[Level]) -> list[Run]:
    """All that is tracked."""
    return [Run(level, level.memory, parents) for level, parents in zip(levels, parents_in(levels), strict=True)]


def advanced(stretches: Stretches, runs: Sequence[Run], first: int, last: int) -> list[Seen]:
    """What each level's screen sees in a stretch."""
    part = slice(first, last)
    judged = stretches.setting.judged[part]
    out: list[Seen] = []
    for size, run in enumerate(runs):
        amounts, weights, support = _arrays(stretches, run, first, last)
        above = [_cut(out[-1], place) for place in run.parents]
        screen = _screen(stretches, size)
        slots = stretches.setting.slots[part]
        out.append(screen.advance(run.memory, slots, amounts, weights, support, above, judged))
    return out


def _screen(stretches: Stretches, size: int) -> Screen:
    least = stretches.setting.support if stretches.reader.counted is not None else SUPPORT_SHARE
    parental = size < stretches.setting.depth
    return Screen(
        kind=stretches.reader.plan.kind,
        tuning=stretches.setting.tuning,
        least=least,
        parental=parental,
        threads=THREADS,
    )


def _arrays(stretches: Stretches, run: Run, first: int, last: int) -> tuple[Single, Single | None, Single]:
    """Amounts, weights and support (T, S) of what goes through."""
    shape = last - first, len(run.memory.support)
    blank = stretches.blank
    amounts = np.full(shape, blank[0], np.float32)
    weights = np.full(shape, blank[1], np.float32) if run.level.weighted else None
    support = np.zeros(shape, np.float32)
    for cuboid, of in run.level.slices.items():
        if not cuboid:
            panel, columns = stretches.whole.part(first, last), np.zeros(1, np.intp)
        else:
            some = _some(stretches, run, cuboid, of, first, last)
            if some is None:
                continue
            panel, codes = some
            columns = run.places(of.rows(codes))
        here = columns >= 0
        amounts[:, columns[here]] = panel.amount[here].T
        if weights is not None and panel.exposure is not None:
            weights[:, columns[here]] = panel.exposure[here].T
        support[:, columns[here]] = stretches.support(panel, first, last)[here].T
    return amounts, weights, support


def _some(
    stretches: Stretches, run: Run, cuboid: Cuboid, of: Slices, first: int, last: int
) -> tuple[Panel, Ints] | None:
    """What goes through, by name where that is few of many, and its slices' numbers; None: nothing does."""
    if run.columns is None:
        rows = stretches.rows(cuboid, first, last)
        return rows.panel, stretches.codes(cuboid, rows)
    tracked = np.flatnonzero(of.row >= 0)
    mine = tracked[run.columns[of.row[tracked]] >= 0]
    if not len(mine):
        return None
    keys = stretches.state.values.keys(cuboid, of.codes[mine])
    rows = stretches.reader.rows_of(cuboid, keys, first, last, groups=len(of.codes))
    return rows.panel, stretches.state.values.codes(cuboid, rows.columns)


def _cut(parents: Seen, place: Places) -> Above:
    """The parents; one that was not read says nothing."""
    assert parents.pattern is not None
    assert parents.gain is not None
    pattern, gain = parents.pattern, parents.gain
    if (place < 0).any():
        pattern = np.pad(pattern, ((0, 0), (0, 1)), constant_values=np.nan)
        gain = np.pad(gain, ((0, 0), (0, 1)), constant_values=1.0)
    return Above(place, pattern, gain)
