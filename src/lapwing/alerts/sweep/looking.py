"""The first look at all slices: which of them a second one is worth, and when.

It goes on from what it remembers (`remembered`): what is read and gone through is what came since. Where nothing is
remembered that is the whole history, which is what a slice that comes to be large enough later has gone through for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools, Floats
from lapwing.alerts.many import needed
from lapwing.alerts.online.constants import Tuning
from lapwing.alerts.sweep.constants import LOOK, MOST_GROUPS, SUPPORT_SHARE, WORTH
from lapwing.alerts.sweep.cuboids import Cuboid
from lapwing.alerts.sweep.digest import digest, occurs
from lapwing.alerts.sweep.memory import Memory, Places, Single
from lapwing.alerts.sweep.reading import Columns, Key, Panel, Reader, Rows
from lapwing.alerts.sweep.remembered import Level, Slices, State
from lapwing.alerts.sweep.screen import Screen
from lapwing.alerts.sweep.seen import Above, Seen
from lapwing.alerts.sweep.support import firm_buckets, kept_support, weight_of

Ints = npt.NDArray[np.int64]
THREADS = 2
"""More do not pay: memory is what is waited for."""
ROUNDED = 0.999
"""Sums of single precision reach a bound a little sooner than exact ones."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Setting:
    """`slots` (T,): of each bucket; `judged` (T,): which are, all of them among the first `complete` ones; `support`: events a
    bucket; `threshold`: evidence that a single series would need."""

    tuning: Tuning
    slots: Ints
    judged: Bools
    complete: int
    support: float
    depth: int
    threshold: float


@dataclass(frozen=True, slots=True, eq=False)
class Flag:
    """A slice, and the buckets in which it was worth a second look, in order."""

    cuboid: Cuboid
    key: Key
    buckets: Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Looked:
    """`many` (D + 1, T): among how many series one of so many dimensions is looked at; `tests` (T,): how many series of
    their own all of them, the whole among them, are worth; `watching` (T,): how many slices had support, of all `groups`;
    `unread`: combinations with too many slices."""

    flags: tuple[Flag, ...]
    many: Floats
    tests: Floats
    watching: Ints
    groups: Mapping[Cuboid, int]
    unread: tuple[Cuboid, ...]


class TooMany(Exception):
    """A combination has too many slices by now: it can't be gone on from what is remembered."""


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
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


@dataclass(slots=True, kw_only=True, eq=False)
class Looking:
    """Goes through a history, a stretch of time after the other. `whole`: the one series that all are slices of; `read`: by
    combination, the stretch that was read last, `numbers` those of its slices; `most`: of how many slices the largest is."""

    reader: Reader
    whole: Panel
    setting: Setting
    state: State
    read: dict[Cuboid, tuple[int, int, Rows]] = field(default_factory=dict)
    numbers: dict[Cuboid, Ints] = field(default_factory=dict)
    most: int = 0

    def go_on(self, stops: Callable[[int], Collection[int]], keep: Callable[[State], None]) -> None:
        """Up to the last bucket that is complete. `stops`: for so many bytes that are remembered, after how many buckets they
        are handed over to `keep`.

        Raises:
            TooMany: more slices than can be read came in.
        """
        first, last = self.state.buckets, self.setting.complete
        if first == last:
            return
        self._track(first, last)
        self._load(first, last)
        runs = self._runs()
        wanted = set(stops(self.state.room))
        for stop in sorted({last, *(at for at in wanted if first < at <= last)}):
            for stretch in self._stretches(self.state.buckets, stop):
                self._through(runs, *stretch)
            if stop in wanted:
                keep(self.state)

    def changed_since(self, first: int) -> int:
        """The first bucket from `first` on that is not as it was when what is remembered was made."""
        state, setting = self.state, self.setting
        last = min(state.buckets, setting.complete)
        differs = np.flatnonzero(state.judged[:last] != setting.judged[:last])
        last = int(differs[0]) if len(differs) else last
        for stretch in self._stretches(first, last):
            found = np.flatnonzero(self._digests(*stretch) != state.digests[slice(*stretch)])
            if len(found):
                return stretch[0] + int(found[0])
        return last

    def looked(self, buckets: int) -> Looked:
        """What was seen, over so many buckets."""
        state, depth = self.state, self.setting.depth
        watched = np.zeros((depth, buckets), np.int64)
        watched[:, : state.buckets] = state.watched
        many = np.ones((depth + 1, buckets))
        many[1:] = self._many(watched)
        judged = np.zeros(buckets)
        judged[: state.buckets] = state.judged
        read = {cuboid: of for level in state.levels[1:] for cuboid, of in level.slices.items()}
        return Looked(
            flags=tuple(flag for size in range(1, depth + 1) for flag in self._flags(size)),
            many=many,
            tests=judged + (watched / many[1:]).sum(axis=0),
            watching=watched.sum(axis=0),
            groups={cuboid: int(np.count_nonzero(of.since < state.buckets)) for cuboid, of in read.items()},
            unread=state.unread,
        )

    def _many(self, watched: Ints) -> Floats:
        return np.maximum(self.setting.depth * watched / WORTH, 1.0)

    def _flags(self, size: int) -> Iterator[Flag]:
        """Of slices of so many dimensions, by slice."""
        rows, buckets = self.state.flags[size - 1]
        if not len(rows):
            return
        level = self.state.levels[size]
        order = np.lexsort((buckets, rows))
        rows, buckets = rows[order], buckets[order].astype(np.int64)
        each, firsts = np.unique(rows, return_index=True)
        which, place = level.names()
        parts = np.split(buckets, firsts[1:])
        for number, (cuboid, of) in enumerate(level.slices.items()):
            mine = np.flatnonzero(which[each] == number)
            keys = self.state.values.keys(cuboid, of.codes[place[each[mine]]])
            yield from (Flag(cuboid, key, parts[at]) for key, at in zip(keys, mine.tolist(), strict=True))

    @property
    def _step(self) -> int:
        """Buckets that are read at once."""
        levels = self.state.levels
        groups = max(self.most, *(level.groups for level in levels))
        return self.reader.step(groups, sum(level.series for level in levels))

    def _stretches(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        step = self._step
        return ((at, min(at + step, last)) for at in range(first, last, step))

    def _rows(self, cuboid: Cuboid, first: int, last: int) -> Rows:
        """What all slices of a combination came to; what comes next is read with it."""
        known = self.read.get(cuboid)
        if known is None or not known[0] <= first <= last <= known[1]:
            end = min(max(first + self._step, last), self.setting.complete)
            known = self.read[cuboid] = (first, end, self.reader.rows(cuboid, first, end))
            self.numbers.pop(cuboid, None)
        return known[2].part(first - known[0], last - known[0])

    def _numbers(self, cuboid: Cuboid, rows: Rows) -> Ints:
        """Of the slices of rows that were read last."""
        if cuboid not in self.numbers:
            self.numbers[cuboid] = self.state.values.codes(cuboid, rows.columns)
        return self.numbers[cuboid]

    # Who is tracked

    def _track(self, first: int, last: int) -> None:
        """Tracks all slices that have, or had, support by then, and brings those that were not tracked up to `first`."""
        state = self.state
        at_once = first > 0 and len(list(self._stretches(first, last))) == 1
        least = self._least()
        new: list[dict[Cuboid, Places]] = [{} for _ in state.levels]
        unread = list(state.unread)
        for size, level in enumerate(state.levels[1:], 1):
            for cuboid, of in list(level.slices.items()):
                columns, totals = self._totals(cuboid, first, last, at_once=at_once)
                if len(columns[0]) > MOST_GROUPS:
                    if first:
                        raise TooMany
                    unread.append(cuboid)
                    del level.slices[cuboid]
                    continue
                self.most = max(self.most, len(columns[0]))
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
            self._catch_up(firsts, first)

    def _totals(self, cuboid: Cuboid, first: int, last: int, *, at_once: bool) -> tuple[Columns, Floats]:
        """All slices in a stretch, and what supports them there."""
        if not at_once:
            return self.reader.totals(cuboid, first, last)
        rows = self._rows(cuboid, first, last)
        return rows.columns, _total(rows)

    def _least(self) -> float:
        """What a slice must have come to in all to have had support in any bucket."""
        if self.reader.counted is None:
            return 0.0
        tuning = self.setting.tuning
        return ROUNDED * self.setting.support * weight_of(firm_buckets(tuning), kept_support(tuning))

    def _catch_up(self, firsts: Sequence[int], until: int) -> None:
        """Goes through the past of rows that were added, from `firsts` on in each level, and of all that they are parts of."""
        levels = self.state.levels
        wanted = [np.arange(first, level.series) for first, level in zip(firsts, levels, strict=True)]
        above = self._parents()
        for size in range(len(levels) - 1, 0, -1):
            up = np.concatenate([np.zeros(0, np.intp), *(parents[wanted[size]] for parents in above[size])])
            wanted[size - 1] = np.union1d(wanted[size - 1], up[up >= 0])
        runs: list[_Run] = []
        for level, rows, parents in zip(levels, wanted, above, strict=True):
            columns = np.full(level.series, -1, np.intp)
            columns[rows] = np.arange(len(rows))
            blank = Memory.blank(len(rows), len(level.memory.visits), weighted=level.weighted)
            runs.append(_Run(level, blank, [runs[-1].places(each[rows]) for each in parents], columns))
        for stretch in self._stretches(0, until):
            self._advanced(runs, *stretch)
        for run, first, rows in zip(runs, firsts, wanted, strict=True):
            new = rows >= first
            run.level.memory.take(run.memory, rows[new], np.flatnonzero(new), weighted=run.level.weighted)

    # Through time

    def _parents(self) -> list[list[Places]]:
        levels = self.state.levels
        return [[], *(level.parents(above) for above, level in pairwise(levels))]

    def _runs(self) -> list[_Run]:
        return [
            _Run(level, level.memory, parents)
            for level, parents in zip(self.state.levels, self._parents(), strict=True)
        ]

    def _load(self, first: int, last: int) -> None:
        """Makes sure that the slots of some buckets are held."""
        slots = np.unique(self.setting.slots[first:last]).tolist()
        for size in range(len(self.state.levels)):
            self.state.load(size, slots)

    def _through(self, runs: Sequence[_Run], first: int, last: int) -> None:
        """Takes a stretch in, and what was seen in it."""
        state = self.state
        for level in state.levels:
            level.touched.update(self.setting.slots[first:last].tolist())
        for level in state.levels[1:]:
            for cuboid, of in level.slices.items():
                rows = self._rows(cuboid, first, last)
                here = occurs(rows.panel, self._blank).any(axis=1)
                places = of.met(self._numbers(cuboid, rows)[here])
                of.totals[places] += _total(rows)[here]
                of.since[places] = np.minimum(of.since[places], first)
                if len(of.codes) > MOST_GROUPS:
                    raise TooMany
        digests = self._digests(first, last)
        watched = np.zeros((self.setting.depth, last - first), np.int64)
        for size, seen in enumerate(self._advanced(runs, first, last)[1:], 1):
            watched[size - 1] = seen.watched
            least = needed(self.setting.threshold, self._many(seen.watched)) * LOOK
            enough = np.abs(seen.size) >= least[seen.bucket]
            new = np.stack([seen.row[enough], seen.bucket[enough] + first]).astype(np.int32)
            state.flags[size - 1] = np.concatenate([state.flags[size - 1], new], axis=1)
        state.watched = np.concatenate([state.watched, watched], axis=1)
        state.judged = np.concatenate([state.judged, self.setting.judged[first:last]])
        state.digests = np.concatenate([state.digests, digests])

    def _advanced(self, runs: Sequence[_Run], first: int, last: int) -> list[Seen]:
        """What each level's screen sees in a stretch."""
        part = slice(first, last)
        judged = self.setting.judged[part]
        out: list[Seen] = []
        for size, run in enumerate(runs):
            amounts, weights, support = self._arrays(run, first, last)
            above = [_cut(out[-1], place) for place in run.parents]
            screen = self._screen(size)
            slots = self.setting.slots[part]
            out.append(screen.advance(run.memory, slots, amounts, weights, support, above, judged))
        return out

    @property
    def _blank(self) -> tuple[float, float]:
        """Amount and exposure of who does not occur."""
        return self.reader.blank or (0.0, 0.0)

    def _screen(self, size: int) -> Screen:
        least = self.setting.support if self.reader.counted is not None else SUPPORT_SHARE
        parental = size < self.setting.depth
        return Screen(
            kind=self.reader.plan.kind, tuning=self.setting.tuning, least=least, parental=parental, threads=THREADS
        )

    def _arrays(self, run: _Run, first: int, last: int) -> tuple[Single, Single | None, Single]:
        """Amounts, weights and support (T, S) of what goes through."""
        shape = last - first, len(run.memory.support)
        blank = self._blank
        amounts = np.full(shape, blank[0], np.float32)
        weights = np.full(shape, blank[1], np.float32) if run.level.weighted else None
        support = np.zeros(shape, np.float32)
        for cuboid, of in run.level.slices.items():
            if not cuboid:
                panel, columns = self.whole.part(first, last), np.zeros(1, np.intp)
            else:
                some = self._some(run, cuboid, of, first, last)
                if some is None:
                    continue
                panel, codes = some
                columns = run.places(of.rows(codes))
            here = columns >= 0
            amounts[:, columns[here]] = panel.amount[here].T
            if weights is not None and panel.exposure is not None:
                weights[:, columns[here]] = panel.exposure[here].T
            support[:, columns[here]] = self._support(panel, first, last)[here].T
        return amounts, weights, support

    def _some(self, run: _Run, cuboid: Cuboid, of: Slices, first: int, last: int) -> tuple[Panel, Ints] | None:
        """What goes through, by name where that is few of many, and its slices' numbers; None: nothing does."""
        if run.columns is None:
            rows = self._rows(cuboid, first, last)
            return rows.panel, self._numbers(cuboid, rows)
        tracked = np.flatnonzero(of.row >= 0)
        mine = tracked[run.columns[of.row[tracked]] >= 0]
        if not len(mine):
            return None
        keys = self.state.values.keys(cuboid, of.codes[mine])
        rows = self.reader.rows_of(cuboid, keys, first, last, groups=len(of.codes))
        return rows.panel, self.state.values.codes(cuboid, rows.columns)

    def _support(self, panel: Panel, first: int, last: int) -> Floats:
        """What supports slices, by bucket: events, or (of what is not counted) their share of the whole."""
        if panel.counts is not None:
            return panel.counts
        with np.errstate(divide="ignore", invalid="ignore"):
            share: Floats = np.nan_to_num(np.abs(panel.amount) / np.abs(self.whole.amount[:, first:last]), posinf=0.0)
        return share

    def _digests(self, first: int, last: int) -> npt.NDArray[np.uint64]:
        """Of all that there is to read in each bucket of a stretch."""
        out = digest(np.zeros(1, np.int64), self.whole.part(first, last), (0.0, 1.0))
        for level in self.state.levels[1:]:
            for number, cuboid in enumerate(level.slices, 1):
                rows = self._rows(cuboid, first, last)
                codes = self._numbers(cuboid, rows)
                out += digest(codes, rows.panel, self._blank) * np.uint64(2 * number + 1)
        return out


def _total(rows: Rows) -> Floats:
    panel = rows.panel
    total: Floats = np.abs(np.nan_to_num(panel.amount if panel.counts is None else panel.counts)).sum(axis=1)
    return total


def _cut(parents: Seen, place: Places) -> Above:
    """The parents; one that was not read says nothing."""
    assert parents.pattern is not None
    assert parents.gain is not None
    pattern, gain = parents.pattern, parents.gain
    if (place < 0).any():
        pattern = np.pad(pattern, ((0, 0), (0, 1)), constant_values=np.nan)
        gain = np.pad(gain, ((0, 0), (0, 1)), constant_values=1.0)
    return Above(place, pattern, gain)
