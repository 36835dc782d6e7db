"""Builds rollups, a partition at a time.

A partition is written aside under a version of its own and published by one change of the manifest; readers see the old
one or the new one, whole. What stops a build (a crash, a full disk, someone's wish) leaves everything published so far,
and the next build takes up there.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from lapwing.cache.builders.base import Builder
from lapwing.cache.definition import Definition
from lapwing.cache.manifest import Manifest, Partition
from lapwing.cache.marks import Marks
from lapwing.cache.owner import owner
from lapwing.cache.progress import BuildProgress, RollupBuilt
from lapwing.cache.publish import GRACE, Ledger
from lapwing.cache.span import Span
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.write import write_version
from lapwing.model import calendar
from lapwing.model.problem import Cancelled, StoreError

Progress = Callable[[BuildProgress], None]


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


@dataclass(slots=True)
class _Counts:
    by_action: dict[str, int] = field(default_factory=lambda: {"built": 0, "unchanged": 0, "emptied": 0})
    keys: int = 0
    cells: int = 0
    bytes: int = 0

    def add(self, action: str, partition: Partition) -> None:
        self.by_action[action] += 1
        if action == "built":
            self.keys += partition.keys
            self.cells += partition.cells
            self.bytes += partition.bytes


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


class RollupBuild:
    """The build of one rollup."""

    def __init__(
        self, store: RollupStore, builder: Builder, task: Task, *, now: datetime, full: bool, grace: float = GRACE
    ) -> None:
        self._store = store
        self._builder = builder
        self._task = task
        self._now = now
        self._full = full
        self._grace = grace
        self._ledger = Ledger(store, task.definition)

    def run(self, marks: Marks, totals: Totals, cancel: threading.Event) -> RollupBuilt:
        """Builds what changed.

        Raises:
            Cancelled: `cancel` was set; what was published stays.
            StoreError: no room; likewise.
            SourceError: the source does not answer; likewise.
        """
        started = time.perf_counter()
        definition, span = self._task.definition, self._task.span
        self._ledger.sweep(time.time(), self._grace)
        self._ledger.change(
            lambda m: replace(m, data_start=span.start if span else None, goal=span.end if span else None)
        )
        counts = _Counts()
        with owner() as name:
            for start, end in self._task.partitions:
                if cancel.is_set():
                    raise _cancelled(totals)
                began = time.perf_counter()
                action, partition = self._partition(start, end, name, marks, cancel)
                counts.add(action, partition)
                totals.step(definition.name, partition, action, time.perf_counter() - began)
        manifest = self._ledger.read()
        return RollupBuilt(
            rollup=definition.name,
            built=counts.by_action["built"],
            unchanged=counts.by_action["unchanged"],
            emptied=counts.by_action["emptied"],
            keys=counts.keys,
            cells=counts.cells,
            bytes=counts.bytes,
            seconds=time.perf_counter() - started,
            data_until=manifest.data_until,
        )

    def _partition(
        self, start: int, end: int, owner_name: str, marks: Marks, cancel: threading.Event
    ) -> tuple[str, Partition]:
        """Builds one partition where it changed; says what it did."""
        definition, span = self._task.definition, self._task.span
        # Marked before it is read: what changes meanwhile is then built again, never missed.
        mark = marks.mark(definition.bound, start, end)
        reach = self._reach(start, end)
        old = self._ledger.read().partition(start)
        if old is not None and old.end == end and old.mark == mark and not self._full:
            refreshed = replace(old, data_end=reach[0], sealed=reach[1])
            self._ledger.change(lambda m: _refreshed(m, old, refreshed))
            return "unchanged", refreshed
        if span is None or end <= span.start or start >= span.end:
            empty = _described(start, end, 0, mark, reach, keys=0, cells=0, size=0, distinct=())
            self._ledger.publish(empty, time.time())
            return "emptied", empty
        version = self._ledger.reserve(start, owner_name, time.time())
        try:
            batches = self._builder.batches(definition, start, end, cancel)
            written = write_version(self._store, definition, version, start, batches)
            partition = _described(
                start,
                end,
                version,
                mark,
                reach,
                keys=written.keys,
                cells=written.cells,
                size=written.bytes,
                distinct=written.distinct,
            )
            self._ledger.publish(partition, time.time())
        except BaseException:
            # Best effort: where even this has no room, the next build removes it.
            with contextlib.suppress(StoreError):
                self._ledger.give_up(version)
            raise
        return "built", partition

    def _reach(self, start: int, end: int) -> tuple[int, int]:
        """How far the source's data reaches into the partition, and up to when it is complete."""
        span = self._task.span
        if span is None:
            return start, start
        sealed = span.sealed(self._task.definition.bound, self._now)
        return max(start, min(end, span.end)), max(start, min(end, sealed))


def _refreshed(manifest: Manifest, old: Partition, new: Partition) -> Manifest:
    return replace(manifest, partitions=tuple(new if p == old else p for p in manifest.partitions))


def _described(
    start: int,
    end: int,
    version: int,
    mark: str,
    reach: tuple[int, int],
    *,
    keys: int,
    cells: int,
    size: int,
    distinct: Sequence[int],
) -> Partition:
    return Partition(
        start=start,
        end=end,
        version=version,
        keys=keys,
        cells=cells,
        bytes=size,
        distinct=tuple(distinct),
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
