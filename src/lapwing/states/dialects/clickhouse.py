"""ClickHouse. Its CAST drops nulls, so functions convert; its times are DateTime64 and Date32."""

from __future__ import annotations

from collections.abc import Mapping

from lapwing.states.argument import Argument, Kind
from lapwing.states.dialects.wide import Wide

_CUTS: Mapping[str, str] = {
    "year": "toYear({0}), 1, 1, 0",
    "quarter": "toYear({0}), toQuarter({0}) * 3 - 2, 1, 0",
    "month": "toYear({0}), toMonth({0}), 1, 0",
    "day": "toYear({0}), toMonth({0}), toDayOfMonth({0}), 0",
    "hour": "toYear({0}), toMonth({0}), toDayOfMonth({0}), toHour({0})",
}
_PARTS: Mapping[str, str] = {
    "year": "toYear({})",
    "quarter": "toQuarter({})",
    "month": "toMonth({})",
    "day": "toDayOfMonth({})",
    "week": "toISOWeek({})",
    "doy": "toDayOfYear({})",
    "dow": "(toDayOfWeek({}) % 7)",
    "isodow": "toDayOfWeek({})",
    "hour": "toHour({})",
    "minute": "toMinute({})",
}


class ClickHouse(Wide):
    name = "clickhouse"
    letters = "substringUTF8"

    def quote(self, name: str) -> str:
        return super().quote(name.replace("\\", "\\\\"))

    def literal(self, value: str) -> str:
        return super().literal(value.replace("\\", "\\\\"))

    def fraction(self, digits: str) -> str:
        return f"toDecimal128('{digits}', {len(digits.partition('.')[2])})"  # written bare it is a double

    def integer(self, x: str) -> str:
        return f"toInt64({x})"

    def double(self, x: str) -> str:
        return f"toFloat64({x})"

    def text(self, x: str) -> str:
        return f"toString({x})"

    def decimal(self, x: str, argument: Argument) -> str:
        return f"toDecimal256({x}, {argument.scale})"

    def nothing(self, kind: Kind) -> str:
        types = {Kind.INTEGER: "Int64", Kind.FLOAT: "Float64"}
        return f"CAST(NULL AS Nullable({types.get(kind, 'String')}))"

    def wide(self, x: str) -> str:
        return f"toInt256({x})"

    def shifted(self, x: str, bits: int) -> str:
        return f"bitShiftRight({x}, {bits})"

    def masked(self, x: str, mask: int) -> str:
        return f"bitAnd({x}, {self.wide(str(mask))})"

    def sum_limbs(self, x: str, count: int) -> tuple[str, ...]:
        return self.cut(f"SUM({self.wide(x)})", count)  # a plain sum wraps

    def unscaled(self, total: str, scale: int) -> str:
        return f"({total} * {self.wide(repr(str(10**scale)))})"

    def squared_distances(self, x: str) -> str:
        return f"varPopStable({x}) * COUNT({x})"  # varPop loses all digits of a far-off mean

    def thirds(self, s: str) -> tuple[str, str, str, str]:
        return super().thirds(f"COALESCE({s}, 0e0)")  # it converts what is behind a null, too, and fails at infinities

    def infinity(self, sign: str) -> str | None:
        return f"toFloat64('{sign}inf')"

    def not_a_number(self, x: str) -> str | None:
        return f"isNaN({x})"

    def high_bits(self, x: str) -> str:
        return f"bitShiftRight(reinterpretAsUInt64(assumeNotNull({x})), 46)"

    def microseconds(self, moment: str, zoned: bool) -> str:
        return f"toUnixTimestamp64Micro(toDateTime64({moment}, 6, 'UTC'))"

    def days(self, day: str) -> str:
        return f"toInt32(toDate32({day}))"

    def time_cut(self, unit: str, x: str, kind: Kind) -> str:
        if kind is Kind.DATE:
            raise self.refused("cut days", "its times all have a zone")
        if unit == "week":
            return f"subtractDays({self.time_cut('day', x, kind)}, toDayOfWeek({x}) - 1)"
        # What it cuts by itself, months say, is a Date of 1970 to 2149.
        return f"makeDateTime64({_CUTS[unit].format(x)}, 0, 0, 0, 6, 'UTC')"

    def time_part(self, part: str, x: str, kind: Kind) -> str:
        return _PARTS[part].format(f"toDateTime64({x}, 6, 'UTC')" if kind is Kind.DATE else x)

    def day_of(self, moment: str) -> str:
        return f"toDate32({moment})"

    def utc_clock(self, x: str) -> str:
        return f"toDateTime64({x}, 6, 'UTC')"

    def of_utc_clock(self, moment: str) -> str:
        return moment

    def moment(self, kind: Kind, text: str) -> str:
        return f"toDate32('{text[:10]}')" if kind is Kind.DATE else f"toDateTime64('{text}', 6, 'UTC')"

    def without_zeros(self, text: str) -> str:
        return text  # it prints none

    def hash60(self, text: str) -> str:
        # MD5 of a null would be a hash.
        first = f"reinterpretAsUInt64(reverse(substring(MD5(assumeNotNull({text})), 1, 8)))"
        return f"CASE WHEN {text} IS NOT NULL THEN toInt64(bitShiftRight({first}, 4)) END"

    def shifted_right(self, x: str, bits: int) -> str:
        return f"bitShiftRight({x}, {bits})"

    def by_time(self, kind: str, x: str, moment: str) -> str:
        return f"arg{'Min' if kind == 'first' else 'Max'}({x}, ({moment}, {x}))"
