"""The cache checks itself: under a budget, states are compared with those that the source gives for the same moment.

Where they differ the partition goes into quarantine, so that answers go around it (and around what is folded from it), and
an incident tells both numbers. It is resolved when the partition was built again and the same slice of it is equal.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from lapwing.cache.cost import NOTHING, Cost, cost
from lapwing.cache.definition import Definition
from lapwing.cache.incident import Incident, Incidents, new_id, told
from lapwing.cache.ledger import Ledger
from lapwing.cache.look import Look, Looker, Outcome
from lapwing.cache.looks import Looked, Looks, Reads, drawn, weight
from lapwing.cache.manifest import Manifest
from lapwing.cache.marks import Marks
from lapwing.cache.partition import Partition
from lapwing.cache.progress import Failed
from lapwing.cache.slice import Slice, every, some
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.times import EVER
from lapwing.model.problem import Cancelled

_MOST_CELLS = 200_000
"""Of one look: some hundred megabytes with the largest sketches."""
_LEAST_LOOKS = 8
"""How many partitions a budget is for, at least."""
_PATIENCE_SECONDS = 3600.0
"""For one look where all is to be looked at."""
_LEAST_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a run may take: `seconds`, and `rows` and `bytes` that sources read, as they estimate it. `whole`: everything is
    looked at, whatever it takes; `mended`: only what has an open incident and was built again. Zero seconds: nothing is."""

    seconds: float = 30.0
    rows: float = 50e6
    bytes: float = 20e9
    whole: bool = False
    mended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """After each look: how many there were, and which part is done of everything, or of the time there is."""

    look: Look
    done: int
    fraction: float


@dataclass(slots=True, kw_only=True)
class Audit:
    """What a run found. `partitions` could have been looked at; `cost` is the source's, estimated; `opened` are incidents
    with what was found now, `resolved` those that ended; `failed` are datasets that could not be looked at."""

    partitions: int = 0
    looks: list[Look] = field(default_factory=list)
    cost: Cost = NOTHING
    seconds: float = 0.0
    opened: list[Incident] = field(default_factory=list)
    resolved: list[Incident] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        return sum(look.outcome is outcome for look in self.looks)


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A rollup as readers see it."""

    definition: Definition
    manifest: Manifest


@dataclass(slots=True)
class Pace:
    """Rows that sources are found to read in a second, states made of them."""

    rows: float = 1e6

    def learn(self, look: Look, rows: float) -> None:
        if look.outcome is Outcome.SLOW:
            self.rows /= 4
        elif look.outcome is Outcome.EQUAL and look.seconds > 0 and rows > 0:
            self.rows = (self.rows * rows / look.seconds) ** 0.5


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """A partition to look at; `part` None: a slice that the budget allows."""

    kept: Kept
    partition: Partition
    part: Slice | None = None


class AuditRun:
    """One run over rollups; what it finds is in `found`."""

    def __init__(
        self,
        store: RollupStore,
        looker: Looker,
        marks: Marks,
        reads: Reads,
        pace: Pace,
        budget: Budget,
        found: Audit,
        chance: random.Random,
    ) -> None:
        self._store = store
        self._looker = looker
        self._marks = marks
        self._reads = reads
        self._pace = pace
        self._budget = budget
        self._found = found
        self._chance = chance
        self._looks = Looks(store)
        self._incidents = Incidents(store)
        self._apart: set[tuple[bytes, int]] = set()
        self._began = time.monotonic()

    def run(
        self,
        kept: Sequence[Kept],
        again: Sequence[tuple[Incident, Kept]],
        progress: Callable[[Audited], None],
        cancel: threading.Event,
    ) -> None:
        """Looks at slices of `again`'s incidents, then at what the budget is for.

        Raises:
            Cancelled: `cancel` was set; what was found is noted. StoreError.
        """
        tasks = deque(self._again(again))
        if not self._budget.mended:
            tasks.extend(self._every(kept) if self._budget.whole else self._drawn(kept))
        self._found.partitions = sum(len(one.manifest.overlapping(-EVER, EVER)) for one in kept)
        looked: set[tuple[bytes, int]] = set()
        total = len(tasks)
        while tasks and self._goes_on():
            if cancel.is_set():
                raise Cancelled.of("cancelled", f"Stopped after {len(self._found.looks)} looks.")
            task = tasks.popleft()
            if _key(task) in self._apart or (task.part is None and _key(task) in looked):
                continue
            looked.add(_key(task))
            look = self._look(task)
            if look.outcome.wrong and not self._endless:
                # What is wrong in one rollup often is in those that were built with it.
                tasks.extendleft(_beside(kept, task))
            done = len(self._found.looks)
            part = done / total if self._endless else self._spent / max(self._budget.seconds, 1e-9)
            progress(Audited(look=look, done=done, fraction=min(1.0, part)))

    @property
    def _spent(self) -> float:
        return time.monotonic() - self._began

    @property
    def _endless(self) -> bool:
        """Whether it takes what it takes."""
        return self._budget.whole or self._budget.mended

    def _goes_on(self) -> bool:
        budget, cost_ = self._budget, self._found.cost
        left = budget.seconds - self._spent >= min(_LEAST_SECONDS, budget.seconds / 2) and budget.seconds > 0
        return self._endless or (left and cost_.rows < budget.rows and cost_.bytes < budget.bytes)

    def _again(self, again: Sequence[tuple[Incident, Kept]]) -> Iterator[_Task]:
        """The slices of open incidents whose partition was built again."""
        for incident, kept in again:
            partition = kept.manifest.partition(incident.start)
            if partition is not None and partition.quarantined is None:
                yield _Task(kept, partition, incident.slice)

    def _every(self, kept: Sequence[Kept]) -> Iterator[_Task]:
        for one in kept:
            for partition in one.manifest.overlapping(-EVER, EVER):
                for part in every(one.definition, partition, _MOST_CELLS):
                    yield _Task(one, partition, part)

    def _drawn(self, kept: Sequence[Kept]) -> Iterator[_Task]:
        """Partitions in an order by chance."""
        tasks: list[_Task] = []
        weights: list[float] = []
        now = time.time()
        for one in kept:
            looks = self._looks.of(one.definition.id)
            partitions = one.manifest.overlapping(-EVER, EVER)
            for partition, reads in zip(partitions, self._reads.of(one.definition.id, partitions), strict=True):
                tasks.append(_Task(one, partition))
                weights.append(weight(partition, looks.get(partition.start), reads, now))
        return (tasks[place] for place in drawn(dict(enumerate(weights)), self._chance))

    def _look(self, task: _Task) -> Look:
        definition, partition = task.kept.definition, task.partition
        timed, fixed = cost(self._marks, definition, task.kept.manifest, partition)
        part = task.part or some(definition, partition, self._share(timed, fixed), _MOST_CELLS, self._chance)
        limit = _PATIENCE_SECONDS if self._endless else max(_LEAST_SECONDS, self._budget.seconds - self._spent)
        look = self._looker.look(definition, partition, part, limit)
        share = (part.end - part.start) / (partition.end - partition.start)
        read = fixed + timed.times(share)
        if look.outcome is not Outcome.STALE:
            self._found.cost += read
        self._pace.learn(look, read.rows)
        self._found.looks.append(look)
        if look.outcome.wrong:
            self._apart.add(_key(task))
            self._quarantine(definition, look)
        elif look.outcome is Outcome.EQUAL:
            self._resolve(definition, look)
        self._looks.note(definition.id, partition.start, Looked(partition.version, time.time(), str(look.outcome)))
        return look

    def _share(self, timed: Cost, fixed: Cost) -> float:
        """The part of a partition's time that one look may read of the source."""
        budget, done = self._budget, self._found.cost
        seconds = min(budget.seconds - self._spent, budget.seconds / _LEAST_LOOKS)
        rows = min(budget.rows - done.rows, budget.rows / _LEAST_LOOKS, seconds * self._pace.rows) - fixed.rows
        size = min(budget.bytes - done.bytes, budget.bytes / _LEAST_LOOKS) - fixed.bytes
        return max(0.0, min(1.0, rows / max(timed.rows, 1.0), size / max(timed.bytes, 1.0)))

    def _quarantine(self, definition: Definition, look: Look) -> None:
        """Nobody reads it any more; then it is told."""
        partition, compared, now = look.partition, look.compared, time.time()
        if look.outcome is Outcome.DAMAGED:
            says = look.says
        else:
            says = "What is kept makes no sense." if compared is None else told(compared)
            Ledger.of(self._store, definition).quarantine(partition.start, f"An audit found: {says}", partition.version)
        self._found.opened.append(
            self._incidents.report(
                Incident(
                    id=new_id(definition.id, partition.start, now),
                    rollup=definition.name,
                    rollup_id=definition.id,
                    start=partition.start,
                    end=partition.end,
                    version=partition.version,
                    builder=partition.builder,
                    built_at=partition.built_at,
                    mark=partition.mark,
                    slice=look.slice,
                    cells=look.cells,
                    differing=compared.differing if compared else 0,
                    differences=compared.shown if compared else (),
                    says=says,
                    opened=now,
                    seen=now,
                )
            )
        )

    def _resolve(self, definition: Definition, look: Look) -> None:
        for one in self._incidents.open_of(definition.id, look.partition.start):
            if look.slice.holds(one.slice):
                ended = self._incidents.resolve(one, f"Version {look.partition.version} is equal to the source.")
                if ended is not None:
                    self._found.resolved.append(ended)


def _key(task: _Task) -> tuple[bytes, int]:
    return task.kept.definition.id, task.partition.start


def _beside(kept: Sequence[Kept], task: _Task) -> Iterator[_Task]:
    """Partitions of the dataset's other rollups for the same time."""
    dataset = task.kept.definition.bound.dataset.name
    for one in kept:
        if one is not task.kept and one.definition.bound.dataset.name == dataset:
            for partition in one.manifest.overlapping(task.partition.start, task.partition.end):
                yield _Task(one, partition)
