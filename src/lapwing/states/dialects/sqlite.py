"""SQLite: sums of 64 bits, no decimals, no hash. Times are ISO texts, with T or a blank between day and hour."""

from __future__ import annotations

from lapwing.states.argument import Argument
from lapwing.states.dialects.halves import Halves


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

    def in_bytes(self, x: str) -> str:
        return f"(({x}) COLLATE BINARY)"

    def hash60(self, text: str) -> str:
        raise self.refused("a distinct count", "it has no hash")

    def by_time(self, kind: str, x: str, moment: str) -> str:
        raise self.refused(f"a {kind} value", "of several at one moment it takes any")
