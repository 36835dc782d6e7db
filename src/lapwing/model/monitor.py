"""What someone watches, from YAML or by following in the UI: both are this object."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from lapwing.model.grain import Grain
from lapwing.model.problem import Place

WARNINGS: tuple[Literal["drift"], Literal["leading"]] = ("drift", "leading")
"""What a monitor is looked at for before anything is unusual, unless it says otherwise."""
SENSITIVITY = 3.75
"""Robust standard deviations, unless a monitor says otherwise."""

DEPTH, MOST_DEPTH = 2, 3
"""Dimensions that are combined where every slice is watched, unless a monitor says otherwise, and at most."""
SUPPORT = 20.0
"""Events a bucket, in the mean, from which on a slice is watched: with fewer nothing short of many silent buckets is sure,
and little of it is urgent."""
ALL = "all"
"""`by: all` is every slice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """Every slice of up to `depth` dimensions is watched that `support` events a bucket belong to, in the mean."""

    depth: int = DEPTH
    support: float = SUPPORT

    @staticmethod
    def of(depth: int | None, support: float | None) -> Every:
        """As usual where nothing was chosen."""
        return Every(depth=DEPTH if depth is None else depth, support=SUPPORT if support is None else support)


def every(by: Sequence[str], dimensions: Container[str], depth: int | None, support: float | None) -> Every | None:
    """What `by: all` of a dataset means that has no dimension of that name; None: `by` is what it says."""
    return Every.of(depth, support) if tuple(by) == (ALL,) and ALL not in dimensions else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """Watches `metric` ("dataset.metric" is always qualified here) at `grain`, whole or within `slice` (dimension ->
    value), or one series for each value of `by`, or `every` slice there is. `min_change` is the smallest
    |actual - expected|, in the metric's unit, worth raising (None: learned from history). `sensitivity` is the number of
    robust standard deviations, 3 to 10. `warnings`: the kinds of early warning that it may raise.
    `tags` are its own and its metric's. Of those that a `tag` brought in, `group` is the name under which it is watched.
    """

    name: str
    dataset: str
    metric: str
    grain: Grain
    by: tuple[str, ...] = ()
    slice: tuple[tuple[str, str], ...] = ()
    sensitivity: float = SENSITIVITY
    min_change: float | None = None
    tags: tuple[str, ...] = ()
    warnings: tuple[str, ...] = WARNINGS
    every: Every | None = None
    group: str = ""
    tag: str = ""
    place: Place = field(default_factory=Place, compare=False)

    @property
    def names(self) -> frozenset[str]:
        """By which it may be chosen: its own, and that of its group."""
        return frozenset({self.name, self.group} - {""})


def without_doubles(monitors: Iterable[Monitor]) -> tuple[Monitor, ...]:
    """Monitors, without those that a tag brought in and that watch what another does: a metric's own monitor goes before
    one by a tag, and among these the first."""
    given = tuple(monitors)
    seen = {_of(one) for one in given if not one.group}
    kept: list[Monitor] = []
    for one in given:
        if not one.group or _of(one) not in seen:
            kept.append(one)
        seen.add(_of(one))
    return tuple(kept)


def _of(monitor: Monitor) -> tuple[object, ...]:
    slices = frozenset(monitor.by), frozenset(monitor.slice), monitor.every is not None
    return monitor.metric, monitor.grain, *slices
