"""Times that rows are grouped by: cut to a unit, parts of them, their days. Few of them stand for very many moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lapwing.sql.aggregate.leaves import Node
from lapwing.states.argument import Kind, argument_of
from lapwing.states.dialects.base import Dialect

_TYPES: Final = ("DATE", "TIMESTAMP")
_ZONED: Final = "TIMESTAMP WITH TIME ZONE"
_UTC: Final = frozenset({"UTC", "Etc/UTC"})
_CUTS: Final = frozenset({"date_trunc", "datetrunc"})
_PARTS: Final = frozenset({"date_part", "datepart"})
_NAMED: Final[Mapping[str, str]] = {
    "year": "year",
    "quarter": "quarter",
    "month": "month",
    "day": "day",
    "dayofmonth": "day",
    "week": "week",
    "weekofyear": "week",
    "dayofyear": "doy",
    "dayofweek": "dow",
    "weekday": "dow",
    "isodow": "isodow",
    "hour": "hour",
    "minute": "minute",
}
_YEARS: Final = 30
"""Years that a table is taken to span."""
_FEW: Final[Mapping[str, int]] = {
    "year": _YEARS,
    "quarter": 4 * _YEARS,
    "month": 12 * _YEARS,
    "week": 52 * _YEARS,
    "day": 365 * _YEARS,
    "hour": 24 * 365 * _YEARS,
}
_FEW_PARTS: Final[Mapping[str, int]] = {
    "year": _YEARS, "quarter": 4, "month": 12, "day": 31, "week": 53, "doy": 366, "dow": 7, "isodow": 7, "hour": 24,
    "minute": 60,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cut:
    """A time cut to `unit` ("date": its day as a date), or (`part`) that part of it."""

    unit: str
    part: bool = False

    @property
    def most(self) -> float:
        """About how many different ones a table may have."""
        return float((_FEW_PARTS if self.part else _FEW).get(self.unit, _FEW["day"]))


def cut_types(zone: str) -> tuple[str, ...]:
    """What is cut by sources. A time with a zone is cut by the session's `zone`, which they do not have, unless it is UTC."""
    return (*_TYPES, _ZONED) if zone in _UTC else _TYPES


def written(cut: Cut, x: str, type_: str, engine: Dialect) -> str:
    """The cut of a column, `x` of the engine's type `type_`, in a source's SQL.

    Raises:
        Refused: the source might cut otherwise.
    """
    kind = argument_of(type_).kind
    zoned = kind is Kind.TIMESTAMPTZ
    x = engine.utc_clock(x) if zoned else x
    if cut.part:
        return engine.integer(engine.time_part(cut.unit, x, kind))
    if cut.unit == "date":
        return x if kind is Kind.DATE else engine.day_of(x)
    found = engine.time_cut(cut.unit, x, Kind.TIMESTAMP if zoned else kind)
    return engine.of_utc_clock(found) if zoned else found


def cut_of(node: Node) -> tuple[Cut, Node] | None:
    """How an expression in the engine's syntax tree cuts a time, and what it cuts; None where it does not."""
    if node["class"] == "CAST":
        day = str(node["type_expr"].get("type_name", "")).lower() == "date"  # of a time try_cast is the same
        return (Cut("date"), node["child"]) if day else None
    if node["class"] != "FUNCTION":
        return None
    name, arguments = str(node["function_name"]).lower(), [one["expression"] for one in node["arguments"]]
    if name in _NAMED:
        return Cut(_NAMED[name], part=True), arguments[0]
    if name in _CUTS | _PARTS:
        literal, part = arguments[0].get("literal", {}), name in _PARTS
        unit = str(literal.get("text", "")).lower()
        if unit in (_FEW_PARTS if part else _FEW):
            return Cut(unit, part), arguments[1]
    return None
