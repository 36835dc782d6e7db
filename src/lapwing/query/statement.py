"""Runs one SQL statement through the front door: metrics are answered first, then the rest runs over the sources."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from lapwing.model import calendar
from lapwing.model.project import Project, ResultLimit
from lapwing.model.receipt import Piece, Receipt
from lapwing.query.answer import Answer
from lapwing.query.ask import MetricQuery, SqlQuery
from lapwing.query.deadline import Deadline
from lapwing.query.metric_sql import Rewritten, mentions_metrics, rewrite
from lapwing.query.results.entry import Facts, told_time
from lapwing.query.results.keeping import Fate
from lapwing.query.results.service import Results
from lapwing.sources.bill import bill_for, cost_of
from lapwing.sources.patience import patient
from lapwing.sql.depth import within_depth
from lapwing.sql.explain import Explanation
from lapwing.sql.nodes import Plan
from lapwing.sql.plan import PLANNING_TIME_LIMIT
from lapwing.sql.run import Running
from lapwing.sql.service import SqlService

Answerer = Callable[[MetricQuery], Answer]


@dataclass(slots=True)
class SqlAnswer:
    """A running statement. Read `running` to its end, then the receipt tells what happened."""

    running: Running
    query: SqlQuery
    zone: str
    answers: tuple[Answer, ...]
    definitions: dict[str, str]
    started: float
    fate: Fate
    told: tuple[str, ...] = ()

    def table(self) -> pa.Table:
        """All rows at once."""
        with self.running:
            return pa.Table.from_batches(list(self.running), self.running.schema)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return iter(self.running)

    def receipt(self) -> Receipt:
        """How the statement was answered, as far as it has run."""
        progress = self.running.progress()
        scans = {scan.id: scan for scan in progress.scans}
        pieces = [piece for answer in self.answers for piece in answer.receipt.pieces]
        if self.fate.facts is not None:
            pieces.append(_kept(self.fate.facts))
        for scan in self.running.plan.scans if self.fate.facts is None else ():
            if scan.shares is not None:
                continue
            done = scans.get(scan.id)
            rows, size = (done.rows, done.bytes) if done else (0, 0)
            cost = cost_of([done.spent if done else None])
            pieces.append(
                Piece(
                    by="kept rows" if done and done.kept else "source",
                    name=scan.table.path,
                    rows=rows,
                    bytes=size,
                    sql=scan.shown,
                    jobs=cost.jobs,
                    bytes_billed=cost.bytes_billed,
                    slot_ms=cost.slot_ms,
                )
            )
        untils = [answer.receipt.data_until for answer in self.answers if answer.receipt.data_until]
        return Receipt(
            id=self.running.id,
            asked=self.query.text,
            start=None,
            end=None,
            zone=self.zone,
            grain=None,
            pieces=tuple(pieces),
            considered=tuple(one for answer in self.answers for one in answer.receipt.considered),
            data_until=min(untils, default=None),
            missing=tuple(stretch for answer in self.answers for stretch in answer.receipt.missing),
            bounds={name: says for answer in self.answers for name, says in answer.receipt.bounds.items()},
            definitions=self.definitions,
            milliseconds={"total": (time.perf_counter() - self.started) * 1e3},
            notes=(*self.told, self.fate.says),
        )


def _kept(facts: Facts) -> Piece:
    """The result that was told in the place of an answer by the sources."""
    versions = tuple(f"{table} {version}" for table, version in (facts.versions or {}).items())
    since = told_time(facts.since)
    return Piece(by="kept result", name=since, rows=facts.rows, bytes=facts.told_bytes, as_of=since, versions=versions)


def run_statement(
    query: SqlQuery, *, sql: SqlService, results: Results, answer: Answerer, project: Project, query_id: str
) -> SqlAnswer:
    """Starts `query`; see `Lapwing.run_sql`."""
    started, deadline = time.perf_counter(), Deadline(query.wishes.time_limit)
    zone = _zone(query, project)
    with bill_for(query.wishes.maximum_bytes_billed), patient(deadline.seconds):
        ready = _rewritten(query, zone, sql, _in_time(answer, deadline), project, deadline)
        plan = sql.ready(ready.text, zone=zone, given=ready.given, engine=query.engine, time_limit=deadline.left())
        found = results.run(plan, given=ready.given, wishes=deadline.on(query.wishes), query_id=query_id)
    found.running.asked_limit = deadline.seconds
    wished = ResultLimit(rows=query.wishes.maximum_rows, bytes=query.wishes.maximum_bytes)
    found.running.limit = wished.within(project.result_limits.of(query.who, query.priority))
    definitions = {name: text for part in ready.answers for name, text in part.receipt.definitions.items()}
    return SqlAnswer(found.running, query, zone, ready.answers, definitions, started, found.fate, ready.told)


def plan_statement(query: SqlQuery, *, sql: SqlService, answer: Answerer, project: Project) -> Plan:
    """The plan, without running it; metrics are answered, as their rows are part of it."""
    zone = _zone(query, project)
    with patient(query.wishes.time_limit):
        ready = _rewritten(query, zone, sql, answer, project)
        return sql.plan(ready.text, zone=zone, given=ready.given, engine=query.engine)


def explain_statement(
    query: SqlQuery,
    *,
    sql: SqlService,
    results: Results,
    answer: Answerer,
    project: Project,
    analyze: bool = False,
    query_id: str | None = None,
    begun: Callable[[Running], None] | None = None,
) -> Explanation:
    """What would happen, or with `analyze` what did: its rows are read and left; `begun` is told what runs. Metrics are answered
    to tell by what."""
    zone, wishes = _zone(query, project), query.wishes
    with bill_for(wishes.maximum_bytes_billed), patient(wishes.time_limit):
        ready = _rewritten(query, zone, sql, answer, project)
        told = sql.explained(
            ready.text, analyze=analyze, zone=zone, given=ready.given, engine=query.engine, time_limit=wishes.time_limit,
            query_id=query_id, begun=begun,
        )  # fmt: skip
    asides = []
    for number, part in enumerate(ready.answers):
        by = ", ".join(f"{piece.by} {piece.name}" for piece in part.receipt.pieces)
        asides.append(f"given.m{number}: {part.receipt.asked}, answered by {by}")
    if not analyze:
        asides += ["", results.foretold(told.plan, given=ready.given, wishes=wishes)]
    return replace(told, asides=tuple(asides))


def _zone(query: SqlQuery, project: Project) -> str:
    """
    Raises:
        WrongUse: there is no such zone; with the nearest.
    """
    if query.zone:
        calendar.zone(query.zone)
    return query.zone or project.timezone


def _in_time(answer: Answerer, deadline: Deadline) -> Answerer:
    return lambda query: answer(replace(query, wishes=deadline.on(query.wishes)))


@within_depth()
def _rewritten(
    query: SqlQuery,
    zone: str,
    sql: SqlService,
    answer: Answerer,
    project: Project,
    deadline: Deadline | None = None,
) -> Rewritten:
    if not mentions_metrics(query.text):
        return Rewritten(text=query.text, given={}, answers=())
    deadline = deadline or Deadline(PLANNING_TIME_LIMIT)
    sql.parse(query.text, deadline.left())  # a bad statement is refused here, before anything is answered

    def ask(text: str, given: Mapping[str, pa.Table]) -> pa.Table:
        inner = _rewritten(replace(query, text=text), zone, sql, answer, project, deadline)
        given = {**given, **inner.given}
        with sql.run(inner.text, zone=zone, given=given, time_limit=deadline.left(), engine=query.engine) as running:
            return pa.Table.from_batches(list(running), running.schema)

    return rewrite(query.text, project=project, zone=zone, wishes=query.wishes, answer=answer, ask=ask)
