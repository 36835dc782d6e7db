"""Columns in PostgreSQL's binary format, which asyncpg, psycopg and JDBC ask for where they can read it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.types as kinds

from lapwing.server.postgres.text import text_of
from lapwing.server.postgres.types import (
    BOOL,
    BYTEA,
    DATE,
    ELEMENTS,
    FLOAT4,
    FLOAT8,
    INT2,
    INT4,
    INT8,
    INTERVAL,
    NUMERIC,
    OID,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    UUID,
    PgType,
    of_arrow,
)

EPOCH_DAYS = 10_957
"""Days from 1970-01-01 to 2000-01-01, where PostgreSQL counts from."""
EPOCH_MICROS = EPOCH_DAYS * 86_400_000_000
_FOREVER = 2**63 - 1


def binary_of(array: pa.Array, kind: PgType | None = None) -> pa.Array:
    """The values of a column as bytes, null where they are null. `kind` is what they are sent as."""
    type_ = array.type
    kind = kind or of_arrow(type_)
    if kinds.is_dictionary(type_):
        return binary_of(array.cast(type_.value_type), kind)
    if kind in _NUMBERS:
        return _fixed(array, _numbers(array, pa.int16() if kind is INT2 else None), _NUMBERS[kind])
    if kind in (TIMESTAMP, TIMESTAMPTZ):
        micros = _numbers(array.cast(pa.timestamp("us", tz=type_.tz), safe=False))
        return _fixed(array, np.where(abs(micros) == _FOREVER, micros, micros - EPOCH_MICROS), ">i8")
    if kind is DATE:
        return _fixed(array, _numbers(array.cast(pa.date32())) - EPOCH_DAYS, ">i4")
    if kind is TIME:
        return _fixed(array, _numbers(array.cast(pa.time64("us"), safe=False)), ">i8")
    if kind is BOOL:
        return _fixed(array, _numbers(array, pa.int8()), "i1")
    if kind is BYTEA:
        return array.cast(pa.binary())
    if kind in (NUMERIC, INTERVAL, UUID) or kind.oid in ELEMENTS:
        write = encoder(kind.oid)
        values = [None if value is None else write(value) for value in array.to_pylist()]
        return pa.array(values, pa.binary())
    return text_of(array)


def encoder(oid: int) -> Callable[[Any], bytes]:
    """What writes one value of a type: for those that are not written a column at a time, and the elements of arrays."""
    if oid in ELEMENTS:
        element = ELEMENTS[oid]
        write = encoder(element.oid)
        return lambda values: _array(values, element.oid, write)
    if oid == NUMERIC.oid:
        return numeric
    if oid == INTERVAL.oid:
        return _interval
    if oid == UUID.oid:
        return lambda value: bytes(value.bytes)
    found = {
        INT2.oid: pa.int16(), INT4.oid: pa.int32(), INT8.oid: pa.int64(), OID.oid: pa.uint32(), FLOAT4.oid: pa.float32(),
        FLOAT8.oid: pa.float64(), BOOL.oid: pa.bool_(), DATE.oid: pa.date32(), TIME.oid: pa.time64("us"),
        TIMESTAMP.oid: pa.timestamp("us"), TIMESTAMPTZ.oid: pa.timestamp("us", "UTC"), BYTEA.oid: pa.binary(),
    }.get(oid, pa.string())  # fmt: skip
    kind = OID if oid == OID.oid else None
    return lambda value: binary_of(pa.array([value], found), kind)[0].as_py()


def numeric(value: Decimal | int) -> bytes:
    """A decimal as groups of four digits.

    >>> numeric(Decimal("12345.67")).hex()
    '0003000100000002000109291a2c'
    """
    sign, digits, exponent = Decimal(value).as_tuple()
    if not isinstance(exponent, int):
        return struct.pack("!hhHh", 0, 0, 0xC000, 0)
    scale = max(0, -exponent)
    number = "".join(map(str, digits)) + "0" * max(0, exponent)
    whole, fraction = (number[:-scale], number[-scale:].rjust(scale, "0")) if scale else (number, "")
    whole, fraction = whole.zfill(-(-len(whole) // 4) * 4), fraction + "0" * (-len(fraction) % 4)
    groups = [int((whole + fraction)[at : at + 4]) for at in range(0, len(whole) + len(fraction), 4)]
    weight = len(whole) // 4 - 1
    while groups and groups[0] == 0:
        groups.pop(0)
        weight -= 1
    while groups and groups[-1] == 0:
        groups.pop()
    weight = weight if groups else 0
    head = struct.pack("!hhHh", len(groups), weight, 0x4000 if sign and groups else 0, scale)
    return head + struct.pack(f"!{len(groups)}h", *groups)


def _interval(value: Any) -> bytes:
    if isinstance(value, pa.MonthDayNano):
        return struct.pack("!qii", value.nanoseconds // 1000, value.days, value.months)
    return struct.pack("!qii", round(value.total_seconds() * 1e6), 0, 0)


def _array(values: list[Any], oid: int, write: Callable[[Any], bytes]) -> bytes:
    parts = [struct.pack("!iiI", 1 if values else 0, int(None in values), oid)]
    if values:
        parts.append(struct.pack("!ii", len(values), 1))
    for value in values:
        data = None if value is None else write(value)
        parts.append(struct.pack("!i", -1) if data is None else struct.pack("!i", len(data)) + data)
    return b"".join(parts)


_NUMBERS = {OID: ">u4", INT2: ">i2", INT4: ">i4", INT8: ">i8", FLOAT4: ">f4", FLOAT8: ">f8"}


def _numbers(array: pa.Array, as_: pa.DataType | None = None) -> np.ndarray[Any, Any]:
    """The values as numpy, 0 where they are null; those of times as integers."""
    type_ = array.type
    if as_ is None and (kinds.is_temporal(type_)):
        as_ = pa.int32() if kinds.is_date32(type_) else pa.int64()
    plain = array.cast(as_) if as_ is not None else array
    return plain.fill_null(0).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def _fixed(array: pa.Array, values: np.ndarray[Any, Any], form: str) -> pa.Array:
    """Numbers as a column of bytes; null where `array` is."""
    return fixed(values.astype(form), array.is_valid() if array.null_count else None)


def fixed(values: np.ndarray[Any, Any], valid: pa.Array | None = None) -> pa.Array:
    """The bytes of each number as they lie in memory."""
    offsets = np.arange(len(values) + 1, dtype=np.int32) * values.dtype.itemsize
    bits = None if valid is None else valid.buffers()[1]
    data = pa.py_buffer(np.ascontiguousarray(values).tobytes())
    return pa.Array.from_buffers(pa.binary(), len(values), [bits, pa.py_buffer(offsets), data])
