"""Columns of JSON by a JSON Schema, and JSON in the frame of a schema registry."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.sources.lake import rows_of, types_of
from tests.sources.test_kafka import made, reading, send
from tests.sources.test_kafka_registry import registry

from lapwing.model.problem import SourceError
from lapwing.model.project import Topic
from lapwing.sources.kafka_json_schema import columns_in
from lapwing.sources.kafka_values import reader_of

ORDER = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "price": {"oneOf": [{"type": "null"}, {"type": "number"}]},
        "country": {"type": ["null", "string"]},
        "at": {"type": "string", "format": "date-time"},
        "day": {"type": "string", "format": "date"},
        "mail": {"type": "string", "format": "email"},
        "paid": {"$ref": "#/definitions/truth"},
        "item": {"type": "object", "properties": {"sku": {"type": "string"}}},
        "tags": {"type": "array", "items": {"type": "string"}},
        "either": {"type": ["integer", "string"]},
        "any": True,
    },
    "definitions": {"truth": {"anyOf": [{"type": "boolean"}, {"type": "null"}]}},
}
TYPES = {
    "id": "BIGINT", "price": "DOUBLE", "country": "VARCHAR", "at": "TIMESTAMPTZ", "day": "DATE", "mail": "VARCHAR",
    "paid": "BOOLEAN", "item": "VARCHAR", "tags": "VARCHAR", "either": "VARCHAR", "any": "VARCHAR",
}  # fmt: skip
VALUE = {
    "id": 1,
    "price": None,
    "country": "NL",
    "at": "2026-01-01T00:00:00Z",
    "day": "2026-01-01",
    "item": {"sku": "a"},
}


def schema(folder: Path, told: Any) -> Path:
    (folder / "order.json").write_text(told if isinstance(told, str) else json.dumps(told))
    return folder / "order.json"


def test_properties_are_columns(tmp_path: Path) -> None:
    found = columns_in(Topic(topic="t"), schema(tmp_path, ORDER))
    assert {name: kind for name, (kind, _, _) in found.items()} == TYPES


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ("{", "can't be read"),
        ({"type": "string"}, "properties"),
        ({"properties": {}}, "no properties"),
        ({"properties": {"a.b": {"type": "string"}}}, "a point in its name"),
        ({"properties": {"a": {"$ref": "#/definitions/none"}}}, "definitions"),
        ({"properties": {"a": {"$ref": "other.json"}}}, "not in the file"),
        ({"properties": {"a": {"$ref": "#/properties/a"}}}, "in a circle"),
    ],
)
def test_schemas_that_are_none(tmp_path: Path, told: Any, says: str) -> None:
    with pytest.raises(SourceError, match=says) as caught:
        reader_of(Topic(topic="t", json_schema=schema(tmp_path, told)))
    assert caught.value.problems[0].code == "unreadable-file"


def test_values_are_of_the_schemas_types(tmp_path: Path) -> None:
    read = reader_of(Topic(topic="t", json_schema=schema(tmp_path, ORDER)))
    assert read.row(json.dumps(VALUE).encode()) == {
        "id": 1, "country": "NL", "at": datetime(2026, 1, 1, tzinfo=UTC), "day": date(2026, 1, 1), "item": '{"sku":"a"}'
    }  # fmt: skip
    with pytest.raises(ValueError, match="id: 'one'"):
        read.row(b'{"id": "one"}')


def test_a_topic_in_frames(kafka_servers: str, tmp_path: Path) -> None:
    schemas = {1: {"schemaType": "JSON", "schema": json.dumps(ORDER)}, 2: {"schema": "{}"}}
    topic, at = made(kafka_servers, 1), datetime.now(UTC)
    body = json.dumps(VALUE).encode()
    sent = [b"\0\0\0\0\1" + body, b"\0\0\0\0\2" + body, body]
    send(kafka_servers, topic, [(0, one, at) for one in sent])
    more = {"json_schema": schema(tmp_path, ORDER), "columns": {}, "invalid": "keep"}
    with (
        registry(schemas=schemas) as (url, asked),
        reading(kafka_servers, topic, registry=url, **more) as source,
    ):
        rows = sorted(rows_of(source, "t"), key=lambda row: row["_offset"])
        assert types_of(source, "t")["paid"] == "BOOLEAN"
        assert asked == ["/schemas/ids/1", "/schemas/ids/2"]
    assert (rows[0]["id"], rows[0]["country"], rows[0]["_invalid"]) == (1, "NL", None)
    assert [row["_invalid"] for row in rows[1:]] == [
        "schema 2 of the registry is of AVRO, not of JSON",
        "it is not framed by a schema registry",
    ]
