"""What a build tells while it runs, and what it reports at its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lapwing.cache.partition import Partition
from lapwing.model.problem import LapwingError, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildProgress:
    """After each partition: `done` of `total` over all rollups of the build. `seconds_left` is an estimate from the
    partitions built so far, None before the first. `action` is built, unchanged, emptied, waiting (for someone else who
    builds it: `note` says who) or working (workers build it: `note` says how far they are); the last two do not count as
    done."""

    rollup: str
    start: int
    end: int
    action: str
    keys: int
    cells: int
    done: int
    total: int
    seconds_left: float | None
    note: str | None = None

    @property
    def fraction(self) -> float:
        return self.done / self.total if self.total else 1.0


Progress = Callable[[BuildProgress], None]


def both(one: Progress, other: Progress | None) -> Progress:
    """Tells two."""
    if other is None:
        return one

    def tell(progress: BuildProgress) -> None:
        one(progress)
        other(progress)

    return tell


@dataclass(frozen=True, slots=True, kw_only=True)
class RollupBuilt:
    """What a build did to one rollup, in partitions; `cells` and `bytes` are what it wrote. `causes` counts by why those
    that were built or emptied."""

    rollup: str
    built: int
    unchanged: int
    emptied: int
    keys: int
    cells: int
    bytes: int
    seconds: float
    data_until: int | None
    causes: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A dataset or `dataset.rollup` that could not be built, or not all of it."""

    name: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """`failed` did not stop the others. `left` are rollups that workers elsewhere go on with."""

    rollups: tuple[RollupBuilt, ...]
    seconds: float
    failed: tuple[Failed, ...] = ()
    left: tuple[str, ...] = ()

    def checked(self) -> BuildReport:
        """The report itself.

        Raises:
            LapwingError: something could not be built; holds every problem.
        """
        if self.failed:
            raise LapwingError(*(problem for one in self.failed for problem in one.problems))
        return self


@dataclass(slots=True)
class Totals:
    """Progress over all tasks of a build. Safe to use from several threads."""

    total: int
    report: Progress
    done: int = 0
    built: int = 0
    _began: float = 0.0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def begin(self) -> None:
        """The first partition is about to be built: from here on time counts for the estimate."""
        with self._lock:
            self._began = self._began or time.perf_counter()

    def step(self, name: str, partition: Partition, action: str) -> None:
        """One partition is done."""
        with self._lock:
            self.done += 1
            self.built += action == "built"
            self._tell(name, partition.start, partition.end, action, partition.keys, partition.cells, None)

    def waiting(self, name: str, start: int, end: int, note: str) -> None:
        """Someone else is at it."""
        with self._lock:
            self._tell(name, start, end, "waiting", 0, 0, note)

    def working(self, name: str, start: int, end: int, note: str) -> None:
        """How far the work on a stretch is, in words."""
        with self._lock:
            self._tell(name, start, end, "working", 0, 0, note)

    def _tell(self, name: str, start: int, end: int, action: str, keys: int, cells: int, note: str | None) -> None:
        taken = time.perf_counter() - self._began
        self.report(
            BuildProgress(
                rollup=name,
                start=start,
                end=end,
                action=action,
                keys=keys,
                cells=cells,
                done=self.done,
                total=self.total,
                seconds_left=taken / self.built * (self.total - self.done) if self.built else None,
                note=note,
            )
        )
