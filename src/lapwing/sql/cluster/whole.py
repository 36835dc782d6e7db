"""The plan by which a whole statement runs on a cluster, or the reason why it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from lapwing.model.problem import LapwingError
from lapwing.sources.base import Column, Family, Table
from lapwing.sources.quote import identifier
from lapwing.sources.trino_types import carried
from lapwing.sources.types import decimal_of, family
from lapwing.sql.bind import BoundStatement, restored
from lapwing.sql.capability import No
from lapwing.sql.catalog import Catalog
from lapwing.sql.cluster.expressions import Value, column_value
from lapwing.sql.cluster.places import ENGINE, Cluster
from lapwing.sql.cluster.queries import Queries, Relation
from lapwing.sql.nodes import Plan, Residual, Scan
from lapwing.sql.text import Edited

if TYPE_CHECKING:
    from lapwing.sources.engine import Cursor

_SCAN: Final = "whole"
_FEED: Final = "feed_whole"
_TYPES: Final = {
    **{name: name.lower() for name in ("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "DOUBLE", "DATE")},
    "VARCHAR": "varchar",
    "TIMESTAMP": "timestamp(6)",
    "HUGEINT": "decimal(38,0)",
}
_FOLDED: Final = (exp.Add, exp.Sub, exp.Interval, exp.Literal, exp.Cast, exp.DataType, exp.Var, exp.Paren, exp.Neg)


class Whole:
    """Safe to use from several threads."""

    def __init__(self, catalog: Catalog, cluster: Cluster) -> None:
        self._catalog, self._cluster = catalog, cluster

    def pushed(self, plan: Plan, bound: BoundStatement, cursor: Cursor) -> Plan:
        """The plan that has the cluster run all of the statement, and that falls back on `plan`; where the cluster might
        answer otherwise `plan` with the reason. `cursor`: of the planning instance."""
        try:
            sql = self._written(plan, bound, cursor)
        except (No, LapwingError, sqlglot.errors.SqlglotError) as why:
            text = why.problems[0].message if isinstance(why, LapwingError) else str(why) or "it is not understood"
            told = " ".join(text.split()).rstrip(".")
            return replace(plan, notes=(*plan.notes, f"Not run on the cluster as a whole: {told}."))
        columns = tuple(Column(f"c{number}", kind) for number, kind in enumerate(plan.types))
        made = Table(source=ENGINE, schema="", name="the whole statement", columns=columns, body=sql)
        scan = Scan(
            id=_SCAN, table=made, alias="whole", kind=self._cluster.kind, native=False, columns=columns, used=1, sql=sql,
            shown=sql,
        )  # fmt: skip
        rows = ", ".join(restored(identifier(one.name), one) + f" AS {identifier(one.name)}" for one in columns)
        text = f"SELECT {rows} FROM {_FEED}"
        residual = Residual(Edited(text, text, ()))
        return replace(
            plan, named=plan.text, scans=(scan,), feeds={_FEED: _SCAN}, given={}, residual=residual, whole=plan,
            steps=((0, "the rows as the cluster sends them"),), where=f"on {self._cluster.address}",
        )  # fmt: skip

    def _written(self, plan: Plan, bound: BoundStatement, cursor: Cursor) -> str:
        if bound.given or not bound.occurrences:
            raise No("it is about rows that the cluster has not")
        tables: dict[str, Relation] = {}
        schema: dict[str, object] = {}
        named: set[str] = set()
        for one in bound.occurrences:
            reference, same = self._cluster.placed_at(self._catalog.source(one.table.source), one.table)
            names = {column.name for column in same}
            values: dict[str, Value | None] = {}
            for column in one.table.columns:
                known = column.name in names
                values[column.name.lower()] = column_value(one.stub, column.name, column.type) if known else None
            if len(values) != len(one.table.columns):
                raise No(f"columns of {one.table.path} differ by the case of letters alone")
            tables[one.stub] = Relation(reference, values)
            schema[one.stub] = dict.fromkeys(values, "UNKNOWN")
            named |= values.keys()
        text = bound.replaced({one.number: one.stub for one in bound.occurrences}).text
        tree = _with_constants(sqlglot.parse_one(text, read="duckdb"), cursor)
        _unambiguous(tree, named)
        tree = qualify(tree, schema=schema, dialect="duckdb")
        _, outputs = Queries(tables).query(tree, casts=[(f"c{n}", "{}") for n in range(len(plan.types))])
        if len(outputs) != len(plan.types):
            raise No("its columns are not understood")
        casts = [
            (f"c{n}", _cast(value, kind)) for n, ((_, value), kind) in enumerate(zip(outputs, plan.types, strict=True))
        ]
        return Queries(tables).query(tree, casts=casts)[0]


def _cast(value: Value, engine_type: str) -> str:
    """Text around a column of the result, so that it is of exactly this type and travels as it is read."""
    wanted = family(engine_type)
    both = {wanted, value.family}
    alike = wanted is value.family or both <= {Family.DATE, Family.TIMESTAMP}
    known = _TYPES.get(engine_type) or (f"decimal{engine_type[7:].lower()}" if decimal_of(engine_type) else None)
    if known is None or not (alike or (value.family is Family.INTEGER and engine_type.endswith(",0)"))):
        raise No(f"a result of {engine_type} is not written for the cluster")
    decimal = decimal_of(engine_type)
    if decimal is not None and (value.scale is None or value.scale > decimal[1]):
        raise No("the digits of a decimal of the result are not known")
    return carried(f"CAST({{}} AS {known})", engine_type)


def _unambiguous(tree: exp.Expr, columns: set[str]) -> None:
    """An alias that is also the name of a column may mean either, depending on the clause and on the engine."""
    for one in tree.find_all(exp.Alias):
        name = one.alias.lower()
        if name in columns and not (isinstance(one.this, exp.Column) and one.this.name.lower() == name):
            used = (c for c in tree.find_all(exp.Column) if not c.table and c.name.lower() == name)
            if any(True for _ in used):
                raise No(f"{one.alias} names both a column and a result")


def _with_constants(tree: exp.Expr, cursor: Cursor) -> exp.Expr:
    """The tree with what is constant and has intervals in it worked out by the engine."""

    def folded(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, (exp.Add, exp.Sub)) or node.find(exp.Interval) is None:
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
