"""Cells of a row as JSON values, exact.

JSON's numbers are doubles to most readers. So what a double can't hold is text here: decimals, integers beyond 2**53, and
the floats NaN and Infinity. The column's type, sent beside, says what the text is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.types as kinds

from lapwing.server.encode.moments import is_moment, iso
from lapwing.server.encode.types import is_text

_EXACT = 2**53


def json_rows(batch: pa.RecordBatch) -> list[list[Any]]:
    """The rows of a batch as JSON-ready lists, in the order of its columns."""
    columns = [cells(array) for array in batch.columns]
    return [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in range(batch.num_rows)]


def cells(array: pa.Array) -> list[Any]:
    """The values of a column, JSON-ready."""
    type_ = array.type
    if is_text(type_) or kinds.is_boolean(type_):
        return list(array.to_pylist())
    if kinds.is_floating(type_):
        return [_float(value) for value in array.to_pylist()]
    if kinds.is_integer(type_):
        return [value if value is None or -_EXACT <= value <= _EXACT else str(value) for value in array.to_pylist()]
    if kinds.is_decimal(type_):
        return [None if value is None else f"{value:f}" for value in array.to_pylist()]
    if is_moment(type_):
        return list(iso(array).to_pylist())
    return [_plain(value) for value in array.to_pylist()]


def unique_names(names: Sequence[str]) -> list[str]:
    """Names for the keys of an object: a repeated one gets a number, so that no column is lost.

    >>> unique_names(["a", "a_1", "a"])
    ['a', 'a_1', 'a_2']
    """
    found: list[str] = []
    for name in names:
        chosen, number = name, 0
        while chosen in found or (number and chosen in names):
            number += 1
            chosen = f"{name}_{number}"
        found.append(chosen)
    return found


def text(value: Any) -> str | None:
    """A JSON-ready value as text: lists and objects as JSON."""
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()


def _float(value: float | None) -> float | str | None:
    if value is None or value - value == 0.0:
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def _plain(value: Any) -> Any:
    """A nested or rare value as JSON-ready data; bytes as hexadecimal text, intervals as ISO 8601 durations."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, int):
        return value if -_EXACT <= value <= _EXACT else str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, pa.MonthDayNano):
        return _duration(value.months, value.days, value.nanoseconds)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _duration(months: int, days: int, nanoseconds: int) -> str:
    """
    >>> _duration(14, 3, -1_500_000_000), _duration(0, 0, 0)
    ('P14M3DT-1.5S', 'PT0S')
    """
    whole, fraction = divmod(abs(nanoseconds), 1_000_000_000)
    seconds = f"{whole}.{fraction:09d}".rstrip("0").rstrip(".")
    sign = "-" if nanoseconds < 0 else ""
    date = (f"{months}M" if months else "") + (f"{days}D" if days else "")
    return f"P{date}" + (f"T{sign}{seconds}S" if nanoseconds or not date else "")
