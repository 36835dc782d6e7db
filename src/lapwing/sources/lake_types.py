"""Columns of tables in a lake: their types by those of Arrow, which both libraries give, and how a value that the engine has
no type for travels as text."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, Final

import pyarrow as pa

from lapwing.sources.base import Column

_ENGINE: Final = {
    pa.bool_(): "BOOLEAN",
    pa.int8(): "TINYINT",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.uint8(): "UTINYINT",
    pa.uint16(): "USMALLINT",
    pa.uint32(): "UINTEGER",
    pa.uint64(): "UBIGINT",
    pa.float32(): "FLOAT",
    pa.float64(): "DOUBLE",
    pa.date32(): "DATE",
}
_DIGITS: Final = 38


def column_of(field: pa.Field) -> Column:
    """The column for a field. Lists, structures and maps are JSON, a uuid is text; neither is compared by its source. A
    moment of nanoseconds is read where it is one of whole microseconds."""
    engine = _engine(field.type)
    return Column(field.name, engine or "VARCHAR", field.nullable, exact_text=engine is not None)


def _engine(kind: pa.DataType) -> str | None:
    if kind in _ENGINE:
        return _ENGINE[kind]
    if pa.types.is_decimal(kind) and kind.precision <= _DIGITS:
        return f"DECIMAL({kind.precision},{kind.scale})"
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP WITH TIME ZONE" if kind.tz else "TIMESTAMP"
    if pa.types.is_time(kind):
        return "TIME"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "VARCHAR"
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return "BLOB"
    return None


def as_columns(batch: pa.RecordBatch, columns: Sequence[Column], schema: pa.Schema) -> pa.RecordBatch:
    """The columns of a batch whose fields are of `schema`, each as `sources.types.convert` takes it; by name."""
    arrays = []
    for column in columns:
        array, kind = batch.column(column.name), schema.field(column.name).type
        if isinstance(array, pa.DictionaryArray):
            array = array.dictionary_decode()
        arrays.append(array if _engine(kind) is not None else _texts(array, kind))
    if not columns:
        return batch.select([])
    return pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns])


def _texts(array: pa.Array, kind: pa.DataType) -> pa.Array:
    write = _uuid if isinstance(kind, pa.UuidType) else _json
    values = array.storage if isinstance(array, pa.ExtensionArray) else array
    return pa.array([None if value is None else write(value) for value in values.to_pylist()], pa.string())


def _uuid(value: bytes) -> str:
    return str(uuid.UUID(bytes=value))


def _json(value: object) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> str:
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)
