"""Answers a metric query: states from a rollup or, where none fits, from the source; then one table and its receipt."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lapwing.cache.answer import Answered
from lapwing.cache.bindings import Binding
from lapwing.cache.filter import parse_where
from lapwing.cache.reach import far_times
from lapwing.cache.request import StateRequest
from lapwing.cache.service import Cache
from lapwing.model import calendar
from lapwing.model.expression import MeasureRef
from lapwing.model.hashing import metric_hash
from lapwing.model.problem import Refused
from lapwing.model.project import Project
from lapwing.model.receipt import Considered, Receipt
from lapwing.query.ask import MetricQuery
from lapwing.query.evaluate import evaluate
from lapwing.query.grid import Grid, grid_of, values
from lapwing.query.meet import meet
from lapwing.query.resolve import Buckets, Resolved, buckets, resolve
from lapwing.sql.bound import BoundDataset
from lapwing.sql.service import SqlService
from lapwing.states import state_for
from lapwing.states.base import State


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """`table`: the dimensions, then "time" (bucket starts, timestamptz) where a grain was asked, then the metrics."""

    table: pa.Table
    receipt: Receipt


@dataclass(slots=True)
class Clock:
    """Milliseconds by stage."""

    started: float
    last: float
    stages: dict[str, float]

    @classmethod
    def start(cls) -> Clock:
        now = time.perf_counter()
        return cls(now, now, {})

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.stages[stage] = self.stages.get(stage, 0.0) + (now - self.last) * 1e3
        self.last = now

    def move(self, stage: str, to: str, milliseconds: float) -> None:
        """Counts a part of a stage as another one's."""
        self.stages[stage] -= milliseconds
        self.stages[to] = self.stages.get(to, 0.0) + milliseconds

    def total(self) -> Mapping[str, float]:
        return {**self.stages, "total": (time.perf_counter() - self.started) * 1e3}


def answer(query: MetricQuery, *, project: Project, sql: SqlService, cache: Cache, now: datetime) -> Answer:
    """Answers `query`.

    Raises:
        WrongUse, NotFound: it can't be asked so, and what could be.
        Refused: no way to answer it right; the reasons are in the problems.
        SourceError, TimeLimit: the source was needed and did not answer (in time).
    """
    clock = Clock.start()
    resolved = resolve(query, project, now)
    bindings = {name: cache.binding(name) for name in resolved.measures}
    bound = {name: binding.bound for name, binding in bindings.items()}
    span = _span(query, resolved, bound, sql, cache)
    step = buckets(query.grain, resolved.zone, resolved.start, resolved.end, span, project.week_start)
    clock.lap("plan")
    parts = {name: _read(query, resolved.measures[name], bound[name], step, sql, cache) for name in bound}
    clock.lap("route")
    clock.move("route", "read", sum(part.milliseconds for part in parts.values()))
    until = min((part.data_until for part in parts.values() if part.data_until is not None), default=None)
    states = {name: _states(bound[name], resolved.measures[name]) for name in bound}
    table = _table(query, resolved, step, parts, states, (span[0], until))
    clock.lap("answer")
    notes = (*_troubles(bindings), *_notes(query, step, span[0]))
    receipt = _receipt(query, resolved, step, parts, states, until, notes, clock)
    return Answer(table=table, receipt=receipt)


def _span(
    query: MetricQuery, resolved: Resolved, bound: Mapping[str, BoundDataset], sql: SqlService, cache: Cache
) -> tuple[int, int]:
    """From where to where any of the datasets has data; an empty one adds nothing.

    Raises:
        WrongUse: a grain is asked over all the data, and no calendar has buckets for all of it.
    """
    spans = {name: span for name in bound if (span := cache.span(name)) is not None}
    if query.grain and (resolved.start is None or resolved.end is None):
        for name, span in spans.items():
            if not calendar.covers(*span):
                raise far_times(sql, bound[name], query.wishes.time_limit)
    if not spans:
        return 0, 1
    return min(start for start, _ in spans.values()), max(end for _, end in spans.values())


def _read(
    query: MetricQuery, measures: tuple[str, ...], bound: BoundDataset, step: Buckets, sql: SqlService, cache: Cache
) -> Answered:
    where = parse_where(query.where, bound.dimensions) if query.where and query.where.strip() else None
    request = StateRequest(bound=bound, measures=measures, by=query.by, where=where, edges=step.edges)
    considered: tuple[Considered, ...] = ()
    if query.wishes.cache:
        found = cache.answer(request)
        if isinstance(found, Answered):
            return found
        considered = found.considered
    fresh = replace(request, bound=sql.bind(bound.dataset))
    return cache.from_source(fresh, time_limit=query.wishes.time_limit, considered=considered)


def _states(bound: BoundDataset, measures: tuple[str, ...]) -> dict[str, State]:
    return {name: state_for(bound.dataset.measures[name], bound.arguments[name]) for name in measures}


def _table(
    query: MetricQuery,
    resolved: Resolved,
    step: Buckets,
    parts: Mapping[str, Answered],
    states: Mapping[str, Mapping[str, State]],
    complete: tuple[int, int | None],
) -> pa.Table:
    groups, places = meet([part.frame.groups for part in parts.values()])
    grid = grid_of(groups, len(step.times))
    known = _known(step, *complete)
    cells: dict[MeasureRef, pa.Array] = {}
    for (name, part), place in zip(parts.items(), places, strict=True):
        for measure, array in values(part.frame, states[name], grid, place, known).items():
            cells[MeasureRef(name, measure)] = array
    columns = _keys(grid, query, resolved, step)
    for name, (_, metric) in resolved.metrics.items():
        columns[name] = evaluate(metric.expression, cells, grid.rows)
    return _ordered(pa.table(columns), query)


def _known(step: Buckets, since: int, until: int | None) -> npt.NDArray[np.bool_]:
    """Of which buckets all data is known: those between the one in which the data begins and the moment until which it
    is complete."""
    if until is None:
        return np.zeros(len(step.times), np.bool_)
    return (step.edges[1:] > since) & (step.edges[1:] <= until)


def _keys(grid: Grid, query: MetricQuery, resolved: Resolved, step: Buckets) -> dict[str, pa.Array]:
    rows = np.repeat(np.arange(grid.groups.num_rows, dtype=np.int32), grid.buckets) if grid.buckets > 1 else None
    columns: dict[str, pa.Array] = {}
    for name in query.by:
        column = grid.groups.column(name)
        columns[name] = column if rows is None else column.take(pa.array(rows))
    if query.grain:
        if "time" in columns:
            raise Refused.of("time-taken", "A dimension called time hides the time of the buckets.", hint="Rename it.")
        times = pa.array(np.tile(step.times, grid.groups.num_rows))
        columns["time"] = times.view(pa.timestamp("us", tz=resolved.zone))
    return columns


def _ordered(table: pa.Table, query: MetricQuery) -> pa.Table:
    if query.order:
        keys = [(order.name, "descending" if order.descending else "ascending") for order in query.order]
        named = {order.name for order in query.order}
        ties = [(name, "ascending") for name in (*query.by, *(["time"] if query.grain else [])) if name not in named]
        table = table.take(pc.sort_indices(table, sort_keys=[*keys, *ties]))
    return table if query.limit is None else table.slice(0, query.limit)


def _receipt(
    query: MetricQuery,
    resolved: Resolved,
    step: Buckets,
    parts: Mapping[str, Answered],
    states: Mapping[str, Mapping[str, State]],
    until: int | None,
    notes: tuple[str, ...],
    clock: Clock,
) -> Receipt:
    start, end = int(step.edges[0]), int(step.edges[-1])
    missing = sorted({stretch for part in parts.values() for stretch in part.missing})
    bounds = {
        f"{dataset}.{name}": bound.says
        for dataset, of in states.items()
        for name, state in of.items()
        if (bound := state.bound()) is not None
    }
    return Receipt(
        id=uuid.uuid4().hex[:16],
        asked=", ".join(resolved.metrics),
        start=calendar.utc_iso(start),
        end=calendar.utc_iso(end),
        zone=resolved.zone,
        grain=str(query.grain) if query.grain else None,
        pieces=tuple(piece for part in parts.values() for piece in part.pieces),
        considered=tuple(one for part in parts.values() for one in part.considered),
        data_until=None if until is None else calendar.utc_iso(until),
        missing=tuple((calendar.utc_iso(a), calendar.utc_iso(b)) for a, b in missing),
        bounds=bounds,
        definitions={name: metric_hash(dataset, metric) for name, (dataset, metric) in resolved.metrics.items()},
        milliseconds=clock.total(),
        notes=notes,
    )


def _troubles(bindings: Mapping[str, Binding]) -> Iterator[str]:
    for name, binding in bindings.items():
        if binding.trouble is not None:
            yield f"The data of {name} can't be looked at now; this is what was built last. {binding.trouble.message}"


def _notes(query: MetricQuery, step: Buckets, since: int) -> Iterator[str]:
    if not query.wishes.cache:
        yield "Rollups were left aside, as asked."
    if step.cut:
        yield "The first or last bucket is cut to the asked time."
    if int(step.edges[1]) <= since:
        yield f"The data begins at {calendar.utc_iso(since)}; before it nothing is known."
