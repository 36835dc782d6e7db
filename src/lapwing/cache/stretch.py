"""Stretches of a build: adjacent partitions that are read together, for the rollups in which they changed."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
import pyarrow as pa

from lapwing.cache.definition import Definition
from lapwing.cache.ledger import Ledger
from lapwing.cache.manifest import Manifest
from lapwing.cache.partition import Cause, Partition
from lapwing.cache.progress import RollupBuilt
from lapwing.cache.runs import Run, Why
from lapwing.cache.span import Span
from lapwing.cache.stores.base import RollupStore
from lapwing.model import calendar
from lapwing.model.grain import SECOND
from lapwing.model.problem import Problem
from lapwing.sources.bill import Bill, cost_of

HOUR = 3_600 * SECOND
_JOBS = 10
"""So many ids are recorded of one run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One rollup to build: the partitions (start, end) to look at, and where the source's data lies (None: there is
    none)."""

    definition: Definition
    partitions: tuple[tuple[int, int], ...]
    span: Span | None


def plan(definition: Definition, span: Span | None, manifest: Manifest, start: int | None, end: int | None) -> Task:
    """The partitions of the source's data and those published before, as far as they overlap `[start, end)`."""
    found = {(p.start, p.end) for p in manifest.partitions}
    if span is not None:
        found |= set(itertools.pairwise(borders(definition, span)))
    wanted = sorted(
        (low, high) for low, high in found if (start is None or high > start) and (end is None or low < end)
    )
    return Task(definition=definition, partitions=tuple(wanted), span=span)


def borders(definition: Definition, span: Span) -> list[int]:
    """Where partitions of the span begin and end: at the project's own midnights and months, so that people's months are
    whole partitions; moved back to an hour, or to a bucket of the rollup, which a partition never cuts."""
    step = math.lcm(definition.grain, HOUR)
    edges = calendar.edges(definition.rollup.partition, definition.zone, span.start, span.end + step) // step * step
    edges = np.unique(edges)
    first, last = np.searchsorted(edges, span.start, side="right") - 1, np.searchsorted(edges, span.end, side="left")
    found: list[int] = edges[first : last + 1].tolist()
    return found


class RollupWork:
    """One rollup under way. Reads are put on the `bill` of the finest of those that are made of them."""

    def __init__(self, store: RollupStore, task: Task) -> None:
        self.definition = task.definition
        self.windows = frozenset(task.partitions)
        self.ledger = Ledger.of(store, task.definition)
        self.stopped = False
        self._actions = dict.fromkeys(("built", "unchanged", "emptied"), 0)
        self._keys = self._cells = self._bytes = 0
        self._seconds = 0.0
        self._causes: Counter[str] = Counter()
        self.bill = Bill()

    def count(self, action: str, partition: Partition, seconds: float) -> None:
        self._actions[action] += 1
        self._seconds += seconds
        if action != "unchanged":
            self._causes[str(partition.cause)] += 1
        if action == "built":
            self._keys += partition.keys
            self._cells += partition.cells
            self._bytes += partition.bytes

    def report(self) -> RollupBuilt:
        return RollupBuilt(
            rollup=self.definition.name,
            **self._actions,
            keys=self._keys,
            cells=self._cells,
            bytes=self._bytes,
            seconds=self._seconds,
            data_until=self.ledger.read().data_until,
            causes=dict(self._causes),
        )

    def run(self, why: Why, began: float, seconds: float, *, whole: bool, by: str, problem: Problem | None) -> Run:
        """What has been done so far, for the record."""
        cost = cost_of(self.bill.spent)
        return Run(
            rollup=self.definition.name,
            why=why,
            began=began,
            seconds=seconds,
            whole=whole,
            by=by,
            **self._actions,
            cells=self._cells,
            bytes=self._bytes,
            causes=dict(self._causes),
            jobs=cost.jobs[-_JOBS:],
            bytes_billed=cost.bytes_billed,
            slot_ms=cost.slot_ms,
            problem=problem,
        )


@dataclass(frozen=True, slots=True)
class Window:
    """A partition to build, for the rollups in which it changed, each with why."""

    start: int
    end: int
    mark: str
    rollups: tuple[RollupWork, ...]
    causes: tuple[Cause, ...]

    def continues(self, before: Window) -> bool:
        """Whether it can be read together with the one before."""
        return before.end == self.start and before.rollups == self.rollups


def stretches(windows: Iterable[Window], most: Callable[[], int]) -> Iterator[list[Window]]:
    """Windows that can be read together, up to `most()` of them; those without work are left out."""
    waiting: list[Window] = []
    for window in windows:
        if waiting and not (len(waiting) < most() and window.continues(waiting[-1])):
            yield waiting
            waiting = []
        if window.rollups:
            waiting.append(window)
    if waiting:
        yield waiting


def numbered(rows: Iterator[tuple[int, pa.RecordBatch]], count: int) -> Iterator[tuple[int, Iterator[pa.RecordBatch]]]:
    """The batches of each of `count` partitions, those without rows included."""
    groups = itertools.groupby(rows, key=itemgetter(0))
    following = next(groups, None)
    for number in range(count):
        if following is None or following[0] != number:
            yield number, iter(())
        else:
            yield number, (batch for _, batch in following[1])
            following = next(groups, None)


def why(old: Partition | None, mark: str) -> Cause:
    """Why a partition is built whose source now has this mark."""
    if old is None:
        return Cause.BUILT
    if old.quarantined is not None:
        return Cause.REPAIRED
    if old.settled(mark):
        return Cause.REBUILT
    return Cause.EXTENDED if old.sealed < old.end else Cause.RESTATED
