"""Values of JSON as columns of given types; nothing is guessed out of another type."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from lapwing.model.names import nearest
from lapwing.model.problem import SourceError
from lapwing.model.project import Topic
from lapwing.sources.kafka_frame import frame_of
from lapwing.sources.kafka_values import Reader, Row, tree_of
from lapwing.sources.types import arrow_type, decimal_of, has_arrow_type

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS: Final = {"s": 1_000_000, "ms": 1_000, "us": 1}
_NUMBERS: Final = frozenset({int, float, Decimal})  # truth values are none
_NAMES: Final = {"TEXT": "VARCHAR", "STRING": "VARCHAR", "INT": "INTEGER", "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}
_TYPES: Final = (
    "BOOLEAN",
    "INTEGER",
    "BIGINT",
    "DOUBLE",
    "DECIMAL(12,2)",
    "VARCHAR",
    "DATE",
    "TIMESTAMP",
    "TIMESTAMPTZ",
)


class JsonReader(Reader):
    """Values of JSON, framed or not, as the `columns` that a project names: type, path and unit of time of each."""

    def __init__(self, topic: Topic, columns: Mapping[str, tuple[str, str | None, str | None]]) -> None:
        self._frame = frame_of(topic, "JSON", lambda _: None)
        self._fields: list[tuple[str, tuple[str, ...], Callable[[Any], Any]]] = []
        kinds = {}
        for name, (given, path, unit) in columns.items():
            kinds[name] = kind = _typed(name, given, topic)
            self._fields.append((name, tuple((path or name).split(".")), _taker(kind, unit)))
        self.schema = pa.schema([(name, arrow_type(kind)) for name, kind in kinds.items()])
        if any(decimal_of(kind) for kind in kinds.values()):  # all digits, which a double has not
            self._parse: Callable[[bytes], Any] = lambda value: json.loads(value, parse_float=Decimal)
        else:
            import orjson

            self._parse = orjson.loads

    def row(self, value: bytes) -> Row:
        parsed = self._parse(value if self._frame is None else self._frame.opened(value)[1])
        if not isinstance(parsed, dict):
            raise ValueError("it is no object of JSON")
        found = {}
        for name, path, take in self._fields:
            inner: Any = parsed.get(path[0])
            for part in path[1:]:
                inner = inner.get(part) if isinstance(inner, dict) else None
            if inner is not None:
                try:
                    found[name] = take(inner)
                except (ValueError, TypeError, ArithmeticError) as error:
                    raise ValueError(f"{name}: {error}") from error
        return found


def _typed(name: str, given: str, topic: Topic) -> str:
    kind = _NAMES.get(given.upper().strip(), given.upper().strip())
    if not has_arrow_type(kind) or kind in ("BLOB", "TIME"):
        raise SourceError.of(
            "unknown-type",
            f"{name} of the topic {topic.topic} is of type {given}, which is none that is read from JSON.",
            place=topic.place,
            nearest=nearest(given.upper(), _TYPES) or _TYPES,
        )
    return kind


def _taker(kind: str, unit: str | None) -> Callable[[Any], Any]:
    """What makes a Python value of the type out of one of JSON; raises ValueError for one that is no such value."""
    if kind == "VARCHAR":
        return lambda value: value if isinstance(value, str) else tree_of(value)
    if kind == "BOOLEAN":
        return lambda value: _of(value, bool)
    if digits := decimal_of(kind):
        return lambda value: _decimal(value, *digits)
    if kind in ("DOUBLE", "FLOAT"):
        return lambda value: float(_number(value))
    if kind == "DATE":
        return lambda value: date.fromisoformat(_of(value, str))
    if kind.startswith("TIMESTAMP"):
        return lambda value: _moment(value, unit, zoned=kind != "TIMESTAMP")
    low, high = _range(kind)
    return lambda value: _whole(value, low, high)


def _range(kind: str) -> tuple[int, int]:
    wanted = arrow_type(kind)
    bits = 126 if pa.types.is_decimal(wanted) else wanted.bit_width
    if pa.types.is_unsigned_integer(wanted):
        return 0, (1 << bits) - 1
    return -(1 << (bits - 1)), (1 << (bits - 1)) - 1


def _of(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise ValueError(f"{value!r:.40} is of another type")
    return value


def _number(value: Any) -> Any:
    if type(value) not in _NUMBERS:
        raise ValueError(f"{value!r:.40} is no number")
    return value


def _whole(value: Any, low: int, high: int) -> int:
    if type(value) is int and low <= value <= high:
        return value
    number = int(_number(value))
    if number != value or not low <= number <= high:
        raise ValueError(f"{value} has no place in the type")
    return number


def _decimal(value: Any, precision: int, scale: int) -> Decimal:
    exact = Decimal(value) if isinstance(value, str) else Decimal(str(_number(value)))
    if not exact.is_finite() or exact != round(exact, scale) or abs(exact) >= 10 ** (precision - scale):
        raise ValueError(f"{value} has no place in the type")
    return exact


def _moment(value: Any, unit: str | None, *, zoned: bool) -> datetime:
    """A clock without a zone is UTC's where an instant is meant."""
    if isinstance(value, str):
        told = datetime.fromisoformat(value)
        if not zoned:
            if told.tzinfo is not None:
                raise ValueError(f"{value} has a zone, which a TIMESTAMP has not")
            return told
        return told.replace(tzinfo=UTC) if told.tzinfo is None else told
    if unit is None:
        raise ValueError(f"{value!r:.40} is a number; a time that is one needs its unit: s, ms or us")
    moment = _EPOCH + timedelta(microseconds=round(_number(value) * _UNITS[unit]))
    return moment if zoned else moment.replace(tzinfo=None)
