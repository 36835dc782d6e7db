"""What is watched: monitors from YAML, and what people follow. Both are the same object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

from lapwing.alerts.history import Slice
from lapwing.alerts.state import Follow, StateDatabase
from lapwing.alerts.views import MonitorView
from lapwing.model.calendar import to_us
from lapwing.model.dataset import Dataset
from lapwing.model.grain import Grain, Unit
from lapwing.model.monitor import ALL, MOST_DEPTH, SENSITIVITY, Every, Monitor, every
from lapwing.model.names import nearest
from lapwing.model.problem import NotFound, WrongUse

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

DEFAULT_GRAIN = Grain(1, Unit.DAY)
SENSITIVITIES = (3.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody would follow: a metric, whole or `within` a slice, one series for each value of `by`, at a grain (a day,
    unless said), or for every slice where `by` is all, of up to `depth` dimensions and from so much `support` on. `sensitivity`
    and `min_change` as in `Monitor`; None: as usual."""

    metric: str
    within: Mapping[str, str] = field(default_factory=dict)
    by: tuple[str, ...] = ()
    grain: Grain | None = None
    sensitivity: float | None = None
    min_change: float | None = None
    depth: int | None = None
    support: float | None = None


class Chosen(TypedDict, total=False):
    """Terms of a `Wish`."""

    by: tuple[str, ...]
    sensitivity: float | None
    min_change: float | None
    depth: int | None
    support: float | None


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
            by=[ALL] if monitor.every else list(monitor.by),
            slice=dict(monitor.slice),
            sensitivity=monitor.sensitivity,
            min_change=monitor.min_change,
            depth=monitor.every.depth if monitor.every else None,
            support=monitor.every.support if monitor.every else None,
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
            watched = every(follow.by, dataset.dimensions, follow.depth, follow.support)
            by = () if watched else follow.by
            if any(name not in dataset.dimensions for name in (*dict(follow.slice), *by)):
                continue
            out.append(
                Monitor(
                    name=follow.name,
                    dataset=dataset.name,
                    metric=f"{dataset.name}.{metric.name}",
                    grain=Grain.parse(follow.grain),
                    by=by,
                    every=watched,
                    slice=tuple((name, str(value)) for name, value in follow.slice),
                    sensitivity=follow.sensitivity or SENSITIVITY,
                    min_change=follow.min_change,
                )
            )
        return tuple(out)

    def follow(self, wish: Wish) -> Monitor:
        """Follows what somebody wishes to.

        Raises:
            NotFound: no such metric, dimension or value.
            WrongUse: terms that make no sense.
            Conflict: it is followed already.
        """
        made = self.wished(wish)
        terms = Follow(
            name=made.name,
            metric=made.metric,
            grain=str(made.grain),
            slice=made.slice,
            by=(ALL,) if made.every else made.by,
            sensitivity=wish.sensitivity,
            min_change=wish.min_change,
            depth=wish.depth,
            support=wish.support,
        )
        self._state.add_follow(terms, now=to_us(self._lapwing.now()))
        return next(monitor for monitor in self._followed() if monitor.name == made.name)

    def wished(self, wish: Wish) -> Monitor:
        """The monitor that following would make. Raises as `follow`, but for Conflict."""
        dataset, found = self._lapwing.project.metric(wish.metric)
        pairs = self.slice_of(dataset, wish.within)
        watched = _every(wish, dataset)
        by = () if watched else tuple(name for name, _ in self.slice_of(dataset, dict.fromkeys(wish.by, "")))
        for dimension, value in pairs:
            if dimension in by:
                says = f"A series for each {dimension} can't be kept to one {dimension}."
                raise WrongUse.of("by-and-slice", says, hint=f"Leave {dimension} out of one of them.")
            self._known_value(dataset, dimension, str(value))
        low, high = SENSITIVITIES
        if wish.sensitivity is not None and not low <= wish.sensitivity <= high:
            says = f"A sensitivity of {wish.sensitivity:g} makes no sense."
            raise WrongUse.of("bad-sensitivity", says, hint=f"Choose {low:g} (much is told) to {high:g} (little).")
        if wish.min_change is not None and not wish.min_change >= 0:
            raise WrongUse.of("bad-min-change", "The smallest change is a number from 0 on, in the metric's unit.")
        chosen = wish.grain or DEFAULT_GRAIN
        of = found.name if self._is_alone(found.name) else f"{dataset.name}.{found.name}"
        each = (f"by_{ALL if watched else '_'.join(by)}",) if by or watched else ()
        name = "_".join((of, str(chosen).replace(" ", "_"), *each, *(f"{key}={value}" for key, value in pairs)))
        return Monitor(
            name=f"{name}_followed" if name in self._lapwing.project.monitors else name,
            dataset=dataset.name,
            metric=f"{dataset.name}.{found.name}",
            grain=chosen,
            by=by,
            every=watched,
            slice=tuple((key, str(value)) for key, value in pairs),
            sensitivity=wish.sensitivity or SENSITIVITY,
            min_change=wish.min_change,
        )

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


def _every(wish: Wish, dataset: Dataset) -> Every | None:
    """Every slice, where that is wished for.

    Raises:
        WrongUse: how is said of what is not, or makes no sense.
    """
    found = every(wish.by, dataset.dimensions, wish.depth, wish.support)
    if found is None:
        if wish.depth is not None or wish.support is not None:
            raise WrongUse.of("unused-term", "depth and support are of following every slice.", hint="Follow by all.")
        return None
    if not 1 <= found.depth <= MOST_DEPTH:
        raise WrongUse.of(
            "bad-depth", f"Slices of {found.depth} dimensions are not watched.", hint=f"Choose 1 to {MOST_DEPTH}."
        )
    if not found.support > 0:
        raise WrongUse.of("bad-support", "The support of a slice is a number of events a bucket, above 0.")
    return found
