"""What of a condition the readers of tables in a lake can use: comparisons of a column with constants, joined by AND and OR.

Only what every reader answers as the engine does, for every value, is taken: whole numbers, decimals, texts, dates, moments
and truth values, but no floats, whose NaN is the greatest in the engine alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from typing import Any, Final

from lapwing.sources.base import Column, Family
from lapwing.sources.types import decimal_of, family

Constant = bool | int | Decimal | str | date | datetime

_CASTS: Final = {"DATE": Family.DATE, "TIMESTAMP": Family.TIMESTAMP, "TIMESTAMPTZ": Family.TIMESTAMPTZ}
_INTEGER: Final = re.compile(r"\d{1,18}\Z")
_CONTEXT: Final = Context(prec=40)
_DECIMAL: Final = re.compile(r"\d{1,18}(\.\d{1,18})?\Z")


@dataclass(frozen=True, slots=True)
class Compare:
    """`column` `operator` (=, <, <=, >, >=) `value`, of the column's own family."""

    column: str
    operator: str
    value: Constant


@dataclass(frozen=True, slots=True)
class OneOf:
    """`column` is one of `values`, at least one."""

    column: str
    values: tuple[Constant, ...]


@dataclass(frozen=True, slots=True)
class Every:
    """All of the parts hold."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of the parts holds."""

    parts: tuple[Condition, ...]


Condition = Compare | OneOf | Every | Either


def condition_of(where: str | None, columns: Sequence[Column]) -> tuple[Condition | None, bool]:
    """What is true of every row that `where` (in the engine's dialect) is true of; None where nothing is known. And whether
    it is no more than that: the same rows."""
    if where is None:
        return None, True
    import sqlglot

    tree = sqlglot.parse_one(where, read="duckdb")
    return _Reading({column.name: column for column in columns}).condition(tree)


class _Reading:
    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._columns = columns

    def condition(self, node: Any) -> tuple[Condition | None, bool]:
        from sqlglot import exp

        node = node.unnest()
        if isinstance(node, exp.And | exp.Or):
            one, two = self.condition(node.left), self.condition(node.right)
            parts = tuple(part for part, _ in (one, two) if part is not None)
            if isinstance(node, exp.And):
                whole = one[1] and two[1] and len(parts) == 2
                return (parts[0] if len(parts) == 1 else Every(parts) if parts else None), whole
            return (Either(parts), one[1] and two[1]) if len(parts) == 2 else (None, False)
        found = self._simple(node)
        return found, found is not None

    def _simple(self, node: Any) -> Condition | None:
        from sqlglot import exp

        operators = {exp.EQ: "=", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
        if type(node) in operators:
            return self._compare(node.this, operators[type(node)], node.expression)
        if isinstance(node, exp.Between) and not node.args.get("symmetric"):
            low, high = (
                self._compare(node.this, ">=", node.args["low"]),
                self._compare(node.this, "<=", node.args["high"]),
            )
            return None if low is None or high is None else Every((low, high))
        if isinstance(node, exp.In) and node.expressions:
            found = [self._compare(node.this, "=", item) for item in node.expressions]
            values = tuple(one.value for one in found if one is not None)
            return OneOf(found[0].column, values) if found[0] and len(values) == len(found) else None
        return None

    def _compare(self, left: Any, operator: str, right: Any) -> Compare | None:
        from sqlglot import exp

        left = left.unnest()
        column = self._columns.get(left.name) if isinstance(left, exp.Column) and not left.table else None
        if column is None or not column.exact_text:
            return None
        value = _constant(right.unnest(), column)
        return None if value is None else Compare(column.name, operator, value)


def _constant(node: Any, column: Column) -> Constant | None:
    """A constant of the column's own family; None for any other."""
    from sqlglot import exp

    kind = family(column.type)
    if isinstance(node, exp.Boolean):
        return bool(node.this) if kind is Family.BOOLEAN else None
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal) and node.this.is_string:
        told = _CASTS.get(node.to.sql("duckdb").upper())
        return _moment(node.this.name, told) if told is not None and told is kind else None
    minus = isinstance(node, exp.Neg)
    node = node.this.unnest() if minus else node
    if not isinstance(node, exp.Literal):
        return None
    if node.is_string:
        return str(node.name) if kind is Family.TEXT and not minus else None
    return _number(node.name, -1 if minus else 1, column)


def _number(text: str, sign: int, column: Column) -> Constant | None:
    if family(column.type) is Family.INTEGER and column.type in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT"):
        value = sign * int(text) if _INTEGER.match(text) else None
        bits = {"TINYINT": 7, "SMALLINT": 15, "INTEGER": 31, "BIGINT": 63}[column.type]
        return value if value is not None and abs(value) < 1 << bits else None
    digits = decimal_of(column.type)
    if digits is None or not _DECIMAL.match(text):
        return None
    exact = Decimal(text) * sign
    exponent = exact.as_tuple().exponent
    fits = isinstance(exponent, int) and -exponent <= digits[1] and abs(exact) < 10 ** (digits[0] - digits[1])
    return exact.quantize(Decimal(1).scaleb(-digits[1]), context=_CONTEXT) if fits else None


def _moment(text: str, kind: Family) -> Constant | None:
    try:
        if kind is Family.DATE:
            return date.fromisoformat(text)
        found = datetime.fromisoformat(text)
    except ValueError:  # infinity, or a year that Python has not
        return None
    if kind is Family.TIMESTAMP:
        return found if found.tzinfo is None else None
    return found.astimezone(UTC) if found.tzinfo is not None else None


def arrow_filter(condition: Condition, schema: Any) -> Any:
    """The condition as an expression of pyarrow's, over columns of `schema`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    match condition:
        case Compare(column, operator, value):
            field, other = pc.field(column), pa.scalar(value, schema.field(column).type)
            compared = {"=": field == other, "<": field < other, "<=": field <= other, ">": field > other}
            return compared.get(operator, field >= other)
        case OneOf(column, values):
            return pc.field(column).isin(pa.array(values, schema.field(column).type))
        case Every(parts):
            return pc.and_kleene(*(arrow_filter(part, schema) for part in parts))
        case Either(parts):
            return pc.or_kleene(*(arrow_filter(part, schema) for part in parts))
