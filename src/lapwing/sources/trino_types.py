"""Trino's types as the engine's, how a column travels, and its values as Arrow."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from datetime import time
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from lapwing.sources.base import Column
from lapwing.sources.types import arrow_type
from lapwing.states.dialects import dialect_of

_SAME: Final = {
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "real": "FLOAT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "varbinary": "BLOB",
}
_DECIMAL: Final = re.compile(r"decimal\((\d+),\s*(\d+)\)\Z")
_TIMED: Final = re.compile(r"(timestamp|time)(?:\((\d+)\))?( with time zone)?\Z")
_TIMES: Final = {
    ("timestamp", ""): "TIMESTAMP",
    ("timestamp", " with time zone"): "TIMESTAMP WITH TIME ZONE",
    ("time", ""): "TIME",
}
_MOST_DIGITS: Final = 6
"""Of the fraction of a second: the engine's times are whole microseconds."""
_NESTED: Final = ("array(", "map(", "row(")


def column_of(name: str, kind: str, nullable: bool = True) -> Column:
    """The column for a type as information_schema tells it.

    What the engine has no exact type for (times finer than a microsecond, char(n), intervals, uuid, json, arrays, maps,
    rows, ...) travels as text and is not compared at the source.
    """
    if kind in _SAME:
        return Column(name, _SAME[kind], nullable)
    if match := _DECIMAL.match(kind):
        return Column(name, f"DECIMAL({match[1]},{match[2]})", nullable)
    if match := _TIMED.match(kind):
        timed = _TIMES.get((match[1], match[3] or ""))
        if timed is not None and int(match[2] or 3) <= _MOST_DIGITS:
            return Column(name, timed, nullable)
    return Column(name, "VARCHAR", nullable, exact_text=kind.startswith("varchar"))


def transport(column: Column, kind: str) -> str:
    """How a column of Trino's type `kind` is selected so that `column_array` has its exact value."""
    name = dialect_of("trino").quote(column.name)
    if column.type == "VARCHAR" and not column.exact_text:
        if kind.startswith("char"):
            return f"rtrim(CAST({name} AS varchar))"  # its blanks are no part of the value
        if kind.startswith(_NESTED):
            return f"json_format(CAST({name} AS json))"
        return f"json_format({name})" if kind == "json" else f"CAST({name} AS varchar)"
    return carried(name, column.type)


def carried(x: str, engine_type: str) -> str:
    """A value of the engine's type, as it travels."""
    match engine_type:
        case "FLOAT":
            return f"CAST({x} AS double)"
        case "TIMESTAMP":
            return f"CAST({x} AS timestamp(6))"
        case "TIMESTAMP WITH TIME ZONE":
            return f"CAST({x} AT TIME ZONE 'UTC' AS timestamp(6))"
        case "TIME":
            return f"CAST({x} AS time(6))"
    return x


def column_array(values: Sequence[Any], engine_type: str) -> pa.Array:
    """The values of a column as the protocol has them: JSON's numbers, texts of what JSON has no type for.

    Raises:
        pyarrow.ArrowInvalid: one has no place in the type.
    """
    wanted = arrow_type(engine_type)
    if pa.types.is_binary(wanted):
        return pa.array([None if value is None else base64.b64decode(value) for value in values], wanted)
    if pa.types.is_floating(wanted):  # NaN and Infinity are texts
        return pa.array([None if value is None else float(value) for value in values], pa.float64()).cast(wanted)
    if pa.types.is_timestamp(wanted) and wanted.tz:
        return pc.assume_timezone(pc.cast(pa.array(values, pa.string()), pa.timestamp("us")), "UTC")
    if pa.types.is_time(wanted):
        return pa.array([None if value is None else time.fromisoformat(value) for value in values], wanted)
    if pa.types.is_decimal(wanted) or pa.types.is_temporal(wanted):
        texts = [value if value is None or isinstance(value, str) else str(value) for value in values]
        return pc.cast(pa.array(texts, pa.string()), wanted)
    return pa.array(values, wanted)
