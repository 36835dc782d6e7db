"""PostgreSQL, from version 13."""

from __future__ import annotations

from lapwing.states.argument import Kind
from lapwing.states.dialects.numeric import Numeric


class Postgres(Numeric):
    name = "postgres"
    double_type = "DOUBLE PRECISION"
    text_type = "TEXT"
    fence = " OFFSET 0"
    wide_sums = True

    def quotient(self, s: str) -> str:
        # A tiny number divided by 2^20 would be an error of underflow.
        return f"CASE WHEN ABS({s}) < 1048576e0 THEN 0e0 ELSE {super().quotient(s)} END"

    def microseconds(self, moment: str, zoned: bool) -> str:
        return f"(EXTRACT(EPOCH FROM {moment}) * 1000000)"

    def time_cut(self, unit: str, x: str, kind: Kind) -> str:
        return f"DATE_TRUNC('{unit}', CAST({x} AS TIMESTAMP))"  # a date would become a time with a zone

    def time_part(self, part: str, x: str, kind: Kind) -> str:
        found = f"EXTRACT({part} FROM CAST({x} AS TIMESTAMP))"
        if part == "year" and kind is Kind.TIMESTAMPTZ:
            found = f"ABS({found})"
        elif part == "year":
            found = f"{found} + CASE WHEN {x} < DATE '0001-01-01' THEN 1 ELSE 0 END"  # its year 1 comes after -1
        return f"CASE WHEN ISFINITE({x}) THEN {found} END"

    def day_of(self, moment: str) -> str:
        return f"CAST({moment} AS DATE)"

    def utc_clock(self, x: str) -> str:
        return f"({x} AT TIME ZONE 'UTC')"

    def of_utc_clock(self, moment: str) -> str:
        return f"({moment} AT TIME ZONE 'UTC')"

    def without_zeros(self, text: str) -> str:
        return f"RTRIM(RTRIM({text}, '0'), '.')"

    def iso_date(self, x: str) -> str:
        return f"TO_CHAR({x}, 'YYYY-MM-DD')"  # a cast follows the session's DateStyle

    def in_bytes(self, x: str) -> str:
        return f'(({x}) COLLATE "C")'

    def by_time(self, kind: str, x: str, moment: str) -> str:
        way = "" if kind == "first" else " DESC"
        return f"(ARRAY_AGG({x} ORDER BY {moment}{way}, {x}{way}) FILTER (WHERE {x} IS NOT NULL))[1]"

    def hash60(self, text: str) -> str:
        return f"('x' || SUBSTR(MD5({text}), 1, 15))::BIT(60)::BIGINT"

    def high_bits(self, x: str) -> str:
        # The parentheses matter: <<, | and >> have one precedence.
        first, second, third = (f"GET_BYTE(FLOAT8SEND({x}), {place})" for place in range(3))
        return f"((({first} & 127) << 10) | ({second} << 2) | ({third} >> 6))"
