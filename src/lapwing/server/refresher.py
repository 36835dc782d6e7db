"""Keeps rollups as fresh as they promise while the server runs, and builds what somebody asks for.

The thin side of `cache.refresh`: one thread that waits for what is due, and one for each run. A run that somebody asked
for begins at once. Each can be watched and cancelled; what it built until then stays.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from lapwing.cache.chosen import chosen
from lapwing.cache.progress import BuildProgress, BuildReport
from lapwing.cache.refresh import Batch, Schedule, promises_of
from lapwing.cache.runs import Why
from lapwing.model.problem import Cancelled, LapwingError, NotFound, Problem
from lapwing.query.service import Lapwing
from lapwing.server.admission import Admission

_LONGEST_WAIT: Final = 3600.0
_ENDING: Final = 10.0
"""Seconds that the end of the server waits for runs to break off."""
_log = structlog.get_logger("lapwing.server")


@dataclass(slots=True, eq=False)
class Refreshing:
    """A run under way. `began` is in seconds since 1970; `progress` is None until the first partition was looked at."""

    dataset: str
    rollups: tuple[str, ...]
    why: Why
    began: float
    cancel: threading.Event = field(default_factory=threading.Event)
    progress: BuildProgress | None = None

    def told(self, progress: BuildProgress) -> None:
        self.progress = progress


class Refresher:
    """Safe to use from several threads."""

    def __init__(self, lapwing: Lapwing, admission: Admission | None = None) -> None:
        self._lapwing = lapwing
        self._admission = admission or Admission()
        self.built: Callable[[], None] = lambda: None
        """Called after each run that built something."""
        self._schedule = Schedule(promises_of(lapwing.project))
        self._running: dict[str, Refreshing] = {}
        self._threads: set[threading.Thread] = set()
        self._told: dict[str, Problem] = {}
        self._change = threading.Condition()
        self._ending = False
        self._thread: threading.Thread | None = None

    @property
    def keeps_promises(self) -> bool:
        """Whether what is due is built without being asked for."""
        return self._thread is not None

    def start(self) -> None:
        """From now on promises are kept."""
        self._thread = threading.Thread(target=self._keep, name="lapwing-refresh", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Cancels what runs; returns when it has ended, or after ten seconds."""
        with self._change:
            self._ending = True
            for one in self._running.values():
                one.cancel.set()
            self._change.notify_all()
            threads = [*self._threads, *([self._thread] if self._thread else [])]
        until = time.monotonic() + _ENDING
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))

    def running(self) -> tuple[Refreshing, ...]:
        """What is under way here."""
        with self._change:
            return tuple(self._running.values())

    def trouble(self) -> tuple[Problem, ...]:
        """What keeps rollups from being as fresh as they promise."""
        return tuple(self._told.copy().values())

    def due(self, rollup: str) -> float | None:
        """When a rollup is looked at next (seconds since 1970); None where nothing is promised, or promises are not kept."""
        with self._change:
            return self._schedule.due(rollup) if self.keeps_promises else None

    def ask(self, which: str | None) -> tuple[Refreshing, ...]:
        """Begins to build what changed of the rollups called `which`; a run over one of their datasets that is under way
        already is given in its place.

        Raises:
            NotFound: no rollup of that name.
        """
        named = chosen(self._lapwing.project, which)
        now = time.time()
        with self._change:
            for dataset, rollups in named.items():
                if not self._ending and self._schedule.take(dataset, now):
                    self._begin(Batch(dataset, tuple(f"{dataset}.{one.name}" for one in rollups)), Why.ASKED, now)
            self._change.notify_all()
            return tuple(self._running[dataset] for dataset in named if dataset in self._running)

    def cancel(self, dataset: str) -> Refreshing:
        """Asks a run to stop; it does after the partitions it is at.

        Raises:
            NotFound: nothing runs over the dataset.
        """
        with self._change:
            found = self._running.get(dataset)
        if found is None:
            raise NotFound.of("not-refreshing", f"Nothing is being built of {dataset} here.")
        found.cancel.set()
        return found

    def _keep(self) -> None:
        try:
            while not self._ending:
                self._begin_those_due()
        finally:
            if not self._ending:  # a fault of ours; Python's hook for threads logs it
                says = "The server no longer keeps rollups fresh; its log tells why."
                self._told[""] = Problem("refresh-ended", says, hint="Start the server again.")

    def _begin_those_due(self) -> None:
        """Begins what there is a lane for, then waits until something else may be."""
        with self._change:
            due = self._schedule.overdue(time.time())
        learned = self._lapwing.cache.as_of(due) if due else {}  # what others built meanwhile need not be built here
        with self._change:
            self._schedule.learn(learned)
            now = time.time()
            while not self._ending and (batch := self._schedule.begin(now)) is not None:
                self._begin(batch, Why.DUE, now)
            if not self._ending:
                self._change.wait(min(self._schedule.wait(now), _LONGEST_WAIT))

    def _begin(self, batch: Batch, why: Why, now: float) -> None:
        one = self._running[batch.dataset] = Refreshing(batch.dataset, batch.rollups, why, now)
        thread = threading.Thread(target=self._run, args=(one,), name=f"lapwing-refresh-{batch.dataset}", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _run(self, one: Refreshing) -> None:
        as_of: Mapping[str, float | None] = dict.fromkeys(one.rollups)
        built = cancelled = False
        try:
            with self._admission.place("rollups", one.cancel):  # so that people's statements go before it
                report = self._lapwing.cache.build(one.rollups, why=one.why, progress=one.told, cancel=one.cancel)
            built = any(done.built or done.emptied for done in report.rollups)
            failed = self._failed(report)
            as_of = {name: None if name in failed or one.dataset in failed else one.began for name in one.rollups}
        except Cancelled:
            cancelled = True
        except LapwingError as error:
            self._tell(one.dataset, error.problems[0])
        finally:
            with self._change:
                del self._running[one.dataset]
                self._threads.discard(threading.current_thread())
                self._schedule.ended(one.dataset, time.time(), as_of, cancelled=cancelled)
                self._change.notify_all()
        if built:
            self.built()

    def _failed(self, report: BuildReport) -> Sequence[str]:
        """What could not be built; each problem is logged when it is new."""
        names = [failed.name for failed in report.failed]
        for failed in report.failed:
            self._tell(failed.name, failed.problems[0])
        for done in report.rollups:
            if done.rollup not in names:
                self._told.pop(done.rollup, None)
                self._told.pop(done.rollup.partition(".")[0], None)
        return names

    def _tell(self, name: str, problem: Problem) -> None:
        if self._told.get(name) != problem:
            self._told[name] = problem
            _log.warning("a rollup is not fresh", name=name, problem=str(problem))
