"""Trino. Timestamps of up to microseconds; those with a zone are exact to the year 2106."""

from __future__ import annotations

from collections.abc import Mapping

from lapwing.states.argument import Kind
from lapwing.states.dialects.halves import Halves
from lapwing.states.dialects.numeric import Numeric

_PARTS: Mapping[str, str] = {
    "doy": "day_of_year({})",
    "dow": "(day_of_week({}) % 7)",
    "isodow": "day_of_week({})",
}
_LOW = (1 << 32) - 1


class Trino(Halves, Numeric):
    name = "trino"

    def high_half(self, x: str) -> str:
        return f"bitwise_right_shift_arithmetic({x}, 32)"

    def low_half(self, x: str) -> str:
        return f"bitwise_and({x}, {_LOW})"

    def constant(self, value: int) -> str:
        return f"DECIMAL '{value}'"

    def divided(self, top: str, bottom: int) -> str:
        return f"({top} / {self.constant(bottom)})"

    def unscaled(self, total: str, scale: int) -> str:
        text = self.text(total)  # multiplied it would pass 38 digits
        digits = f"REPLACE({text}, '.', '')" if scale else text
        return f"CAST({digits} AS DECIMAL(38,0))"

    def whole(self, x: str) -> str:
        return f"TRUNCATE({x})"

    def not_a_number(self, x: str) -> str | None:
        return f"is_nan({x})"

    def high_bits(self, x: str) -> str:
        return f"bitwise_right_shift(from_big_endian_64(to_ieee754_64({x})), 46)"

    def microseconds(self, moment: str, zoned: bool) -> str:
        moment = moment if zoned else f"with_timezone({moment}, 'UTC')"
        seconds = f"to_unixtime(date_trunc('second', {moment}))"
        return (
            f"(CAST({seconds} AS BIGINT) * 1000000 + CAST(round((to_unixtime({moment}) - {seconds}) * 1e6) AS BIGINT))"
        )

    def days(self, day: str) -> str:
        return f"date_diff('day', DATE '1970-01-01', {day})"

    def time_cut(self, unit: str, x: str, kind: Kind) -> str:
        return f"date_trunc('{unit}', CAST({x} AS TIMESTAMP(6)))"

    def time_part(self, part: str, x: str, kind: Kind) -> str:
        found = _PARTS.get(part, f"{part}({{}})").format(f"CAST({x} AS TIMESTAMP(6))")
        if part == "year" and kind is Kind.TIMESTAMPTZ:
            return f"CASE WHEN {found} < 1 THEN 1 - {found} ELSE {found} END"
        return found

    def day_of(self, moment: str) -> str:
        return f"CAST({moment} AS DATE)"

    def utc_clock(self, x: str) -> str:
        return f"CAST(({x}) AT TIME ZONE 'UTC' AS TIMESTAMP(6))"

    def of_utc_clock(self, moment: str) -> str:
        return f"with_timezone({moment}, 'UTC')"

    def moment(self, kind: Kind, text: str) -> str:
        if kind is Kind.DATE:
            return f"DATE '{text[:10]}'"
        return f"TIMESTAMP '{text}{' UTC' if kind is Kind.TIMESTAMPTZ else ''}'"

    def hash60(self, text: str) -> str:
        return f"bitwise_right_shift(from_big_endian_64(substr(md5(to_utf8({text})), 1, 8)), 4)"

    def shifted_right(self, x: str, bits: int) -> str:
        return f"bitwise_right_shift({x}, {bits})"

    def by_time(self, kind: str, x: str, moment: str) -> str:
        return f"{'MIN' if kind == 'first' else 'MAX'}_BY({x}, CASE WHEN {x} IS NOT NULL THEN ROW({moment}, {x}) END)"

    def by_time_of_double(self, kind: str, x: str, moment: str) -> str:
        return self.by_time(kind, x, f"{moment}, {self.not_a_number(x)}")  # its MAX_BY takes NaN for the least
