"""What is watched: monitors from YAML, and what people follow. Both are the same object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lapwing.alerts.state import Follow, StateDatabase
from lapwing.alerts.views.monitors import MonitorView
from lapwing.alerts.wishes import Wish, Wishes
from lapwing.model.calendar import to_us
from lapwing.model.dataset import Dataset, Metric
from lapwing.model.grain import Grain
from lapwing.model.monitor import ALL, SENSITIVITY, Monitor, every, without_doubles
from lapwing.model.names import nearest
from lapwing.model.problem import NotFound, WrongUse
from lapwing.model.tags import tag_of, tagged

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing


@dataclass(frozen=True, slots=True)
class Followed:
    """What was followed under a name: one monitor, or of a tag one for each metric that nobody watches the same way yet."""

    name: str
    monitors: tuple[Monitor, ...]


class Watches:
    """The monitors of a project and of its people."""

    def __init__(self, lapwing: Lapwing, state: StateDatabase) -> None:
        self._lapwing = lapwing
        self._state = state
        self._wishes = Wishes(lapwing)

    def all(self) -> tuple[Monitor, ...]:
        """Monitors from YAML, then what people follow."""
        return without_doubles((*self._lapwing.project.monitors.values(), *self._followed()))

    def named(self, name: str) -> tuple[Monitor, ...]:
        """The monitor of a name, or those of a group.

        Raises:
            NotFound: there is none.
        """
        there = self.all()
        found = tuple(one for one in there if name in one.names)
        if not found:
            near = nearest(name, sorted({each for one in there for each in one.names}))
            raise NotFound.of("unknown-monitor", f"There is no monitor {name}.", nearest=near)
        return found

    def views(self) -> list[MonitorView]:
        """All, JSON-ready."""
        written = self._lapwing.project.monitors
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
            tags=list(monitor.tags),
            tag=monitor.tag or None,
            group=monitor.group or None,
            followed=followed,
            file=monitor.place.file,
            line=monitor.place.line,
        )

    def _followed(self) -> Iterator[Monitor]:
        for follow in self._state.follows():
            tag = tag_of(follow.metric)
            for dataset, metric in self._metrics(follow, tag):
                made = _made(follow, dataset, metric)
                if all(name in dataset.dimensions for name in (*dict(made.slice), *made.by)):
                    yield made

    def _metrics(self, follow: Follow, tag: str | None) -> tuple[tuple[Dataset, Metric], ...]:
        """What a follow is of: nothing while its metric is gone from the YAML; the follow stays, should it come back."""
        if tag is not None:
            return tagged(self._lapwing.project.datasets, tag)
        try:
            return (self._lapwing.project.metric(follow.metric),)
        except NotFound:
            return ()

    def follow(self, wish: Wish) -> Followed:
        """Follows what somebody wishes to.

        Raises:
            NotFound: no such metric, tag, dimension or value.
            WrongUse: terms that make no sense.
            Conflict: it is followed already.
        """
        first = self.wished(wish)[0]
        name = first.group or first.name
        terms = Follow(
            name=name,
            metric=wish.metric if first.group else first.metric,
            grain=str(first.grain),
            slice=first.slice,
            by=(ALL,) if first.every else first.by,
            sensitivity=wish.sensitivity,
            min_change=wish.min_change,
            depth=wish.depth,
            support=wish.support,
        )
        self._state.add_follow(terms, now=to_us(self._lapwing.now()))
        return Followed(name, tuple(one for one in self.all() if name in one.names))

    def wished(self, wish: Wish) -> tuple[Monitor, ...]:
        """The monitors that following would make. Raises as `follow`, but for Conflict."""
        return self._wishes.wished(wish)

    def unfollow(self, name: str) -> tuple[str, ...]:
        """Stops following, and says of which monitors.

        Raises:
            NotFound: nothing of that name is followed.
            WrongUse: it is written in YAML, and ends there, or is followed by a tag.
        """
        ended = tuple(one for one in self.all() if name in one.names)
        written = next((one for one in self._lapwing.project.monitors.values() if name in one.names), None)
        if written is not None:
            raise WrongUse.of(
                "written-monitor",
                f"{name} is written in the project's files.",
                place=written.place,
                hint="Take it out there; here only what was followed here can be ended.",
            )
        if ended and ended[0].group not in ("", name):
            of = ended[0]
            says = f"{name} is followed by the tag {of.tag}."
            raise WrongUse.of("followed-by-tag", says, hint=f"Unfollow {of.group}, or take the tag from the metric.")
        self._state.remove_follow(name)
        return tuple(one.name for one in ended) or (name,)


def _made(follow: Follow, dataset: Dataset, metric: Metric) -> Monitor:
    """The monitor that a follow is of one metric."""
    watched, qualified = (
        every(follow.by, dataset.dimensions, follow.depth, follow.support),
        f"{dataset.name}.{metric.name}",
    )
    tag = tag_of(follow.metric)
    return Monitor(
        name=follow.name if tag is None else f"{follow.name}.{qualified}",
        dataset=dataset.name,
        metric=qualified,
        grain=Grain.parse(follow.grain),
        by=() if watched else follow.by,
        every=watched,
        slice=tuple((name, str(value)) for name, value in follow.slice),
        sensitivity=follow.sensitivity or SENSITIVITY,
        min_change=follow.min_change,
        tags=metric.tags,
        group="" if tag is None else follow.name,
        tag=tag or "",
    )
