"""ClickHouse's types as the engine's, and how a column travels so that Arrow has it exactly."""

from __future__ import annotations

import re
from typing import Final

from lapwing.sources.base import Column
from lapwing.sources.quote import identifier

_WRAPPED: Final = re.compile(r"(Nullable|LowCardinality|SimpleAggregateFunction)\((.*)\)\Z", re.DOTALL)
_DECIMAL: Final = re.compile(r"Decimal\((\d+), ?(\d+)\)\Z")
_MOMENT: Final = re.compile(r"DateTime64\((\d)")
_SAME: Final = {
    "Bool": "BOOLEAN",
    "Int8": "TINYINT",
    "Int16": "SMALLINT",
    "Int32": "INTEGER",
    "Int64": "BIGINT",
    "UInt8": "UTINYINT",
    "UInt16": "USMALLINT",
    "UInt32": "UINTEGER",
    "UInt64": "UBIGINT",
    "Float32": "FLOAT",
    "Float64": "DOUBLE",
    "String": "VARCHAR",
    "Date": "DATE",
    "Date32": "DATE",
}
_TREES: Final = ("Array", "Map", "Tuple", "Nested", "JSON", "Object", "Variant", "Dynamic", "Point", "Ring", "Polygon")
_MICRO: Final = 6
_DIGITS: Final = 38


def column_of(name: str, kind: str) -> Column | None:
    """The column for a type as system.columns tells it; None for the states of aggregates, which are no values.

    A DateTime is an instant, whatever zone it is shown in. What the engine has no exact type for (whole numbers of more than
    64 bits, UUID, addresses, Enum, FixedString, arrays, maps, JSON, ...) travels as text and is not compared at the source.
    """
    plain, nullable = unwrapped(kind)
    if plain.startswith("AggregateFunction"):
        return None
    if plain in _SAME:
        return Column(name, _SAME[plain], nullable)
    if (decimal := _DECIMAL.match(plain)) and int(decimal[1]) <= _DIGITS:
        return Column(name, f"DECIMAL({decimal[1]},{decimal[2]})", nullable)
    if plain.startswith("DateTime"):
        return Column(name, "TIMESTAMP WITH TIME ZONE", nullable)
    return Column(name, "VARCHAR", nullable, exact_text=False)


def transport(name: str, kind: str) -> str:
    """How a column of this type is selected. A moment of nanoseconds stays one: where it is none of whole microseconds, that
    is an error of the read."""
    plain, _ = unwrapped(kind)
    written = identifier(name)
    if plain in ("Date", "Date32"):
        return f"toDate32({written})"
    if plain.startswith("DateTime"):
        return f"toDateTime64({written}, {max(_MICRO, digits_of(kind))}, 'UTC')"
    if plain in _SAME or ((decimal := _DECIMAL.match(plain)) and int(decimal[1]) <= _DIGITS):
        return written
    if plain.startswith("FixedString"):
        return f"toStringCutToZero({written})"
    return f"toJSONString({written})" if plain.startswith(_TREES) else f"toString({written})"


def digits_of(kind: str) -> int:
    """How many digits of a second a moment of this type has."""
    found = _MOMENT.match(unwrapped(kind)[0])
    return int(found[1]) if found else 0


def unwrapped(kind: str) -> tuple[str, bool]:
    """The type within what ClickHouse wraps it in, and whether it may be null.

    >>> unwrapped("LowCardinality(Nullable(String))")
    ('String', True)
    """
    nullable = False
    while found := _WRAPPED.match(kind):
        nullable = nullable or found[1] == "Nullable"
        kind = found[2].split(", ", 1)[1] if found[1] == "SimpleAggregateFunction" else found[2]
    return kind, nullable
