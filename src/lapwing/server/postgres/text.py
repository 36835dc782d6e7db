"""Columns as PostgreSQL's text: what psql shows, and most drivers read."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from lapwing.server.encode.cells import cells
from lapwing.server.encode.types import is_text
from lapwing.server.postgres.types import JSON, TIMESTAMPTZ, of_arrow


def text_of(array: pa.Array) -> pa.Array:
    """The values of a column as UTF-8, null where they are null. Times with a zone are told in the zone of their type."""
    type_ = array.type
    if is_text(type_):
        return array.cast(pa.binary())
    if kinds.is_boolean(type_):
        return pc.if_else(array, b"t", b"f")
    if kinds.is_integer(type_) or kinds.is_date(type_):
        return array.cast(pa.string()).cast(pa.binary())
    if kinds.is_timestamp(type_):
        return _moments(array)
    if kinds.is_time(type_):
        return _shortened(array.cast(pa.time64("us"), safe=False))
    if kinds.is_floating(type_):
        return _floats(array)
    if of_arrow(type_) is JSON:
        return _texts([None if value is None else orjson.dumps(value).decode() for value in cells(array)])
    return _texts([None if value is None else text(value) for value in array.to_pylist()])


def text(value: Any) -> str:
    """One value of a rarer type.

    >>> text(["a", None, 'say "b"', [1, 2]]), text(b"\\x01\\xff")
    ('{a,NULL,"say \\\\"b\\\\"",{1,2}}', '\\\\x01ff')
    >>> text(pa.MonthDayNano([14, 3, -1_500_000_000]))
    '14 mons 3 days -00:00:01.500000'
    """
    if isinstance(value, list):
        return "{" + ",".join(_element(item) for item in value) + "}"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, pa.MonthDayNano):
        return _interval(value.months, value.days, value.nanoseconds // 1000)
    if isinstance(value, float):
        return text_of(pa.array([value]))[0].as_py().decode()  # type: ignore[no-any-return]
    if hasattr(value, "total_seconds"):
        return _interval(0, 0, round(value.total_seconds() * 1e6))
    if hasattr(value, "as_tuple"):
        return f"{value:f}"
    return value.isoformat(sep=" ") if hasattr(value, "hour") and hasattr(value, "year") else str(value)


def _interval(months: int, days: int, micros: int) -> str:
    parts = [f"{months} mons"] if months else []
    parts += [f"{days} days"] if days else []
    if micros or not parts:
        seconds, fraction = divmod(abs(micros), 1_000_000)
        sign = "-" if micros < 0 else ""
        parts.append(f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{fraction:06d}")
    return " ".join(parts)


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    found = text(value)
    if isinstance(value, list):
        return found
    plain = found and found.upper() != "NULL" and not any(sign in found for sign in '{}",\\ \t\n\r\v\f')
    return found if plain else '"' + found.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _texts(values: list[str | None]) -> pa.Array:
    return pa.array(values, pa.string()).cast(pa.binary())


def _floats(array: pa.Array) -> pa.Array:
    found = array.cast(pa.string())
    if pc.all(pc.is_finite(array)).as_py() is not False:
        return found.cast(pa.binary())
    for arrow, theirs in (("nan", "NaN"), ("inf", "Infinity"), ("-inf", "-Infinity")):
        found = pc.if_else(pc.equal(found, arrow), theirs, found)
    return found.cast(pa.binary())


def _moments(array: pa.Array) -> pa.Array:
    micros = array.cast(pa.timestamp("us", tz=array.type.tz), safe=False)
    zoned = of_arrow(array.type) is TIMESTAMPTZ
    if _far(micros):
        return _texts([None if value is None else _far_moment(value, zoned) for value in _microseconds(micros)])
    local = pc.local_timestamp(micros) if zoned else micros
    found = _shortened(local)
    if not zoned:
        return found
    return pc.binary_join_element_wise(found, _offsets(micros, local), b"")


def _offsets(micros: pa.Array, local: pa.Array) -> pa.Array:
    """+01, or +05:30, of each moment."""
    utc = micros.cast(pa.int64())
    seconds = pc.divide(pc.subtract(local.cast(pa.int64()), utc), 1_000_000)
    known = seconds.dictionary_encode()
    return pc.take(_texts([_offset(value) for value in known.dictionary.to_pylist()]), known.indices)


def _offset(seconds: int) -> str:
    sign, minutes = "-" if seconds < 0 else "+", abs(seconds) // 60
    return f"{sign}{minutes // 60:02d}" + (f":{minutes % 60:02d}" if minutes % 60 else "")


def _shortened(array: pa.Array) -> pa.Array:
    """Moments or times of day as text, without the zeros of a fraction: PostgreSQL shows none that it does not need."""
    whole = not _fractions(array).any()
    if whole:
        kind = pa.time32("s") if kinds.is_time(array.type) else pa.timestamp("s")
        return array.cast(kind).cast(pa.string()).cast(pa.binary())
    return pc.replace_substring_regex(array.cast(pa.string()), r"\.?0+$", "").cast(pa.binary())


def _fractions(array: pa.Array) -> np.ndarray[Any, Any]:
    micros: np.ndarray[Any, Any] = array.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    return micros % 1_000_000


_FIRST, _LAST = -62_135_596_800_000_000, 253_402_300_800_000_000
"""Microseconds of the years 1 to 9999; beyond, and for the engine's infinities, Arrow has no text."""


def _microseconds(array: pa.Array) -> list[int | None]:
    return list(array.cast(pa.int64()).to_pylist())


def _far(array: pa.Array) -> bool:
    bounds = pc.min_max(array.cast(pa.int64())).as_py()
    return bounds["min"] is not None and (bounds["min"] < _FIRST or bounds["max"] >= _LAST)


def _far_moment(micros: int, zoned: bool) -> str:
    if abs(micros) >= 2**63 - 1:
        return "infinity" if micros > 0 else "-infinity"
    moment = np.datetime64(micros, "us")
    year = int(moment.astype("datetime64[Y]").astype(np.int64)) + 1970
    rest = str(moment)[str(moment).index("-", 1) :].replace("T", " ")
    shown = f"{year:04d}" if year > 0 else f"{1 - year:04d}"
    return f"{shown}{rest}" + ("+00" if zoned else "") + ("" if year > 0 else " BC")
