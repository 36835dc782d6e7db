"""Values of messages as columns: of JSON by the types that the project names, of Avro by its schema, else as one text."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from lapwing.model.names import nearest
from lapwing.model.problem import SourceError
from lapwing.model.project import Topic
from lapwing.sources.kafka_registry import Registry
from lapwing.sources.types import arrow_type, decimal_of, has_arrow_type

Row = Mapping[str, Any]
_FRAME: Final = 5
"""Bytes of a schema registry before a value: a zero, and the number of its schema."""
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


class Reader(ABC):
    """How values of one topic are read. A row is by names of columns; one that lacks a name has null there."""

    schema: pa.Schema

    @abstractmethod
    def row(self, value: bytes) -> Row:
        """One value.

        Raises:
            ValueError: it is none; the text says why, after the column's name where it is one column's fault.
        """


def reader_of(topic: Topic) -> Reader:
    """
    Raises:
        SourceError: a type, or the schema's file, is none.
    """
    if topic.avro is not None:
        return _Avro(topic, topic.avro)
    return _Json(topic) if topic.columns else _Text()


class _Text(Reader):
    def __init__(self) -> None:
        self.schema = pa.schema([("value", pa.string())])

    def row(self, value: bytes) -> Row:
        return {"value": value.decode()}


class _Json(Reader):
    def __init__(self, topic: Topic) -> None:
        self._fields: list[tuple[str, tuple[str, ...], Callable[[Any], Any]]] = []
        kinds = {}
        for name, (given, path, unit) in topic.columns.items():
            kinds[name] = kind = _typed(name, given, topic)
            self._fields.append((name, tuple((path or name).split(".")), _taker(kind, unit)))
        self.schema = pa.schema([(name, arrow_type(kind)) for name, kind in kinds.items()])
        if any(decimal_of(kind) for kind in kinds.values()):  # all digits, which a double has not
            self._parse: Callable[[bytes], Any] = lambda value: json.loads(value, parse_float=Decimal)
        else:
            import orjson

            self._parse = orjson.loads

    def row(self, value: bytes) -> Row:
        parsed = self._parse(value)
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
        return lambda value: value if isinstance(value, str) else _tree(value)
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


def _tree(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return value.hex() if isinstance(value, bytes) else str(value)


class _Avro(Reader):
    def __init__(self, topic: Topic, file: Path) -> None:
        from fastavro import parse_schema

        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            self._parsed = parse_schema(told)
            fields = told["fields"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _no_schema(topic, file, error) from error
        except Exception as error:  # fastavro's own have no common class
            raise _no_schema(topic, file, error) from error
        self._framed = topic.framed or topic.registry is not None
        self._registry = None if topic.registry is None else Registry(topic)
        kinds = {field["name"]: _avro_type(field["type"]) for field in fields}
        self.schema = pa.schema([(name, kind or pa.string()) for name, kind in kinds.items()])
        self._trees = [name for name, kind in kinds.items() if kind is None]

    def row(self, value: bytes) -> Row:
        from fastavro import schemaless_reader
        from fastavro.read import SchemaResolutionError

        source = BytesIO(value)
        written, wanted = self._parsed, None
        if self._framed:
            frame = source.read(_FRAME)
            if len(frame) < _FRAME or frame[:1] != b"\0":
                raise ValueError("it is not framed by a schema registry")
            if self._registry is not None:
                written, wanted = self._registry.schema(int.from_bytes(frame[1:], "big")), self._parsed
        try:
            found: Any = schemaless_reader(source, written, wanted)
        except SchemaResolutionError as error:
            raise ValueError(f"its schema in the registry is not one of the topic's: {error}") from error
        except (EOFError, IndexError, ValueError, TypeError, KeyError, OverflowError) as error:
            raise ValueError(f"it is no such value of Avro ({type(error).__name__})") from error
        if source.read(1):
            raise ValueError("there is more behind it")
        for name in self._trees:
            if found[name] is not None and not isinstance(found[name], str):
                found[name] = _tree(found[name])
        return dict(found)


def _no_schema(topic: Topic, file: Path, error: Exception) -> SourceError:
    found = SourceError.of(
        "unreadable-file",
        f"{file.name}, the schema of the topic {topic.topic}, can't be read: {error}.",
        place=topic.place,
        hint="It must be a record of Avro, in JSON.",
    )
    assert isinstance(found, SourceError)
    return found


_AVRO: Final = {
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
    "bytes": pa.binary(),
}
_LOGICAL: Final = {
    "date": pa.date32(),
    "timestamp-millis": pa.timestamp("us", "UTC"),
    "timestamp-micros": pa.timestamp("us", "UTC"),
    "local-timestamp-millis": pa.timestamp("us"),
    "local-timestamp-micros": pa.timestamp("us"),
}


def _avro_type(told: Any) -> pa.DataType | None:
    """The type of a field; None where it travels as text."""
    if isinstance(told, list):
        others = [one for one in told if one != "null"]
        return _avro_type(others[0]) if len(others) == 1 else None
    if isinstance(told, str):
        return _AVRO.get(told)
    if told.get("logicalType") == "decimal" and told.get("precision", 99) <= 38:
        return pa.decimal128(told["precision"], told.get("scale", 0))
    if "logicalType" in told:
        return _LOGICAL.get(told["logicalType"])
    return _AVRO.get(told["type"]) if isinstance(told["type"], str) else None


def values_of(name: str, rows: Sequence[Row | None]) -> list[Any]:
    """A column of the rows of one batch."""
    return [None if row is None else row.get(name) for row in rows]
