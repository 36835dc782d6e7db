"""DuckDB, Lapwing's own."""

from __future__ import annotations

from lapwing.states.argument import Argument
from lapwing.states.dialects.wide import Wide


class DuckDB(Wide):
    name = "duckdb"

    def wide(self, x: str) -> str:
        return f"CAST({x} AS HUGEINT)"

    def unscaled(self, total: str, scale: int) -> str:
        text = self.text(total)
        return self.wide(f"REPLACE({text}, '.', '')" if scale else text)

    def unscaled_row(self, x: str, argument: Argument) -> str:
        # It multiplies in the narrow type of its operand, and would overflow.
        wide = f"CAST({self.decimal(x, argument)} AS DECIMAL(38,{argument.scale}))"
        return self.integer(f"{wide} * 1{'0' * argument.scale}")

    def microseconds(self, moment: str, zoned: bool) -> str:
        return f"epoch_us(CAST({moment} AS TIMESTAMP{'TZ' if zoned else ''}))"

    def without_zeros(self, text: str) -> str:
        return f"RTRIM(RTRIM({text}, '0'), '.')"

    def by_time(self, kind: str, x: str, moment: str) -> str:
        best = "MIN" if kind == "first" else "MAX"
        return f"ARG_{best}({x}, {{'a': {moment}, 'b': {x}}})"

    def hash60(self, text: str) -> str:
        return self.integer(f"'0x' || SUBSTR(MD5({text}), 1, 15)")

    def high_bits(self, x: str) -> str:
        return f"({self.integer(f'CAST({x} AS BIT)')} >> 46)"
