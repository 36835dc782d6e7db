"""Expressions of Lapwing's SQL as another engine's, where they mean exactly the same: what is not named here is not written.

sqlglot reads, and never translates. Types are followed by families, so that what the other engine would do otherwise is written
otherwise (see `speech`; division, means, NaN) or not at all (sums of floats, which each engine adds in its own order).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sqlglot import exp

from lapwing.sources.base import Family
from lapwing.sql.capability import No
from lapwing.sql.whole.speech import Speech
from lapwing.sql.whole.values import NUMBERS, TIMES, WHOLE, Scope, Value, kind_of, strict

_COMPARED: Final[Mapping[type[exp.Expr], str]] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_ARITHMETIC: Final[Mapping[type[exp.Expr], str]] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}
_TIMED: Final = TIMES | {Family.TIMESTAMPTZ}
_RANKS: Final[Mapping[type[exp.Expr], str]] = {
    exp.RowNumber: "row_number",
    exp.Rank: "rank",
    exp.DenseRank: "dense_rank",
}
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d\Z")
_TIMESTAMP: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?\Z")
_NUMBER: Final = re.compile(r"\d{1,18}(\.\d{1,18})?\Z")
_FLOAT: Final = re.compile(r"\d+(\.\d*)?e[+-]?\d{1,3}\Z", re.IGNORECASE)


class Expressions:
    """Writes expressions over `scopes`, the innermost last, as `speech` says them; moments are cut by the clocks of `zone`.
    `subquery` writes a query inside of an expression and gives its columns."""

    def __init__(
        self,
        speech: Speech,
        zone: str,
        scopes: Sequence[Scope],
        subquery: Callable[[exp.Expr], tuple[str, list[Value]]],
    ) -> None:
        self._speech, self._zone, self._scopes, self._subquery = speech, zone, scopes, subquery

    def value(self, node: exp.Expr) -> Value:
        """
        Raises:
            No: the other engine would or might answer otherwise.
        """
        node = node.unnest() if not isinstance(node, exp.Subquery) else node
        if type(node) not in _KNOWN and not isinstance(node, _KINDS):
            raise No(f"{kind_of(node)} is not written for it")
        strict(node)
        if type(node) in _COMPARED:
            return self._compared(node.this, _COMPARED[type(node)], node.expression)
        if type(node) in _ARITHMETIC:
            return self._arithmetic(node)
        if type(node) in _RANKS:
            return Value(f"{_RANKS[type(node)]}()", Family.INTEGER)
        for kind, write in _WRITERS:
            if isinstance(node, kind):
                return write(self, node)
        raise AssertionError(f"{kind_of(node)} is known, and not written")

    def condition(self, node: exp.Expr) -> str:
        """A condition's text."""
        value = self.value(node)
        if value.family not in (Family.BOOLEAN, None):
            raise No(f"a {value.family} as a condition is not written for it")
        return value.sql

    def key(self, node: exp.Expr) -> Value:
        """What rows are grouped by."""
        value = self.value(node)
        if value.family is Family.FLOAT:
            raise No("the engines do not agree on which floats are alike")
        return value

    # -- leaves

    def _column(self, node: exp.Column) -> Value:
        for scope in reversed(self._scopes):
            if node.table in scope:
                value = scope[node.table].get(node.name)
                if value is None:
                    raise No(f"the column {node.name} is not the same there")
                return value
        raise No(f"{node.name} is no column of a table")

    def _literal(self, node: exp.Literal) -> Value:
        text = str(node.name)
        if node.is_string:
            if any(ord(one) < 32 for one in text):
                raise No("a text with control characters is not written for it")
            return Value(self._speech.text(text), Family.TEXT)
        if _NUMBER.match(text):
            scale = len(text.partition(".")[2])
            if "." in text:
                return Value(self._speech.decimal(text), Family.DECIMAL, scale)
            return Value(text, Family.INTEGER, 0)
        if _FLOAT.match(text):
            return Value(self._speech.float(text), Family.FLOAT, numbers=True)
        raise No(f"the number {text} is not written for it")

    def _boolean(self, node: exp.Boolean) -> Value:
        return Value("TRUE" if node.this else "FALSE", Family.BOOLEAN)

    def _null(self, node: exp.Null) -> Value:
        return Value("NULL", None)

    # -- conditions

    def _connected(self, node: exp.Connector) -> Value:
        word = "AND" if isinstance(node, exp.And) else "OR"
        return Value(f"({self.condition(node.left)} {word} {self.condition(node.right)})", Family.BOOLEAN)

    def _not(self, node: exp.Not) -> Value:
        return Value(f"(NOT {self.condition(node.this)})", Family.BOOLEAN)

    def _pair(self, left: exp.Expr, right: exp.Expr) -> tuple[Value, Value]:
        """Both sides of a comparison, of families that compare as the engine's do."""
        one, other = self.value(left), self.value(right)
        if one.family in _TIMED and other.family is Family.TEXT:
            other = self._as_time(right, one)
        elif other.family in _TIMED and one.family is Family.TEXT:
            one = self._as_time(left, other)
        families = {one.family, other.family} - {None}
        if len(families) > 1 and not (families <= NUMBERS or families <= TIMES):
            raise No(f"{' against '.join(sorted(map(str, families)))} is not written for it")
        if families == TIMES:
            one, other = (self._timestamp(value) for value in (one, other))
        if Family.FLOAT in families:
            if not all(value.numbers or value.family is not Family.FLOAT for value in (one, other)):
                raise No("NaN is equal to itself, and the greatest, in the engine alone")
            one, other = (self._double(value) for value in (one, other))
        return one, other

    def _compared(self, left: exp.Expr, operator: str, right: exp.Expr) -> Value:
        one, other = self._pair(left, right)
        return Value(f"({one.sql} {operator} {other.sql})", Family.BOOLEAN)

    def _distinct_from(self, node: exp.Binary) -> Value:
        one, other = self._pair(node.this, node.expression)
        word = "NOT " if isinstance(node, exp.NullSafeEQ) else ""
        return Value(f"({one.sql} IS {word}DISTINCT FROM {other.sql})", Family.BOOLEAN)

    def _between(self, node: exp.Between) -> Value:
        low = self._compared(node.this, ">=", node.args["low"]).sql
        return Value(f"({low} AND {self._compared(node.this, '<=', node.args['high']).sql})", Family.BOOLEAN)

    def _in(self, node: exp.In) -> Value:
        if (query := node.args.get("query")) is not None:
            text, columns = self._subquery(query.this if isinstance(query, exp.Subquery) else query)
            one = self.value(node.this)
            if len(columns) != 1 or columns[0].family is not one.family or one.family is Family.FLOAT:
                raise No("IN over a query of another type is not written for it")
            return Value(f"({one.sql} IN ({text}))", Family.BOOLEAN)
        pairs = [self._pair(node.this, item) for item in node.expressions]
        return Value(f"({pairs[0][0].sql} IN ({', '.join(other.sql for _, other in pairs)}))", Family.BOOLEAN)

    def _exists(self, node: exp.Exists) -> Value:
        query = node.this.this if isinstance(node.this, exp.Subquery) else node.this
        return Value(f"EXISTS ({self._subquery(query)[0]})", Family.BOOLEAN)

    def _is(self, node: exp.Is) -> Value:
        if not isinstance(node.expression, exp.Null):
            raise No("IS of anything but null is not written for it")
        return Value(f"({self.value(node.this).sql} IS NULL)", Family.BOOLEAN)

    def _like(self, node: exp.Like) -> Value:
        value, pattern = self.value(node.this), node.expression.unnest()
        if value.family is not Family.TEXT or not isinstance(pattern, exp.Literal) or "\\" in pattern.name:
            raise No("LIKE of this pattern is not written for it")
        word = "NOT LIKE" if node.args.get("negate") else "LIKE"
        return Value(f"({value.sql} {word} {self._literal(pattern).sql})", Family.BOOLEAN)

    # -- values

    def _arithmetic(self, node: exp.Expr) -> Value:
        one, other = self.value(node.args["this"]), self.value(node.args["expression"])
        if not {one.family, other.family} <= NUMBERS:
            raise No(f"{kind_of(node)} of what is no number is not written for it")
        if Family.FLOAT in (one.family, other.family):
            one, other = (self._double(value) for value in (one, other))
            return Value(self._operated(node, one, other, None), Family.FLOAT, numbers=one.numbers and other.numbers)
        both = one.family if one.family is other.family else Family.DECIMAL
        scales = (one.scale, other.scale) if both is Family.DECIMAL else (0, 0)
        scale = None
        if None not in scales:
            pair = [one.scale or 0, other.scale or 0]
            scale = sum(pair) if isinstance(node, exp.Mul) else max(pair)
        return Value(self._operated(node, one, other, scale), both, scale)

    def _divided(self, node: exp.Div) -> Value:
        one, other = (self.value(side) for side in (node.this, node.expression))
        if not {one.family, other.family} <= NUMBERS:
            raise No("a division of what is no number is not written for it")
        return Value(self._speech.divided(self._exact(one), self._exact(other)), Family.FLOAT)

    def _whole_divided(self, node: exp.IntDiv) -> Value:
        one, other = (self.value(side) for side in (node.this, node.expression))
        if {one.family, other.family} != {Family.INTEGER}:
            raise No("int div of what is no whole number is not written for it")
        return Value(self._speech.whole_divided(one.sql, other.sql), Family.INTEGER, 0)

    def _remainder(self, node: exp.Mod) -> Value:
        one, other = (self.value(side) for side in (node.this, node.expression))
        if {one.family, other.family} != {Family.INTEGER}:
            raise No("a remainder of what is no whole number is not written for it")
        return Value(self._speech.remainder(one.sql, other.sql), Family.INTEGER, 0)

    def _negative(self, node: exp.Neg) -> Value:
        value = self.value(node.this)
        if value.family not in NUMBERS:
            raise No("a minus before what is no number is not written for it")
        return Value(self._speech.negative(value), value.family, value.scale, value.numbers)

    def _absolute(self, node: exp.Abs) -> Value:
        value = self.value(node.this)
        if value.family not in WHOLE:
            raise No("abs of what is no exact number is not written for it")
        return Value(f"abs({value.sql})", value.family, value.scale)

    def _alike(self, nodes: Sequence[exp.Expr]) -> tuple[list[str], Value]:
        """Values of one family, numbers as the widest of theirs; and what they are together."""
        values = [self.value(node) for node in nodes]
        families = {value.family for value in values} - {None}
        if not families or (len(families) > 1 and not families <= NUMBERS):
            raise No("values of several types in one place are not written for it")
        if Family.FLOAT in families:
            values = [self._double(value) for value in values]
            numbers = all(value.numbers or value.family is None for value in values)
            return [value.sql for value in values], Value("", Family.FLOAT, numbers=numbers)
        kind = families.pop() if len(families) == 1 else Family.DECIMAL
        scales = [value.scale for value in values if value.family is not None]
        known = [scale for scale in scales if scale is not None]
        return [value.sql for value in values], Value("", kind, max(known) if len(known) == len(scales) else None)

    def _coalesce(self, node: exp.Coalesce) -> Value:
        texts, like = self._alike([node.this, *node.expressions])
        return _of(f"COALESCE({', '.join(texts)})", like)

    def _case(self, node: exp.Case | exp.If) -> Value:
        if isinstance(node, exp.If):
            branches, default = [node], node.args.get("false")
        else:
            branches, default = list(node.args["ifs"]), node.args.get("default")
            if node.this is not None:
                raise No("CASE with a value to compare is not written for it")
        texts, like = self._alike([*(one.args["true"] for one in branches), *([default] if default else [])])
        whens = [f"WHEN {self.condition(one.this)} THEN {text}" for one, text in zip(branches, texts, strict=False)]
        return _of(f"(CASE {' '.join(whens)}{f' ELSE {texts[-1]}' if default else ''} END)", like)

    def _cast(self, node: exp.Cast) -> Value:
        wanted = node.args["to"].sql("duckdb").upper()
        if node.this.is_string and wanted in ("DATE", "TIMESTAMP"):
            return self._as_time(node.this, Value("", Family.DATE if wanted == "DATE" else Family.TIMESTAMP))
        value = self.value(node.this)
        if wanted == "DOUBLE" and value.family in NUMBERS:
            return Value(self._exact(value), Family.FLOAT, numbers=value.family in WHOLE or value.numbers)
        if wanted == "BIGINT" and value.family is Family.INTEGER:
            return Value(self._speech.bigint(value.sql), Family.INTEGER, 0)
        if wanted == "DATE" and value.family in _TIMED:
            return Value(self._speech.date_of(value, self._zone), Family.DATE)
        raise No(f"a cast of {value.family} to {wanted} is not written for it")

    def _joined(self, node: exp.DPipe) -> Value:
        values = [self.value(side) for side in (node.this, node.expression)]
        if {value.family for value in values} != {Family.TEXT}:
            raise No("|| of what is no text is not written for it")
        return Value(f"({' || '.join(value.sql for value in values)})", Family.TEXT)

    def _length(self, node: exp.Length) -> Value:
        value = self.value(node.this)
        if value.family is not Family.TEXT:
            raise No("the length of what is no text is not written for it")
        return Value(f"length({value.sql})", Family.INTEGER, 0)

    def _substring(self, node: exp.Substring) -> Value:
        value, places = self.value(node.this), [node.args.get("start"), node.args.get("length")]
        numbers = [str(place.name) for place in places if isinstance(place, exp.Literal) and place.name.isdigit()]
        if value.family is not Family.TEXT or len(numbers) != 2 or numbers[0] == "0":
            raise No("a substring by anything but positive numbers is not written for it")
        return Value(f"substring({value.sql}, {numbers[0]}, {numbers[1]})", Family.TEXT)

    def _part_of_time(self, node: exp.Expr) -> Value:
        part, of = (
            (node.this.name, node.expression) if isinstance(node, exp.Extract) else (type(node).__name__, node.this)
        )
        value = self.value(of)
        return Value(self._speech.part(part.upper(), value, self._zone), Family.INTEGER, 0)

    def _truncated(self, node: exp.Expr) -> Value:
        unit, value = str(node.args["unit"].name).upper(), self.value(node.this)
        return self._speech.truncated(unit, value, self._zone)

    def _scalar(self, node: exp.Subquery) -> Value:
        text, columns = self._subquery(node.this)
        if len(columns) != 1:
            raise No("a subquery of several columns is not written for it")
        return _of(f"({text})", columns[0])

    # -- aggregates

    def _count(self, node: exp.Count) -> Value:
        if isinstance(node.this, exp.Star):
            return Value("COUNT(*)", Family.INTEGER, 0)
        if isinstance(node.this, exp.Distinct):
            if len(node.this.expressions) != 1:
                raise No("a count of several columns is not written for it")
            return Value(f"COUNT(DISTINCT {self.key(node.this.expressions[0]).sql})", Family.INTEGER, 0)
        return Value(f"COUNT({self.value(node.this).sql})", Family.INTEGER, 0)

    def _extreme(self, node: exp.Min | exp.Max) -> Value:
        value = self.value(node.this)
        if value.family not in WHOLE | _TIMED | {Family.TEXT}:
            raise No(f"the extremes of {value.family} are found in the engine")
        return _of(f"{'MIN' if isinstance(node, exp.Min) else 'MAX'}({value.sql})", value)

    def _sum(self, node: exp.Sum) -> Value:
        value = self.value(node.this)
        if value.family not in WHOLE:
            raise No("floats are added in another order there")
        if value.family is Family.INTEGER:
            return Value(f"SUM({self._speech.added_up(value.sql)})", Family.INTEGER, 0)
        return Value(f"SUM({value.sql})", Family.DECIMAL, value.scale)

    def _mean(self, node: exp.Avg) -> Value:
        """As the engine: the exact sum, by the number of values."""
        value = self.value(node.this)
        if value.family not in WHOLE:
            raise No("the mean of what is no exact number is not written for it")
        total = self._sum(exp.Sum(this=node.this)).sql
        # Over no rows null by 0 is null, and never 0 by 0.
        sql = self._speech.divided(self._speech.double(total), self._speech.double(f"COUNT({value.sql})"))
        return Value(sql, Family.FLOAT, numbers=True)

    def _filtered(self, node: exp.Filter) -> Value:
        if not isinstance(node.this, (exp.Count, exp.Sum, exp.Min, exp.Max)):
            raise No("FILTER of this aggregate is not written for it")
        value, condition = self.value(node.this), self.condition(node.expression.this)
        function, _, argument = value.sql.removesuffix(")").partition("(")
        if argument.startswith("DISTINCT "):
            return _of(self._speech.distinct_where(argument.removeprefix("DISTINCT "), condition), value)
        return _of(self._speech.where(function, argument, condition), value)

    def _windowed(self, node: exp.Window) -> Value:
        function: exp.Expr = node.this
        if type(function) not in _RANKS and not isinstance(function, (exp.Count, exp.Sum, exp.Min, exp.Max)):
            raise No(f"{kind_of(function)} over a window is not written for it")
        value = self.value(function)
        by = [self.key(one).sql for one in node.args.get("partition_by") or ()]
        order = node.args.get("order")
        inside = [f"PARTITION BY {', '.join(by)}"] if by else []
        inside += (
            [f"ORDER BY {', '.join(self.ordered(one, window=True) for one in order.expressions)}"] if order else []
        )
        return _of(f"{value.sql} OVER ({' '.join(inside)})", value)

    def ordered(self, node: exp.Expr, *, by: Value | None = None, window: bool = False) -> str:
        """One part of an ORDER BY, maybe by another text for the value (`by`); nulls where the engine has them."""
        return self._speech.ordered(
            self.value(node.this) if by is None else by,
            descending=bool(node.args.get("desc")),
            nulls_first=bool(node.args.get("nulls_first")),
            window=window,
        )

    # -- values as others

    def _operated(self, node: exp.Expr, one: Value, other: Value, scale: int | None) -> str:
        if isinstance(node, exp.Mul):
            return self._speech.product(one, other, scale)
        return f"({one.sql} {_ARITHMETIC[type(node)]} {other.sql})"

    def _exact(self, value: Value) -> str:
        return self._speech.double(value.sql)

    def _double(self, value: Value) -> Value:
        return value if value.family in (Family.FLOAT, None) else Value(self._exact(value), Family.FLOAT, numbers=True)

    def _timestamp(self, value: Value) -> Value:
        return Value(self._speech.as_timestamp(value), Family.TIMESTAMP) if value.family is Family.DATE else value

    def _as_time(self, node: exp.Expr, like: Value) -> Value:
        """A constant text as the time that it is compared with."""
        literal = node.unnest()
        text = literal.name if isinstance(literal, exp.Literal) else ""
        if like.family is Family.DATE and _DATE.match(text):
            return Value(f"DATE '{text}'", Family.DATE)
        if like.family is Family.TIMESTAMPTZ:
            text = text.removesuffix("+00")
        if like.family in (Family.TIMESTAMP, Family.TIMESTAMPTZ) and (_TIMESTAMP.match(text) or _DATE.match(text)):
            whole = text if " " in text else f"{text} 00:00:00"
            point, _, fraction = whole.partition(".")
            whole = f"{point}.{fraction:0<6}"
            if like.family is Family.TIMESTAMP:
                return Value(self._speech.timestamp(whole), Family.TIMESTAMP)
            if self._zone == "UTC":
                return Value(self._speech.moment(f"{whole}+00:00"), Family.TIMESTAMPTZ)
            raise No(f"a text as a moment of {self._zone} is not written for it")
        raise No("a text against a time is not written for it")


_WRITERS: Final[tuple[tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], Callable[..., Value]], ...]] = (
    (exp.Column, Expressions._column),
    (exp.Literal, Expressions._literal),
    (exp.Boolean, Expressions._boolean),
    (exp.Null, Expressions._null),
    ((exp.And, exp.Or), Expressions._connected),
    (exp.Not, Expressions._not),
    ((exp.NullSafeEQ, exp.NullSafeNEQ), Expressions._distinct_from),
    (exp.Between, Expressions._between),
    (exp.In, Expressions._in),
    (exp.Exists, Expressions._exists),
    (exp.Is, Expressions._is),
    (exp.Like, Expressions._like),
    (exp.Div, Expressions._divided),
    (exp.IntDiv, Expressions._whole_divided),
    (exp.Mod, Expressions._remainder),
    (exp.Neg, Expressions._negative),
    (exp.Abs, Expressions._absolute),
    (exp.Coalesce, Expressions._coalesce),
    ((exp.Case, exp.If), Expressions._case),
    (exp.Cast, Expressions._cast),
    (exp.DPipe, Expressions._joined),
    (exp.Length, Expressions._length),
    (exp.Substring, Expressions._substring),
    ((exp.Extract, exp.Year, exp.Quarter, exp.Month, exp.Day), Expressions._part_of_time),
    ((exp.TimestampTrunc, exp.DateTrunc), Expressions._truncated),
    (exp.Subquery, Expressions._scalar),
    (exp.Count, Expressions._count),
    ((exp.Min, exp.Max), Expressions._extreme),
    (exp.Sum, Expressions._sum),
    (exp.Avg, Expressions._mean),
    (exp.Filter, Expressions._filtered),
    (exp.Window, Expressions._windowed),
)

_KNOWN: Final = frozenset({*_COMPARED, *_ARITHMETIC, *_RANKS})
_KINDS: Final = tuple(kind for kinds, _ in _WRITERS for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))


def _of(sql: str, like: Value) -> Value:
    return Value(sql, like.family, like.scale, like.numbers)
