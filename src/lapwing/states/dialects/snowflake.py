"""Snowflake. Conditions and groups are written in it; its states were never compared with those of others on a server, so
none are built there."""

from __future__ import annotations

from collections.abc import Mapping

from lapwing.states.argument import Kind
from lapwing.states.dialects.base import Dialect

_TYPES = {Kind.DATE: "DATE", Kind.TIMESTAMP: "TIMESTAMP_NTZ", Kind.TIMESTAMPTZ: "TIMESTAMP_TZ"}

_PARTS: Mapping[str, str] = {
    "week": "WEEKISO({})",
    "doy": "DAYOFYEAR({})",
    "dow": "MOD(DAYOFWEEKISO({}), 7)",
    "isodow": "DAYOFWEEKISO({})",
}


class Snowflake(Dialect):
    name = "snowflake"
    builds = False

    def literal(self, value: str) -> str:
        return super().literal(value.replace("\\", "\\\\"))

    def moment(self, kind: Kind, text: str) -> str:
        shown = text[:10] if kind is Kind.DATE else f"{text}+00:00" if kind is Kind.TIMESTAMPTZ else text
        return f"'{shown}'::{_TYPES[kind]}"

    def time_cut(self, unit: str, x: str, kind: Kind) -> str:
        moment = f"CAST({x} AS TIMESTAMP_NTZ)"
        if unit == "week":  # an account may begin its weeks on another day
            return f"DATEADD('day', 1 - DAYOFWEEKISO({moment}), DATE_TRUNC('day', {moment}))"
        return f"DATE_TRUNC('{unit}', {moment})"

    def time_part(self, part: str, x: str, kind: Kind) -> str:
        return _PARTS.get(part, f"{part.upper()}({{}})").format(f"CAST({x} AS TIMESTAMP_NTZ)")

    def day_of(self, moment: str) -> str:
        return f"CAST({moment} AS DATE)"

    def sum_limbs(self, x: str, count: int) -> tuple[str, ...]:
        return self.cut(f"SUM({x})", count)

    def cut(self, total: str, count: int) -> tuple[str, ...]:
        if count > 1:
            raise self.refused("a sum of 64-bit integers", "its digits are not cut there")
        return (self.integer(f"COALESCE({total}, 0)"),)
