"""Cells of a row as JSON values, exact.

JSON's numbers are doubles to most readers. So what a double can't hold is text here: decimals, integers beyond 2**53, and
the floats NaN and Infinity. The column's type, sent beside, says what the text is.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from lapwing.server.encode.moments import with_iso_times
from lapwing.server.encode.types import is_text

_EXACT = 2**53


def json_rows(batch: pa.RecordBatch) -> list[list[Any]]:
    """The rows of a batch as JSON-ready lists, in the order of its columns."""
    columns = [_cells(array) for array in with_iso_times(batch).columns]
    return [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in range(batch.num_rows)]


def _cells(array: pa.Array) -> list[Any]:
    type_ = array.type
    if is_text(type_) or kinds.is_boolean(type_):
        return list(array.to_pylist())
    if kinds.is_floating(type_):
        return [_float(value) for value in array.to_pylist()]
    if kinds.is_integer(type_):
        return [value if value is None or -_EXACT <= value <= _EXACT else str(value) for value in array.to_pylist()]
    if kinds.is_decimal(type_):
        return [None if value is None else f"{value:f}" for value in array.to_pylist()]
    if kinds.is_date(type_) or kinds.is_time(type_):
        return list(pc.cast(array, pa.string()).to_pylist())
    return [plain(value) for value in array.to_pylist()]


def _float(value: float | None) -> float | str | None:
    if value is None or value - value == 0.0:
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def plain(value: Any) -> Any:
    """A nested or rare value as JSON-ready data; bytes as hexadecimal text."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, int):
        return value if -_EXACT <= value <= _EXACT else str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
