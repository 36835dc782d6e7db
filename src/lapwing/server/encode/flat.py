"""Columns that a format has no type for, as text."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.types as kinds

from lapwing.server.encode.cells import cells, text
from lapwing.server.encode.moments import is_moment, iso
from lapwing.server.encode.types import is_number, is_text


class Texts:
    """Turns the columns whose type `lacks` says so to text, batch by batch: moments as ISO 8601, lists and structs as
    JSON, bytes as hexadecimal digits, intervals as ISO 8601 durations."""

    def __init__(self, schema: pa.Schema, lacks: Callable[[pa.DataType], bool]) -> None:
        self._changed = [lacks(field.type) for field in schema]
        fields = zip(schema, self._changed, strict=True)
        self.schema = pa.schema([pa.field(f.name, pa.string() if changed else f.type) for f, changed in fields])

    def of(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if not any(self._changed):
            return batch
        columns = zip(batch.columns, self._changed, strict=True)
        arrays = [_text(array) if changed else array for array, changed in columns]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def _text(array: pa.Array) -> pa.Array:
    return iso(array) if is_moment(array.type) else pa.array(map(text, cells(array)), pa.string())


def csv_lacks(type_: pa.DataType) -> bool:
    """CSV has numbers, booleans and text; null of no type is empty."""
    return not (is_number(type_) or is_text(type_) or kinds.is_boolean(type_) or kinds.is_null(type_))


def parquet_lacks(type_: pa.DataType) -> bool:
    """Parquet knows all but intervals and unions, alone or inside other types."""
    if kinds.is_interval(type_) or kinds.is_union(type_):
        return True
    return any(parquet_lacks(type_.field(i).type) for i in range(type_.num_fields))
