"""Timestamps, dates and times as ISO 8601 text, whole columns at once."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

_LAST = 2**63 - 1
_LAST_DAY = 2**31 - 1
"""How the engine writes infinity; minus infinity is its negative."""
_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


def is_moment(type_: pa.DataType) -> bool:
    return bool(kinds.is_timestamp(type_) or kinds.is_date(type_) or kinds.is_time(type_))


def iso(array: pa.Array) -> pa.Array:
    """A column of moments as text: 2013-02-08T05:00:00-05:00 in the column's zone, without an offset where it has none;
    fractions of a second only where there are any."""
    if kinds.is_timestamp(array.type):
        return _infinite(array, _timestamps(array), pa.int64(), _LAST)
    text = pc.cast(array, pa.string())
    if kinds.is_date32(array.type):
        return _infinite(array, text, pa.int32(), _LAST_DAY)
    return _end_of_day(array, pc.replace_substring_regex(text, r"\.0+$", ""))


def _timestamps(array: pa.Array) -> pa.Array:
    zoned = array.type.tz is not None
    text = pc.strftime(array, format="%Y-%m-%dT%H:%M:%S%z" if zoned else "%Y-%m-%dT%H:%M:%S")
    text = pc.replace_substring_regex(text, r"\.0+($|[+-])", r"\1")
    return pc.replace_substring_regex(text, r"([+-]\d\d)(\d\d)$", r"\1:\2") if zoned else text


def _end_of_day(array: pa.Array, text: pa.Array) -> pa.Array:
    """24:00:00 is a time in SQL, and none in Arrow's texts."""
    ends = pc.equal(array.cast(pa.int64() if array.type.bit_width == 64 else pa.int32()), _DAY[array.type.unit])
    return pc.if_else(ends, "24:00:00", text) if pc.any(ends).as_py() else text


def _infinite(array: pa.Array, text: pa.Array, integer: pa.DataType, last: int) -> pa.Array:
    counts = array.cast(integer)
    ends = pc.min_max(counts)
    if ends["max"].as_py() == last:
        text = pc.if_else(pc.equal(counts, last), "infinity", text)
    if ends["min"].as_py() == -last:
        text = pc.if_else(pc.equal(counts, -last), "-infinity", text)
    return text
