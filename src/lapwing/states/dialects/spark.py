"""Spark SQL, in its ANSI mode (the default since version 4). Sessions are in UTC: differences of naive timestamps are taken
in the session's zone, where clocks that go forward leave an hour out."""

from __future__ import annotations

from lapwing.states.argument import Kind
from lapwing.states.dialects.halves import Halves
from lapwing.states.dialects.numeric import Numeric


class Spark(Halves, Numeric):
    name = "spark"
    text_type = "STRING"
    settings = ("SET TIME ZONE 'UTC'",)

    def quote(self, name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    def literal(self, value: str) -> str:
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def high_half(self, x: str) -> str:
        return f"shiftright({x}, 32)"

    def constant(self, value: int) -> str:
        return f"{value}BD"

    def divided(self, top: str, bottom: int) -> str:
        return f"CAST(({top} DIV {self.constant(bottom)}) AS DECIMAL(20,0))"  # which gives 64 bits, too few to sum

    def unscaled(self, total: str, scale: int) -> str:
        text = self.text(total)  # multiplied it would pass 38 digits
        digits = f"REPLACE({text}, '.', '')" if scale else text
        return f"CAST({digits} AS DECIMAL(38,0))"

    def truncated(self, x: str) -> str:
        return self.integer(x)  # its cast cuts

    def thirds(self, s: str) -> tuple[str, str, str, str]:
        return self.thirds_by_integers(s)  # FLOOR gives 64 bits, and there is no TRUNC of doubles

    def not_a_number(self, x: str) -> str | None:
        return f"isnan({x})"

    def microseconds(self, moment: str, zoned: bool) -> str:
        if zoned:
            return f"unix_micros({moment})"
        return f"timestampdiff(MICROSECOND, TIMESTAMP_NTZ '1970-01-01 00:00:00', {moment})"

    def days(self, day: str) -> str:
        return f"unix_date({day})"

    def moment(self, kind: Kind, text: str) -> str:
        if kind is Kind.DATE:
            return f"DATE '{text[:10]}'"
        return f"TIMESTAMP '{text}+00:00'" if kind is Kind.TIMESTAMPTZ else f"TIMESTAMP_NTZ '{text}'"

    def hash60(self, text: str) -> str:
        return f"CAST(CONV(LEFT(MD5({text}), 15), 16, 10) AS BIGINT)"

    def shifted_right(self, x: str, bits: int) -> str:
        return f"shiftright({x}, {bits})"

    def by_time(self, kind: str, x: str, moment: str) -> str:
        best = "MIN" if kind == "first" else "MAX"
        return f"{best}_BY({x}, CASE WHEN {x} IS NOT NULL THEN STRUCT({moment} AS a, {x} AS b) END)"
