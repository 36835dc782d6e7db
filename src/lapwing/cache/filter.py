"""Filters as text: reads an SQL condition over dimensions into a `Predicate`, and writes one back.

What compares a dimension with literals of its own type becomes In, Compare or IsNull, whose meaning is the same in numpy
and in the engine. Everything else stays SQL that the engine evaluates on the distinct values, so nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from lapwing.cache.filter_quick import read_quickly
from lapwing.cache.predicate import And, Compare, In, IsNull, Not, Or, Predicate, Sql, Value
from lapwing.model.names import nearest
from lapwing.model.problem import NotFound, Place, WrongUse

if TYPE_CHECKING:
    from sqlglot import exp

_CHANCE = frozenset({"rand", "random", "setseed", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "nextval", "currval"})
_CLOCK = frozenset(
    {
        *("now", "today", "current_timestamp", "current_date", "current_time", "localtime", "localtimestamp"),
        *("current_localtime", "current_localtimestamp", "get_current_timestamp", "transaction_timestamp"),
    }
)
UNSTEADY = _CHANCE | _CLOCK | {"age"}
"""Functions that may say something else when they are asked again."""
_INTEGERS = re.compile(r"(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER)\Z")


def parse_where(sql: str, dimensions: Mapping[str, str]) -> Predicate:
    """Reads a condition over `dimensions` (name -> engine type).

    Raises:
        WrongUse: it does not parse, names what is no dimension (with position and nearest names), or is more than a
            condition on one row (a subquery, an aggregate, a window, a parameter).
    """
    return read_quickly(sql, dimensions) or _parse(sql, tuple(dimensions.items()))


@lru_cache(maxsize=512)
def _parse(sql: str, dimensions: tuple[tuple[str, str], ...]) -> Predicate:
    import sqlglot
    from sqlglot.errors import ParseError, TokenError

    try:
        tree = sqlglot.parse_one(sql, read="duckdb", into=sqlglot.exp.Condition)
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        place = Place(line=first.get("line"), column=first.get("col"))
        why = str(first.get("description", error))
        says = "something is missing" if why.startswith("Required keyword") else why.rstrip(".")
        raise WrongUse.of("bad-filter", f"The filter does not parse: {says}.", place=place) from None
    except TokenError as error:
        raise WrongUse.of("bad-filter", f"The filter does not parse: {error}.") from None
    types = dict(dimensions)
    _check(tree, sql, types)
    return _read(tree, types)


def _check(tree: exp.Expr, sql: str, types: Mapping[str, str]) -> None:
    from sqlglot import exp

    no_condition = (exp.Query, exp.Subquery, exp.AggFunc, exp.Window, exp.Placeholder, exp.Parameter, exp.Star, exp.DDL)
    for node in tree.walk():
        name = node.name if isinstance(node, exp.Anonymous) else node.sql_name() if isinstance(node, exp.Func) else ""
        if name.lower() in _CHANCE | _CLOCK:
            raise WrongUse.of(
                "bad-filter",
                f"{node.sql(dialect='duckdb')} is another value each time, so a filter with it has no one answer.",
                hint="Ask for a stretch of time by its start and end." if name.lower() in _CLOCK else None,
            )
        if isinstance(node, no_condition):
            text = node.sql(dialect="duckdb")
            raise WrongUse.of(
                "bad-filter", f"A filter is a condition over dimensions of one row; {text} is not part of one."
            )
        if isinstance(node, exp.Column) and (node.table or node.name not in types):
            shown = f"{node.table}.{node.name}" if node.table else node.name
            near = nearest(node.name, types)
            hint = None if near else f"There are {', '.join(types) or 'none'}."
            if node.this.args.get("quoted"):
                hint = f"A text stands in single quotes: '{node.name}'."
            raise NotFound.of(
                "unknown-dimension", f"There is no dimension {shown}.", place=_place(node, sql), nearest=near, hint=hint
            )


def _place(node: exp.Column, sql: str) -> Place | None:
    start = node.this.meta.get("start")
    if start is None:
        return None
    before = sql[:start]
    return Place(line=before.count("\n") + 1, column=start - (before.rfind("\n") + 1) + 1)


def _read(node: exp.Expr, types: Mapping[str, str]) -> Predicate:
    from sqlglot import exp

    match node:
        case exp.Paren():
            return _read(node.this, types)
        case exp.And():
            return And(tuple(_read(part, types) for part in node.flatten()))
        case exp.Or():
            return _either([_read(part, types) for part in node.flatten()])
        case exp.Not():
            return Not(_read(node.this, types))
    return _leaf(node, types) or _sql(node)


def _either(parts: Sequence[Predicate]) -> Predicate:
    """Values of one dimension that are chosen one by one are a list: thousands of them are looked up at once."""
    values: dict[str, dict[Value, None]] = {}
    for part in parts:
        if isinstance(part, In):
            values.setdefault(part.dimension, {}).update(dict.fromkeys(part.values))
    lists = [In(name, tuple(of)) for name, of in values.items()]
    found = (*lists, *(part for part in parts if not isinstance(part, In)))
    return found[0] if len(found) == 1 else Or(found)


def _sql(node: exp.Expr) -> Sql:
    from sqlglot import exp

    names = dict.fromkeys(column.name for column in node.find_all(exp.Column))
    return Sql(node.sql(dialect="duckdb"), tuple(names))


def _leaf(node: exp.Expr, types: Mapping[str, str]) -> Predicate | None:
    from sqlglot import exp

    match node:
        case exp.Column():
            return In(node.name, (True,)) if types[node.name] == "BOOLEAN" else None
        case exp.Is() if isinstance(node.this, exp.Column) and isinstance(node.expression, exp.Null):
            return IsNull(node.this.name)
        case exp.In() if isinstance(node.this, exp.Column) and not (set(node.args) - {"this", "expressions"}):
            values = tuple(_literal(value, types[node.this.name]) for value in node.expressions)
            known = tuple(value for value in values if value is not None)
            return In(node.this.name, known) if known and len(known) == len(values) else None
        case exp.Between() if isinstance(node.this, exp.Column):
            low, high = (_literal(node.args[side], types[node.this.name]) for side in ("low", "high"))
            if low is None or high is None or node.args.get("symmetric"):
                return None
            return And((Compare(node.this.name, ">=", low), Compare(node.this.name, "<=", high)))
    return _comparison(node, types)


def _comparison(node: exp.Expr, types: Mapping[str, str]) -> Predicate | None:
    from sqlglot import exp

    operators: dict[type[exp.Expr], tuple[str, str]] = {
        exp.EQ: ("=", "="),
        exp.NEQ: ("<>", "<>"),
        exp.LT: ("<", ">"),
        exp.LTE: ("<=", ">="),
        exp.GT: (">", "<"),
        exp.GTE: (">=", "<="),
    }
    if type(node) not in operators:
        return None
    plain, mirrored = operators[type(node)]
    left, right = node.this, node.expression
    if not isinstance(left, exp.Column):
        left, right, plain = right, left, mirrored
    if not isinstance(left, exp.Column):
        return None
    value = _literal(right, types[left.name])
    if value is None:
        return None
    match plain:
        case "=":
            return In(left.name, (value,))
        case "<>":
            return Not(In(left.name, (value,)))
        case "<" | "<=" | ">" | ">=":
            return Compare(left.name, plain, value)
    return None


def _literal(node: exp.Expr, kind: str) -> Value:
    """The literal's value where it is of the dimension's own type, so that comparing needs no cast; else None."""
    from sqlglot import exp

    sign = 1
    if isinstance(node, exp.Neg):
        sign, node = -1, node.this
    match node:
        case exp.Boolean() if kind == "BOOLEAN" and sign == 1:
            return bool(node.this)
        case exp.Literal() if node.is_string and kind == "VARCHAR" and sign == 1:
            return str(node.this)
        case exp.Literal() if (
            not node.is_string and _INTEGERS.match(kind) and node.this.isdigit() and len(node.this) < 19
        ):
            return sign * int(node.this)
    return None


def to_sql(predicate: Predicate) -> str:
    """The predicate as an SQL condition over the dimensions' names, meaning the same for null, too."""
    match predicate:
        case In(name, values):
            return f"{_quote(name)} IN ({', '.join(_literal_sql(value) for value in values)})" if values else "FALSE"
        case Compare(name, operator, value):
            return f"{_quote(name)} {operator} {_literal_sql(value)}"
        case IsNull(name):
            return f"{_quote(name)} IS NULL"
        case Sql(text, _):
            return f"({text})"
        case Not(operand):
            return f"NOT ({to_sql(operand)})"
        case And(operands):
            return _joined(operands, "AND")
        case Or(operands):
            return _joined(operands, "OR")


def _joined(operands: tuple[Predicate, ...], word: Literal["AND", "OR"]) -> str:
    if not operands:
        return "TRUE" if word == "AND" else "FALSE"
    return f" {word} ".join(f"({to_sql(operand)})" for operand in operands)


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal_sql(value: Value) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case float():
            return f"CAST('{value!r}' AS DOUBLE)"
        case int():
            return str(value)
