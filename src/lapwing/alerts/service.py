"""Automatic Alerting: what people watch, replayed over the past, and the board at any moment."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from lapwing.alerts.board import BoardMaker, Known, series_key
from lapwing.alerts.causes import Causes
from lapwing.alerts.history import Slice
from lapwing.alerts.judged import Judged, judge, unpack
from lapwing.alerts.state import Follow, Run, StateDatabase, Told
from lapwing.alerts.tables import HEAD
from lapwing.alerts.views import Band, Board, IncidentSummary, IncidentView, MonitorView, listed
from lapwing.model.calendar import to_us
from lapwing.model.grain import Grain, Unit
from lapwing.model.hashing import metric_hash, monitor_hash
from lapwing.model.monitor import Monitor
from lapwing.model.names import nearest
from lapwing.model.problem import Cancelled, NotFound, WrongUse

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

METHOD = 1
"""Raised whenever detector or incident rules change: what was told by other rules is told anew."""
LOOK_AGAIN = 5.0
"""Seconds for which the watermark is taken to stand."""
DEFAULT_GRAIN = Grain(1, Unit.DAY)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay of one monitor did. `fresh`: it was up to date already."""

    monitor: str
    series: int
    judged: int
    incidents: int
    fresh: bool
    seconds: float


Progress = Callable[[Replayed], None]


class Alerts:
    """The service. Safe to use from several threads; replays run one at a time."""

    def __init__(self, lapwing: Lapwing, state: StateDatabase) -> None:
        self._lapwing = lapwing
        self._state = state
        self._known: dict[str, Known] = {}
        self._definitions: dict[str, str] = {}
        self._looked: dict[str, tuple[float, int]] = {}
        self._replaying = threading.RLock()
        self._board = BoardMaker(lapwing, Causes(lapwing), state)

    # What is watched

    def monitors(self) -> tuple[Monitor, ...]:
        """Monitors from YAML, then what people follow."""
        return (*self._lapwing.project.monitors.values(), *self._followed())

    def monitor_views(self) -> list[MonitorView]:
        """The same, JSON-ready."""
        written = set(self._lapwing.project.monitors)
        return [self._view(monitor, followed=monitor.name not in written) for monitor in self.monitors()]

    def _view(self, monitor: Monitor, *, followed: bool) -> MonitorView:
        _, metric = self._lapwing.project.metric(monitor.metric)
        return MonitorView(
            name=monitor.name,
            metric=monitor.metric,
            label=metric.shown.label,
            grain=str(monitor.grain),
            by=list(monitor.by),
            slice=dict(monitor.slice),
            sensitivity=monitor.sensitivity,
            min_change=monitor.min_change,
            followed=followed,
            file=monitor.place.file,
            line=monitor.place.line,
        )

    def _followed(self) -> tuple[Monitor, ...]:
        out = []
        for follow in self._state.follows():
            try:
                dataset, metric = self._lapwing.project.metric(follow.metric)
            except NotFound:
                continue  # the metric went from the YAML; the follow stays, should it come back
            if any(name not in dataset.dimensions for name, _ in follow.slice):
                continue
            out.append(
                Monitor(
                    name=follow.name,
                    dataset=dataset.name,
                    metric=f"{dataset.name}.{metric.name}",
                    grain=Grain.parse(follow.grain),
                    slice=tuple((name, str(value)) for name, value in follow.slice),
                )
            )
        return tuple(out)

    def follow(self, metric: str, within: Mapping[str, str] | None = None, grain: Grain | None = None) -> Monitor:
        """Follows a metric, whole or within a slice, at a grain (a day, unless said).

        Raises:
            NotFound: no such metric or dimension.
            Conflict: it is followed already.
        """
        dataset, found = self._lapwing.project.metric(metric)
        for name in within or {}:
            if name not in dataset.dimensions:
                raise NotFound.of(
                    "unknown-dimension",
                    f"Dataset {dataset.name} has no dimension {name}.",
                    nearest=nearest(name, dataset.dimensions),
                )
        pairs: Slice = tuple(sorted((within or {}).items()))
        chosen = grain or DEFAULT_GRAIN
        name = "_".join((found.name, str(chosen).replace(" ", "_"), *(f"{key}={value}" for key, value in pairs)))
        taken = {*self._lapwing.project.monitors}
        name = f"{name}_followed" if name in taken else name
        qualified = f"{dataset.name}.{found.name}"
        self._state.add_follow(Follow(name, qualified, str(chosen), pairs), now=to_us(self._lapwing.now()))
        return next(monitor for monitor in self._followed() if monitor.name == name)

    def unfollow(self, name: str) -> None:
        """Stops following.

        Raises:
            NotFound: nothing of that name is followed.
            WrongUse: it is written in YAML, and ends there.
        """
        written = self._lapwing.project.monitors.get(name)
        if written is not None:
            raise WrongUse.of("written-monitor", f"{name} is written in the project's files.", place=written.place)
        self._state.remove_follow(name)
        self._known.pop(name, None)

    # Replay

    def replay(
        self,
        monitor: str | None = None,
        progress: Progress | None = None,
        cancel: threading.Event | None = None,
    ) -> tuple[Replayed, ...]:
        """Brings one monitor, or all, up to the data: what is new is judged, a changed definition is judged anew.

        Raises:
            NotFound: no monitor of that name.
            Cancelled: `cancel` was set; what was finished is kept.
        """
        chosen = [one for one in self.monitors() if monitor in (None, one.name)]
        if monitor is not None and not chosen:
            names = [one.name for one in self.monitors()]
            raise NotFound.of("unknown-monitor", f"There is no monitor {monitor}.", nearest=nearest(monitor, names))
        done = []
        with self._replaying:
            for one in chosen:
                if cancel is not None and cancel.is_set():
                    raise Cancelled.of("cancelled", "The replay was cancelled; what was finished is kept.")
                started = time.perf_counter()
                fresh = self._known_or_none(one) is not None
                known = self._bring(one)
                judged = known.judged
                result = Replayed(
                    monitor=one.name,
                    series=len(judged.slices),
                    judged=int(np.isfinite(judged.detection.score).sum()),
                    incidents=sum(len(row) for row in judged.episodes),
                    fresh=fresh,
                    seconds=time.perf_counter() - started,
                )
                done.append(result)
                if progress is not None:
                    progress(result)
            if monitor is None:
                self._state.forget_others(one.name for one in chosen)
        return tuple(done)

    def _all(self) -> list[Known]:
        """Every monitor, brought up to the data."""
        with self._replaying:
            return [self._bring(monitor) for monitor in self.monitors()]

    def _bring(self, monitor: Monitor) -> Known:
        known = self._known_or_none(monitor)
        if known is not None:
            return known
        dataset, metric = self._lapwing.project.metric(monitor.metric)
        definition, mark = self._definition(monitor), self._watermark(monitor)
        run = self._state.run(monitor.name)
        if run is not None and run.definition == definition and run.watermark == mark:
            judged = unpack(run.arrays, monitor, dataset, metric)
        else:
            judged = judge(self._lapwing, monitor)
            self._state.save(self._run(judged, definition, mark), _told(judged))
        known = Known(judged, self._state.ids(monitor.name), mark)
        self._known[monitor.name] = known
        self._definitions[monitor.name] = definition
        return known

    def _known_or_none(self, monitor: Monitor) -> Known | None:
        """What is in memory, where it is of this definition and of all data there is."""
        known = self._known.get(monitor.name)
        if known is None or self._definitions.get(monitor.name) != self._definition(monitor):
            return None
        return known if known.mark == self._watermark(monitor) else None

    def _watermark(self, monitor: Monitor) -> int:
        looked = self._looked.get(monitor.dataset)
        if looked is not None and time.monotonic() - looked[0] < LOOK_AGAIN:
            return looked[1]
        until = self._lapwing.cache.data_until(monitor.dataset) or 0
        self._looked[monitor.dataset] = (time.monotonic(), until)
        return until

    def _definition(self, monitor: Monitor) -> str:
        """Over all that decides what is told: monitor, metric, zone, completeness, and our own rules."""
        project = self._lapwing.project
        dataset, metric = project.metric(monitor.metric)
        parts = (
            monitor_hash(monitor, dataset, metric, project.datasets),
            metric_hash(dataset, metric, project.datasets),
            project.timezone,
            str(project.week_start),
            str(metric.shown.better),
            str(dataset.complete_after.total_seconds()),
            str(METHOD),
            HEAD,
        )
        return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]

    def _run(self, judged: Judged, definition: str, mark: int) -> Run:
        return Run(
            monitor=judged.monitor.name,
            definition=definition,
            watermark=mark,
            finished=to_us(self._lapwing.now()),
            series=len(judged.slices),
            judged=int(np.isfinite(judged.detection.score).sum()),
            arrays=judged.pack(),
        )

    # What is shown

    def board(self, as_of: datetime | None = None) -> Board:
        """What needed a look at a moment (now, unless said), with the numbers as they were known then."""
        return self._board.board(self._all(), self._moment(as_of), followed=len(self.monitors()))

    def incidents(
        self, start: datetime | None = None, end: datetime | None = None, state: str | None = None
    ) -> list[IncidentSummary]:
        """Incidents that were going on in [start, end), as known now, the newest first. `state`: "open" or "resolved"."""
        found = self._board.incidents(
            self._all(),
            self._moment(None),
            None if start is None else to_us(start),
            None if end is None else to_us(end),
        )
        return [one for one in found if state in (None, one.state)]

    def incident(self, number: int, as_of: datetime | None = None) -> IncidentView:
        """One incident with its story and causes, as known at a moment.

        Raises:
            NotFound: no such incident, or nobody knew of it yet at that moment.
        """
        return self._board.incident(self._all(), number, self._moment(as_of))

    def _moment(self, as_of: datetime | None) -> int:
        now = self._lapwing.now()
        return to_us(now if as_of is None else min(as_of, now))

    def band(self, metric: str, within: Mapping[str, str], grain: Grain, start: int, end: int) -> Band:
        """What a metric's buckets in [start, end) (UTC microseconds) were expected to be, by what came before each.

        Raises:
            NotFound: no such metric or dimension.
        """
        dataset, found = self._lapwing.project.metric(metric)
        for name in within:
            if name not in dataset.dimensions:
                names = nearest(name, dataset.dimensions)
                raise NotFound.of(
                    "unknown-dimension", f"Dataset {dataset.name} has no dimension {name}.", nearest=names
                )
        monitor = Monitor(
            name="",
            dataset=dataset.name,
            metric=f"{dataset.name}.{found.name}",
            grain=grain,
            slice=tuple(sorted(within.items())),
        )
        judged = self._banded(monitor, self._watermark(monitor))
        first, last = np.searchsorted(judged.borders[:-1], (start, end))
        if not len(judged.slices):
            return Band(time=[], expected=[], lower=[], upper=[], ready=False, says="There is no data.")
        part = np.s_[0, first:last]
        ready = judged.detection.ready[part]
        blank = np.where(ready, 1.0, np.nan)
        return Band(
            time=(judged.borders[:-1][first:last] // 1000).tolist(),
            expected=listed(judged.detection.expected[part] * blank),
            lower=listed(judged.detection.lower[part] * blank),
            upper=listed(judged.detection.upper[part] * blank),
            ready=bool(ready.any()),
            says=_readiness(judged, ready),
        )

    @lru_cache(maxsize=64)  # noqa: B019 the service lives as long as the process
    def _banded(self, monitor: Monitor, watermark: int) -> Judged:
        return judge(self._lapwing, monitor)


def _told(judged: Judged) -> Iterable[Told]:
    """The incidents of a replay, to be kept."""
    for within, row in zip(judged.slices, judged.episodes, strict=True):
        for episode in row:
            steps = tuple((s.kind, int(judged.known[s.bucket]), int(judged.borders[s.bucket])) for s in episode.steps)
            yield Told(
                series=series_key(within),
                direction=episode.direction,
                opened=int(judged.borders[episode.opened]),
                resolved=None if episode.resolved is None else int(judged.known[episode.resolved]),
                steps=steps,
            )


def _readiness(judged: Judged, ready: np.typing.NDArray[np.bool_]) -> str:
    width = f"{judged.monitor.sensitivity:g} robust standard deviations"
    if ready.all() and len(ready):
        return f"Expected by the weeks before; the range is {width} wide on each side."
    if ready.any():
        return f"The range, {width} wide on each side, begins where there was enough history."
    return "There is not enough history yet to say what is usual."
