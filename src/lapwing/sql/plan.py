"""Makes the plan of a statement: parse, bind, ask the engine, apply the rules, write the scans."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING

import pyarrow as pa

from lapwing.model.problem import LapwingError
from lapwing.sources.base import Source
from lapwing.sql.aggregate.leaves import Node
from lapwing.sql.aggregate.rewrite import tree_of
from lapwing.sql.ask import Asked, ask
from lapwing.sql.bind import BoundStatement, bind
from lapwing.sql.catalog import Catalog
from lapwing.sql.functions import Functions, functions_of
from lapwing.sql.nodes import Condition, Plan, Residual, Scan
from lapwing.sql.parse import Statement, parse
from lapwing.sql.relation import feed, relation
from lapwing.sql.rules import RULES
from lapwing.sql.rules.base import Facts, Rule

if TYPE_CHECKING:
    from lapwing.sources.engine import Cursor, Engine
    from lapwing.sql.aggregate.push import Blocks
    from lapwing.sql.whole.push import Whole


PLANNING_TIME_LIMIT = 20.0
"""Seconds. Constants are worked out while planning, and may be anything; thousands of conditions keep an optimizer busy."""


class Planner:
    """Plans statements over a catalog. `engine` is an instance for planning alone: it only ever holds stubs."""

    def __init__(
        self,
        catalog: Catalog,
        engine: Engine,
        rules: Sequence[Rule] = RULES,
        blocks: Blocks | None = None,
        elsewhere: Whole | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._catalog = catalog
        self._engine = engine
        self._rules = rules
        self._blocks = blocks
        self._elsewhere = elsewhere
        self._now = now
        self._functions: Functions | None = None

    def parse(self, text: str, time_limit: float = PLANNING_TIME_LIMIT) -> Statement:
        """The statement, if it only reads."""
        limit = min(time_limit, PLANNING_TIME_LIMIT)
        with self._engine.cursor() as cursor, cursor.within(limit, "Planning the statement"):
            return self._parsed(text, cursor)

    def _parsed(self, text: str, cursor: Cursor) -> Statement:
        return parse(text, cursor, self._known(cursor).refused)

    def _known(self, cursor: Cursor) -> Functions:
        self._functions = self._functions or functions_of(cursor)
        return self._functions

    def plan(
        self,
        text: str,
        zone: str,
        given: Mapping[str, pa.Table],
        *,
        whole: bool = False,
        engine: str | None = None,
        time_limit: float = PLANNING_TIME_LIMIT,
        moment: datetime | None = None,
    ) -> Plan:
        """The plan of `text`, whose session is in `zone`, within `time_limit` seconds, or those that planning may take at most.
        `moment`: what it takes for now, if that is not when it is planned.
        `whole`: without groups made by sources. `engine`: what runs all of it, where it means the same there: trino, or a
        source by its name; duckdb: nothing does; None: a source where that pays."""
        limit = min(time_limit, PLANNING_TIME_LIMIT)
        with self._engine.cursor(zone) as cursor, cursor.within(limit, "Planning the statement"):
            cursor.set_time_limit(limit)
            bound = bind(self._parsed(text, cursor), self._catalog, given)
            functions = self._known(cursor)
            passing = functions.passing_of(bound.statement.names)
            moment = (moment or self._now()) if passing else None
            cursor.stop_clock(moment, passing)
            asked = ask(bound, cursor)
            tree = cache(partial(_tree, bound, cursor))
            scans = self._scans(bound, asked, functions, tree, cursor)
            plan = _plan(text, zone, bound, asked, scans)
            plan = replace(plan, passing=passing, moment=moment, engine=engine)
            if engine != "duckdb" and self._elsewhere is not None and not whole:
                plan = self._elsewhere.pushed(plan, bound, cursor, engine)
                if plan.whole is not None:
                    return plan
            if whole or self._blocks is None:
                return plan
            made = self._blocks.pushed(bound, asked, scans, functions, zone, tree, cursor)
            return plan if made is None else self._grouped(plan, made, functions, cursor)

    def _grouped(self, plan: Plan, made: BoundStatement, functions: Functions, cursor: Cursor) -> Plan:
        """The plan over groups, which knows the plan over rows; that one, should the engine understand the two otherwise."""
        try:
            asked = ask(made, cursor)
        except LapwingError:
            return plan
        if asked.types != plan.types:
            return plan
        grouped = _plan(
            plan.text, plan.zone, made, asked, self._scans(made, asked, functions, partial(_tree, made, cursor), cursor)
        )
        same = {"given": plan.given, "schema": plan.schema, "notes": plan.notes, "passing": plan.passing}
        return replace(grouped, whole=plan, engine=plan.engine, moment=plan.moment, **same)

    def _scans(
        self, bound: BoundStatement, asked: Asked, functions: Functions, tree: Callable[[], Node], cursor: Cursor
    ) -> tuple[Scan, ...]:
        scans = []
        for one in bound.occurrences:
            source = self._catalog.source(one.table.source)
            facts = Facts(one, source, asked.sightings.get(one.number, ()))
            scan = _scan(facts)
            for rule in self._rules:
                scan = rule(scan, facts)
            scans.append(scan)
        found = [replace(scan, conditions=_dated(scan, functions)) for scan in self._pruned(bound, scans, tree, cursor)]
        return tuple(_written(scan, self._catalog.source(scan.table.source)) for scan in found)

    def _pruned(
        self, bound: BoundStatement, scans: Sequence[Scan], tree: Callable[[], Node], cursor: Cursor
    ) -> Sequence[Scan]:
        if not any(scan.conditions for scan in scans):
            return scans
        from lapwing.sql.reduce.prune import prunable

        return prunable(bound, scans, self._catalog.source, tree, cursor)


def _tree(bound: BoundStatement, cursor: Cursor) -> Node:
    """The engine's syntax tree of the statement, each table under its stub's name."""
    return tree_of(bound.replaced({one.number: one.stub for one in bound.occurrences}).text, cursor)


def _plan(text: str, zone: str, bound: BoundStatement, asked: Asked, scans: tuple[Scan, ...]) -> Plan:
    relations = (scan.sql if scan.native else relation(scan, feed(scan)) for scan in scans)
    texts = {one.number: text for one, text in zip(bound.occurrences, relations, strict=True)}
    return Plan(
        text=text,
        named=bound.replaced({one.number: one.stub for one in bound.occurrences}).text,
        zone=zone,
        scans=scans,
        feeds={feed(scan): scan.id for scan in scans if not scan.native},
        given={bound.given_name(name): name for _, name in bound.given},
        residual=Residual(bound.replaced(texts)),
        schema=asked.schema,
        types=asked.types,
        steps=asked.steps,
        meaning=bound.statement.meaning,
    )


def _scan(facts: Facts) -> Scan:
    table = facts.occurrence.table
    many = len(facts.sightings) > 1 or any(seen.again for seen in facts.sightings)
    return Scan(
        id=facts.occurrence.stub,
        table=table,
        alias=facts.occurrence.reference.name,
        kind=facts.source.kind,
        native=facts.source.capabilities.native,
        columns=table.columns,
        meant=tuple(table.columns[index] for index in facts.occurrence.meant),
        grouped=bool(table.body),
        at=facts.occurrence.reference.start,
        used=len(facts.sightings),
        many=many,
        rows=table.rows,
    )


def _dated(scan: Scan, functions: Functions) -> tuple[Condition, ...]:
    return tuple(replace(one, passing=functions.passes(one.text)) for one in scan.conditions)


def _written(scan: Scan, source: Source) -> Scan:
    """The scan with the text its source is sent."""
    if scan.native:
        return replace(scan, sql=source.relation(scan.table), shown=source.shown(scan.table))
    sent = source.scan_sql(scan.table, scan.columns, scan.where, scan.limit)
    return replace(scan, sql=sent, shown=sent)
