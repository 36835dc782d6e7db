"""Answers a metric query: states from a rollup or, where none fits, from the source; then one table and its receipt."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pyarrow as pa

from lapwing.cache.answer import Answered
from lapwing.cache.bindings import Binding
from lapwing.cache.filter import parse_where
from lapwing.cache.reach import far_times
from lapwing.cache.request import StateRequest, Terms
from lapwing.cache.service import Cache
from lapwing.model import calendar
from lapwing.model.dataset import Dataset, Metric
from lapwing.model.expression import measures
from lapwing.model.hashing import metric_hash
from lapwing.model.problem import LapwingError, Refused
from lapwing.model.project import Project
from lapwing.model.receipt import Considered, Reasons, Receipt
from lapwing.query.ask import MetricQuery
from lapwing.query.converting import still_converting
from lapwing.query.logged import note
from lapwing.query.moments import MOST, by_moments, few_enough, kept_nowhere, with_moments
from lapwing.query.reading import Reading, Times, times_of
from lapwing.query.resolve import Buckets, Resolved, buckets, check_filter, on_calendar, resolve
from lapwing.query.stretches import Calendar, Known
from lapwing.query.table import Part, table_of
from lapwing.query.wished import check_exact, not_in_cache, terms_of
from lapwing.sql.bound import BoundDataset
from lapwing.sql.service import SqlService
from lapwing.states import state_for


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
    query = on_calendar(query, project)
    resolved = resolve(query, project, now)
    asked = plan(query, resolved, project=project, sql=sql, cache=cache)
    bound, step, spans = asked.bound, asked.step, asked.spans
    clock.lap("plan")
    parts = {name: _part(query, resolved, bound[name], asked.times[name], spans[name], sql, cache) for name in bound}
    clock.lap("route")
    clock.move("route", "read", sum(read.milliseconds for part in parts.values() for read in part.reads))
    table = table_of(query, resolved, step, parts, lambda text, groups: _selected(text, groups, resolved, query, sql))
    clock.lap("answer")
    terms = terms_of(query.wishes, resolved.known_at)
    notes = (
        *_troubles(asked.bindings),
        *_notes(query, step, _around(spans)[0]),
        *_early(resolved, parts),
        *still_converting(resolved, parts, lambda dataset: cache.span(dataset, terms)),
    )
    receipt = _receipt(query, project, resolved, step, parts, notes, clock)
    note(cache.questions, query, step, bound, parts, receipt)
    return Answer(table=table, receipt=receipt)


def _selected(text: str, groups: pa.Table, resolved: Resolved, query: MetricQuery, sql: SqlService) -> pa.Table:
    given, limit = {"groups": groups}, query.wishes.time_limit
    with sql.run(text, zone=resolved.zone, given=given, time_limit=limit, engine="duckdb") as running:
        return pa.Table.from_batches(list(running), running.schema)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """What is to be read, by dataset: see `Times`. `spans` are where the datasets have data."""

    bindings: Mapping[str, Binding]
    bound: Mapping[str, BoundDataset]
    spans: Mapping[str, tuple[int, int] | None]
    step: Buckets
    times: Mapping[str, Times]


def plan(query: MetricQuery, resolved: Resolved, *, project: Project, sql: SqlService, cache: Cache) -> Asked:
    """What is to be read for `query`. Raises as `answer`."""
    terms = terms_of(query.wishes, resolved.known_at)
    bindings = {name: cache.binding(name, kept=query.wishes.cache_only) for name in resolved.measures}
    bound = {name: with_moments(binding.bound, query.by) for name, binding in bindings.items()}
    check_exact(query.wishes, resolved.measures, bound)
    if len(bound) > 1 and query.where and query.where.strip():
        check_filter(query.where, bound)
    spans = _spans(query, resolved, bound, sql, cache, terms)
    step = buckets(query.grain, resolved.zone, resolved.start, resolved.end, _around(spans), project.week_start)
    by = Calendar(grain=query.grain, zone=resolved.zone, week_start=project.week_start, fiscal=project.fiscal_start)
    times = {name: times_of(resolved.measures[name], step, by, spans[name]) for name in bound}
    return Asked(bindings=bindings, bound=bound, spans=spans, step=step, times=times)


def _spans(
    query: MetricQuery,
    resolved: Resolved,
    bound: Mapping[str, BoundDataset],
    sql: SqlService,
    cache: Cache,
    terms: Terms,
) -> dict[str, tuple[int, int] | None]:
    """From where to where each of the datasets has data; None of an empty one.

    Raises:
        WrongUse: a grain is asked over all the data, and no calendar has buckets for all of it.
    """
    spans = {name: cache.span(name, terms) for name in bound}
    if query.grain and (resolved.start is None or resolved.end is None):
        for name, span in spans.items():
            if span is not None and not calendar.covers(*span):
                raise far_times(sql, bound[name], query.wishes.time_limit)
    return spans


def _around(spans: Mapping[str, tuple[int, int] | None]) -> tuple[int, int]:
    """The span of all datasets; an empty one adds nothing."""
    found = [span for span in spans.values() if span is not None]
    return (min(start for start, _ in found), max(end for _, end in found)) if found else (0, 1)


def _part(
    query: MetricQuery,
    resolved: Resolved,
    bound: BoundDataset,
    times: Times,
    span: tuple[int, int] | None,
    sql: SqlService,
    cache: Cache,
) -> Part:
    """Reads what is needed of one dataset."""
    names = tuple(dict.fromkeys(ref.measure for ref in times.taken))
    reads = tuple(_read(query, resolved.known_at, names, bound, reading, sql, cache) for reading in times.readings)
    until = min((read.data_until for read in reads if read.data_until is not None), default=None)
    since, end = span or (0, 1)
    states = {name: state_for(bound.dataset.measures[name], bound.arguments[name]) for name in names}
    known = Known(since=since, end=end, until=until)
    return Part(dataset=bound.dataset, states=states, times=times, reads=reads, known=known)


def _read(
    query: MetricQuery,
    known_at: float | None,
    measures: tuple[str, ...],
    bound: BoundDataset,
    reading: Reading,
    sql: SqlService,
    cache: Cache,
) -> Answered:
    request = request_of(query, measures, bound, reading)
    considered: Sequence[Considered] = ()
    moments = by_moments(query.by, bound.dataset)
    if moments:
        considered = kept_nowhere(bound.dataset)
    elif query.wishes.cache:
        found = cache.answer(request, terms_of(query.wishes, known_at))
        if isinstance(found, Answered):
            return found
        considered = found.considered
    if known_at is not None:
        raise not_remembered(bound.dataset.name, known_at, considered)
    if query.wishes.cache_only:
        raise not_in_cache(bound.dataset.name, considered)
    fresh = replace(request, bound=with_moments(sql.bind(bound.dataset), query.by))
    keep = query.wishes.cache and not moments
    with few_enough(bound.dataset):
        return cache.from_source(fresh, time_limit=query.wishes.time_limit, considered=considered, keep=keep)


def request_of(query: MetricQuery, measures: tuple[str, ...], bound: BoundDataset, reading: Reading) -> StateRequest:
    """What is asked of the cache, or of the source, for one read."""
    where = parse_where(query.where, bound.dimensions) if query.where and query.where.strip() else None
    most = MOST if by_moments(query.by, bound.dataset) else None
    return StateRequest(bound=bound, measures=measures, by=query.by, where=where, edges=reading.edges, most=most)


def not_remembered(dataset: str, known_at: float, considered: Iterable[Considered]) -> LapwingError:
    """Why no rollup can tell what was known at a moment."""
    reasons = [(one.rollup, reason) for one in considered for reason in one.reasons if not reason.passed]
    says = " ".join(f"{rollup}: {reason.says}" for rollup, reason in reasons) or "It has no rollups."
    then = calendar.utc_iso(int(known_at * 1e6))
    hint = None
    if any(reason.check == "history" for _, reason in reasons):
        hint = "Ask for a later moment; `history` in lapwing.yaml sets how long is remembered from now on."
    return Refused.of("not-remembered", f"What was known of {dataset} at {then} can't be told. {says}", hint=hint)


def _receipt(
    query: MetricQuery,
    project: Project,
    resolved: Resolved,
    step: Buckets,
    parts: Mapping[str, Part],
    notes: tuple[str, ...],
    clock: Clock,
) -> Receipt:
    start, end = int(step.edges[0]), int(step.edges[-1])
    reads = [read for part in parts.values() for read in part.reads]
    missing = sorted({stretch for read in reads for stretch in read.missing})
    until = min((part.known.until for part in parts.values() if part.known.until is not None), default=None)
    bounds = {
        f"{dataset}.{name}": bound.says
        for dataset, part in parts.items()
        for name, state in part.states.items()
        if (bound := state.bound()) is not None
    }
    return Receipt(
        id=uuid.uuid4().hex[:16],
        asked=", ".join(resolved.metrics),
        start=calendar.utc_iso(start),
        end=calendar.utc_iso(end),
        zone=resolved.zone,
        grain=str(query.grain) if query.grain else None,
        pieces=tuple(piece for read in reads for piece in read.pieces),
        considered=Reasons.joined([read.considered for read in reads]),
        data_until=None if until is None else calendar.utc_iso(until),
        missing=tuple((calendar.utc_iso(a), calendar.utc_iso(b)) for a, b in missing),
        bounds=bounds,
        definitions={name: _hash(project, dataset, metric) for name, (dataset, metric) in resolved.metrics.items()},
        milliseconds=clock.total(),
        notes=notes,
        as_known_at=None if resolved.known_at is None else calendar.utc_iso(int(resolved.known_at * 1e6)),
        stale=tuple(
            (calendar.utc_iso(a), calendar.utc_iso(b)) for a, b in sorted({s for read in reads for s in read.stale})
        ),
    )


def _hash(project: Project, dataset: Dataset, metric: Metric) -> str:
    key = (dataset.name, metric.name)
    return project.hashes.get(key) or project.hashes.setdefault(key, metric_hash(dataset, metric))


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


def _early(resolved: Resolved, parts: Mapping[str, Part]) -> Iterator[str]:
    """Which metrics have windows, or times to compare with, that begin before the data does."""
    for name, (_, metric) in resolved.metrics.items():
        for dataset, part in parts.items():
            if part.known.until is None:
                continue  # there is no data at all
            early = [part.times.taken[ref].early for ref in measures(metric.expression) if ref.dataset == dataset]
            count = int(np.logical_or.reduce(early).sum()) if early else 0
            if count:
                begins = calendar.utc_iso(part.known.since)
                which = f" in {count:,} of {len(early[0]):,} buckets" if len(early[0]) > 1 else ""
                yield f"{name} is null{which}, which would need data from before it begins ({begins})."
