"""Builds rollups, a partition at a time.

A partition is written aside under a version of its own and published by one change of the manifest; readers see the old
one or the new one, whole. What stops a build (a crash, a full disk, someone's wish) leaves everything published so far,
and the next build takes up there.

Adjacent partitions are read by one statement, as many as take a second or so: planning then costs little, and little is
lost where it stops. Rollups that follow from a finer one are folded from its states on the way.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter

import pyarrow as pa

from lapwing.cache.builders.base import Builder
from lapwing.cache.cells import Cells, whole_groups
from lapwing.cache.coarser import Coarser
from lapwing.cache.definition import Definition
from lapwing.cache.family import families
from lapwing.cache.manifest import Manifest, Partition
from lapwing.cache.marks import Marks
from lapwing.cache.owner import owner
from lapwing.cache.progress import BuildProgress, RollupBuilt
from lapwing.cache.publish import GRACE, Ledger
from lapwing.cache.span import Span
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.write import Written, write_version
from lapwing.model import calendar
from lapwing.model.problem import Cancelled, StoreError

Progress = Callable[[BuildProgress], None]

_QUICK_SECONDS, _SLOW_SECONDS = 1.0, 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One rollup to build: the partitions (start, end) to look at, and where the source's data lies (None: there is
    none)."""

    definition: Definition
    partitions: tuple[tuple[int, int], ...]
    span: Span | None


@dataclass(slots=True)
class Totals:
    """Progress over all tasks of a build."""

    total: int
    report: Progress
    done: int = 0
    built: int = 0
    busy: float = 0.0

    def step(self, name: str, partition: Partition, action: str, seconds: float) -> None:
        self.done += 1
        if action == "built":
            self.built += 1
            self.busy += seconds
        left = self.busy / self.built * (self.total - self.done) if self.built else None
        self.report(
            BuildProgress(
                rollup=name,
                start=partition.start,
                end=partition.end,
                action=action,
                keys=partition.keys,
                cells=partition.cells,
                done=self.done,
                total=self.total,
                seconds_left=left,
            )
        )


def plan(definition: Definition, span: Span | None, manifest: Manifest, start: int | None, end: int | None) -> Task:
    """The partitions of the source's data and those published before, as far as they overlap `[start, end)`."""
    found = {(p.start, p.end) for p in manifest.partitions}
    if span is not None:
        edges = calendar.edges(definition.rollup.partition, "UTC", span.start, span.end).tolist()
        found |= set(itertools.pairwise(edges))
    wanted = sorted(
        (low, high) for low, high in found if (start is None or high > start) and (end is None or low < end)
    )
    return Task(definition=definition, partitions=tuple(wanted), span=span)


class _Rollup:
    """One rollup under way."""

    def __init__(self, store: RollupStore, task: Task) -> None:
        self.definition = task.definition
        self.windows = frozenset(task.partitions)
        self.ledger = Ledger(store, task.definition)
        self.actions = dict.fromkeys(("built", "unchanged", "emptied"), 0)
        self.keys = self.cells = self.bytes = 0
        self.seconds = 0.0

    def count(self, action: str, partition: Partition, seconds: float) -> None:
        self.actions[action] += 1
        self.seconds += seconds
        if action == "built":
            self.keys += partition.keys
            self.cells += partition.cells
            self.bytes += partition.bytes

    def report(self) -> RollupBuilt:
        return RollupBuilt(
            rollup=self.definition.name,
            **self.actions,
            keys=self.keys,
            cells=self.cells,
            bytes=self.bytes,
            seconds=self.seconds,
            data_until=self.ledger.read().data_until,
        )


@dataclass(frozen=True, slots=True)
class _Window:
    """A partition to build, for the rollups in which it changed."""

    start: int
    end: int
    mark: str
    rollups: tuple[_Rollup, ...]


class DatasetBuild:
    """The build of a dataset's rollups."""

    def __init__(
        self,
        store: RollupStore,
        builder: Builder,
        tasks: Sequence[Task],
        *,
        now: datetime,
        full: bool,
        grace: float = GRACE,
    ) -> None:
        self._store = store
        self._builder = builder
        self._span = tasks[0].span
        self._bound = tasks[0].definition.bound
        self._rollups = [_Rollup(store, task) for task in tasks]
        self._now = now
        self._full = full
        self._grace = grace
        self._most = 1

    def run(self, marks: Marks, totals: Totals, cancel: threading.Event) -> tuple[RollupBuilt, ...]:
        """Builds what changed.

        Raises:
            Cancelled: `cancel` was set; what was published stays.
            StoreError: no room; likewise.
            SourceError: the source does not answer; likewise.
        """
        span = self._span
        for one in self._rollups:
            one.ledger.sweep(time.time(), self._grace)
            one.ledger.change(lambda m: _begun(m, span))
        waiting: list[_Window] = []
        with owner() as name:
            for start, end in sorted(frozenset().union(*(one.windows for one in self._rollups))):
                if cancel.is_set():
                    raise _cancelled(totals)
                window = self._look(start, end, marks, totals)
                if waiting and not _continues(waiting, window, self._most):
                    self._build(waiting, name, totals, cancel)
                    waiting = []
                if window.rollups:
                    waiting.append(window)
            if waiting:
                self._build(waiting, name, totals, cancel)
        return tuple(one.report() for one in self._rollups)

    def _look(self, start: int, end: int, marks: Marks, totals: Totals) -> _Window:
        """Settles the rollups for which nothing is to be read; the others are in the window."""
        # Marked before it is read: what changes meanwhile is then built again, never missed.
        mark = marks.mark(self._bound, start, end)
        reach = self._reach(start, end)
        to_build = []
        for one in self._rollups:
            if (start, end) not in one.windows:
                continue
            began = time.perf_counter()
            old = one.ledger.read().partition(start)
            if old is not None and old.end == end and old.mark == mark and not self._full:
                settled = replace(old, data_end=reach[0], sealed=reach[1])
                one.ledger.change(lambda m, old=old, settled=settled: _refreshed(m, old, settled))  # type: ignore[misc]
                action = "unchanged"
            elif self._span is None or end <= self._span.start or start >= self._span.end:
                settled = _described(start, end, 0, mark, reach, Written())
                one.ledger.publish(settled, time.time())
                action = "emptied"
            else:
                to_build.append(one)
                continue
            _told(one, action, settled, began, totals)
        return _Window(start, end, mark, tuple(to_build))

    def _build(self, windows: Sequence[_Window], owner_name: str, totals: Totals, cancel: threading.Event) -> None:
        """Builds adjacent partitions of the same rollups; sets how many are taken at once next."""
        began = time.perf_counter()
        rollups = {one.definition.name: one for one in windows[0].rollups}
        for family in families([one.definition for one in rollups.values()]):
            members = [rollups[definition.name] for definition in (family.finest, *family.coarser)]
            self._build_family(members, windows, owner_name, totals, cancel)
        seconds = time.perf_counter() - began
        if seconds < _QUICK_SECONDS:
            self._most = 4 * len(windows)
        elif seconds > _SLOW_SECONDS:
            self._most = max(1, len(windows) // 2)

    def _build_family(
        self,
        rollups: Sequence[_Rollup],
        windows: Sequence[_Window],
        owner_name: str,
        totals: Totals,
        cancel: threading.Event,
    ) -> None:
        finest = rollups[0].definition
        starts = [window.start for window in windows]
        reserved = [one.ledger.reserve(starts, owner_name, time.time()) for one in rollups]
        built = 0
        try:
            rows = self._builder.batches(finest, [*starts, windows[-1].end], cancel)
            for number, batches in _numbered(rows, len(windows)):
                versions = [of_rollup[number] for of_rollup in reserved]
                self._write(rollups, versions, windows[number], batches, totals)
                built = number + 1
                if cancel.is_set():
                    raise _cancelled(totals)
        except BaseException as error:
            # Best effort: where even this has no room, the next build removes it.
            with contextlib.suppress(StoreError):
                for one, versions in zip(rollups, reserved, strict=True):
                    one.ledger.give_up(versions[built:])
            if isinstance(error, Cancelled):
                raise _cancelled(totals) from None
            raise

    def _write(
        self,
        rollups: Sequence[_Rollup],
        versions: Sequence[int],
        window: _Window,
        batches: Iterator[pa.RecordBatch],
        totals: Totals,
    ) -> None:
        """Writes and publishes one partition of each rollup; the first takes the batches, the others what follows."""
        finest = rollups[0].definition
        coarser = [Coarser(one.definition, finest, window.start, window.end) for one in rollups[1:]]
        cells = _shared(whole_groups(finest, batches), coarser)
        self._write_one(rollups[0], versions[0], window, cells, totals)
        for one, version, folded in zip(rollups[1:], versions[1:], coarser, strict=True):
            self._write_one(one, version, window, folded.cells(), totals)

    def _write_one(self, one: _Rollup, version: int, window: _Window, cells: Iterable[Cells], totals: Totals) -> None:
        began = time.perf_counter()
        start, end = window.start, window.end
        written = write_version(self._store, one.definition, version, start, cells)
        partition = _described(start, end, version, window.mark, self._reach(start, end), written)
        one.ledger.publish(partition, time.time())
        _told(one, "built", partition, began, totals)

    def _reach(self, start: int, end: int) -> tuple[int, int]:
        """How far the source's data reaches into the partition, and up to when it is complete."""
        if self._span is None:
            return start, start
        sealed = self._span.sealed(self._bound, self._now)
        return max(start, min(end, self._span.end)), max(start, min(end, sealed))


def _continues(waiting: Sequence[_Window], window: _Window, most: int) -> bool:
    """Whether the window can be read together with those that wait."""
    last = waiting[-1]
    return len(waiting) < most and last.end == window.start and last.rollups == window.rollups


def _numbered(rows: Iterator[tuple[int, pa.RecordBatch]], count: int) -> Iterator[tuple[int, Iterator[pa.RecordBatch]]]:
    """The batches of each of `count` partitions, those without rows included."""
    groups = itertools.groupby(rows, key=itemgetter(0))
    following = next(groups, None)
    for number in range(count):
        if following is None or following[0] != number:
            yield number, iter(())
        else:
            yield number, (batch for _, batch in following[1])
            following = next(groups, None)


def _shared(cells: Iterable[Cells], coarser: Sequence[Coarser]) -> Iterator[Cells]:
    for some in cells:
        for one in coarser:
            one.add(some)
        yield some


def _told(one: _Rollup, action: str, partition: Partition, began: float, totals: Totals) -> None:
    seconds = time.perf_counter() - began
    one.count(action, partition, seconds)
    totals.step(one.definition.name, partition, action, seconds)


def _begun(manifest: Manifest, span: Span | None) -> Manifest:
    start, end = (span.start, span.end) if span else (None, None)
    return replace(manifest, data_start=start, goal=end, changed_at=manifest.changed_at or time.time())


def _refreshed(manifest: Manifest, old: Partition, new: Partition) -> Manifest:
    return replace(manifest, partitions=tuple(new if p == old else p for p in manifest.partitions))


def _described(start: int, end: int, version: int, mark: str, reach: tuple[int, int], written: Written) -> Partition:
    return Partition(
        start=start,
        end=end,
        version=version,
        keys=written.keys,
        cells=written.cells,
        bytes=written.bytes,
        distinct=written.distinct,
        built_at=time.time(),
        mark=mark,
        data_end=reach[0],
        sealed=reach[1],
    )


def _cancelled(totals: Totals) -> Exception:
    return Cancelled.of(
        "cancelled",
        f"The build was cancelled after {totals.done} of {totals.total} partitions.",
        hint="What was built stays; the next build takes up there.",
    )
