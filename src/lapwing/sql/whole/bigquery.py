"""BigQuery's SQL, and tables of one source of that kind as what it reads.

Every whole number is an INT64 there, a decimal a NUMERIC of 9 or a BIGNUMERIC of 38 digits behind the point (products of
NUMERIC are rounded), a bare number with a point is a float, `/` fails by zero, NaN is the least number, a TIMESTAMP has a
zone and a DATETIME none, and \\ escapes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from sqlglot import exp

from lapwing.sources.base import Column, Family, Source, Table
from lapwing.sources.types import decimal_of, family
from lapwing.sql.capability import No
from lapwing.sql.whole.speech import Speech
from lapwing.sql.whole.values import TIMES, Value
from lapwing.states.dialects import dialect_of

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,200}\Z")
_OF_DAYS: Final = ("YEAR", "QUARTER", "MONTH", "DAY")
_OF_TIMES: Final = (*_OF_DAYS, "HOUR", "MINUTE")
_PARTS: Final[Mapping[Family, tuple[str, ...]]] = {
    Family.DATE: _OF_DAYS,
    Family.TIMESTAMP: _OF_TIMES,
    Family.TIMESTAMPTZ: _OF_TIMES,
}
_UNITS: Final = {"YEAR": "YEAR", "QUARTER": "QUARTER", "MONTH": "MONTH", "WEEK": "ISOWEEK", "DAY": "DAY"}
_FINER: Final = {"HOUR": "HOUR", "MINUTE": "MINUTE", "SECOND": "SECOND"}
_TRUNCATE: Final = {
    Family.DATE: "DATE_TRUNC",
    Family.TIMESTAMP: "DATETIME_TRUNC",
    Family.TIMESTAMPTZ: "TIMESTAMP_TRUNC",
}
_WHOLE: Final = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
_SAME: Final = ("BOOLEAN", "VARCHAR", "TIMESTAMP WITH TIME ZONE")
_NUMERIC: Final = 9
"""Digits behind the point of a NUMERIC; before it are 29."""
_DIALECT: Final = dialect_of("bigquery")


class BigQuerySpeech(Speech):
    decimals_round = True
    matched = True

    def quote(self, name: str) -> str:
        return _DIALECT.quote(name)

    def alias(self, name: str) -> str:
        if name.isdigit():
            name = f"_{name}"  # a constant without a name is called by its text
        if not _NAME.match(name):
            raise No(f"the name {name} is none for it")
        return self.quote(name)

    def reads(self, column: Column) -> bool:
        return column.exact_text

    def text(self, text: str) -> str:
        return _DIALECT.literal(text)

    def decimal(self, digits: str) -> str:
        return f"{_exact(len(digits.partition('.')[2]))} '{digits}'"

    def float(self, text: str) -> str:
        return f"CAST('{text}' AS FLOAT64)"

    def timestamp(self, text: str) -> str:
        return f"DATETIME '{text}'"

    def moment(self, text: str) -> str:
        return f"TIMESTAMP '{text}'"

    def double(self, sql: str) -> str:
        return f"CAST({sql} AS FLOAT64)"

    def bigint(self, sql: str) -> str:
        return f"CAST({sql} AS INT64)"

    def divided(self, one: str, other: str) -> str:
        return f"IEEE_DIVIDE({one}, {other})"

    def whole_divided(self, one: str, other: str) -> str:
        return f"DIV({one}, {other})"

    def remainder(self, one: str, other: str) -> str:
        return f"MOD({one}, {other})"

    def product(self, one: Value, other: Value, scale: int | None) -> str:
        decimals = Family.DECIMAL in (one.family, other.family)
        if decimals and scale is None:
            raise No("a product whose digits are not known is not written for it")
        if decimals and scale is not None and scale > _NUMERIC:
            if scale > 38:
                raise No("a product of so many digits is not written for it")
            return f"(CAST({one.sql} AS BIGNUMERIC) * CAST({other.sql} AS BIGNUMERIC))"
        return f"({one.sql} * {other.sql})"

    def negative(self, value: Value) -> str:
        # The emulator has no minus before a column; 0 - x would make a zero of a zero that has a sign.
        return f"({value.sql} * CAST('-1' AS FLOAT64))" if value.family is Family.FLOAT else f"(0 - {value.sql})"

    def added_up(self, sql: str) -> str:
        return f"CAST({sql} AS NUMERIC)"

    def date_of(self, value: Value, zone: str) -> str:
        if value.family is Family.TIMESTAMPTZ:
            return f"DATE({value.sql}, {self.text(_utc(zone))})"
        if value.family not in TIMES:
            raise No(f"a date of {value.family} is not written for it")
        return f"CAST({value.sql} AS DATE)"

    def as_timestamp(self, value: Value) -> str:
        return f"CAST({value.sql} AS DATETIME)"

    def part(self, part: str, value: Value, zone: str) -> str:
        if value.family is None or part not in _PARTS.get(value.family, ()):
            raise No(f"the {part.lower()} of {value.family} is not written for it")
        at = f" AT TIME ZONE {self.text(_utc(zone))}" if value.family is Family.TIMESTAMPTZ else ""
        return f"EXTRACT({part} FROM {value.sql}{at})"

    def truncated(self, unit: str, value: Value, zone: str) -> Value:
        known = _UNITS if value.family is Family.DATE else _UNITS | _FINER
        if value.family not in _TRUNCATE or unit not in known:
            raise No(f"date_trunc by {unit.lower()} of {value.family} is not written for it")
        at = f", {self.text(_utc(zone))}" if value.family is Family.TIMESTAMPTZ else ""
        sql = f"{_TRUNCATE[value.family]}({value.sql}, {known[unit]}{at})"
        return self.midnight(sql) if value.family is Family.DATE else Value(sql, value.family)

    def midnight(self, sql: str) -> Value:
        """What the engine makes of a date that was cut is a timestamp; the cast belongs to what rows are grouped by."""
        return Value(f"CAST({sql} AS DATETIME)", Family.TIMESTAMP)

    def where(self, function: str, argument: str, condition: str) -> str:
        return f"COUNTIF({condition})" if argument == "*" else f"{function}(IF({condition}, {argument}, NULL))"

    def distinct_where(self, argument: str, condition: str) -> str:
        return f"COUNT(DISTINCT IF({condition}, {argument}, NULL))"

    def ordered(self, value: Value, *, descending: bool, nulls_first: bool, window: bool) -> str:
        way = "DESC" if descending else "ASC"
        # Frames of windows refuse NULLS FIRST and LAST where they are not what BigQuery does by itself.
        nulls = f"({value.sql} IS NULL) {'DESC' if nulls_first else 'ASC'}, " if window else ""
        nan = ""
        if value.family is Family.FLOAT and not value.numbers:
            nulls = f"({value.sql} IS NULL) {'DESC' if nulls_first else 'ASC'}, "
            nan = f"IF(IS_NAN({value.sql}), 1, 0) {way}, "
        last = "" if nulls else f" NULLS {'FIRST' if nulls_first else 'LAST'}"
        return f"{nulls}{nan}{value.sql} {way}{last}"

    def bounds(self, limit: str | None, offset: str | None) -> str:
        if offset and not limit:
            raise No("an offset without a limit is not written for it")
        return (f" LIMIT {limit}" if limit else "") + (f" OFFSET {offset}" if offset else "")

    def together(self, kind: type[exp.Expr], distinct: bool) -> str:
        if not distinct and kind is not exp.Union:
            raise No(f"{kind.__name__.lower()} all is not written for it")
        return super().together(kind, True) + (" DISTINCT" if distinct else " ALL")

    def cast(self, value: Value, engine_type: str) -> str:
        # What is grouped by has to stand in the result as it is: a cast around it is refused, even one that does nothing.
        if engine_type in (*_SAME, *_WHOLE, "DOUBLE") or (
            value.family is family(engine_type) and engine_type != "HUGEINT"
        ):
            return "{}"
        if engine_type == "HUGEINT":
            return "CAST({} AS NUMERIC)"
        if engine_type in ("DATE", "TIMESTAMP"):
            return f"CAST({{}} AS {engine_type.replace('TIMESTAMP', 'DATETIME')})"
        if decimal := decimal_of(engine_type):
            return f"CAST({{}} AS {_exact(decimal[1])})"
        raise No(f"a result of {engine_type} is not written for it")


class OneSource:
    """The tables of one source, which runs statements that read nothing else."""

    def __init__(self, source: Source) -> None:
        self.source, self.name, self.kind, self.speech = source, source.name, source.kind, BigQuerySpeech()
        self.address = f"{source.name} (BigQuery)"

    def placed_at(self, source: Source, table: Table) -> tuple[str, tuple[Column, ...]]:
        """The table in a FROM there, and those of its columns that are the same there.

        Raises:
            No: it is another source's.
        """
        if source.name != self.name:
            raise No(f"{table.path} is not in it")
        return source.reference(table), tuple(column for column in table.columns if self.speech.reads(column))


def _exact(scale: int) -> str:
    return "NUMERIC" if scale <= _NUMERIC else "BIGNUMERIC"


def _utc(zone: str) -> str:
    if zone != "UTC":
        raise No(f"moments are cut by the clocks of {zone} in the engine alone")
    return zone
