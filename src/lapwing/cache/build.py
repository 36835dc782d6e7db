"""Builds the rollups of a dataset, a partition at a time.

A partition is written aside under a version of its own and published by one change of the manifest; readers see the old
one or the new one, whole. What stops a build (a crash, a full disk, someone's wish) leaves everything published so far,
and the next build takes up there.

Adjacent partitions are read by one statement, as many as take a second or so: planning then costs little, and little is
lost where it stops. Rollups that follow from a finer one are folded from its states on the way.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

import pyarrow as pa

from lapwing.cache.builders.base import AnyBuilder, Detached, WritingBuilder
from lapwing.cache.cells import Cells, whole_groups
from lapwing.cache.coarser import Coarser
from lapwing.cache.distributed import Member, Order
from lapwing.cache.family import families
from lapwing.cache.jobs import Jobs
from lapwing.cache.ledger import Busy
from lapwing.cache.leftovers import Leftovers
from lapwing.cache.manifest import Manifest
from lapwing.cache.marks import Marks
from lapwing.cache.memory import Memory
from lapwing.cache.partition import Cause, Partition
from lapwing.cache.pending import Pending
from lapwing.cache.progress import Failed, Totals
from lapwing.cache.span import Span
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.stretch import RollupWork, Task, Window, numbered, stretches, why
from lapwing.cache.workers import Workers
from lapwing.cache.write import Written, write_version
from lapwing.model.failing import OnError
from lapwing.model.problem import Cancelled, Conflict, LapwingError, SourceError, StoreError
from lapwing.model.project import History
from lapwing.sources.bill import billed_while_taken

_QUICK_SECONDS, _SLOW_SECONDS = 1.0, 10.0
_MOST_AT_ONCE = 4_096
_PUBLISH_SECONDS = 0.25
"""Partitions that are ready within so long are published by one change of the manifest."""
_POLL_SECONDS = 0.2
_LOOK_SECONDS = 5.0
"""Between looks at who of other builders is gone."""
_PATIENCE_SECONDS = 3600.0
"""How long to wait for someone else who builds the same."""

_UNFIT = ("value-too-long", "value-too-large", "key-too-long")
"""What is wrong with a rollup's values and not with the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a build goes about it. `full`: unchanged partitions, too. `cancel` is set by whoever wants it to stop. `memory`:
    the shares of what it may take, None: all there is. `left` is what earlier builds began elsewhere. `detached` is
    called where something is left to go on elsewhere."""

    now: datetime
    owner: str
    cancel: threading.Event
    full: bool
    history: History
    grace: float
    memory: Memory | None = None
    left: Leftovers = field(default_factory=Leftovers)
    detached: Callable[[], None] = lambda: None


@dataclass(slots=True)
class _Ready:
    """Versions of one rollup that are written and not yet published."""

    rollup: RollupWork
    versions: list[int]
    rows: Pending
    partitions: list[Partition] = field(default_factory=list)
    began: float = 0.0


class DatasetBuild:
    """The build of a dataset's rollups."""

    def __init__(
        self,
        store: RollupStore,
        builder: AnyBuilder,
        tasks: Sequence[Task],
        marks: Marks,
        totals: Totals,
        how: Settings,
    ) -> None:
        self._store = store
        self._builder = builder
        self._span = tasks[0].span
        self._bound = tasks[0].definition.bound
        self._rollups = [RollupWork(store, task) for task in tasks]
        self._marks = marks
        self._totals = totals
        self._how = how
        # Workers are slow to start, and many at once: they get all there is to do.
        self._most = _MOST_AT_ONCE if isinstance(builder, WritingBuilder) else 1
        self._ceiling = _MOST_AT_ONCE
        self._owner = how.owner
        self._looked, self._dead = -_LOOK_SECONDS, frozenset[str]()
        self.failed: list[Failed] = []
        self.left: list[str] = []
        self.seconds = 0.0
        """What `run` took."""

    @property
    def dataset(self) -> str:
        return self._bound.dataset.name

    @property
    def rollups(self) -> Sequence[RollupWork]:
        return self._rollups

    def run(self, workers: Workers) -> None:
        """Builds what changed. A rollup that can't be built is left out, and is in `failed`.

        Raises:
            Cancelled: someone cancelled it; what was published stays.
            StoreError: no room; likewise.
            SourceError: the source does not answer; likewise.
        """
        began = time.perf_counter()
        try:
            self._run(workers)
        finally:
            self.seconds = time.perf_counter() - began

    def _run(self, workers: Workers) -> None:
        span = self._span
        for one in self._rollups:
            one.ledger.sweep(time.time(), self._how.history, self._how.grace, self._how.left.keeps)
            one.ledger.change(lambda manifest: _begun(manifest, span))
        every = sorted(frozenset().union(*(one.windows for one in self._rollups)))
        with workers:
            windows = (self._look(start, end, self._marks, self._rollups) for start, end in every)
            for stretch in stretches(windows, lambda: self._most):
                workers.do(partial(self._work, stretch))

    def _look(self, start: int, end: int, marks: Marks, rollups: Sequence[RollupWork]) -> Window:
        """Settles the rollups for which nothing is to be read; the others are in the window."""
        if self._how.cancel.is_set():
            raise _cancelled(self._totals)
        # Marked before it is read: what changes meanwhile is then built again, never missed.
        mark = marks.mark(self._bound, start, end)
        to_build: dict[RollupWork, Cause] = {}
        for one in rollups:
            if (start, end) in one.windows and not one.stopped:
                cause = self._patiently(one, start, end, partial(self._settle, one, start, end, mark))
                if cause is not None:
                    to_build[one] = cause
        return Window(start, end, mark, tuple(to_build), tuple(to_build.values()))

    def _settle(self, one: RollupWork, start: int, end: int, mark: str) -> Cause | None:
        """Why the partition is to be built; None where it need not be, and then its record is up to date."""
        began = time.perf_counter()
        old = one.ledger.read().partition(start)
        if old is not None and old.settled(mark) and not self._how.full:
            _, data_end, sealed = self._reach(start, end)
            settled = replace(old, data_end=data_end, sealed=sealed, cause=Cause.SETTLED, builder=self._owner)
            if old.mark == mark and (old.data_end, old.sealed) != (data_end, sealed):
                one.ledger.publish([settled], self._owner)
            self._told(one, "unchanged", old, began)
            return None
        if self._span is None or end <= self._span.start or start >= self._span.end:
            emptied = self._described(start, end, 0, mark, Cause.EMPTIED, Written())
            one.ledger.publish([emptied], self._owner)
            self._told(one, "emptied", emptied, began)
            return None
        return why(old, mark)

    def _patiently(self, one: RollupWork, start: int, end: int, call: Callable[[], Cause | None]) -> Cause | None:
        """`call`, again while someone else builds there."""
        while True:
            try:
                return call()
            except Busy as busy:
                self._wait(one, start, end, busy)

    def _wait(self, one: RollupWork, start: int, end: int, busy: Busy) -> None:
        """Returns when nobody else builds `[start, end)` any more.

        Raises:
            Busy: it takes too long. Cancelled.
        """
        self._totals.waiting(one.definition.name, start, end, busy.problems[0].message)
        until = time.monotonic() + _PATIENCE_SECONDS
        while one.ledger.is_busy(start, end, self._owner, self._gone()):
            if time.monotonic() > until:
                raise busy
            if self._how.cancel.wait(_POLL_SECONDS):
                raise _cancelled(self._totals)

    def _work(self, windows: Sequence[Window]) -> None:
        """Builds adjacent partitions of the same rollups. What someone else builds is looked at again when it is done."""
        try:
            reserved = self._reserve(windows)
        except _Taken as taken:
            self._wait(taken.rollup, windows[0].start, windows[-1].end, taken.busy)
        else:
            self._build(windows, reserved)
            return
        marks, most = self._marks.fresh(), len(windows)
        again = (self._look(window.start, window.end, marks, window.rollups) for window in windows)
        for stretch in stretches(again, lambda: most):
            self._work(stretch)

    def _reserve(self, windows: Sequence[Window]) -> dict[RollupWork, list[int]]:
        """Versions for all rollups of the windows, or for none: who waits for others keeps nobody waiting.

        Raises:
            _Taken: someone else builds one of them.
        """
        reserved: dict[RollupWork, list[int]] = {}
        borders = [*(window.start for window in windows), windows[-1].end]
        with OnError(lambda _: _give_up(reserved)):
            for family in _families(windows[0].rollups):
                ledgers, marks = [one.ledger for one in family], [window.mark for window in windows]
                adopted = self._how.left.adopt(ledgers, borders, marks, self._owner)
                for number, one in enumerate(family):
                    try:
                        reserved[one] = (
                            adopted[number]
                            if adopted
                            else one.ledger.reserve(borders, self._owner, time.time(), self._gone())
                        )
                    except Busy as busy:
                        raise _Taken(one, busy) from busy
        return reserved

    def _gone(self) -> frozenset[str]:
        """Who reserved something and is no more, on whichever machine."""
        now = time.monotonic()
        if now - self._looked > _LOOK_SECONDS:
            self._looked, self._dead = now, frozenset(job.by for job in Jobs(self._store).alone(time.time()))
        return self._dead

    def _build(self, windows: Sequence[Window], reserved: dict[RollupWork, list[int]]) -> None:
        """Builds reserved partitions; sets how many are taken at once next."""
        began = time.perf_counter()
        self._totals.begin()
        ready = {one: _Ready(one, versions, Pending(self._store)) for one, versions in reserved.items()}
        try:
            for family in _families(windows[0].rollups):
                members = [ready[one] for one in family]
                try:
                    self._build_family(members, windows)
                except StoreError as error:
                    if error.problems[0].code not in _UNFIT:
                        raise
                    for one in members:  # its values don't fit; the other families go on
                        one.rollup.stopped = True
                        self.failed.append(Failed(name=one.rollup.definition.name, problems=error.problems))
        finally:
            _give_up({one.rollup: one.versions for one in ready.values()})
        seconds = time.perf_counter() - began
        if isinstance(self._builder, WritingBuilder):
            return
        if seconds < _QUICK_SECONDS:
            self._most = min(4 * len(windows), self._ceiling)
        elif seconds > _SLOW_SECONDS:
            self._most = max(1, len(windows) // 2)

    def _build_family(self, members: Sequence[_Ready], windows: Sequence[Window]) -> None:
        if isinstance(self._builder, WritingBuilder):
            self._have_written(self._builder, members, windows)
            return
        finest = members[0].rollup.definition
        borders = [*(window.start for window in windows), windows[-1].end]
        published = time.monotonic()
        begun = False
        try:
            rows = self._batches(members[0].rollup, borders)
            for number, batches in numbered(rows, len(windows)):
                begun = True
                self._write(members, windows[number], batches)
                last = number == len(windows) - 1
                if last or time.monotonic() - published > _PUBLISH_SECONDS or self._how.cancel.is_set():
                    self._publish(members)
                    published = time.monotonic()
                if self._how.cancel.is_set() and not last:
                    raise _cancelled(self._totals)
        except Cancelled:
            raise _cancelled(self._totals) from None
        except SourceError as error:
            if error.problems[0].code != "memory-limit":
                raise
            if begun or len(windows) == 1:
                raise _too_large(finest.name, error) from error
            self._in_halves(members, windows)
        if self._how.cancel.is_set():
            raise _cancelled(self._totals)

    def _batches(self, rollup: RollupWork, borders: Sequence[int]) -> Iterator[tuple[int, pa.RecordBatch]]:
        assert not isinstance(self._builder, WritingBuilder)
        return billed_while_taken(rollup.bill, self._builder.batches(rollup.definition, borders, self._how.cancel))

    def _have_written(self, builder: WritingBuilder, members: Sequence[_Ready], windows: Sequence[Window]) -> None:
        """Workers write the partitions; they are published as they are ready."""
        order = Order(
            members=tuple(Member(definition=one.rollup.definition, versions=tuple(one.versions)) for one in members),
            borders=(*(window.start for window in windows), windows[-1].end),
            marks=tuple(window.mark for window in windows),
        )
        published = time.monotonic()
        for one in members:
            one.began = time.perf_counter()

        def tell(says: str) -> None:
            self._totals.working(order.finest.name, order.borders[0], order.borders[-1], says)

        try:
            with contextlib.closing(builder.write(order, self._how.cancel, tell)) as rows:
                for number, written in billed_while_taken(members[0].rollup.bill, rows):
                    for one, of in zip(members, written, strict=True):
                        self._written(one, windows[number], of)
                    if number == len(windows) - 1 or time.monotonic() - published > _PUBLISH_SECONDS:
                        self._publish(members)
                        published = time.monotonic()
        except Cancelled:
            self._publish(members)
            raise _cancelled(self._totals) from None
        except Detached:
            self._how.detached()
            self._publish(members)
            self.left += [one.rollup.definition.name for one in members]
            for one in members:
                one.versions.clear()  # they stay reserved

    def _in_halves(self, members: Sequence[_Ready], windows: Sequence[Window]) -> None:
        """Builds what was too much for the memory at once, and from now on takes less."""
        half = len(windows) // 2
        self._ceiling = self._most = max(1, half)
        self._build_family(members, windows[:half])
        self._build_family(members, windows[half:])

    def _write(self, members: Sequence[_Ready], window: Window, batches: Iterator[pa.RecordBatch]) -> None:
        """Writes one partition of each rollup; the first takes the batches, the others what follows."""
        rest = members[1:]
        finest = members[0].rollup.definition
        room = self._how.memory.fold // len(rest) if self._how.memory and rest else None
        coarser = [Coarser(one.rollup.definition, finest, window.start, window.end, room) for one in rest]
        self._write_one(members[0], window, _shared(whole_groups(finest, batches), coarser))
        for one, folded in zip(rest, coarser, strict=True):
            self._write_one(one, window, self._apart(one, window) if folded.too_large else folded.cells())

    def _apart(self, one: _Ready, window: Window) -> Iterator[Cells]:
        """The cells of a coarser rollup by a statement of its own, which may spill."""
        definition = one.rollup.definition
        rows = self._batches(one.rollup, (window.start, window.end))
        return whole_groups(definition, (batch for _, batch in rows))

    def _write_one(self, one: _Ready, window: Window, cells: Iterable[Cells]) -> None:
        one.began = one.began or time.perf_counter()
        version = one.versions[len(one.partitions)]
        self._written(one, window, write_version(one.rows, one.rollup.definition, version, window.start, cells))

    def _written(self, one: _Ready, window: Window, written: Written) -> None:
        """Takes note of the next partition of a rollup, which can now be published."""
        one.began = one.began or time.perf_counter()
        version = one.versions[len(one.partitions)]
        cause = window.causes[window.rollups.index(one.rollup)]
        one.partitions.append(self._described(window.start, window.end, version, window.mark, cause, written))

    def _publish(self, members: Sequence[_Ready]) -> None:
        for one in members:
            if one.partitions:
                one.rows.flush()
                one.rollup.ledger.publish(one.partitions, self._owner)
                del one.versions[: len(one.partitions)]
                for partition in one.partitions:
                    self._told(one.rollup, "built", partition, one.began)
                    one.began = time.perf_counter()
                one.partitions, one.began = [], 0.0

    def _told(self, one: RollupWork, action: str, partition: Partition, began: float) -> None:
        one.count(action, partition, time.perf_counter() - began)
        self._totals.step(one.definition.name, partition, action)

    def _reach(self, start: int, end: int) -> tuple[int, int, int]:
        """How far the source's data reaches into the partition (from, to), and up to when it is complete."""
        if self._span is None:
            return start, start, start
        sealed = self._span.sealed(self._bound, self._how.now)
        first, last, complete = (max(start, min(end, at)) for at in (self._span.start, self._span.end, sealed))
        return first, last, complete

    def _described(self, start: int, end: int, version: int, mark: str, cause: Cause, written: Written) -> Partition:
        data_start, data_end, sealed = self._reach(start, end)
        now = time.time()
        return Partition(
            start=start,
            end=end,
            version=version,
            keys=written.keys,
            cells=written.cells,
            bytes=written.bytes,
            distinct=written.distinct,
            built_at=now,
            mark=mark,
            data_start=data_start,
            data_end=data_end,
            sealed=sealed,
            since=now,
            cause=cause,
            builder=self._owner,
        )


class _Taken(Exception):
    """Someone else builds a rollup's partitions."""

    def __init__(self, rollup: RollupWork, busy: Busy) -> None:
        self.rollup, self.busy = rollup, busy


def _too_large(name: str, error: SourceError) -> LapwingError:
    """What the engine can't spill did not fit, not even of one partition."""
    return SourceError.of(
        "memory-limit",
        f"A partition of {name} does not fit into the memory of the build: {error.problems[0].message}",
        hint="Give it more with --memory, or use shorter partitions for the rollup.",
    )


def _give_up(reserved: dict[RollupWork, list[int]]) -> None:
    """Best effort: where even this has no room, the next build removes it."""
    with contextlib.suppress(StoreError, Conflict):
        for one, versions in reserved.items():
            if versions:
                one.ledger.give_up(versions)


def _families(rollups: Sequence[RollupWork]) -> Iterator[list[RollupWork]]:
    """Those that are read together, the finest first."""
    named = {one.definition.name: one for one in rollups}
    for family in families([one.definition for one in rollups]):
        yield [named[definition.name] for definition in (family.finest, *family.coarser)]


def _shared(cells: Iterable[Cells], coarser: Sequence[Coarser]) -> Iterator[Cells]:
    for some in cells:
        for one in coarser:
            one.add(some)
        yield some


def _begun(manifest: Manifest, span: Span | None) -> Manifest:
    start, end = (span.start, span.end) if span else (None, None)
    if (manifest.data_start, manifest.goal) == (start, end) and manifest.changed_at:
        return manifest
    return replace(manifest, data_start=start, goal=end, changed_at=manifest.changed_at or time.time())


def _cancelled(totals: Totals) -> LapwingError:
    return Cancelled.of(
        "cancelled",
        f"The build was cancelled after {totals.done} of {totals.total} partitions.",
        hint="What was built stays; the next build takes up there.",
    )
