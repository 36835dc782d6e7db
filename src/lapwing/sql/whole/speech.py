"""How an engine elsewhere says what means the same there: the texts of standard SQL, as Trino has them. Another engine says
otherwise what it must, or that it can't."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from lapwing.sources.base import Column, Family
from lapwing.sources.quote import identifier
from lapwing.sources.trino_types import carried
from lapwing.sources.types import decimal_of, family
from lapwing.sql.capability import No
from lapwing.sql.whole.values import TIMES, Value
from lapwing.states.dialects import dialect_of

_TYPES: Final = {
    **{name: name.lower() for name in ("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "DOUBLE", "DATE")},
    "VARCHAR": "varchar",
    "TIMESTAMP": "timestamp(6)",
    "HUGEINT": "decimal(38,0)",
}
_PARTS: Final = ("YEAR", "QUARTER", "MONTH", "DAY")
_UNITS: Final = ("YEAR", "QUARTER", "MONTH", "WEEK", "DAY")
_SETS: Final[dict[type[exp.Expr], str]] = {exp.Union: "UNION", exp.Intersect: "INTERSECT", exp.Except: "EXCEPT"}


class Speech:
    """Trino's. Methods that write raise `No` where the engine would or might answer otherwise."""

    decimals_round: bool = False
    """A product of decimals keeps fewer digits than both have together."""
    matched: bool = False
    """An outer join needs an equality of both sides."""

    def quote(self, name: str) -> str:
        return identifier(name)

    def alias(self, name: str) -> str:
        """The name that a table or a column gets in the statement."""
        return self.quote(name)

    def reads(self, column: Column) -> bool:
        """Whether the values of a column are the same there."""
        return column.type != "FLOAT" and family(column.type) is not Family.TIMESTAMPTZ

    # -- constants

    def text(self, text: str) -> str:
        return dialect_of("trino").literal(text)

    def decimal(self, digits: str) -> str:
        return digits

    def float(self, text: str) -> str:
        return f"CAST('{text}' AS double)"

    def timestamp(self, text: str) -> str:
        return f"TIMESTAMP '{text}'"

    def moment(self, text: str) -> str:
        raise No("a moment with a zone is not written for it")

    # -- numbers

    def double(self, sql: str) -> str:
        return f"CAST({sql} AS double)"

    def bigint(self, sql: str) -> str:
        return f"CAST({sql} AS bigint)"

    def divided(self, one: str, other: str) -> str:
        """Of doubles."""
        return f"({one} / {other})"

    def whole_divided(self, one: str, other: str) -> str:
        """Of whole numbers, cut towards zero; an error by zero."""
        raise No("int div is not written for it")

    def remainder(self, one: str, other: str) -> str:
        return f"({one} % {other})"

    def product(self, one: Value, other: Value, scale: int | None) -> str:
        return f"({one.sql} * {other.sql})"

    def negative(self, value: Value) -> str:
        return f"(- {value.sql})"

    def added_up(self, sql: str) -> str:
        """The argument of a sum of whole numbers, so wide that it does not overflow."""
        return f"CAST({sql} AS decimal(38,0))"

    # -- times

    def date_of(self, value: Value, zone: str) -> str:
        if value.family not in TIMES:
            raise No(f"a date of {value.family} is not written for it")
        return f"CAST({value.sql} AS date)"

    def as_timestamp(self, value: Value) -> str:
        """A date beside a timestamp."""
        return value.sql

    def part(self, part: str, value: Value, zone: str) -> str:
        if part not in _PARTS or value.family not in TIMES:
            raise No(f"the {part.lower()} of {value.family} is not written for it")
        return f"EXTRACT({part} FROM {value.sql})"

    def truncated(self, unit: str, value: Value, zone: str) -> Value:
        if unit not in _UNITS or value.family not in TIMES:
            raise No(f"date_trunc by {unit.lower()} is not written for it")
        return Value(f"date_trunc('{unit.lower()}', {value.sql})", value.family)

    # -- clauses

    def where(self, function: str, argument: str, condition: str) -> str:
        """An aggregate of the rows that a condition is true of. `argument`: "*", or the text of one."""
        return f"{function}({argument}) FILTER (WHERE {condition})"

    def distinct_where(self, argument: str, condition: str) -> str:
        return f"COUNT(DISTINCT {argument}) FILTER (WHERE {condition})"

    def ordered(self, value: Value, *, descending: bool, nulls_first: bool, window: bool) -> str:
        """One part of an ORDER BY, as the engine orders: NaN is the greatest number."""
        way = "DESC" if descending else "ASC"
        return f"{value.sql} {way} NULLS {'FIRST' if nulls_first else 'LAST'}"

    def bounds(self, limit: str | None, offset: str | None) -> str:
        return (f" OFFSET {offset}" if offset else "") + (f" LIMIT {limit}" if limit else "")

    def together(self, kind: type[exp.Expr], distinct: bool) -> str:
        """The word between two queries."""
        return _SETS[kind] + ("" if distinct else " ALL")

    # -- the result

    def cast(self, value: Value, engine_type: str) -> str:
        """Text around a column of the result (`{}`), so that it is of exactly this type and travels as it is read."""
        known = _TYPES.get(engine_type) or (f"decimal{engine_type[7:].lower()}" if decimal_of(engine_type) else None)
        if known is None:
            raise No(f"a result of {engine_type} is not written for it")
        return carried(f"CAST({{}} AS {known})", engine_type)
