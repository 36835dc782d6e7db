"""The plan by which a whole statement runs where its tables are, or the reason why it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from lapwing.model.problem import LapwingError
from lapwing.model.size import shown_size
from lapwing.sources.base import Column, Family, Source, Table
from lapwing.sources.bill import current
from lapwing.sources.quote import identifier
from lapwing.sources.types import decimal_of, family
from lapwing.sql.bind import BoundStatement, restored
from lapwing.sql.capability import No
from lapwing.sql.catalog import Catalog
from lapwing.sql.nodes import Plan, Residual, Scan
from lapwing.sql.text import Edited
from lapwing.sql.whole.bigquery import OneSource
from lapwing.sql.whole.queries import Queries, Relation
from lapwing.sql.whole.speech import Speech
from lapwing.sql.whole.values import Value, column_value
from lapwing.sql.whole.worth import check

if TYPE_CHECKING:
    from lapwing.sources.engine import Cursor

_SCAN: Final = "whole"
_FEED: Final = "feed_whole"
_TODAY: Final = (exp.Interval, exp.CurrentDate)
_FOLDED: Final = (*_TODAY, exp.Add, exp.Sub, exp.Literal, exp.Cast, exp.DataType, exp.Var, exp.Paren, exp.Neg)


class Place(Protocol):
    """Where whole statements run. `name` is that of the source that takes them."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def address(self) -> str:
        """As people know it."""
        ...

    @property
    def speech(self) -> Speech: ...

    def placed_at(self, source: Source, table: Table) -> tuple[str, tuple[Column, ...]]:
        """The table in a FROM there, and those of its columns that are the same there; raises No, SourceError."""
        ...


class Whole:
    """`cluster` is the project's, None where it has none; `ones` are the sources that run statements over themselves. Safe to use
    from several threads."""

    def __init__(self, catalog: Catalog, cluster: Place | None, ones: Mapping[str, OneSource]) -> None:
        self._catalog, self._cluster, self._ones = catalog, cluster, ones

    def pushed(self, plan: Plan, bound: BoundStatement, cursor: Cursor, engine: str | None) -> Plan:
        """The plan that has all of the statement run elsewhere, and that falls back on `plan`; where that might answer otherwise,
        or does not pay, `plan` with the reason. `engine`: trino, or a source by its name; None: wherever it pays. `cursor`:
        of the planning instance."""
        if engine == "trino":
            place: Place | None = self._cluster
        elif engine is not None:
            place = self._ones[engine]
        else:
            sources = {one.table.source for one in bound.occurrences}
            place = self._ones.get(next(iter(sources))) if len(sources) == 1 and not bound.given else None
        if place is None:
            return plan
        try:
            sql, why = self._written(place, plan, bound, cursor, forced=engine is not None)
        except (No, LapwingError, sqlglot.errors.SqlglotError) as error:
            text = (
                error.problems[0].message if isinstance(error, LapwingError) else str(error) or "it is not understood"
            )
            told = " ".join(text.split()).rstrip(".")
            return replace(plan, notes=(*plan.notes, f"Not run on {place.name} as a whole: {told}."))
        columns = tuple(Column(f"c{number}", kind) for number, kind in enumerate(plan.types))
        made = Table(source=place.name, schema="", name="the whole statement", columns=columns, body=sql)
        scan = Scan(
            id=_SCAN, table=made, alias="whole", kind=place.kind, native=False, whole=True, columns=columns, used=1, sql=sql,
            shown=sql,
        )  # fmt: skip
        rows = ", ".join(restored(identifier(one.name), one) + f" AS {identifier(one.name)}" for one in columns)
        text = f"SELECT {rows} FROM {_FEED}"
        notes = (*plan.notes, f"Run on {place.name} as a whole: {why}.") if why else plan.notes
        return replace(
            plan, named=plan.text, scans=(scan,), feeds={_FEED: _SCAN}, given={}, residual=Residual(Edited(text, text, ())),
            whole=plan, steps=((0, f"the rows as {place.name} sends them"),), where=f"on {place.address}", notes=notes,
        )  # fmt: skip

    def _written(
        self, place: Place, plan: Plan, bound: BoundStatement, cursor: Cursor, *, forced: bool
    ) -> tuple[str, str]:
        """The statement's text there, and why it pays."""
        if bound.given or not bound.occurrences:
            raise No(f"it is about rows that {place.name} has not")
        speech = place.speech
        tables: dict[str, Relation] = {}
        schema: dict[str, object] = {}
        named: set[str] = set()
        for one in bound.occurrences:
            reference, same = place.placed_at(self._catalog.source(one.table.source), one.table)
            names = {column.name for column in same}
            values: dict[str, Value | None] = {}
            for column in one.table.columns:
                known = column.name in names and speech.reads(column)
                values[column.name.lower()] = (
                    column_value(speech.quote, one.stub, column.name, column.type) if known else None
                )
            if len(values) != len(one.table.columns):
                raise No(f"columns of {one.table.path} differ by the case of letters alone")
            tables[one.stub] = Relation(reference, values)
            schema[one.stub] = dict.fromkeys(values, "UNKNOWN")
            named |= values.keys()
        text = bound.replaced({one.number: one.stub for one in bound.occurrences}).text
        tree = _with_constants(sqlglot.parse_one(text, read="duckdb"), cursor)
        _unambiguous(tree, named)
        try:
            tree = qualify(tree, schema=schema, dialect="duckdb")
        except AssertionError as error:  # GROUP BY by the place of a subquery without a name
            raise No("the library that reads it did not expect it") from error
        queries = Queries(speech, plan.zone, tables)
        _, outputs = queries.query(tree, casts=[(f"c{n}", "{}") for n in range(len(plan.types))])
        if len(outputs) != len(plan.types):
            raise No("its columns are not understood")
        casts = [
            (f"c{n}", _cast(speech, value, kind))
            for n, ((_, value), kind) in enumerate(zip(outputs, plan.types, strict=True))
        ]
        sql = queries.query(tree, casts=casts)[0]
        return sql, _worth(place.source, sql, tree, plan, forced=forced) if isinstance(place, OneSource) else ""


def _worth(source: Source, sql: str, tree: exp.Expr, plan: Plan, *, forced: bool) -> str:
    """Why the source runs it; it is asked what it would read, which also shows whether it would run it at all.

    Raises:
        No: it does not pay, or may cost less than it would. SourceError: the source would not run it.
    """
    if forced:
        source.estimate(sql)
        return "as was asked for"
    check(plan, tree, None)  # before the source is asked
    processed = source.estimate(sql)
    bill = current()
    if processed is not None and bill is not None and bill.most is not None and processed > bill.most:
        raise No(f"it would be billed for {shown_size(processed)}, and {shown_size(bill.most)} is the most that it may")
    return check(plan, tree, processed)


def _cast(speech: Speech, value: Value, engine_type: str) -> str:
    """Text around a column of the result, so that it is of exactly this type and travels as it is read."""
    wanted = family(engine_type)
    both = {wanted, value.family}
    alike = wanted is value.family or both <= {Family.DATE, Family.TIMESTAMP}
    if not (alike or (value.family is Family.INTEGER and engine_type.endswith(",0)"))):
        raise No(f"a result of {engine_type} is not written for it")
    decimal = decimal_of(engine_type)
    if decimal is not None and (value.scale is None or value.scale > decimal[1]):
        raise No("the digits of a decimal of the result are not known")
    return speech.cast(value, engine_type)


def _unambiguous(tree: exp.Expr, columns: set[str]) -> None:
    """An alias that is also the name of a column may mean either, depending on the clause and on the engine."""
    for one in tree.find_all(exp.Alias):
        name = one.alias.lower()
        if name in columns and not (isinstance(one.this, exp.Column) and one.this.name.lower() == name):
            used = (c for c in tree.find_all(exp.Column) if not c.table and c.name.lower() == name)
            if any(True for _ in used):
                raise No(f"{one.alias} names both a column and a result")


def _with_constants(tree: exp.Expr, cursor: Cursor) -> exp.Expr:
    """The tree with what is constant and has intervals or the day of today in it worked out by the engine."""

    def folded(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, (exp.Add, exp.Sub, exp.CurrentDate)) or node.find(*_TODAY) is None:
            return node
        if not all(isinstance(one, _FOLDED) for one in node.walk()):
            return node
        row = cursor.table(
            f"SELECT typeof(x) AS kind, CAST(x AS VARCHAR) AS value FROM (SELECT {node.sql('duckdb')} AS x)"
        )
        kind, value = (str(row.column(name)[0].as_py()) for name in ("kind", "value"))
        if kind == "TIMESTAMP" and value.endswith(" 00:00:00") and _beside_a_column(node):
            kind, value = "DATE", value[:10]  # compared with a date or a timestamp it is the same
        if kind not in ("DATE", "TIMESTAMP"):
            return node
        return exp.Cast(this=exp.Literal.string(value), to=exp.DataType.build(kind))

    return tree.transform(folded)


def _beside_a_column(node: exp.Expr) -> bool:
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    return isinstance(parent, (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between))
