"""Snowflake's types as the engine's, and how a column travels."""

from __future__ import annotations

from typing import Final

from lapwing.sources.base import Column
from lapwing.sources.quote import identifier

_SAME: Final = {
    "FLOAT": "DOUBLE",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TIME": "TIME",
    "BINARY": "BLOB",
    "TIMESTAMP_NTZ": "TIMESTAMP",
    "TIMESTAMP_LTZ": "TIMESTAMP WITH TIME ZONE",
    "TIMESTAMP_TZ": "TIMESTAMP WITH TIME ZONE",
}
_WHOLE: Final = ((2, "TINYINT"), (4, "SMALLINT"), (9, "INTEGER"), (18, "BIGINT"), (38, "HUGEINT"))
_HALF_STRUCTURED: Final = ("VARIANT", "OBJECT", "ARRAY", "MAP")


def column_of(
    name: str,
    kind: str,
    precision: int | None = None,
    scale: int | None = None,
    *,
    nullable: bool = True,
    collation: str | None = None,
) -> Column:
    """The column for a type as INFORMATION_SCHEMA tells it. A NUMBER without digits behind the point is the least whole
    number that holds its digits: an INT is a NUMBER(38,0), and so a HUGEINT. What the engine has no exact type for (VARIANT,
    OBJECT, ARRAY, GEOGRAPHY, VECTOR, ...) travels as text and is not compared at the source, nor is text with a collation.

    >>> column_of("n", "NUMBER", 38, 0).type, column_of("n", "NUMBER", 12, 2).type
    ('HUGEINT', 'DECIMAL(12,2)')
    """
    if kind == "NUMBER":
        digits = 38 if precision is None else precision
        type_ = f"DECIMAL({digits},{scale})" if scale else next(one for most, one in _WHOLE if digits <= most)
        return Column(name, type_, nullable)
    if kind in _SAME:
        return Column(name, _SAME[kind], nullable)
    return Column(name, "VARCHAR", nullable, exact_text=kind == "TEXT" and not collation)


def transport(name: str, kind: str) -> str:
    """How a column of this type is selected: JSON without blanks, and text of what has no type."""
    written = identifier(name)
    if kind in _HALF_STRUCTURED:
        return f"TO_JSON({written})"
    if kind in ("GEOGRAPHY", "GEOMETRY"):
        return f"ST_ASWKT({written})"
    return written if kind in _SAME or kind in ("NUMBER", "TEXT", "") else f"CAST({written} AS VARCHAR)"
