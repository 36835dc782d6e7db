"""What somebody would follow, as monitors: checked against the project and its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypedDict

from lapwing.alerts.history import Slice
from lapwing.model.dataset import Dataset
from lapwing.model.grain import Grain, Unit
from lapwing.model.monitor import ALL, MOST_DEPTH, SENSITIVITY, Every, Monitor, every
from lapwing.model.names import nearest
from lapwing.model.problem import NotFound, WrongUse
from lapwing.model.tags import PREFIX, tag_of, tagged, tags

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

DEFAULT_GRAIN = Grain(1, Unit.DAY)
SENSITIVITIES = (3.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody would follow: a metric, or `tag:NAME` for all that have a tag, whole or `within` a slice, one series for
    each value of `by`, at a grain (a day, unless said), or for every slice where `by` is all, of up to `depth` dimensions and
    from so much `support` on. `sensitivity` and `min_change` as in `Monitor`; None: as usual."""

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


class Wishes:
    """Checks wishes."""

    def __init__(self, lapwing: Lapwing) -> None:
        self._lapwing = lapwing

    def wished(self, wish: Wish) -> tuple[Monitor, ...]:
        """The monitors that following would make: one, or of a tag one for each metric.

        Raises:
            NotFound: no such metric, tag, dimension or value.
            WrongUse: terms that make no sense.
        """
        tag = tag_of(wish.metric)
        if tag is None:
            return (self._one(wish),)
        datasets = self._lapwing.project.datasets
        there = tagged(datasets, tag)
        if not there:
            known = tags(datasets.values())
            near = tuple(f"{PREFIX}{one}" for one in nearest(tag, known))
            hint = f"The tags are {', '.join(known)}." if known else "Tags are written at metrics: tags: [NAME]."
            raise NotFound.of("unknown-tag", f"No metric has the tag {tag}.", nearest=near, hint=hint)
        if wish.min_change is not None:
            raise WrongUse.of("unused-term", "The smallest change is in a metric's unit; metrics of a tag have many.")
        made = [self._one(replace(wish, metric=f"{home.name}.{metric.name}")) for home, metric in there]
        first = made[0]
        group = self._free(_name(f"tag_{tag}", first))
        return tuple(replace(one, name=f"{group}.{one.metric}", group=group, tag=tag) for one in made)

    def _one(self, wish: Wish) -> Monitor:
        dataset, found = self._lapwing.project.metric(wish.metric)
        pairs = slice_of(dataset, wish.within)
        watched = _every(wish, dataset)
        by = () if watched else tuple(name for name, _ in slice_of(dataset, dict.fromkeys(wish.by, "")))
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
        made = Monitor(
            name="",
            dataset=dataset.name,
            metric=f"{dataset.name}.{found.name}",
            grain=wish.grain or DEFAULT_GRAIN,
            by=by,
            every=watched,
            slice=tuple((key, str(value)) for key, value in pairs),
            sensitivity=wish.sensitivity or SENSITIVITY,
            min_change=wish.min_change,
            tags=found.tags,
        )
        of = found.name if self._is_alone(found.name) else made.metric
        return replace(made, name=self._free(_name(of, made)))

    def _free(self, name: str) -> str:
        """A name that no monitor in the project's files has."""
        written = self._lapwing.project.monitors.values()
        return f"{name}_followed" if any(name in one.names for one in written) else name

    def _known_value(self, dataset: Dataset, dimension: str, value: str) -> None:
        """A slice of a value that never occurred would be watched in vain."""
        values = self._lapwing.cache.values
        if any(_text(one) == value for one in values(dataset.name, dimension, prefix=value)):
            return
        near = nearest(value, [_text(one) for one in values(dataset.name, dimension, limit=1000)])
        raise NotFound.of("unknown-value", f"{dimension} is never {value!r}.", nearest=near)

    def _is_alone(self, metric: str) -> bool:
        return sum(metric in dataset.metrics for dataset in self._lapwing.project.datasets.values()) == 1


def slice_of(dataset: Dataset, within: Mapping[str, str]) -> Slice:
    """A slice by its dimensions' names, in order.

    Raises:
        NotFound: no such dimension.
    """
    for name in within:
        if name not in dataset.dimensions:
            near = nearest(name, dataset.dimensions)
            raise NotFound.of("unknown-dimension", f"Dataset {dataset.name} has no dimension {name}.", nearest=near)
    return tuple(sorted(within.items()))


def _name(of: str, monitor: Monitor) -> str:
    by = (ALL,) if monitor.every else monitor.by
    each = (f"by_{'_'.join(by)}",) if by else ()
    return "_".join(
        (of, str(monitor.grain).replace(" ", "_"), *each, *(f"{key}={value}" for key, value in monitor.slice))
    )


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
