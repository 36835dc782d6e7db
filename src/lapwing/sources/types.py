"""Types, as the engine names them: their Arrow type, their family, and how to get one from what a source sent."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from lapwing.sources.base import Family

_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)\Z", re.IGNORECASE)

_ARROW = {
    "BOOLEAN": pa.bool_(),
    "TINYINT": pa.int8(),
    "SMALLINT": pa.int16(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "UTINYINT": pa.uint8(),
    "USMALLINT": pa.uint16(),
    "UINTEGER": pa.uint32(),
    "UBIGINT": pa.uint64(),
    "HUGEINT": pa.decimal128(38, 0),
    "FLOAT": pa.float32(),
    "DOUBLE": pa.float64(),
    "VARCHAR": pa.string(),
    "BLOB": pa.binary(),
    "DATE": pa.date32(),
    "TIME": pa.time64("us"),
    "TIMESTAMP": pa.timestamp("us"),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"),
}

_FAMILY = {
    "BOOLEAN": Family.BOOLEAN,
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"), Family.INTEGER),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"), Family.INTEGER),
    "FLOAT": Family.FLOAT,
    "DOUBLE": Family.FLOAT,
    "VARCHAR": Family.TEXT,
    "DATE": Family.DATE,
    "TIMESTAMP": Family.TIMESTAMP,
    "TIMESTAMP WITH TIME ZONE": Family.TIMESTAMPTZ,
}


def decimal_of(engine_type: str) -> tuple[int, int] | None:
    """Precision and scale of DECIMAL(p,s), None for other types."""
    match = _DECIMAL.match(engine_type)
    return (int(match[1]), int(match[2])) if match else None


def family(engine_type: str) -> Family | None:
    """What capability tables go by; None for types that are never pushed."""
    return Family.DECIMAL if decimal_of(engine_type) else _FAMILY.get(engine_type.upper())


def arrow_type(engine_type: str) -> pa.DataType:
    """The Arrow type in which values of an engine type travel; what has none of its own travels as text."""
    if decimal := decimal_of(engine_type):
        return pa.decimal128(*decimal)
    return _ARROW.get(engine_type.upper(), pa.string())


def has_arrow_type(engine_type: str) -> bool:
    """Whether values of an engine type travel as what they are."""
    return engine_type.upper() in _ARROW or decimal_of(engine_type) is not None


def convert(array: pa.Array, engine_type: str) -> pa.Array:
    """What a source sent, as `arrow_type(engine_type)`; exact, or an error. Whole numbers sent for a decimal are its
    unscaled values, which travel fastest.

    Raises:
        pyarrow.ArrowInvalid: a value has no place in that type.
    """
    wanted = arrow_type(engine_type)
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if array.type == wanted:
        return array
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), wanted)
    if pa.types.is_decimal(wanted) and pa.types.is_int64(array.type):
        return pc.cast(array.view(pa.decimal64(min(18, wanted.precision), wanted.scale)), wanted)
    if pa.types.is_timestamp(wanted) and wanted.tz and pa.types.is_timestamp(array.type) and array.type.tz is None:
        return pc.assume_timezone(pc.cast(array, pa.timestamp("us")), "UTC")
    if pa.types.is_boolean(wanted) and pa.types.is_integer(array.type):
        return pc.not_equal(array, 0)
    return pc.cast(array, wanted)
