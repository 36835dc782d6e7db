"""Values of Protobuf, by a file of descriptors and by a double of a registry that compiles schemas."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto, FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import DESCRIPTOR as TIMESTAMPS
from google.protobuf.wrappers_pb2 import DESCRIPTOR as WRAPPERS
from hypothesis import given
from hypothesis import strategies as st
from tests.sources.lake import rows_of, types_of
from tests.sources.test_kafka import made, reading, send
from tests.sources.test_kafka_registry import registry

from lapwing.model.problem import SourceError
from lapwing.model.project import Topic
from lapwing.sources.kafka_protobuf import _path
from lapwing.sources.kafka_values import Reader, reader_of

INT32, INT64, UINT64, TEXT, BYTES, ENUM, MESSAGE, DOUBLE = 5, 3, 4, 9, 12, 14, 11, 1
Field = tuple[str, int, int, dict[str, Any]]
ITEM: list[Field] = [("sku", 1, TEXT, {}), ("count", 2, INT32, {})]
NOW: list[Field] = [
    ("id", 1, INT64, {}),
    ("country", 2, TEXT, {"proto3_optional": True}),
    ("state", 3, ENUM, {"type_name": ".shop.State"}),
    ("at", 4, MESSAGE, {"type_name": ".google.protobuf.Timestamp"}),
    ("tip", 5, MESSAGE, {"type_name": ".google.protobuf.DoubleValue"}),
    ("item", 6, MESSAGE, {"type_name": ".shop.Order.Item"}),
    ("tags", 7, TEXT, {"label": 3}),
    ("raw", 8, BYTES, {}),
    ("big", 9, UINT64, {}),
]


def message(name: str, fields: list[Field], nested: list[DescriptorProto] | None = None) -> DescriptorProto:
    told = DescriptorProto(name=name)
    for field, number, kind, more in fields:
        one = told.field.add(name=field, number=number, type=kind, **{"label": 1, **more})
        if one.proto3_optional:
            one.oneof_index = len(told.oneof_decl)
            told.oneof_decl.add(name=f"_{field}")
    told.nested_type.extend(nested or [])
    return told


def shop(order: list[Field], item: list[Field] = ITEM, name: str = "Order") -> FileDescriptorProto:
    """A file with the messages Note, and Order with its Item."""
    file = FileDescriptorProto(name="shop.proto", package="shop", syntax="proto3")
    file.dependency.extend([TIMESTAMPS.name, WRAPPERS.name])
    file.enum_type.add(name="State").value.add(name="OPEN", number=0)
    file.enum_type[0].value.add(name="PAID", number=1)
    file.message_type.append(message("Note", [("text", 1, TEXT, {})]))
    file.message_type.append(message(name, order, [message("Item", item)]))
    return file


def described(folder: Path, file: FileDescriptorProto) -> Path:
    """As protoc writes it."""
    told = FileDescriptorSet()
    for one in (TIMESTAMPS, WRAPPERS):
        one.CopyToProto(told.file.add())
    told.file.append(file)
    (folder / "shop.desc").write_bytes(told.SerializeToString())
    return folder / "shop.desc"


def value(file: FileDescriptorProto, name: str = "shop.Order", **fields: Any) -> bytes:
    pool = DescriptorPool()
    for one in (TIMESTAMPS, WRAPPERS):
        pool.AddSerializedFile(one.serialized_pb)
    pool.Add(file)
    made = GetMessageClass(pool.FindMessageTypeByName(name))(**fields)
    return bytes(made.SerializeToString())


def framed(number: int, rest: bytes, path: bytes = b"\2\2") -> bytes:
    """By default of the second message of its file: one number, which is 1; both zigzag."""
    return b"\0" + number.to_bytes(4, "big") + path + rest


def reader(folder: Path, **more: Any) -> Reader:
    told = {"message": "shop.Order", **more}
    return reader_of(Topic(topic="orders", protobuf=described(folder, shop(NOW)), **told))


FULL: dict[str, Any] = {
    "id": 1 << 40, "country": "NL", "state": 1, "at": {"seconds": 1_767_225_600, "nanos": 123_456_789}, "tip": {"value": 1.5},
    "item": {"sku": "a", "count": 3}, "tags": ["x", "ü"], "raw": b"\xff", "big": (1 << 64) - 1,
}  # fmt: skip
ROW = {
    "id": 1 << 40, "country": "NL", "state": "PAID", "at": datetime(2026, 1, 1, 0, 0, 0, 123_456, UTC), "tip": 1.5,
    "item": '{"sku":"a","count":3}', "tags": '["x","ü"]', "raw": b"\xff", "big": (1 << 64) - 1,
}  # fmt: skip
EMPTY = {
    "id": 0, "country": None, "state": "OPEN", "at": None, "tip": None, "item": None, "tags": "[]", "raw": b"", "big": 0
}  # fmt: skip


def test_fields_are_columns(tmp_path: Path) -> None:
    read = reader(tmp_path)
    assert read.schema.names == [name for name, *_ in NOW]
    assert read.row(value(shop(NOW), **FULL)) == ROW
    assert read.row(b"") == EMPTY
    assert read.row(value(shop(NOW), state=7))["state"] == "7"


OLD = shop([("id", 1, INT32, {}), ("gone", 10, TEXT, {})])
MOVED = shop([("id", 2, INT64, {})])
TEXTUAL = shop([("id", 1, TEXT, {})])
LISTED = shop([("id", 1, INT64, {"label": 3})])
INNER = shop([NOW[5]], [("sku", 1, INT32, {})])
OTHER = shop(NOW, name="Refund")
SCHEMAS: dict[int, dict[str, Any]] = {
    number: {"schemaType": "PROTOBUF", "schema": base64.b64encode(file.SerializeToString()).decode()}
    for number, file in enumerate((shop(NOW), OLD, MOVED, TEXTUAL, LISTED, INNER, OTHER), 1)
} | {8: {"schemaType": "PROTOBUF", "schema": 'syntax = "proto3";'}, 9: {"schema": "{}"}}


def test_values_of_any_version(tmp_path: Path) -> None:
    with registry(schemas=SCHEMAS) as (url, asked):
        read = reader(tmp_path, registry=url)
        for _ in range(2):
            assert read.row(framed(1, value(shop(NOW), **FULL))) == ROW
            assert read.row(framed(2, value(OLD, id=7, gone="x"))) == {**EMPTY, "id": 7}
        assert asked == ["/schemas/ids/1?format=serialized", "/schemas/ids/2?format=serialized"]


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (3, "id has the number 2 there, and 1 here"),
        (4, "id is of another type there"),
        (5, "id is a list only on one side"),
        (6, "in item, sku is of another type there"),
        (7, "a value of shop.Refund, not of shop.Order"),
        (8, "a text of Protobuf"),
        (9, "is of AVRO, not of PROTOBUF"),
        (99, "has no schema 99"),
    ],
)
def test_versions_that_do_not_fit_say_why(tmp_path: Path, number: int, says: str) -> None:
    with registry(schemas=SCHEMAS) as (url, _), pytest.raises(ValueError, match=says):
        reader(tmp_path, registry=url).row(framed(number, b""))


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (framed(1, b"", b"\0"), "a value of shop.Note"),
        (framed(1, b"", b"\4\2\0"), "a value of shop.Order.Item"),
        (framed(1, b"", b"\2\x10"), "an unknown message"),
        (framed(1, b"", b"\1"), "not framed as Protobuf"),
        (framed(1, b"", b"\xff\xff\xff\xff\xff"), "not framed as Protobuf"),
        (framed(1, b"", b""), "not framed as Protobuf"),
        (b"\1", "not framed"),
        (framed(1, b"\x08"), "no shop.Order of Protobuf"),
        (framed(1, value(TEXTUAL, id="7")), "its field 1 is of another type"),
        (framed(1, value(shop(NOW), at={"seconds": 1 << 50})), "at: "),
    ],
)
def test_values_that_cannot_be_read_say_why(tmp_path: Path, sent: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        reader(tmp_path, framed=True).row(sent)


@given(st.lists(st.integers(0, 2**28), min_size=1, max_size=5), st.binary(max_size=4))
def test_frames_are_opened(path: list[int], rest: bytes) -> None:
    def varint(number: int) -> bytes:
        low = number & 0x7F
        return bytes([low]) if number < 0x80 else bytes([low | 0x80]) + varint(number >> 7)

    assert _path(b"".join(varint(2 * one) for one in (len(path), *path)) + rest) == (tuple(path), rest)
    assert _path(b"\0" + rest) == ((0,), rest)


def test_files_that_are_none(tmp_path: Path) -> None:
    alone = FileDescriptorSet(file=[shop(NOW)])
    for content in (b"syntax", alone.SerializeToString(), b""):
        (tmp_path / "bad.desc").write_bytes(content)
        with pytest.raises(SourceError) as caught:
            reader_of(Topic(topic="t", protobuf=tmp_path / "bad.desc"))
        assert caught.value.problems[0].code in ("unreadable-file", "unknown-message")
    with pytest.raises(SourceError, match=r"has no message shop\.Ordre") as caught:
        reader(tmp_path, message="shop.Ordre")
    assert caught.value.problems[0].nearest[0] == "shop.Order"
    with pytest.raises(SourceError, match="has 2 messages"):
        reader(tmp_path, message=None)


def test_a_topic(kafka_servers: str, tmp_path: Path) -> None:
    topic, at = made(kafka_servers, 1), datetime.now(UTC)
    sent = (framed(1, value(shop(NOW), **FULL)), framed(2, value(OLD, id=7)), framed(4, b""))
    send(kafka_servers, topic, [(0, one, at) for one in sent])
    more = {"protobuf": described(tmp_path, shop(NOW)), "message": "shop.Order", "columns": {}, "invalid": "keep"}
    with (
        registry(schemas=SCHEMAS) as (url, _),
        reading(kafka_servers, topic, registry=url, **more) as source,
    ):
        rows = sorted(rows_of(source, "t"), key=lambda row: row["_offset"])
        types = types_of(source, "t")
    assert types["at"] == "TIMESTAMP WITH TIME ZONE"
    assert (types["state"], types["big"], types["tip"], types["raw"]) == ("VARCHAR", "UBIGINT", "DOUBLE", "BLOB")
    assert {name: rows[0][name] for name in ROW} == ROW
    assert rows[1]["id"] == 7
    assert "id is of another type there" in rows[2]["_invalid"]
