"""What to read so that every stretch of time can be put together: few stretches of neighbouring pieces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lapwing.model.calendar import Moments
from lapwing.model.expression import MeasureRef
from lapwing.query.resolve import Buckets
from lapwing.query.stretches import Calendar, Mask, Taken, taken

_MOST_READS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One read: the borders of its pieces, and which of them anything is made of."""

    edges: Moments
    used: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """The time of each measure that is asked of a dataset, and what to read for it. `plain`: all are taken over the
    buckets themselves, so that these are what is read."""

    taken: Mapping[MeasureRef, Taken]
    readings: tuple[Reading, ...]

    @property
    def plain(self) -> bool:
        return all(ref.stretch is None for ref in self.taken)


def times_of(refs: Sequence[MeasureRef], step: Buckets, by: Calendar, span: tuple[int, int] | None) -> Times:
    """The times of measures of one dataset, whose data has `span`."""
    since, end = span or (0, 1)
    stretches = {stretch: taken(stretch, step, by, since, end) for stretch in {ref.stretch: None for ref in refs}}
    plain = Reading(step.edges, np.ones(len(step.times), np.bool_))
    found = () if list(stretches) == [None] else readings(list(stretches.values()))
    return Times({ref: stretches[ref.stretch] for ref in refs}, found or (plain,))


def readings(stretches: Sequence[Taken]) -> tuple[Reading, ...]:
    """The time of all `stretches`, cut at each of their borders. A gap that is longer than all that is needed is left out
    (last year's week is not read by way of the year); a shorter one is read over. Empty where all of them are."""
    starts, ends = np.concatenate([s.starts for s in stretches]), np.concatenate([s.ends for s in stretches])
    there = ends > starts
    starts, ends = starts[there], ends[there]
    if not len(starts):
        return ()
    edges = np.unique(np.concatenate((starts, ends)))
    depth = np.zeros(len(edges), np.int64)
    np.add.at(depth, np.searchsorted(edges, starts), 1)
    np.add.at(depth, np.searchsorted(edges, ends), -1)
    used = np.cumsum(depth)[:-1] > 0
    lengths = np.diff(edges)
    wide = np.flatnonzero(~used & (lengths > lengths[used].sum()))
    wide = np.sort(wide[np.argsort(-lengths[wide], kind="stable")][: _MOST_READS - 1])
    first = np.concatenate((np.zeros(1, np.intp), wide + 1))
    last = np.concatenate((wide, np.array([len(used)], np.intp)))
    return tuple(Reading(edges[a : b + 1], used[a:b]) for a, b in zip(first, last, strict=True))
