"""What states need of an engine's SQL, with the text that most engines share. One file for each engine overrides the rest.

Every text made here is an expression, so that it needs no subquery. `x` is always the text of a row expression that is
null for rows which do not count. What an engine can't do equally it refuses, with the reason: its rows are read instead.
"""

from __future__ import annotations

from typing import ClassVar, Final

from lapwing.model.problem import Refused
from lapwing.states.argument import Argument, Kind

INFINITE: Final = 131_008
NOT_A_NUMBER: Final = 131_072
"""Buckets of values that are no numbers; see `Dialect.value_bucket`."""

GREATEST: Final = "1.7976931348623157e308"
"""The greatest double, as SQL."""
_LEAST_NORMAL: Final = "2.2250738585072014e-308"
_LN_2: Final = "0.693147180559945309e0"
_2_20: Final = "1048576e0"
_2_40: Final = "1099511627776e0"
_2_60: Final = "1152921504606846976e0"
GREATEST_INTEGER: Final = (1 << 63) - 1


class Dialect:
    """An engine's SQL; `name` is sqlglot's. `fence` at the end of a subquery keeps the engine from evaluating its
    expressions once for each use. `settings` are statements that a session must have run before. `orders_times`: its times
    compare as what they mean. `builds`: states are built in it; else no more than conditions and groups are written.
    `wide_sums`: a sum of 64-bit integers is a decimal that holds it. `letters`: its function for letters of a text by place
    and number."""

    name: ClassVar[str]
    bigint: ClassVar[str] = "BIGINT"
    double_type: ClassVar[str] = "DOUBLE"
    text_type: ClassVar[str] = "VARCHAR"
    fence: ClassVar[str] = ""
    settings: ClassVar[tuple[str, ...]] = ()
    orders_times: ClassVar[bool] = True
    builds: ClassVar[bool] = True
    wide_sums: ClassVar[bool] = False
    letters: ClassVar[str] = "substr"

    # -- names, casts, constants

    def quote(self, name: str) -> str:
        """A name as an identifier."""
        return '"' + name.replace('"', '""') + '"'

    def literal(self, value: str) -> str:
        """A constant text."""
        return "'" + value.replace("'", "''") + "'"

    def fraction(self, digits: str) -> str:
        """A constant decimal, exact; `digits` has a point and maybe a minus."""
        return digits

    def integer(self, x: str) -> str:
        return f"CAST({x} AS {self.bigint})"

    def double(self, x: str) -> str:
        return f"CAST({x} AS {self.double_type})"

    def text(self, x: str) -> str:
        return f"CAST({x} AS {self.text_type})"

    def decimal(self, x: str, argument: Argument) -> str:
        """A decimal of exactly the argument's digits and scale."""
        return f"CAST({x} AS DECIMAL({argument.digits},{argument.scale}))"

    def number(self, value: int) -> str:
        """A 64-bit integer; the plain literal of the least one would be a number of another type to most engines."""
        return self.integer(f"(-{GREATEST_INTEGER} - 1)" if value < -GREATEST_INTEGER else str(value))

    def nothing(self, kind: Kind) -> str:
        """A null that is an integer, a double or a text."""
        cast = {Kind.INTEGER: self.integer, Kind.FLOAT: self.double}.get(kind, self.text)
        return cast("NULL")

    # -- sums: integers cut into limbs of 32 bits (see `limbs.py`)

    def sum_limbs(self, x: str, count: int) -> tuple[str, ...]:
        """The exact sum of integers as `count` limbs, 0 over no rows."""
        raise NotImplementedError

    def cut(self, total: str, count: int) -> tuple[str, ...]:
        """A wide integer aggregate as limbs."""
        raise NotImplementedError

    def square_limbs(self, y: str) -> tuple[str, ...]:
        """The exact sum of squares of 64-bit integers as 4 limbs."""
        raise NotImplementedError

    def unscaled(self, total: str, scale: int) -> str:
        """A decimal aggregate without its point, as a wide integer."""
        return f"({total} * 1{'0' * scale})"

    def unscaled_row(self, x: str, argument: Argument) -> str:
        """A decimal of up to 18 digits without its point, as a 64-bit integer."""
        return self.integer(f"{self.decimal(x, argument)} * 1{'0' * argument.scale}")

    def squared_distances(self, x: str) -> str:
        """The sum of squared distances of doubles from their mean; null over no rows."""
        return f"VAR_POP({x}) * COUNT({x})"

    # -- doubles

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
        a = self.quotient(s)
        b = f"{twenties} - {self.whole(a)} * {_2_40}"
        c = f"{sixties} - {twenties} * {_2_40}"
        return self.truncated(a), self.integer(b), self.integer(c), f"(({s}) * {_2_60} - {sixties})"

    def thirds_by_integers(self, s: str) -> tuple[str, str, str, str]:
        """`thirds` where only a cast to 64 bits cuts: each is taken from what the last one left."""
        a = self.truncated(f"({s}) / {_2_20}")
        second = f"(({s}) - {self.double(a)} * {_2_20}) * {_2_20}"
        b = self.truncated(second)
        third = f"({second} - {self.double(b)}) * {_2_40}"
        c = self.truncated(third)
        return a, b, c, f"({third} - {self.double(c)})"

    def quotient(self, s: str) -> str:
        """`s` by 2^20."""
        return f"({s}) / {_2_20}"

    def infinity(self, sign: str) -> str | None:
        """The infinite double, None where the engine has none."""
        return f"CAST('{sign}Infinity' AS {self.double_type})"

    def infinite(self, x: str, sign: str) -> str | None:
        """Whether `x` is the infinite double of this sign; None where the engine has none."""
        constant = self.infinity(sign)
        return None if constant is None else f"{x} = {constant}"

    def not_a_number(self, x: str) -> str | None:
        """A condition, None where the engine has no NaN."""
        return f"{x} = CAST('NaN' AS {self.double_type})"

    def value_bucket(self, x: str) -> str:
        """The bucket of a double as `quantile.py` counts them: the bits of its absolute value from the 46th up, with its
        sign; 0 for zero and what is too small for a double of full precision."""
        special = self.not_a_number(x)
        nan = f"WHEN {special} THEN {NOT_A_NUMBER} " if special else ""
        sign = f"CASE WHEN {x} < 0 THEN -1 ELSE 1 END"
        return self.integer(
            f"CASE {nan}WHEN ABS({x}) < {_LEAST_NORMAL} THEN 0 WHEN ABS({x}) > {GREATEST} THEN ({sign}) * {INFINITE} "
            f"ELSE ({sign}) * {self.high_bits(f'ABS({x})')} END"
        )

    def high_bits(self, x: str) -> str:
        """The bits of a positive double from the 46th up: 11 of exponent, 6 of mantissa. By arithmetic that corrects
        itself: the logarithm of a number beside a power of two may be off by one, and the sum is the same."""
        exponent = self.least("1023", self.integer(f"FLOOR(LN({x}) / {_LN_2})"))
        return f"(64 * ({exponent} + 1022) + {self.integer(f'FLOOR({x} / POW(2e0, {exponent}) * 64)')})"

    def least(self, x: str, y: str) -> str:
        return f"LEAST({x}, {y})"

    # -- times

    def microseconds(self, moment: str, zoned: bool) -> str:
        """UTC microseconds of a timestamp (a naive one as if in UTC)."""
        raise NotImplementedError

    def days(self, day: str) -> str:
        """Days since 1970."""
        return f"({day} - DATE '1970-01-01')"

    def moment(self, kind: Kind, text: str) -> str:
        """A constant date or timestamp (in UTC where it has a zone); `text` is in ISO form with microseconds."""
        if kind is Kind.DATE:
            return f"DATE '{text[:10]}'"
        return f"TIMESTAMPTZ '{text}+00'" if kind is Kind.TIMESTAMPTZ else f"TIMESTAMP '{text}'"

    def floored(self, u: str, step: int) -> str:
        """An integer rounded down to a multiple of `step`. The remainder takes the sign of the dividend in every engine, so
        times before 1970 are mended by the second one."""
        return f"{u} - {self.remainder(f'({self.remainder(u, step)} + {step})', step)}"

    def remainder(self, x: str, step: int) -> str:
        return f"({x} % {step})"

    def time_cut(self, unit: str, x: str, kind: Kind) -> str:
        """A date or a timestamp without zone, cut to its year, quarter, month, week (which begins on Monday), day or hour: as a
        timestamp."""
        raise self.refused("cut times", "nobody has looked how it cuts")

    def time_part(self, part: str, x: str, kind: Kind) -> str:
        """A part of such a time: year (before year 1 there is a year 0), quarter, month, day, week (of ISO 8601), doy, dow (0 is
        Sunday), isodow (7 is), hour, minute. Null of what is infinite. Of what `utc_clock` gives `kind` is that of a time with a
        zone: its years before year 1 are told as 1, 2 and so on, as the engine's calendar has them."""
        raise self.refused("parts of times", "nobody has looked how it counts")

    def day_of(self, moment: str) -> str:
        """The date of a timestamp without zone."""
        raise self.refused("days of times", "nobody has looked how it cuts")

    def utc_clock(self, x: str) -> str:
        """A time with a zone as what a clock in UTC shows then: a timestamp without zone, or what is cut as one."""
        raise self.refused("times with a zone", "nobody has looked how it shows them in UTC")

    def of_utc_clock(self, moment: str) -> str:
        """The time with a zone at which a clock in UTC shows this."""
        raise self.refused("times with a zone", "nobody has looked how it reads them in UTC")

    # -- texts

    def canonical(self, x: str, argument: Argument) -> str:
        """A value as the one text that all engines agree on: digits without trailing zeros, ISO dates, microseconds since
        1970, 1 and 0."""
        match argument.kind:
            case Kind.TEXT:
                return x
            case Kind.BOOLEAN:
                return f"CASE WHEN {x} THEN '1' WHEN NOT {x} THEN '0' END"
            case Kind.DECIMAL:
                text = self.text(self.decimal(x, argument))
                return self.without_zeros(text) if argument.scale else text
            case Kind.DATE:
                return self.iso_date(x)
            case Kind.TIMESTAMP | Kind.TIMESTAMPTZ:
                return self.text(self.integer(self.microseconds(x, argument.kind is Kind.TIMESTAMPTZ)))
        return self.text(x)

    def without_zeros(self, text: str) -> str:
        """A decimal's text without trailing zeros, and without its point where nothing follows."""
        return f"TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM {text}))"

    def iso_date(self, x: str) -> str:
        return self.text(x)

    def in_bytes(self, x: str) -> str:
        """A text that compares and groups by its bytes; it may travel as bytes."""
        return x

    def as_text(self, x: str) -> str:
        """What `in_bytes` made, as a text again."""
        return x

    def hash60(self, text: str) -> str:
        """The first 60 bits of a text's MD5, as an integer."""
        raise NotImplementedError

    def shifted_right(self, x: str, bits: int) -> str:
        """Of an integer that is not negative."""
        return f"({x} >> {bits})"

    # -- order by time

    def by_time(self, kind: str, x: str, moment: str) -> str:
        """The first or last `x` by (moment, x); null is left out."""
        raise NotImplementedError

    def by_time_of_double(self, kind: str, x: str, moment: str) -> str:
        """The same of a double, NaN being the greatest."""
        return self.by_time(kind, x, moment)

    def refused(self, what: str, why: str) -> Exception:
        return Refused.of("not-pushable", f"{self.name} can't build {what}: {why}.", hint="Lapwing's engine builds it.")
