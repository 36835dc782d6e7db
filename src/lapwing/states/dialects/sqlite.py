"""SQLite: sums of 64 bits, no decimals, no hash. Times are ISO texts, with T or a blank between day and hour."""

from __future__ import annotations

from lapwing.states.argument import Argument, Kind
from lapwing.states.dialects.halves import Halves

_CUT = {"year": (4, "-01-01 00:00:00"), "month": (7, "-01 00:00:00"), "day": (10, " 00:00:00"), "hour": (10, "")}
_PARTS = {"year": "1, 4", "month": "6, 2", "day": "9, 2", "hour": "12, 2", "minute": "15, 2"}


class SQLite(Halves):
    name = "sqlite"
    bigint = "INTEGER"
    double_type = "REAL"
    text_type = "TEXT"
    orders_times = False

    def truncated(self, x: str) -> str:
        return self.integer(x)  # its cast cuts

    def thirds(self, s: str) -> tuple[str, str, str, str]:
        return self.thirds_by_integers(s)

    def infinity(self, sign: str) -> str | None:
        return f"{sign}9e999"

    def not_a_number(self, x: str) -> str | None:
        return None

    def decimal(self, x: str, argument: Argument) -> str:
        raise self.refused("a state of decimals", "it has none")

    def unscaled_row(self, x: str, argument: Argument) -> str:
        return self.decimal(x, argument)

    def square_limbs(self, y: str) -> tuple[str, ...]:
        raise self.refused("a variance of 64-bit integers", "their squares do not fit")

    def squared_distances(self, x: str) -> str:
        raise self.refused("a variance of floats", "it has no VAR_POP")

    def least(self, x: str, y: str) -> str:
        return f"MIN({x}, {y})"

    def microseconds(self, moment: str, zoned: bool) -> str:
        if zoned:
            raise self.refused("a state of timestamps with time zone", "it has none")
        seconds = f"CAST(STRFTIME('%s', SUBSTR({moment}, 1, 19)) AS INTEGER)"
        return f"({seconds} * 1000000 + CAST(SUBSTR(SUBSTR({moment}, 21) || '000000', 1, 6) AS INTEGER))"

    def days(self, day: str) -> str:
        return f"(CAST(STRFTIME('%s', {day}) AS INTEGER) / 86400)"

    def time_cut(self, unit: str, x: str, kind: Kind) -> str:
        if unit not in _CUT:
            raise self.refused(f"times cut to their {unit}", "they are texts")
        if unit == "hour":
            hour = "'00'" if kind is Kind.DATE else f"SUBSTR({x}, 12, 2)"  # between day and hour stands a blank or a T
            return f"SUBSTR({x}, 1, 10) || ' ' || {hour} || ':00:00'"
        until, rest = _CUT[unit]
        return f"SUBSTR({x}, 1, {until}) || '{rest}'"

    def time_part(self, part: str, x: str, kind: Kind) -> str:
        if part not in _PARTS or (kind is Kind.DATE and part in ("hour", "minute")):
            raise self.refused(f"the {part} of times", "they are texts")
        return f"SUBSTR({x}, {_PARTS[part]})"

    def day_of(self, moment: str) -> str:
        return f"SUBSTR({moment}, 1, 10)"

    def in_bytes(self, x: str) -> str:
        return f"(({x}) COLLATE BINARY)"

    def hash60(self, text: str) -> str:
        raise self.refused("a distinct count", "it has no hash")

    def by_time(self, kind: str, x: str, moment: str) -> str:
        raise self.refused(f"a {kind} value", "of several at one moment it takes any")
