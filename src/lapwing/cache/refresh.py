"""When rollups are brought up to their sources, so that they keep their promises of freshness. Pure: whoever holds a
`Schedule` says what time it is, does the runs, and tells how they ended.

A rollup with a promise of 15 minutes was, at any moment, all its source was at most 15 minutes before. So a run begins
while there is time left for it to end; the more a run takes, the earlier, but not before half the promise has passed.
Rollups of a dataset run together, for one reading of the source, and never twice at once.

Runs are **quick**, or **slow** once they take longer than a minute. One quick and one slow run may be begun beside each
other, the most overdue first: so whoever takes longer than it promised is late itself and makes nobody else so.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lapwing.model.project import Project

QUICK: Final = 60.0
"""Seconds after which a run keeps the next quick one waiting no longer."""
FIRST_RETRY: Final = 5.0
LONGEST_RETRY: Final = 900.0
"""Seconds between a failure and the next try: doubled each time, up to a quarter of an hour."""
_LATEST, _EARLIEST = 0.9, 0.5
"""Parts of the promise after which a run begins, at the latest and at the earliest."""
_SPREAD: Final = 0.1
"""What chance takes off, so that servers on one store don't all look at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """`freshness` in seconds; `as_of`: see `Record.as_of`."""

    rollup: str
    dataset: str
    freshness: float
    as_of: float | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What one run builds: rollups of one dataset."""

    dataset: str
    rollups: tuple[str, ...]


@dataclass(slots=True)
class _Kept:
    """A promise being kept. `failures` are those since it was last kept."""

    promise: Promise
    as_of: float | None
    due: float = 0.0
    failures: int = 0


def promises_of(project: Project) -> tuple[Promise, ...]:
    """What the rollups of a project promise."""
    return tuple(
        Promise(rollup=f"{dataset.name}.{one.name}", dataset=dataset.name, freshness=one.freshness.total_seconds())
        for dataset in project.datasets.values()
        for one in dataset.rollups.values()
        if one.freshness is not None
    )


class Schedule:
    """The promises, what runs, and what is due. Moments are seconds on one clock, the caller's. Not for several threads."""

    def __init__(self, promises: Iterable[Promise], chance: Callable[[], float] = random.random) -> None:
        """`chance` gives numbers from 0 up to 1."""
        self._chance = chance
        self._took: dict[str, float] = {}
        self._running: dict[str, float] = {}
        self._kept = {one.rollup: _Kept(one, one.as_of) for one in promises}
        for kept in self._kept.values():
            kept.due = self._due(kept)

    def due(self, rollup: str) -> float | None:
        """When the rollup is to be looked at next, unless its lane is taken then; None without a promise."""
        kept = self._kept.get(rollup)
        return None if kept is None else kept.due

    def learn(self, as_of: Mapping[str, float | None]) -> None:
        """Somebody else, such as `lapwing build` or another server, may have brought rollups up to date."""
        for name, moment in as_of.items():
            kept = self._kept.get(name)
            if kept is not None and moment is not None and moment > (kept.as_of or 0.0):
                self._is_fresh(kept, moment)

    def overdue(self, now: float) -> tuple[str, ...]:
        """What is due and does not run, the most overdue first."""
        waiting = (one for one in self._kept.values() if one.due <= now and one.promise.dataset not in self._running)
        return tuple(one.promise.rollup for one in sorted(waiting, key=lambda one: one.due))

    def begin(self, now: float) -> Batch | None:
        """What to run now, if anything; it counts as running until `ended`."""
        for kept in (self._kept[name] for name in self.overdue(now)):
            dataset = kept.promise.dataset
            if self._is_free(self._is_slow(dataset), now):
                together = [one for one in self._kept.values() if one is kept or _joins(one, dataset, now)]
                self._running[dataset] = now
                return Batch(dataset, tuple(one.promise.rollup for one in together))
        return None

    def take(self, dataset: str, now: float) -> bool:
        """Somebody asked for a run over the dataset; False: one is under way. It waits for no lane."""
        if dataset in self._running:
            return False
        self._running[dataset] = now
        return True

    def ended(self, dataset: str, now: float, as_of: Mapping[str, float | None], *, cancelled: bool = False) -> None:
        """The dataset's run is over: of which moment each of its rollups is now; None of those that could not be built.
        What somebody `cancelled` is left alone for half its promise, and a minute at least."""
        self._took[dataset] = now - self._running.pop(dataset)
        for name, moment in as_of.items():
            kept = self._kept.get(name)
            if kept is None:
                continue
            if moment is not None:
                self._is_fresh(kept, moment)
            elif cancelled:
                kept.due = now + max(_EARLIEST * kept.promise.freshness, QUICK)
            else:
                kept.failures += 1
                delay = min(FIRST_RETRY * 2.0 ** min(kept.failures - 1, 30), LONGEST_RETRY)
                kept.due = now + delay * (0.5 + 0.5 * self._chance())

    def wait(self, now: float) -> float:
        """Seconds until there may be something to begin, unless a run ends before."""
        soonest = min(
            (one.due for one in self._kept.values() if one.promise.dataset not in self._running), default=None
        )
        if soonest is None:
            return QUICK
        if soonest > now:
            return soonest - now
        turning = [began + QUICK - now for began in self._running.values() if began + QUICK > now]
        return min(turning, default=QUICK)  # it is due, and its lane is taken

    def _is_fresh(self, kept: _Kept, as_of: float) -> None:
        kept.as_of, kept.failures = as_of, 0
        kept.due = self._due(kept)

    def _due(self, kept: _Kept) -> float:
        if kept.as_of is None:
            return 0.0
        promised = kept.promise.freshness
        left = promised - 2 * self._took.get(kept.promise.dataset, 0.0)
        share = min(max(left, _EARLIEST * promised), _LATEST * promised)
        return kept.as_of + share * (1 - _SPREAD * self._chance())

    def _is_slow(self, dataset: str) -> bool:
        return self._took.get(dataset, 0.0) > QUICK

    def _is_free(self, slow: bool, now: float) -> bool:
        lanes: Sequence[bool] = [self._is_slow(one) or now - began >= QUICK for one, began in self._running.items()]
        return slow not in lanes


def _joins(kept: _Kept, dataset: str, now: float) -> bool:
    """Whether a rollup runs with one of its dataset that is due, though it need not yet."""
    if kept.promise.dataset != dataset:
        return False
    half = kept.as_of is None or now - kept.as_of >= _EARLIEST * kept.promise.freshness
    return kept.due <= now or (half and not kept.failures)
