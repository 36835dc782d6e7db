"""PEP 249's types and the makers of their values. A column's `type_code` is its Arrow type, which equals its kind here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pyarrow as pa

Date, Time, Timestamp = dt.date, dt.time, dt.datetime


def DateFromTicks(ticks: float) -> dt.date:  # noqa: N802 - PEP 249's name
    """The day of a moment in seconds since 1970, where this machine is."""
    return dt.datetime.fromtimestamp(ticks).astimezone().date()


def TimeFromTicks(ticks: float) -> dt.time:  # noqa: N802 - PEP 249's name
    return dt.datetime.fromtimestamp(ticks).astimezone().time()


def TimestampFromTicks(ticks: float) -> dt.datetime:  # noqa: N802 - PEP 249's name
    return dt.datetime.fromtimestamp(ticks).astimezone().replace(tzinfo=None)


def Binary(value: Any) -> bytes:  # noqa: N802 - PEP 249's name
    return value.encode() if isinstance(value, str) else bytes(value)


class Kind:
    """Equals every Arrow type of its kind."""

    def __init__(self, name: str, has: Callable[[pa.DataType], bool]) -> None:
        self._name, self._has = name, has

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, pa.DataType) and self._has(other))

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return self._name


def _of_texts(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _of_numbers(kind: pa.DataType) -> bool:
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return bool(number or pa.types.is_boolean(kind))


STRING = Kind("STRING", _of_texts)
BINARY = Kind("BINARY", lambda kind: bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind)))
NUMBER = Kind("NUMBER", _of_numbers)
DATETIME = Kind("DATETIME", lambda kind: bool(pa.types.is_temporal(kind)))
ROWID = Kind("ROWID", lambda _: False)
