"""What states need of an engine's SQL: casts, wide sums cut into limbs, truncation. One object for each engine.

Every text made here is an expression over aggregates, so that it needs no subquery. `x` is always the text of a row
expression that is null for rows which do not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lapwing.model.problem import Refused
from lapwing.states.argument import Argument, Kind

INFINITE: Final = 131_008
NOT_A_NUMBER: Final = 131_072
"""Buckets of values that are no numbers; see `Dialect.value_bucket`."""

GREATEST: Final = "1.7976931348623157e308"
"""The greatest double, as SQL."""
_LEAST_NORMAL: Final = "2.2250738585072014e-308"
_LOW: Final = (1 << 32) - 1
_2_20: Final = "1048576e0"
_2_40: Final = "1099511627776e0"
_2_60: Final = "1152921504606846976e0"


@dataclass(frozen=True, slots=True)
class Dialect:
    """An engine's SQL; `name` is sqlglot's. The defaults suit DuckDB, Lapwing's own."""

    name: str
    bigint: str = "BIGINT"
    double_type: str = "DOUBLE"

    def integer(self, x: str) -> str:
        return f"CAST({x} AS {self.bigint})"

    def double(self, x: str) -> str:
        return f"CAST({x} AS {self.double_type})"

    def truncated(self, x: str) -> str:
        """A double cut toward zero, as a 64-bit integer. Never a plain cast: engines round half each in its own way."""
        return self.integer(self.whole(x))

    def whole(self, x: str) -> str:
        """A double cut toward zero, still a double."""
        return f"TRUNC({x})"

    def thirds(self, s: str) -> tuple[str, str, str, str]:
        """The integers A, B, C of `sum_float.py` and what is left, times 2^60, of a double below 2^83. Every product is
        by a power of two and every difference is a double, so nothing is rounded."""
        twenties, sixties = self.whole(f"({s}) * {_2_20}"), self.whole(f"({s}) * {_2_60}")
        a = self._quotient(s)
        b = f"{twenties} - {self.whole(a)} * {_2_40}"
        c = f"{sixties} - {twenties} * {_2_40}"
        return self.truncated(a), self.integer(b), self.integer(c), f"(({s}) * {_2_60} - {sixties})"

    def _quotient(self, s: str) -> str:
        return f"({s}) / {_2_20}"

    def infinity(self, sign: str) -> str | None:
        """The infinite double, None where the engine has none."""
        return f"CAST('{sign}Infinity' AS {self.double_type})"

    def not_a_number(self, x: str) -> str | None:
        """A condition, None where the engine has no NaN."""
        return f"{x} = CAST('NaN' AS {self.double_type})"

    def decimal(self, x: str, argument: Argument) -> str:
        """A decimal of exactly the argument's digits and scale."""
        return f"CAST({x} AS DECIMAL({argument.digits},{argument.scale}))"

    def unscaled(self, total: str, scale: int) -> str:
        """A decimal aggregate without its point, as a wide integer."""
        text = f"CAST({total} AS VARCHAR)"
        digits = f"REPLACE({text}, '.', '')" if scale else text
        return f"CAST({digits} AS HUGEINT)"

    def sum_limbs(self, x: str, count: int) -> tuple[str, ...]:
        """The exact sum of integers as `count` limbs (see `limbs.py`), 0 over no rows."""
        return self.cut(f"SUM({x})", count)

    def cut(self, total: str, count: int) -> tuple[str, ...]:
        """A wide integer aggregate as limbs."""
        wide = f"CAST(COALESCE({total}, 0) AS HUGEINT)"
        if count == 1:
            return (self.integer(wide),)
        top = 32 * (count - 1)
        lower = (f"({wide} >> {bits}) & {_LOW}" for bits in range(top - 32, -1, -32))
        return (self.integer(f"{wide} >> {top}"), *(self.integer(limb) for limb in lower))

    def square_limbs(self, y: str) -> tuple[str, ...]:
        """The exact sum of squares of 64-bit integers as 4 limbs. Summed in halves, as a few squares would overflow."""
        square = f"(CAST({y} AS HUGEINT) * {y})"
        half = (1 << 64) - 1
        low = f"CAST(COALESCE(SUM({square} & {half}), 0) AS HUGEINT)"
        high = f"(CAST(COALESCE(SUM({square} >> 64), 0) AS HUGEINT) + ({low} >> 64))"
        parts = f"{high} >> 32", f"{high} & {_LOW}", f"({low} >> 32) & {_LOW}", f"{low} & {_LOW}"
        return tuple(self.integer(part) for part in parts)

    def microseconds(self, moment: str, zoned: bool) -> str:
        """UTC microseconds of a timestamp (a naive one as if in UTC)."""
        return f"epoch_us(CAST({moment} AS TIMESTAMP{'TZ' if zoned else ''}))"

    def days(self, day: str) -> str:
        """Days since 1970."""
        return f"({day} - DATE '1970-01-01')"

    def text(self, x: str) -> str:
        return f"CAST({x} AS VARCHAR)"

    def canonical(self, x: str, argument: Argument) -> str:
        """A value as the one text that all engines agree on: digits without trailing zeros, ISO dates, microseconds since
        1970, 1 and 0."""
        match argument.kind:
            case Kind.TEXT:
                return x
            case Kind.BOOLEAN:
                return f"CASE WHEN {x} THEN '1' WHEN NOT {x} THEN '0' END"
            case Kind.DECIMAL:
                return self.plain_decimal(x, argument)
            case Kind.DATE:
                return self.iso_date(x)
            case Kind.TIMESTAMP | Kind.TIMESTAMPTZ:
                return self.text(self.integer(self.microseconds(x, argument.kind is Kind.TIMESTAMPTZ)))
        return self.text(x)

    def plain_decimal(self, x: str, argument: Argument) -> str:
        text = self.text(x)
        return f"RTRIM(RTRIM({text}, '0'), '.')" if argument.scale else text

    def iso_date(self, x: str) -> str:
        return self.text(x)

    def in_bytes(self, x: str) -> str:
        """A text that compares by its bytes."""
        return x

    def as_text(self, x: str) -> str:
        """What `in_bytes` made, as a text again."""
        return x

    def by_time(self, kind: str, x: str, moment: str) -> str:
        """The first or last `x` by (moment, x); null is left out."""
        best = "MIN" if kind == "first" else "MAX"
        return f"ARG_{best}({x}, {{'a': {moment}, 'b': {x}}})"

    def hash60(self, text: str) -> str:
        """The first 60 bits of a text's MD5, as an integer."""
        return self.integer(f"'0x' || SUBSTR(MD5({text}), 1, 15)")

    def shifted_right(self, x: str, bits: int) -> str:
        """Of an integer that is not negative."""
        return f"({x} >> {bits})"

    def value_bucket(self, x: str) -> str:
        """The bucket of a double as `quantile.py` counts them: the bits of its absolute value from the 46th up, with its
        sign; 0 for zero and what is too small for a double of full precision."""
        special = self.not_a_number(x)
        nan = f"WHEN {special} THEN {NOT_A_NUMBER} " if special else ""
        sign = f"CASE WHEN {x} < 0 THEN -1 ELSE 1 END"
        return (
            f"CASE {nan}WHEN ABS({x}) < {_LEAST_NORMAL} THEN 0 WHEN ABS({x}) > {GREATEST} THEN {sign} * {INFINITE} "
            f"ELSE {sign} * {self.high_bits(f'ABS({x})')} END"
        )

    def high_bits(self, x: str) -> str:
        """The bits of a positive double from the 46th up: 11 of exponent, 6 of mantissa."""
        return f"({self.integer(f'CAST({x} AS BIT)')} >> 46)"

    def refused(self, what: str, why: str) -> Exception:
        return Refused.of("not-pushable", f"{self.name} can't build {what}: {why}.", hint="Lapwing's engine builds it.")


class Numeric(Dialect):
    """Engines whose SUM of integers is a decimal without bit operations."""

    __slots__ = ()

    def _divide(self, top: str, bottom: int) -> str:
        """An exact integer division that cuts."""
        return f"DIV({top}, {bottom})"

    def unscaled(self, total: str, scale: int) -> str:
        return f"({total} * 1{'0' * scale})"

    def cut(self, total: str, count: int) -> tuple[str, ...]:
        wide = f"COALESCE({total}, 0)"
        if count == 1:
            return (self.integer(wide),)
        whole = 1 << (32 * (count - 1))
        # The remainder takes the sign of what is divided: once more makes it the one that floor division leaves.
        low = f"MOD(MOD({wide}, {whole}) + {whole}, {whole})"
        limbs = [self._divide(f"({wide} - {low})", whole)]
        for index in range(count - 2, -1, -1):
            part = low if index == count - 2 else f"MOD({low}, {1 << (32 * (index + 1))})"
            limbs.append(self._divide(part, 1 << (32 * index)) if index else part)
        return tuple(self.integer(limb) for limb in limbs)

    def square_limbs(self, y: str) -> tuple[str, ...]:
        wide = f"CAST({y} AS DECIMAL(20,0))"
        return self.cut(f"SUM({wide} * {wide})", 4)


class Postgres(Numeric):
    __slots__ = ()

    def _quotient(self, s: str) -> str:
        # A tiny number divided by 2^20 would be an error of underflow.
        return f"CASE WHEN ABS({s}) < {_2_20} THEN 0e0 ELSE {super()._quotient(s)} END"

    def microseconds(self, moment: str, zoned: bool) -> str:
        return f"(EXTRACT(EPOCH FROM {moment}) * 1000000)"


class MySql(Numeric):
    __slots__ = ()

    def _divide(self, top: str, bottom: int) -> str:
        return f"({top} DIV {bottom})"

    def truncated(self, x: str) -> str:
        return self.integer(self.whole(x))

    def whole(self, x: str) -> str:
        return f"TRUNCATE({x}, 0)"

    def infinity(self, sign: str) -> str | None:
        return None

    def not_a_number(self, x: str) -> str | None:
        return None

    def microseconds(self, moment: str, zoned: bool) -> str:
        if zoned:
            raise self.refused("a minimum of timestamps with time zone", "its sessions convert them")
        return f"TIMESTAMPDIFF(MICROSECOND, '1970-01-01', {moment})"

    def days(self, day: str) -> str:
        return f"DATEDIFF({day}, '1970-01-01')"


class SQLite(Dialect):
    """Sums are 64-bit, so limbs are summed row by row; no decimals, no true dates."""

    __slots__ = ()

    def truncated(self, x: str) -> str:
        return self.integer(x)

    def thirds(self, s: str) -> tuple[str, str, str, str]:
        # Only 64-bit integers cut, so each third is taken from what the last one left.
        a = self.truncated(f"({s}) / {_2_20}")
        second = f"(({s}) - {self.double(a)} * {_2_20}) * {_2_20}"
        b = self.truncated(second)
        third = f"({second} - {self.double(b)}) * {_2_40}"
        c = self.truncated(third)
        return a, b, c, f"({third} - {self.double(c)})"

    def infinity(self, sign: str) -> str | None:
        return f"{sign}9e999"

    def not_a_number(self, x: str) -> str | None:
        return None

    def decimal(self, x: str, argument: Argument) -> str:
        raise self.refused("a state of decimals", "it has none")

    def sum_limbs(self, x: str, count: int) -> tuple[str, ...]:
        if count == 1:
            return (f"COALESCE(SUM({x}), 0)",)
        if count > 2:
            raise self.refused("a sum of 128-bit integers", "its integers have 64 bits")
        low = f"COALESCE(SUM(({x}) & {_LOW}), 0)"
        return f"(COALESCE(SUM(({x}) >> 32), 0) + ({low} >> 32))", f"({low} & {_LOW})"

    def square_limbs(self, y: str) -> tuple[str, ...]:
        raise self.refused("a variance of 64-bit integers", "their squares do not fit")

    def microseconds(self, moment: str, zoned: bool) -> str:
        raise self.refused("a minimum of timestamps", "it keeps them as texts or numbers of many forms")

    def days(self, day: str) -> str:
        raise self.refused("a minimum of dates", "it keeps them as texts or numbers of many forms")


_DIALECTS: Final = {
    dialect.name: dialect
    for dialect in (
        Dialect("duckdb"),
        Postgres("postgres", double_type="DOUBLE PRECISION"),
        MySql("mysql", bigint="SIGNED"),
        SQLite("sqlite", bigint="INTEGER", double_type="REAL"),
    )
}


def dialect_of(name: str) -> Dialect:
    """The SQL of an engine.

    Raises:
        Refused: states are not built in that engine yet.
    """
    if name not in _DIALECTS:
        raise Refused.of(
            "not-pushable",
            f"States are not built in {name} yet; its rows are read instead.",
            nearest=tuple(_DIALECTS),
        )
    return _DIALECTS[name]
