"""The judged history of every monitor: kept in memory and in the state database, brought up to the data.

Bringing up takes seconds where much is new, so whoever asks need not wait for it: a thread of the keeper's own does the
work, and until it is done what was known before is the answer, with the names of those it is about.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from lapwing.alerts import checkpoints
from lapwing.alerts.bar import Shares
from lapwing.alerts.cases import Known
from lapwing.alerts.converting import read_from
from lapwing.alerts.inputs import Inputs, Ready, Window, accepted, not_learned
from lapwing.alerts.journal import Journal
from lapwing.alerts.judged import Judged
from lapwing.alerts.judged_rows import KeptSeries, Raced, Run
from lapwing.alerts.packed import BROKEN, pack, unpack
from lapwing.alerts.reconcile import same
from lapwing.alerts.record import Key, Record
from lapwing.alerts.restart import Checkpoint
from lapwing.alerts.resume import Past
from lapwing.alerts.shares import divided, extended
from lapwing.alerts.sweep.budgeted import Allowed
from lapwing.alerts.sweep.judging import judge_any
from lapwing.alerts.sweep.kept import Remembered
from lapwing.alerts.telling import told_of
from lapwing.alerts.votes import Vote, votes
from lapwing.model.calendar import to_us
from lapwing.model.events import EventKind
from lapwing.model.hashing import metric_hash, monitor_hash
from lapwing.model.monitor import Monitor
from lapwing.model.problem import LapwingError, Problem

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

METHOD = 9
"""Raised whenever detector or incident rules change: what was told by other rules is told anew."""
LOOK_AGAIN = 5.0
"""Seconds for which the version of the data is taken to stand."""
TRY_AGAIN = 30.0
"""Seconds after which a monitor that could not be judged is tried again."""


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What is known: of those in `pending` perhaps of older data, or nothing yet; in `troubles` are those that could not
    be brought up to the data."""

    known: tuple[Known, ...]
    pending: tuple[str, ...] = ()
    troubles: Mapping[str, Problem] = field(default_factory=dict)


class Keeper:
    """Safe to use from several threads; monitors are judged one at a time."""

    def __init__(
        self,
        lapwing: Lapwing,
        journal: Journal,
        monitors: Callable[[], Sequence[Monitor]],
        windows: Callable[[Monitor], tuple[Window, ...]],
        patience: float | None,
        complete: Ready = not_learned,
    ) -> None:
        """`windows`: the maintenance of a monitor. `complete`: of a dataset, how far it is known to be complete, where that
        is learned. `patience`: seconds that `kept` waits for what is not up to date; None
        waits until it is."""
        self._lapwing = lapwing
        self._journal = journal
        self._windows = windows
        self._complete = complete
        self._monitors = monitors
        self._patience = patience
        self._known: dict[str, Known] = {}
        self._troubles: dict[str, tuple[float, Problem]] = {}
        self._looked: dict[str, tuple[float, str]] = {}
        self._written: dict[str, tuple[int, Mapping[Key, Record]]] = {}
        self._bringing = threading.RLock()
        self._starting = threading.Lock()
        self._worker: threading.Thread | None = None
        self._closed = threading.Event()

    def close(self) -> None:
        """Returns when nothing is being judged any more."""
        self._closed.set()
        with self._starting:
            worker = self._worker
        if worker is not None:
            worker.join()

    def kept(self) -> Kept:
        """Every monitor as far as it is known."""
        monitors = self._monitors()
        late = [one for one in monitors if self._is_late(one)]
        if late and self._patience is None:
            self._catch_up()
        elif late:
            self._work().join(self._patience)
        known = [found for one in monitors if (found := self._last(one)) is not None]
        troubles = {one.name: self._troubles[one.name][1] for one in monitors if one.name in self._troubles}
        pending = tuple(one.name for one in monitors if self._is_late(one))
        return Kept(tuple(known), pending, troubles)

    def _last(self, monitor: Monitor) -> Known | None:
        """What is known of a monitor as it is defined now: from memory, else as kept, of whichever data."""
        definition = self._definition(monitor)
        known = self._known.get(monitor.name)
        if known is None:
            run = self._journal.run(monitor.name)
            if run is not None and run.definition == definition:
                known = self._recalled(monitor)
            if known is not None:
                self._known.setdefault(monitor.name, known)
        return self._up_to_pulse(known) if known is not None and known.definition == definition else None

    def _recalled(self, monitor: Monitor) -> Known | None:
        """What was kept last; None where it can't be read, and has to be judged again."""
        kept = self._journal.kept(monitor.name)
        if kept is None:
            return None
        run, chunks = kept
        dataset, metric = self._lapwing.project.metric(monitor.metric)
        try:
            judged = unpack(run.arrays, chunks, monitor, dataset, metric)
            return self._of(replace(judged, votes=self._votes(monitor)), run)
        except BROKEN:
            return None

    def _of(self, judged: Judged, run: Run) -> Known:
        pulse, records = self._records(run.monitor)
        return Known(judged, records, run.definition, run.data, pulse, run.arrays)

    def _records(self, monitor: str) -> tuple[int, Mapping[Key, Record]]:
        """Its records, and the pulse that they are of; only what is new is read."""
        since, before = self._written.get(monitor, (0, {}))
        pulse, records = self._journal.newer(monitor, before.values(), since)
        self._written[monitor] = pulse, {record.key: record for record in records}
        return self._written[monitor]

    def _up_to_pulse(self, known: Known) -> Known:
        """With what people, or another process, wrote down since."""
        pulse = self._journal.pulse()
        if pulse == known.pulse:
            return known
        name = known.judged.monitor.name
        pulse, records = self._records(name)
        fresh = replace(known, records=records, pulse=pulse)
        self._known[name] = fresh
        return fresh

    def _work(self) -> threading.Thread:
        """The thread that catches up; started, unless it runs already."""
        with self._starting:
            if self._worker is None or not self._worker.is_alive():
                self._worker = threading.Thread(target=self._catch_up, name="lapwing-judging", daemon=True)
                self._worker.start()
            return self._worker

    def _catch_up(self) -> None:
        """Brings up all that is late, coarse grains, which take least, first."""
        while not self._closed.is_set():
            late = [one for one in self._monitors() if self._is_late(one)]
            if not late:
                return
            try:
                self.bring(min(late, key=lambda one: -(one.grain.fixed or 1 << 62)))
            except LapwingError:
                continue  # kept among the troubles

    def _is_late(self, monitor: Monitor) -> bool:
        """It can and should be judged now."""
        trouble = self._troubles.get(monitor.name)
        if trouble is not None and time.monotonic() - trouble[0] < TRY_AGAIN:
            return False
        try:
            return not self.is_fresh(monitor)
        except LapwingError:
            return True

    def is_fresh(self, monitor: Monitor) -> bool:
        """What is in memory is of this definition and of all data there is."""
        known = self._known.get(monitor.name)
        if known is None or known.definition != self._definition(monitor):
            return False
        known = self._up_to_pulse(known)
        return known.data == self._version(monitor, self._inputs(monitor, known.records.values()))

    def bring(self, monitor: Monitor) -> Known:
        """Brings one monitor up to the data: what was kept is taken where it is of the same definition and data.

        Raises:
            LapwingError: it can't be judged; what was known before stays.
        """
        with self._bringing:
            try:
                known = self._brought(monitor)
            except LapwingError as error:
                self._troubles[monitor.name] = (time.monotonic(), error.problems[0])
                raise
            self._troubles.pop(monitor.name, None)
            self._known[monitor.name] = known
            return known

    def _brought(self, monitor: Monitor) -> Known:
        while True:
            if self.is_fresh(monitor):
                return self._known[monitor.name]
            run = self._journal.run(monitor.name)
            inputs = self._inputs(monitor, self._records(monitor.name)[1].values())
            version = self._definition(monitor), self._version(monitor, inputs)
            last = None if run is None or run.definition != version[0] else self._as_kept(monitor, run)
            if last is not None and last.data == version[1]:
                return last
            past = None if last is None else self._past(last)
            allowed = Allowed(
                votes=self._votes(monitor),
                shares=self._shares(monitor, () if last is None else last.judged.shares),
            )
            judged = judge_any(self._lapwing, monitor, inputs=inputs, past=past, allowed=allowed)
            new, series = self._run(judged, *version, last)
            try:
                since = None if run is None else run.version
                told = tuple(told_of(judged, self._lapwing.project))
                settled = frozenset() if last is None else same(told, told_of(last.judged, self._lapwing.project))
                self._journal.save(new, told, since, inputs, series, settled, judged.begins)
            except Raced:
                self._looked.clear()
                continue  # what the other process found is looked at first
            if judged.trail is not None:
                judged.trail.forget_made()
            return self._of(judged, new)

    def _as_kept(self, monitor: Monitor, run: Run) -> Known | None:
        """The last run, from memory where it is that, else as kept."""
        known = self._known.get(monitor.name)
        if known is not None and known.definition == run.definition and known.head == run.arrays:
            return self._up_to_pulse(known)
        return self._recalled(monitor)

    def _past(self, last: Known) -> Past | None:
        trail, name = last.judged.trail, last.judged.monitor.name
        if trail is None:
            return None

        def checkpoint(most: int) -> Checkpoint | None:
            at = checkpoints.newest(self._journal.checkpoints(name), most)
            data = None if at is None else self._journal.checkpoint(name, at)
            try:
                return None if data is None else checkpoints.unpack(data)
            except BROKEN:
                return None

        every = last.judged.monitor.every is not None
        screen = Remembered(self._journal.screens(name), partial(self._journal.screen, name)) if every else None
        return Past(last.judged, trail, checkpoint, screen)

    def _inputs(self, monitor: Monitor, records: Iterable[Record]) -> Inputs:
        return Inputs(self._windows(monitor), accepted(records), self._complete(monitor.dataset))

    def _votes(self, monitor: Monitor) -> tuple[Vote, ...]:
        """Not among the inputs: what was judged before a vote stands, so it is no reason to judge anew."""
        return votes(self._records(monitor.name)[1].values())

    def _shares(self, monitor: Monitor, before: Shares) -> Shares:
        """Of the budget; `before` is what it was. When others come to be watched, or no more, that counts from then on."""
        budget = self._lapwing.project.budget
        if budget is None:
            return ()
        return extended(before, divided(budget, self._monitors())[monitor.name], to_us(self._lapwing.now()))

    def _version(self, monitor: Monitor, inputs: Inputs) -> str:
        """Of all that is judged: the data, and what people said about it."""
        return " ".join(part for part in (self.data(monitor), inputs.digest) if part)

    def forget(self, name: str) -> None:
        """Drops what is in memory of a monitor that is no more."""
        self._known.pop(name, None)
        self._written.pop(name, None)
        self._troubles.pop(name, None)

    def data(self, monitor: Monitor) -> str:
        """The version of the data that a monitor's metric is made of."""
        metric = self._lapwing.project.metric(monitor.metric)[1]
        return " ".join(self._data(one) for one in read_from(self._lapwing.project, monitor.dataset, metric))

    def _data(self, dataset: str) -> str:
        looked = self._looked.get(dataset)
        if looked is not None and time.monotonic() - looked[0] < LOOK_AGAIN:
            return looked[1]
        version = self._lapwing.cache.version(dataset)
        self._looked[dataset] = (time.monotonic(), version)
        return version

    def look_again(self) -> None:
        """Forgets which version the data had a moment ago, and what could not be judged."""
        self._looked.clear()
        self._troubles.clear()

    def _definition(self, monitor: Monitor) -> str:
        """Over all that decides what is told: monitor, metric, zone, completeness, and our own rules."""
        project = self._lapwing.project
        dataset, metric = project.metric(monitor.metric)
        parts = (
            monitor_hash(monitor, dataset, metric, project.datasets),
            metric_hash(dataset, metric, project.datasets),
            project.timezone,
            str(project.week_start),
            repr(project.calendar),
            repr([event for event in project.events if event.kind is EventKind.EXPECTED]),
            str(metric.shown.better),
            str(dataset.complete_after.total_seconds()),
            str(METHOD),
            *(() if project.budget is None else (f"budget {project.budget!r}",)),
        )
        return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]

    def _run(self, judged: Judged, definition: str, data: str, last: Known | None) -> tuple[Run, KeptSeries]:
        """What is to be kept; `last`: what was kept before."""
        trail = judged.trail
        same = 0 if trail is None or last is None else trail.same
        packed = pack(judged, same)
        run = Run(
            monitor=judged.monitor.name,
            definition=definition,
            data=data,
            covered=judged.covered,
            finished=to_us(self._lapwing.now()),
            series=judged.watched,
            judged=int(np.isfinite(judged.detection.score).sum()),
            arrays=packed.head,
        )
        made = {} if trail is None else {at: checkpoints.pack(one) for at, one in trail.made.items()}
        series = KeptSeries(
            of=None if last is None else last.head,
            since=packed.since,
            chunks=packed.chunks,
            same=same,
            checkpoints=made,
            wanted=frozenset() if trail is None else trail.wanted,
            screen=None if trail is None else trail.screen,
        )
        return run, series
