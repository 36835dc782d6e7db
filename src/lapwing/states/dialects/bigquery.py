"""BigQuery. TIMESTAMP has a zone there, DATETIME has none."""

from __future__ import annotations

from collections.abc import Mapping

from lapwing.states.argument import Argument, Kind
from lapwing.states.dialects.numeric import Numeric

_CUTS: Mapping[str, str] = {"week": "ISOWEEK"}
_PARTS: Mapping[str, str] = {
    "quarter": "DIV(EXTRACT(MONTH FROM {}) + 2, 3)",  # the emulator has its own quarters
    "week": "EXTRACT(ISOWEEK FROM {})",
    "doy": "EXTRACT(DAYOFYEAR FROM {})",
    "dow": "EXTRACT(DAYOFWEEK FROM {}) - 1",
    "isodow": "MOD(EXTRACT(DAYOFWEEK FROM {}) + 5, 7) + 1",
}
MOST = "1.7976931348623157e308"
"""The greatest double."""


class BigQuery(Numeric):
    name = "bigquery"
    bigint = "INT64"
    double_type = "FLOAT64"
    text_type = "STRING"

    def quote(self, name: str) -> str:
        return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"

    def literal(self, value: str) -> str:
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def fraction(self, digits: str) -> str:
        return f"BIGNUMERIC '{digits}'"  # written bare it is a double

    def decimal(self, x: str, argument: Argument) -> str:
        return f"CAST({x} AS BIGNUMERIC)"

    def unscaled(self, total: str, scale: int) -> str:
        return f"({total} * {self.constant(10**scale)})"

    def unscaled_row(self, x: str, argument: Argument) -> str:
        return self.integer(self.unscaled(self.decimal(x, argument), argument.scale))

    def constant(self, value: int) -> str:
        return f"BIGNUMERIC '{value}'"

    def divided(self, top: str, bottom: int) -> str:
        if bottom >> 63 == 0:
            return super().divided(top, bottom)
        return f"({top} / {self.constant(bottom)})"  # exact, as nothing is left over; the emulator's DIV has 64 bits

    def wide(self, x: str) -> str:
        return f"CAST({x} AS BIGNUMERIC)"

    def sum_limbs(self, x: str, count: int) -> tuple[str, ...]:
        return self.cut(f"SUM({self.wide(x)})", count)

    def not_a_number(self, x: str) -> str | None:
        return f"IS_NAN({x})"

    def infinite(self, x: str, sign: str) -> str | None:
        return f"{x} {'<' if sign else '>'} {sign}{MOST}"  # the emulator can't write the constant down

    def microseconds(self, moment: str, zoned: bool) -> str:
        if zoned:
            return f"UNIX_MICROS({moment})"
        return f"DATETIME_DIFF({moment}, DATETIME '1970-01-01 00:00:00', MICROSECOND)"

    def days(self, day: str) -> str:
        return f"UNIX_DATE({day})"

    def time_cut(self, unit: str, x: str, kind: Kind) -> str:
        return f"DATETIME_TRUNC(CAST({x} AS DATETIME), {_CUTS.get(unit, unit.upper())})"

    def time_part(self, part: str, x: str, kind: Kind) -> str:
        return _PARTS.get(part, f"EXTRACT({part.upper()} FROM {{}})").format(f"CAST({x} AS DATETIME)")

    def day_of(self, moment: str) -> str:
        return f"CAST({moment} AS DATE)"

    def utc_clock(self, x: str) -> str:
        return f"DATETIME({x}, 'UTC')"

    def of_utc_clock(self, moment: str) -> str:
        return f"TIMESTAMP({moment}, 'UTC')"

    def moment(self, kind: Kind, text: str) -> str:
        if kind is Kind.DATE:
            return f"DATE '{text[:10]}'"
        return f"TIMESTAMP '{text}+00'" if kind is Kind.TIMESTAMPTZ else f"DATETIME '{text}'"

    def remainder(self, x: str, step: int) -> str:
        return f"MOD({x}, {step})"

    def without_zeros(self, text: str) -> str:
        return text  # it prints none

    def hash60(self, text: str) -> str:
        return f"CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5({text})), 1, 15)) AS INT64)"

    def by_time(self, kind: str, x: str, moment: str) -> str:
        way = "" if kind == "first" else " DESC"
        return f"ARRAY_AGG({x} IGNORE NULLS ORDER BY {moment}{way}, {x}{way} LIMIT 1)[SAFE_OFFSET(0)]"

    def by_time_of_double(self, kind: str, x: str, moment: str) -> str:
        way = "" if kind == "first" else " DESC"
        return self.by_time(kind, x, f"{moment}{way}, IS_NAN({x})")  # NaN is the least there
