"""What the first look remembers between two checks: of each number of dimensions its slices and the screen's memory of
those that have, or had, support.

Who is tracked decides nothing: what is seen of a slice follows from its own past and its parents', and one without support
is not told. So a slice may come to be tracked at any moment from which on it could have support, and its past is then gone
through once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools
from lapwing.alerts.sweep.cuboids import Cuboid, parents_of
from lapwing.alerts.sweep.memory import Memory, Places
from lapwing.alerts.sweep.values import Ints, Values, part_of

SLICE_BYTES = 24
"""What it takes to know a slice, whether it is tracked or not."""
ROWS = 32_768
"""Slices of which slots are brought together."""
NEVER = np.iinfo(np.int32).max


@dataclass(slots=True, eq=False)
class Slices:
    """All slices (G,) of one combination of dimensions: their numbers, what supports them in all, the bucket that they were met
    in first (`NEVER`: not yet), and their row in the memory, -1 for one that was too small so far."""

    codes: Ints
    totals: npt.NDArray[np.float64]
    since: npt.NDArray[np.int32]
    row: npt.NDArray[np.int32]
    _order: Places | None = None

    @staticmethod
    def none() -> Slices:
        """No slice yet."""
        return Slices(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int32), np.zeros(0, np.int32))

    def places(self, codes: Ints) -> Places:
        """Where slices are; -1 for one that is not known."""
        if not len(self.codes):
            return np.full(len(codes), -1, np.intp)
        if self._order is None:
            self._order = np.argsort(self.codes)
        at = np.searchsorted(self.codes, codes, sorter=self._order)
        found = self._order[np.minimum(at, len(self.codes) - 1)]
        return np.where(self.codes[found] == codes, found, -1)

    def met(self, codes: Ints) -> Places:
        """Where slices are, each of them once; those that are not known are added."""
        found = self.places(codes)
        new = found < 0
        count = int(np.count_nonzero(new))
        if count:
            found[new] = len(self.codes) + np.arange(count)
            self.codes = np.concatenate([self.codes, codes[new]])
            self.totals = np.concatenate([self.totals, np.zeros(count)])
            self.since = np.concatenate([self.since, np.full(count, NEVER, np.int32)])
            self.row = np.concatenate([self.row, np.full(count, -1, np.int32)])
            self._order = None
        return found

    def rows(self, codes: Ints) -> Places:
        """The rows of slices; -1 for those that are not tracked."""
        found = self.places(codes)
        if not len(self.row):
            return found
        return np.where(found >= 0, self.row[found], -1).astype(np.intp)


@dataclass(slots=True, eq=False)
class Level:
    """The slices of so many dimensions, by their combination, and the memory of those that are tracked. `held`: the slots that
    the memory holds, and from which row on; None: all. `grown`: the first row that was added since it was kept, `touched`
    the slots that changed."""

    slices: dict[Cuboid, Slices]
    memory: Memory
    weighted: bool
    held: dict[int, int] | None = None
    grown: int = 0
    touched: set[int] = field(default_factory=set)

    @property
    def series(self) -> int:
        return len(self.memory.support)

    @property
    def groups(self) -> int:
        """Slices of the combination that has most."""
        return max((len(of.codes) for of in self.slices.values()), default=0)

    def track(self, new: dict[Cuboid, Places]) -> None:
        """Adds rows for slices (their places), of which nothing is remembered yet."""
        at = self.series
        for cuboid, places in new.items():
            self.slices[cuboid].row[places] = np.arange(at, at + len(places))
            at += len(places)
        self.memory = self.memory.grown(at - self.series, weighted=self.weighted, held=self.held)

    def names(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Of each row (S,) the number of its combination, and its place there."""
        which, place = np.zeros((2, self.series), np.int32)
        for number, of in enumerate(self.slices.values()):
            tracked = np.flatnonzero(of.row >= 0)
            which[of.row[tracked]], place[of.row[tracked]] = number, tracked
        return which, place

    def parents(self, above: Level) -> list[Places]:
        """The rows of the parents (S,) of all slices along each of their dimensions; -1 for one that is not tracked."""
        depth = max(map(len, self.slices), default=0)
        out = [np.full(self.series, -1, np.intp) for _ in range(depth)]
        for cuboid, of in self.slices.items():
            tracked = np.flatnonzero(of.row >= 0)
            for number, parent in enumerate(parents_of(cuboid)):
                if parent in above.slices:
                    codes = part_of(cuboid, of.codes[tracked], parent)
                    out[number][of.row[tracked]] = above.slices[parent].rows(codes)
        return out


@dataclass(slots=True, eq=False, kw_only=True)
class State:
    """What is remembered after `buckets` buckets (T).

    - `levels` (D + 1): by number of dimensions, the whole first.
    - `unread`: combinations with too many slices.
    - `judged` (T,): which buckets were; `digests` (T,): of all that was read.
    - `watched` (D, T): how many slices had support.
    - `named`: how many values were kept; `versions`: of each part that was, after which bucket.
    - `loader`: brings slots of a level's memory, from a row on.
    - `flags`: by number of dimensions, beginning with 1, rows and buckets (2, F) of what may be worth a second look.
    """

    values: Values
    levels: tuple[Level, ...]
    unread: tuple[Cuboid, ...] = ()
    judged: Bools = field(default_factory=lambda: np.zeros(0, bool))
    digests: npt.NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    watched: npt.NDArray[np.int64]
    flags: list[npt.NDArray[np.int32]]
    loader: Callable[[Level, int, Iterable[int], int], None] | None = None
    named: int = 0
    versions: dict[str, int] = field(default_factory=dict)

    @property
    def buckets(self) -> int:
        return len(self.judged)

    @property
    def room(self) -> int:
        """Bytes that it takes to keep it, but for what is seen."""
        slices = sum(len(of.codes) for level in self.levels for of in level.slices.values())
        return SLICE_BYTES * slices + sum(level.memory.room for level in self.levels)

    def load(self, size: int, slots: Iterable[int], since: int = 0) -> None:
        """Makes sure that some slots are held of the slices of so many dimensions, from a row on."""
        level = self.levels[size]
        since -= since % ROWS
        if level.held is not None and self.loader is not None:
            missing = [slot for slot in slots if level.held.get(slot, level.series) > since]
            if missing:
                self.loader(level, size, missing, since)

    @staticmethod
    def blank(cuboids: Iterable[Cuboid], depth: int, slots: int, *, weighted: bool) -> State:
        """Of nothing yet."""
        whole = Slices(np.zeros(1, np.int64), np.full(1, np.inf), np.zeros(1, np.int32), np.zeros(1, np.int32))
        by_size: list[dict[Cuboid, Slices]] = [{(): whole}, *({} for _ in range(depth))]
        for cuboid in cuboids:
            by_size[len(cuboid)][cuboid] = Slices.none()
        return State(
            values=Values(),
            levels=tuple(
                Level(slices, Memory.blank(int(not size), slots, weighted=weighted), weighted)
                for size, slices in enumerate(by_size)
            ),
            watched=np.zeros((depth, 0), np.int64),
            flags=[np.zeros((2, 0), np.int32) for _ in range(depth)],
        )
