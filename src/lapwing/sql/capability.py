"""Writes a condition of the engine in a source's dialect, or says why not.

Only what is named here is ever pushed, and only for the types the source's capability table lists; each piece must mean
exactly the same at the source, nulls included. sqlglot is used to read, never to translate: it passes on what it does
not understand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlglot import exp

from lapwing.sources.base import Capabilities, Column, Family, Operation
from lapwing.sources.types import decimal_of, family
from lapwing.states.argument import Kind
from lapwing.states.dialects import dialect_of

# sqlglot keeps meaning in arguments (Like(negate=True)); a node with one that is not listed is not understood.
_ARGUMENTS: Mapping[type[exp.Expr], frozenset[str]] = {
    exp.Like: frozenset({"this", "expression", "negate"}),
    exp.In: frozenset({"this", "expressions"}),
    exp.Between: frozenset({"this", "low", "high"}),
    exp.Cast: frozenset({"this", "to"}),
    exp.Literal: frozenset({"this", "is_string"}),
    exp.Column: frozenset({"this"}),
    exp.Substring: frozenset({"this", "start", "length"}),
    exp.Anonymous: frozenset({"this", "expressions"}),
}
_PLAIN = frozenset({"this", "expression"})
_ORDER: Mapping[type[exp.Expr], str] = {exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
_EQUAL: Mapping[type[exp.Expr], str] = {exp.EQ: "=", exp.NEQ: "<>"}
_PARTS: Mapping[type[exp.Expr], str] = {exp.StartsWith: "prefix", exp.EndsWith: "suffix", exp.Contains: "contains"}
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
_NUMBERS = frozenset({Family.INTEGER, Family.DECIMAL})
_NUMBER = re.compile(r"\d{1,18}(\.\d{1,18})?\Z")
_LETTERS = re.compile(r"\d{1,6}\Z")
_FLOAT = re.compile(r"\d+(\.\d+)?(e[+-]?\d{1,3})?\Z")
_CLOCK = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?"
_TIMES = {
    "DATE": re.compile(r"\d{4}-\d\d-\d\d\Z"),
    "TIMESTAMP": re.compile(rf"{_CLOCK}\Z"),
    "TIMESTAMPTZ": re.compile(rf"{_CLOCK}\+00\Z"),
}
_EXACT_DIGITS = 15  # SQLite's own reading of longer numbers may differ in the last bit


class No(Exception):
    """This condition is not for the source; the text says why."""


@dataclass(frozen=True, slots=True)
class Value:
    """SQL of the source's dialect with its family; `column` where it is one."""

    sql: str
    family: Family
    column: Column | None = None


class Renderer:
    """Writes conditions over `columns` (by their names in the condition) for a source with `capabilities`."""

    def __init__(self, capabilities: Capabilities, columns: Mapping[str, Column]) -> None:
        self._pushable = capabilities.pushable
        self._sqlite = capabilities.dialect == "sqlite"
        self._mysql = capabilities.dialect == "mysql"
        self._trino = capabilities.dialect == "trino"
        self._dialect = capabilities.dialect
        self._engine = dialect_of(capabilities.dialect)
        self._columns = columns

    def condition(self, node: exp.Expr) -> str:
        """The condition at the source.

        Raises:
            No: the source would or might answer otherwise.
        """
        node = node.unnest()
        _strict(node)
        if isinstance(node, (exp.And, exp.Or)):
            word = "AND" if isinstance(node, exp.And) else "OR"
            return f"({self.condition(node.left)} {word} {self.condition(node.right)})"
        if isinstance(node, exp.Not):
            return f"(NOT {self.condition(node.this)})"
        if type(node) in _ORDER or type(node) in _EQUAL:
            return self._compared(node)
        if isinstance(node, (exp.NullSafeEQ, exp.NullSafeNEQ)):
            return self._null_safe(node)
        if isinstance(node, exp.Between):
            low = self._ordered(node.this, ">=", node.args["low"])
            return f"({low} AND {self._ordered(node.this, '<=', node.args['high'])})"
        if isinstance(node, exp.In):
            return self._in(node)
        if isinstance(node, exp.Is):
            return self._is_null(node)
        if isinstance(node, exp.Like):
            return self._like(node)
        if isinstance(node, (exp.Anonymous, *_PARTS)):
            return self._part_of_text(node)
        if isinstance(node, exp.Column):
            value = self._column(node)
            if value.family is Family.BOOLEAN:
                self._may(Operation.EQUAL, Family.BOOLEAN)
                return value.sql
        raise No(f"{_kind(node)} is not translated for {self._dialect}")

    def member(self, column: Column) -> str:
        """The column as the left side of IN.

        Raises:
            No: the source would or might compare it otherwise.
        """
        value = self._column(exp.column(exp.to_identifier(column.name, quoted=True)))
        self._may(Operation.IN, value.family)
        return self._collated(value)

    def sorted(self, column: Column, *, descending: bool, nulls_first: bool) -> str:
        """The column in an ORDER BY.

        Raises:
            No: the source would or might order it otherwise.
        """
        node = exp.column(exp.to_identifier(column.name, quoted=True))
        value = self._column(node)
        self._may(Operation.ORDER, value.family)
        key = f"{self._collated(value, order=True)}{' DESC' if descending else ''}"
        if not column.nullable:
            return key  # else an index may be of no use
        if self._mysql:
            return f"{self._written(node)} IS {'NOT ' if nulls_first else ''}NULL, {key}"
        return f"{key} NULLS {'FIRST' if nulls_first else 'LAST'}"

    # -- comparisons

    def _compared(self, node: exp.Expr) -> str:
        if operator := _ORDER.get(type(node)):
            return self._ordered(node.this, operator, node.expression)
        left, right = self._pair(node.this, node.expression, Operation.EQUAL)
        return f"{self._collated(left)} {_EQUAL[type(node)]} {right.sql}"

    def _ordered(self, left: exp.Expr, operator: str, right: exp.Expr) -> str:
        one, other = self._pair(left, right, Operation.ORDER)
        compared = f"{self._collated(one, order=True)} {operator} {other.sql}"
        if self._trino and one.family is Family.FLOAT and operator in (">", ">="):
            return f"({compared} OR is_nan({one.sql}))"  # the greatest in the engine
        return compared

    def _null_safe(self, node: exp.Expr) -> str:
        left, right = self._pair(node.this, node.expression, Operation.EQUAL)
        equal = isinstance(node, exp.NullSafeEQ)
        if self._sqlite:
            return f"{self._collated(left)} {'IS' if equal else 'IS NOT'} {right.sql}"
        if self._mysql:
            return f"{'' if equal else 'NOT '}({left.sql} <=> {right.sql})"
        return f"{left.sql} IS {'NOT ' if equal else ''}DISTINCT FROM {right.sql}"

    def _in(self, node: exp.In) -> str:
        pairs = [self._pair(node.this, item, Operation.IN) for item in node.expressions]
        return f"{self._collated(pairs[0][0])} IN ({', '.join(other.sql for _, other in pairs)})"

    def _is_null(self, node: exp.Is) -> str:
        value = node.this.unnest()
        if not (isinstance(value, exp.Column) and isinstance(node.expression, exp.Null)):
            raise No(f"{_kind(node)} of an expression is not translated")
        _strict(value)
        column = self._named(value)
        kind = family(column.type)
        if kind not in self._pushable.get(Operation.IS_NULL, ()):
            raise No(f"{self._dialect} is not asked IS NULL of {column.type}")
        if self._mysql and not column.exact_text:
            return f"CAST({self._written(value)} AS CHAR) IS NULL"  # of a date itself, day 0 would be null
        return f"{self._written(value)} IS NULL"

    def _like(self, node: exp.Like) -> str:
        value, pattern = self._text(node.this, Operation.LIKE), _string(node.expression)
        if "\\" in pattern:
            raise No("a backslash in LIKE means an escape in some sources")
        if self._mysql and "_" in pattern:
            raise No("_ in LIKE would stand for one byte")
        return f"({value} {'NOT ' if node.args.get('negate') else ''}LIKE {self._engine.literal(pattern)})"

    def _part_of_text(self, node: exp.Expr) -> str:
        if isinstance(node, exp.Anonymous):  # as the engine's plan calls them
            name, arguments = str(node.name).lower(), list(node.expressions)
        else:
            name, arguments = _PARTS[type(node)], [node.this, node.expression]
        shapes = {"prefix": "{}%", "suffix": "%{}", "contains": "%{}%"}
        if name not in shapes or len(arguments) != 2:
            raise No(f"the function {name} is not translated for {self._dialect}")
        value, part = self._text(arguments[0], Operation.PREFIX), _string(arguments[1])
        if re.search(r"[%_\\]", part):
            raise No(f"{name} of a text with %, _ or a backslash is not translated")
        return f"({value} LIKE {self._engine.literal(shapes[name].format(part))})"

    # -- values

    def _pair(self, left: exp.Expr, right: exp.Expr, operation: Operation) -> tuple[Value, Value]:
        """Both sides, of one family that the source compares as the engine does."""
        if isinstance(left.unnest(), exp.Literal):
            raise No("a constant on the left is not translated")
        one = self._value(left)
        other = self._constant(right, one) if not _columns(right) else self._value(right)
        same = one.family is other.family or {one.family, other.family} <= _NUMBERS
        if not same:
            raise No(f"{one.family.value} against {other.family.value} is not translated")
        for value in (one, other):
            if value.column is not None:
                self._may(operation, value.family)
        if self._dialect == "clickhouse" and one.family is not other.family:
            raise No("whole numbers against decimals may overflow there")
        if self._trino and one.family is Family.FLOAT and _columns(right):
            raise No("NaN is equal to itself in the engine alone")
        return one, other

    def _value(self, node: exp.Expr) -> Value:
        """A column, one widened without change of its value, or so many letters of one."""
        node = node.unnest()
        _strict(node)
        if isinstance(node, exp.Substring | exp.Left):
            return self._letters(node)
        if isinstance(node, exp.Column):
            return self._column(node)
        if isinstance(node, exp.Cast) and isinstance(node.this.unnest(), exp.Column):
            value = self._column(node.this.unnest())
            assert value.column is not None
            if _widens(value.column.type, node.to.sql("duckdb").upper().replace(" ", "")):
                return value
            raise No(f"a cast to {node.to.sql('duckdb')} is not translated")
        raise No(f"{_kind(node)} is not translated for {self._dialect}")

    def _letters(self, node: exp.Substring | exp.Left) -> Value:
        """Letters of a text from one place on, which are counted alike from the first; from the last, engines differ."""
        left = isinstance(node, exp.Left)
        start, length = (
            (exp.Literal.number(1), node.expression) if left else (node.args["start"], node.args.get("length"))
        )
        text = node.this.unnest()
        counted = all(isinstance(one, exp.Literal) and _LETTERS.match(one.name) for one in (start, length or start))
        if not (isinstance(text, exp.Column) and counted and int(start.name) > 0):
            raise No("only letters of a column from a constant place on, so many, are translated")
        value = self._column(text)
        if value.family is not Family.TEXT:
            raise No(f"letters of {value.family.value} are not translated")
        self._may(Operation.LETTERS, Family.TEXT)
        place = start.name if length is None else f"{start.name}, {length.name}"
        if self._mysql:  # of bytes it would count these
            letters = f"SUBSTRING(CONVERT({self._written(text)} USING utf8mb4), {place})"
            return replace(value, sql=f"CAST({letters} AS BINARY)")
        return replace(value, sql=f"{self._engine.letters}({value.sql}, {place})")

    def _column(self, node: exp.Column) -> Value:
        column = self._named(node)
        kind = family(column.type)
        if kind is None or column.type in ("FLOAT", "UBIGINT", "UHUGEINT"):
            raise No(f"values of {column.type} are compared in the engine")
        if not column.exact_text:
            raise No(f"{self._dialect} compares {column.name} by other rules than by bytes")
        name = self._written(node)
        if kind is Family.FLOAT:
            name = self._engine.double(name)
        if kind is Family.TEXT and self._sqlite:
            name = f"+{name}"  # else a column declared STRING, say, would turn the constant into a number
        if kind is Family.TEXT and self._mysql:
            name = f"CAST(CONVERT({name} USING utf8mb4) AS BINARY)"  # every collation pads or folds
        return Value(name, kind, column)

    def _written(self, node: exp.Column) -> str:
        """The column's name at the source."""
        return self._engine.quote(self._named(node).name)

    def _named(self, node: exp.Column) -> Column:
        if node.name not in self._columns:
            raise No("it is not about columns of this table alone")
        return self._columns[node.name]

    def _text(self, node: exp.Expr, operation: Operation) -> str:
        value = self._value(node)
        if value.family is not Family.TEXT:
            raise No(f"{operation.value} of {value.family.value} is not translated")
        self._may(operation, Family.TEXT)
        return value.sql

    def _constant(self, node: exp.Expr, against: Value) -> Value:
        """A constant, as the engine writes those of the family it is compared with."""
        node = node.unnest()
        _strict(node)
        sign = ""
        if isinstance(node, exp.Neg):
            sign, node = "-", node.this.unnest()
        if isinstance(node, exp.Boolean):
            word = {True: ("TRUE", "1"), False: ("FALSE", "0")}[bool(node.this)]
            return Value(word[1] if self._sqlite else word[0], Family.BOOLEAN)
        if isinstance(node, exp.Cast) and node.this.is_string and not sign:
            return self._time(node.this.name, node.to.sql("duckdb").upper())
        if not isinstance(node, exp.Literal):
            raise No(f"{_kind(node)} is not translated for {self._dialect}")
        if node.is_string:
            if sign:
                raise No("a minus before a text is not translated")
            return Value(self._engine.literal(_string(node)), Family.TEXT)
        return self._number(f"{sign}{node.name}", against)

    def _number(self, text: str, against: Value) -> Value:
        plain = text.lstrip("-").lower()
        digits = re.sub(r"e.*|\.", "", plain).strip("0")
        if self._sqlite and ("." in plain or "e" in plain) and len(digits) > _EXACT_DIGITS:
            raise No("a number of so many digits may be read differently")
        if against.family is Family.FLOAT:
            if not _FLOAT.match(plain) or float(plain) == float("inf"):
                raise No(f"the number {text} is not translated")
            return Value(text if self._sqlite else self._engine.double(f"'{text}'"), Family.FLOAT)
        if not _NUMBER.match(plain):
            raise No(f"the number {text} is not translated")
        if "." in plain:
            return Value(self._engine.fraction(text), Family.DECIMAL)
        return Value(text, Family.INTEGER)

    def _time(self, text: str, kind: str) -> Value:
        form = _TIMES.get(kind)
        if form is not None and form.match(text) and not (self._sqlite and kind != "DATE"):
            if not _is_time(text):
                raise No(f"the constant {text} is no {kind.lower()}, which the engine tells")
            if kind == "DATE":
                return Value(f"'{text}'" if self._sqlite else self._engine.moment(Kind.DATE, text), Family.DATE)
            if kind == "TIMESTAMP":
                return Value(self._engine.moment(Kind.TIMESTAMP, text), Family.TIMESTAMP)
            return Value(self._engine.moment(Kind.TIMESTAMPTZ, text.removesuffix("+00")), Family.TIMESTAMPTZ)
        raise No(f"the constant {text} ({kind.lower()}) is not translated for {self._dialect}")

    def _collated(self, value: Value, *, order: bool = False) -> str:
        """Text is compared by bytes, as the engine does, whatever the source's own collation."""
        if value.family is not Family.TEXT:
            return value.sql
        if self._sqlite:
            return f"{value.sql} COLLATE BINARY"
        return f'{value.sql} COLLATE "C"' if order and self._dialect == "postgres" else value.sql

    def _may(self, operation: Operation, kind: Family) -> None:
        if kind not in self._pushable.get(operation, ()):
            raise No(f"{self._dialect} is not asked {operation.value} of {kind.value}")


def _strict(node: exp.Expr) -> None:
    hidden = {key for key, value in node.args.items() if value} - _ARGUMENTS.get(type(node), _PLAIN)
    if hidden:
        raise No(f"{_kind(node)} with {', '.join(sorted(hidden))} is not translated")


def _string(node: exp.Expr) -> str:
    node = node.unnest()
    if not node.is_string:
        raise No("only a constant text is translated")
    if any(ord(character) < 32 or character == "\ufffd" for character in node.name):
        raise No("a text with control characters is not translated")  # the engine's plan does not write them faithfully
    return str(node.name)


def _is_time(text: str) -> bool:
    """Whether the calendar has it, in the years 1 to 9999: of `DATE '2000-02-30'` sources make errors of their own, or a day."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _columns(node: exp.Expr) -> bool:
    return node.find(exp.Column) is not None


def _widens(column: str, wanted: str) -> bool:
    """Whether a cast keeps every value: to a wider integer, or a decimal of at least as many digits behind the point."""
    names = {"INT": "INTEGER"}
    wanted = names.get(wanted, wanted)
    if column in _INTEGERS and wanted in _INTEGERS:
        return _INTEGERS.index(wanted) >= _INTEGERS.index(column)
    decimal = (38, 0) if wanted in ("HUGEINT", "INT128") else decimal_of(wanted)
    if decimal is None:
        return False
    own = decimal_of(column)
    return column in _INTEGERS or (own is not None and decimal[1] >= own[1])


def _kind(node: exp.Expr) -> str:
    """What a node is, in words a person knows."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).lower()
