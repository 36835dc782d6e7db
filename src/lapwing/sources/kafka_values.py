"""Values of messages as columns: of JSON, Avro or Protobuf by what the project says, else as one text."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from lapwing.model.problem import SourceError
from lapwing.model.project import Topic

Row = Mapping[str, Any]


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
        from lapwing.sources.kafka_avro import AvroReader

        return AvroReader(topic, topic.avro)
    if topic.protobuf is not None:
        from lapwing.sources.kafka_protobuf import ProtobufReader

        return ProtobufReader(topic, topic.protobuf)
    if topic.json_schema is not None:
        from lapwing.sources.kafka_json import JsonReader
        from lapwing.sources.kafka_json_schema import columns_in

        return JsonReader(topic, columns_in(topic, topic.json_schema))
    if topic.columns:
        from lapwing.sources.kafka_json import JsonReader

        return JsonReader(topic, topic.columns)
    return _Text()


class _Text(Reader):
    def __init__(self) -> None:
        self.schema = pa.schema([("value", pa.string())])

    def row(self, value: bytes) -> Row:
        return {"value": value.decode()}


def no_schema(topic: Topic, file: Path, why: object, hint: str) -> SourceError:
    """A topic's file of a schema that can't be read."""
    found = SourceError.of(
        "unreadable-file",
        f"{file.name}, the schema of the topic {topic.topic}, can't be read: {why}.",
        place=topic.place,
        hint=hint,
    )
    assert isinstance(found, SourceError)
    return found


def tree_of(value: Any) -> str:
    """An object or a list as a text of JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return value.hex() if isinstance(value, bytes) else str(value)


def values_of(name: str, rows: Sequence[Row | None]) -> list[Any]:
    """A column of the rows of one batch."""
    return [None if row is None else row.get(name) for row in rows]
