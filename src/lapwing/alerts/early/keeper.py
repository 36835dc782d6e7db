"""What is watched for early warning, brought up to the data, and its records: the same kind as of all incidents."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from lapwing.alerts.cases import Known
from lapwing.alerts.early import drifts, goals, leaders, limits
from lapwing.alerts.early import panel as panels
from lapwing.alerts.early.complete import DAY
from lapwing.alerts.early.early import Early
from lapwing.alerts.early.goals import Paced
from lapwing.alerts.early.outcomes import Remembered
from lapwing.alerts.early.panel import Panel
from lapwing.alerts.history import Slice
from lapwing.alerts.inputs import Inputs, Ready, not_learned
from lapwing.alerts.journal import Journal
from lapwing.alerts.judged import Judged
from lapwing.alerts.judged_rows import Raced, Run
from lapwing.alerts.ready.learned import Learned
from lapwing.alerts.reconcile import Step, Told
from lapwing.alerts.record import Key, Record
from lapwing.alerts.views.view import plain
from lapwing.model.calendar import to_us
from lapwing.model.goal import Limit
from lapwing.model.grain import Grain
from lapwing.model.problem import LapwingError, Problem

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

Judge = Callable[[], Early]
PREFIXES = ("goal:", "limit:", "drift:", "leading:")
"""How names of what is watched for early warning begin; a monitor's can't."""
OF_MONITORS = ("drift:", "leading:")
"""Those that a monitor's name follows."""


@dataclass(frozen=True, slots=True, eq=False)
class EarlyKnown:
    """One of all that is watched, and the records of its incidents."""

    early: Early
    records: Mapping[Key, Record]


class EarlyKeeper:
    """Judges what is watched when its data has changed. Safe to use from several threads."""

    def __init__(
        self,
        lapwing: Lapwing,
        journal: Journal,
        learned: Learned,
        judged: Callable[[], Sequence[Known]],
        ready: Ready = not_learned,
    ) -> None:
        """`judged`: the monitors as far as they are judged. `ready`: of a dataset, how far it is complete."""
        self._ready = ready
        self._learned = learned
        self._judged = judged
        self._lapwing = lapwing
        self._journal = journal
        self._lock = threading.RLock()
        self._paced: dict[str, tuple[str, Paced]] = {}
        self._known: dict[str, tuple[str, Early]] = {}
        self._panels: dict[Grain, tuple[str, Panel]] = {}
        self.troubles: dict[str, Problem] = {}
        """What could not be judged, and why."""

    def paces(self) -> list[Paced]:
        """Every goal's, of the data as it is.

        Raises:
            LapwingError: a goal can't be paced.
        """
        return [self._pace(name) for name in self._lapwing.project.goals]

    def _pace(self, name: str) -> Paced:
        goal = self._lapwing.project.goals[name]
        with self._lock:
            version = self._version(goal.dataset)
            kept = self._paced.get(name)
            if kept is None or kept[0] != version:
                kept = self._paced[name] = (
                    version,
                    goals.judge(self._lapwing, goal, self._ready, self._remembered(f"goal:{name}")),
                )
            return kept[1]

    def _version(self, dataset: str) -> str:
        """Of its data, and of how far that is complete."""
        learned = self._ready(dataset)
        return self._lapwing.cache.version(dataset) + ("" if learned is None else f" {learned.digest}")

    def _goal(self, name: str) -> Early:
        return self._pace(name).early()

    def _limit(self, limit: Limit) -> Early:
        return limits.judge(self._lapwing, limit, self._ready, self._remembered(f"limit:{limit.name}"))

    def _drift(self, judged: Judged) -> Early:
        return drifts.judge(judged, self._lapwing.project, self._remembered(f"drift:{judged.monitor.name}"))

    def _remembered(self, name: str) -> Remembered:
        """How earlier warnings went, also those of data that is gone."""
        return Remembered.unpack(self._learned.get(f"outcomes:{name}"))

    def _watched(self) -> Iterator[tuple[str, str, Judge]]:
        """Name, the version of what it rests on, and how it is judged."""
        data = self._version
        for name, goal in self._lapwing.project.goals.items():
            yield f"goal:{name}", data(goal.dataset), partial(self._goal, name)
        for name, limit in self._lapwing.project.limits.items():
            yield f"limit:{name}", data(limit.dataset), partial(self._limit, limit)
        known = self._judged()
        yield from self._led(known)
        for one in known:
            monitor, judged = one.judged.monitor, one.judged
            if monitor.grain == DAY and "drift" in monitor.warnings and len(judged.borders) > 1:
                version = f"{one.definition} {one.data}"
                yield f"drift:{monitor.name}", version, partial(self._drift, judged)

    def _led(self, known: Sequence[Known]) -> Iterator[tuple[str, str, Judge]]:
        """What monitors of the same grain foretell of each other; the first of a metric and slice speaks for it."""
        for grain in panels.GRAINS:
            group = [one for one in known if one.judged.monitor.grain == grain and len(one.judged.borders) > 1]
            wanted = [one for one in group if panels.FOLLOWING in one.judged.monitor.warnings]
            seen: set[tuple[str, Slice]] = set()
            for one in wanted:
                of = one.judged.monitor.metric, one.judged.slices[-1]
                if of not in seen:
                    seen.add(of)
                    yield (
                        f"leading:{one.judged.monitor.name}",
                        panels.version(group),
                        partial(self._leading, group, *of),
                    )

    def _leading(self, group: Sequence[Known], metric: str, within: Slice) -> Early:
        grain, version = group[0].judged.monitor.grain, panels.version(group)
        kept = self._panels.get(grain)
        if kept is None or kept[0] != version:
            kept = self._panels[grain] = version, panels.panel(self._lapwing, group, self._ready)
        rows = enumerate(kept[1].judged)
        row = next(row for row, one in rows if (one.monitor.metric, one.slices[-1]) == (metric, within))
        return leaders.judge(kept[1], row, self._lapwing.project)

    def names(self, monitors: Iterable[str]) -> frozenset[str]:
        """Of all that may be watched beside these monitors."""
        project = self._lapwing.project
        own = (f"{kind}:{name}" for kind, of in (("goal", project.goals), ("limit", project.limits)) for name in of)
        return frozenset((*own, *(f"{kind}{name}" for name in monitors for kind in OF_MONITORS)))

    def bring(self) -> list[EarlyKnown]:
        """Judges what is new and writes down what follows; what can't be judged is among the troubles."""
        out = []
        with self._lock:
            for name, version, judge in self._watched():
                try:
                    out.append(self._brought(name, version, judge))
                except LapwingError as error:
                    self.troubles[name] = error.problems[0]
                    continue
                self.troubles.pop(name, None)
        return out

    def kept(self) -> list[EarlyKnown]:
        """What was brought up before, of whichever data; nothing is asked of it now."""
        with self._lock:
            return [EarlyKnown(early, self._records(name)) for name, (_, early) in self._known.items()]

    def _brought(self, name: str, version: str, judge: Judge) -> EarlyKnown:
        kept = self._known.get(name)
        if kept is None or kept[0] != version:
            early = judge()
            self._save(early, version)
            if early.kind != "leading":  # that tells of each pair by the history that it was mined from
                self._keep_outcomes(early)
            kept = self._known[name] = version, early
        return EarlyKnown(kept[1], self._records(name))

    def _keep_outcomes(self, early: Early) -> None:
        kept = Remembered(early.definition, early.outcomes)
        if kept != self._remembered(early.name):
            self._learned.put(f"outcomes:{early.name}", to_us(self._lapwing.now()), kept.pack())

    def _records(self, name: str) -> Mapping[Key, Record]:
        return {record.key: record for record in self._journal.records(name)}

    def _save(self, early: Early, version: str) -> None:
        run = self._journal.run(early.name)
        if run is not None and run.version == (early.definition, version):
            return
        new = Run(
            monitor=early.name,
            definition=early.definition,
            data=version,
            covered=int(early.known[-1]) if len(early.known) else 0,
            finished=to_us(self._lapwing.now()),
            series=1,
            judged=len(early.known),
            arrays=b"",
        )
        try:
            self._journal.save(
                new, told_of(early), None if run is None else run.version, Inputs(), begins=lambda _: early.since
            )
        except Raced:
            return  # another process wrote the same down


def told_of(early: Early) -> Iterator[Told]:
    """Its warnings, to be written down."""
    shown = early.metric.shown
    about = {
        "kind": "warning",
        "metric": f"{early.dataset.name}.{early.metric.name}",
        "label": shown.label,
        "unit": shown.unit,
        "format": shown.format,
        "better": None if shown.better is None else str(shown.better),
        "grain": str(early.grain),
    }
    known = early.known
    for warned in early.warned:
        steps = {
            Step(one.kind, int(known[one.bucket]), int(early.borders[one.bucket])): one.bucket for one in warned.steps
        }

        def tell(step: Step, warned: Any = warned, steps: dict[Step, int] = steps) -> dict[str, Any]:
            return dict(plain(dict(early.figures(warned, step.kind, steps[step]))))

        yield Told(
            key=early.key(warned),
            steps=tuple(steps),
            about=about,
            tell=tell,
        )


def is_early(monitor: str) -> bool:
    """Whether a name is that of something watched for early warning."""
    return monitor.startswith(PREFIXES)


def warned_of(name: str) -> str:
    """What subscriptions call it: a monitor by its own name, a goal or limit as `goal:NAME` and `limit:NAME`.

    >>> warned_of("drift:spend_daily"), warned_of("goal:spend")
    ('spend_daily', 'goal:spend')
    """
    return name.partition(":")[2] if name.startswith(OF_MONITORS) else name


def of_number(known: Sequence[EarlyKnown], number: int) -> tuple[EarlyKnown, Record] | None:
    """The one that an incident is of."""
    return next(((one, record) for one in known for record in one.records.values() if record.id == number), None)
