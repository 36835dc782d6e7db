"""Turns the words of a metric query into exact things: metrics, measures, a stretch of time with its buckets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from lapwing.cache.filter import parse_where
from lapwing.cache.predicate import dimensions
from lapwing.model import calendar
from lapwing.model.dataset import Dataset, Metric
from lapwing.model.expression import MeasureRef, measures
from lapwing.model.grain import Grain, Unit
from lapwing.model.names import nearest
from lapwing.model.problem import NotFound, WrongUse
from lapwing.model.project import Project
from lapwing.model.timerange import parse_range
from lapwing.query.ask import MetricQuery
from lapwing.query.moments import check_moments
from lapwing.sql.bound import BoundDataset

DAY = Grain(1, Unit.DAY)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resolved:
    """`metrics` by the name they were asked by; `measures` by dataset, each over each stretch of time it is asked for. All
    datasets have all of `by`. `known_at` is in seconds since 1970."""

    metrics: Mapping[str, tuple[Dataset, Metric]]
    measures: Mapping[str, tuple[MeasureRef, ...]]
    zone: str
    start: int | None
    end: int | None
    known_at: float | None = None


def on_calendar(query: MetricQuery, project: Project) -> MetricQuery:
    """The query with a grain that knows the project's fiscal years."""
    if query.grain is None:
        return query
    return replace(query, grain=query.grain.starting(project.fiscal_start))


def resolve(query: MetricQuery, project: Project, now: datetime) -> Resolved:
    """Raises WrongUse or NotFound naming what is unknown, with the nearest valid names."""
    if not query.metrics:
        raise WrongUse.of("no-metric", "A metric query names at least one metric.")
    zone = query.zone or project.timezone
    calendar.zone(zone)
    found = {name: project.metric(name) for name in dict.fromkeys(query.metrics)}
    wanted: dict[str, dict[MeasureRef, None]] = {}
    for _, metric in found.values():
        for ref in measures(metric.expression):
            wanted.setdefault(ref.dataset, {})[ref] = None
            check_moments(query, project.datasets[ref.dataset], metric)
    _check_dimensions(query, [project.datasets[name] for name in wanted])
    _check_order(query, found)
    if query.limit is not None and query.limit < 0:
        raise WrongUse.of("bad-limit", f"A limit of {query.limit} rows makes no sense.", hint="Use 0 or more.")
    start, end = parse_range(
        query.start, query.end, now=now, zone=zone, week_start=project.week_start, fiscal=project.fiscal_start
    )
    return Resolved(
        metrics=found,
        measures={dataset: tuple(refs) for dataset, refs in wanted.items()},
        zone=zone,
        start=start,
        end=end,
        known_at=None
        if query.as_known_at is None
        else known_moment(query.as_known_at, query, zone, project.week_start),
    )


def known_moment(text: str, query: MetricQuery, zone: str, week_start: int) -> float:
    """A moment of knowledge, in seconds since 1970: of real time, whatever time the data is of.

    Raises:
        WrongUse: it is no time or lies ahead, or the source is to answer, which can't know.
    """
    now = datetime.now(UTC)
    start, _ = parse_range(text, None, now=now, zone=zone, week_start=week_start)
    if start is None or start > calendar.to_us(now):
        raise WrongUse.of("known-ahead", f"What will be known at {text} is not known yet.")
    if not query.wishes.cache:
        hint = "Leave out --no-cache."
        raise WrongUse.of("source-forgets", "A source can't tell what was known; rollups remember it.", hint=hint)
    return start / 1e6


def _check_dimensions(query: MetricQuery, datasets: list[Dataset]) -> None:
    shared = [name for name in datasets[0].dimensions if all(name in d.dimensions for d in datasets)]
    for name in query.by:
        lacking = [d.name for d in datasets if name not in d.dimensions and name != d.time.column]
        if not lacking:
            continue
        if len(lacking) < len(datasets):
            raise _not_shared(name, lacking, shared)
        near = nearest(name, shared)
        hint = None if near else f"There are {', '.join(shared) or 'none'}."
        raise NotFound.of("unknown-dimension", f"There is no dimension {name}.", nearest=near, hint=hint)
    if len(set(query.by)) < len(query.by):
        raise WrongUse.of("repeated-dimension", "A dimension is named twice in `by`.")


def check_filter(where: str, bound: Mapping[str, BoundDataset]) -> None:
    """Raises WrongUse where the filter names a dimension that one of several datasets does not have; NotFound where none
    has it."""
    every = {name: kind for one in bound.values() for name, kind in one.dimensions.items()}
    shared = [name for name in every if all(name in one.dimensions for one in bound.values())]
    for name in dimensions(parse_where(where, every)):
        if name not in shared:
            raise _not_shared(name, [d for d, one in bound.items() if name not in one.dimensions], shared)


def _not_shared(name: str, lacking: Sequence[str], shared: Sequence[str]) -> WrongUse:
    error = WrongUse.of(
        "dimension-not-shared",
        f"{', '.join(lacking)} has no dimension {name}.",
        hint=f"These metrics share {', '.join(shared) or 'none'}.",
    )
    assert isinstance(error, WrongUse)
    return error


def _check_order(query: MetricQuery, found: Mapping[str, object]) -> None:
    valid = [*found, *query.by, *(["time"] if query.grain else [])]
    for order in query.order:
        if order.name not in valid:
            raise NotFound.of(
                "unknown-order",
                f"The answer has no column {order.name} to order by.",
                nearest=nearest(order.name, valid),
                hint=f"It has {', '.join(valid)}.",
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Buckets:
    """`edges`: B + 1 borders, cut to what was asked. `times`: the start of each whole bucket, as it is shown.
    `cut`: the first or last bucket is not whole."""

    edges: npt.NDArray[np.int64]
    times: npt.NDArray[np.int64]
    cut: bool


def buckets(
    grain: Grain | None, zone: str, start: int | None, end: int | None, span: tuple[int, int], week_start: int
) -> Buckets:
    """The buckets of [start, end); a side left open goes to the data's (`span`), on a day's border of the zone (or of UTC,
    where the data leaves the calendar and no grain is asked)."""
    low, high = start, end
    if low is None or high is None:
        first, last = _outer(span, grain, zone, week_start)
        low, high = first if low is None else low, last if high is None else high
    if high <= low:
        if start is not None and end is not None:
            raise WrongUse.of("empty-range", "The asked time is empty: it ends where it starts.", hint="Widen --to.")
        high = low + 1 if grain is None else int(calendar.edges(grain, zone, low, low + 1, week_start)[-1])
    if grain is None:
        edges = np.array([low, high], np.int64)
        return Buckets(edges=edges, times=edges[:1], cut=False)
    whole = calendar.edges(grain, zone, low, high, week_start)
    if whole[0] == low and whole[-1] == high:
        return Buckets(edges=whole, times=whole[:-1], cut=False)
    edges = whole.copy()
    edges[0], edges[-1] = low, high
    return Buckets(edges=edges, times=whole[:-1], cut=True)


def _outer(span: tuple[int, int], grain: Grain | None, zone: str, week_start: int) -> tuple[int, int]:
    """The borders of buckets (without a grain: days) around all the data."""
    if grain is None and not calendar.covers(*span):
        return span[0] // calendar.DAY * calendar.DAY, -(-span[1] // calendar.DAY) * calendar.DAY
    rounding = grain or DAY
    last = calendar.edges(rounding, zone, span[1] - 1, span[1], week_start)
    return calendar.floor(span[0], rounding, zone, week_start), int(last[-1])
