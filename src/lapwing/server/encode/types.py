"""The types of columns as people and JSON see them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.types as kinds


def type_name(type_: pa.DataType) -> str:
    """One of boolean, integer, decimal, float, text, date, time, timestamp, timestamptz, or Arrow's own name.

    >>> type_name(pa.int16()), type_name(pa.timestamp("us", tz="UTC"))
    ('integer', 'timestamptz')
    """
    if kinds.is_timestamp(type_):
        return "timestamp" if type_.tz is None else "timestamptz"
    names = {
        "boolean": kinds.is_boolean,
        "integer": kinds.is_integer,
        "decimal": kinds.is_decimal,
        "float": kinds.is_floating,
        "text": is_text,
        "date": kinds.is_date,
        "time": kinds.is_time,
    }
    return next((name for name, holds in names.items() if holds(type_)), str(type_))


def is_text(type_: pa.DataType) -> bool:
    return bool(kinds.is_string(type_) or kinds.is_large_string(type_) or kinds.is_string_view(type_))


def is_number(type_: pa.DataType) -> bool:
    return bool(kinds.is_integer(type_) or kinds.is_floating(type_) or kinds.is_decimal(type_))


def columns(schema: pa.Schema) -> list[dict[str, str]]:
    """Name and type of each column, JSON-ready."""
    return [{"name": field.name, "type": type_name(field.type)} for field in schema]
