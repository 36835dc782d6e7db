"""Values of Avro as columns of a record's schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from lapwing.model.project import Topic
from lapwing.sources.kafka_frame import frame_of
from lapwing.sources.kafka_values import Reader, Row, no_schema, tree_of

_HINT: Final = "It must be a record of Avro, in JSON."


class AvroReader(Reader):
    """Values of Avro, framed or not, each by the schema that it was written by where there is a registry."""

    def __init__(self, topic: Topic, file: Path) -> None:
        from fastavro.schema import SchemaParseException, parse_schema

        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            self._parsed = parse_schema(told)
            fields = told["fields"]
        except (OSError, ValueError, KeyError, TypeError, SchemaParseException) as error:
            raise no_schema(topic, file, error, _HINT) from error
        self._frame = frame_of(topic, "AVRO", _written)
        kinds = {field["name"]: _avro_type(field["type"]) for field in fields}
        self.schema = pa.schema([(name, kind or pa.string()) for name, kind in kinds.items()])
        self._trees = [name for name, kind in kinds.items() if kind is None]

    def row(self, value: bytes) -> Row:
        from fastavro import schemaless_reader
        from fastavro.read import SchemaResolutionError

        written, wanted = self._parsed, None
        if self._frame is not None:
            told, value = self._frame.opened(value)
            written, wanted = (written, None) if told is None else (told, written)
        source = BytesIO(value)
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
                found[name] = tree_of(found[name])
        return dict(found)


def _written(told: Mapping[str, Any]) -> Any:
    from fastavro.schema import SchemaParseException, parse_schema

    if told.get("references"):
        raise ValueError("refers to others, which are not read")
    try:
        return parse_schema(json.loads(told["schema"]))
    except (ValueError, KeyError, TypeError, SchemaParseException) as error:
        raise ValueError(f"is none of Avro: {error}") from error


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
