"""What is watched: monitors from YAML, and what people follow. Both are the same object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lapwing.alerts.history import Slice
from lapwing.alerts.state import Follow, StateDatabase
from lapwing.alerts.views import MonitorView
from lapwing.model.calendar import to_us
from lapwing.model.dataset import Dataset
from lapwing.model.grain import Grain, Unit
from lapwing.model.monitor import Monitor
from lapwing.model.names import nearest
from lapwing.model.problem import NotFound, WrongUse

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

DEFAULT_GRAIN = Grain(1, Unit.DAY)


class Watches:
    """The monitors of a project and of its people."""

    def __init__(self, lapwing: Lapwing, state: StateDatabase) -> None:
        self._lapwing = lapwing
        self._state = state

    def all(self) -> tuple[Monitor, ...]:
        """Monitors from YAML, then what people follow."""
        return (*self._lapwing.project.monitors.values(), *self._followed())

    def views(self) -> list[MonitorView]:
        """The same, JSON-ready."""
        written = set(self._lapwing.project.monitors)
        return [self._view(monitor, followed=monitor.name not in written) for monitor in self.all()]

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
            NotFound: no such metric, dimension or value.
            Conflict: it is followed already.
        """
        dataset, found = self._lapwing.project.metric(metric)
        pairs = self.slice_of(dataset, within or {})
        for dimension, value in pairs:
            self._known_value(dataset, dimension, str(value))
        chosen = grain or DEFAULT_GRAIN
        of = found.name if self._is_alone(found.name) else f"{dataset.name}.{found.name}"
        name = "_".join((of, str(chosen).replace(" ", "_"), *(f"{key}={value}" for key, value in pairs)))
        name = f"{name}_followed" if name in self._lapwing.project.monitors else name
        follow = Follow(name, f"{dataset.name}.{found.name}", str(chosen), pairs)
        self._state.add_follow(follow, now=to_us(self._lapwing.now()))
        return next(monitor for monitor in self._followed() if monitor.name == name)

    def slice_of(self, dataset: Dataset, within: Mapping[str, str]) -> Slice:
        """A slice by its dimensions' names, in order.

        Raises:
            NotFound: no such dimension.
        """
        for name in within:
            if name not in dataset.dimensions:
                near = nearest(name, dataset.dimensions)
                raise NotFound.of("unknown-dimension", f"Dataset {dataset.name} has no dimension {name}.", nearest=near)
        return tuple(sorted(within.items()))

    def _known_value(self, dataset: Dataset, dimension: str, value: str) -> None:
        """A slice of a value that never occurred would be watched in vain."""
        values = self._lapwing.cache.values
        if any(_text(one) == value for one in values(dataset.name, dimension, prefix=value)):
            return
        near = nearest(value, [_text(one) for one in values(dataset.name, dimension, limit=1000)])
        raise NotFound.of("unknown-value", f"{dimension} is never {value!r}.", nearest=near)

    def _is_alone(self, metric: str) -> bool:
        return sum(metric in dataset.metrics for dataset in self._lapwing.project.datasets.values()) == 1

    def unfollow(self, name: str) -> None:
        """Stops following.

        Raises:
            NotFound: nothing of that name is followed.
            WrongUse: it is written in YAML, and ends there.
        """
        written = self._lapwing.project.monitors.get(name)
        if written is not None:
            raise WrongUse.of(
                "written-monitor",
                f"{name} is written in the project's files.",
                place=written.place,
                hint="Take it out there; here only what was followed here can be ended.",
            )
        self._state.remove_follow(name)


def _text(value: object) -> str:
    """A value as a slice writes it: true and false in small letters."""
    return str(value).lower() if isinstance(value, bool) else str(value)
