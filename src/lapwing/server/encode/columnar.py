"""The answer of a metric query as columnar JSON, fast: series of numbers for charts.

Timestamps are UTC epoch milliseconds. Decimals and large integers are JSON numbers with all their digits; not-a-number
is null.
"""

from __future__ import annotations

from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from lapwing.server.encode.cells import cells
from lapwing.server.encode.types import is_text

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


def dumps(value: Any) -> bytes:
    """JSON of plain data, dataclasses, datetimes and numpy arrays."""
    return orjson.dumps(value, option=_OPTIONS)


def columnar(table: pa.Table) -> dict[str, Any]:
    """Name -> values, ready for `dumps`."""
    return {name: _values(table.column(name)) for name in table.column_names}


def _values(column: pa.ChunkedArray) -> Any:
    type_ = column.type
    if kinds.is_timestamp(type_):
        micros = column if type_.unit == "us" else column.cast(pa.timestamp("us", type_.tz), safe=False)
        column = pc.divide(micros.cast(pa.int64()), 1000)
        type_ = column.type
    if kinds.is_floating(type_):
        return column.cast(pa.float64()).to_numpy()  # null is NaN there, and NaN is null in JSON
    if kinds.is_integer(type_) and not column.null_count:
        return column.to_numpy()
    if kinds.is_decimal(type_):
        return orjson.Fragment(f"[{','.join(pc.fill_null(column.cast(pa.string()), 'null').to_pylist())}]")
    if kinds.is_integer(type_) or kinds.is_boolean(type_) or is_text(type_):
        return column.to_pylist()
    return [value for chunk in column.chunks for value in cells(chunk)]
