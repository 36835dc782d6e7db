"""Values of Protobuf as columns of a message's fields.

The table's message comes from a file of descriptors, which protoc writes: no library in Python reads a .proto text. Where there
is a registry, it gives the descriptor of what a value was written by; that is compared with the table's, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from lapwing.model.names import nearest
from lapwing.model.problem import SourceError
from lapwing.model.project import Topic
from lapwing.sources.kafka_frame import frame_of
from lapwing.sources.kafka_protobuf_schema import File, differs, message_at, path_of, read_file
from lapwing.sources.kafka_values import Reader, Row, no_schema, tree_of

_HINT: Final = "Write it with `protoc --include_imports --descriptor_set_out=FILE NAME.proto`."
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class ProtobufReader(Reader):
    """Values of one message, framed or not."""

    def __init__(self, topic: Topic, file: Path) -> None:
        from google.protobuf.message_factory import GetMessageClass

        descriptor, self._file = _described(topic, file)
        self._name = descriptor.full_name
        self._own = message_at(self._file, path_of(self._file, self._name))
        self._class = GetMessageClass(descriptor)
        self._numbers = frozenset(descriptor.fields_by_number)
        self._fields = [(field.name, *_taken(field)) for field in descriptor.fields]
        self.schema = pa.schema([(name, kind) for name, kind, _ in self._fields])
        self._frame = frame_of(topic, "PROTOBUF", lambda told: read_file(told["schema"]), "serialized")
        self._known: dict[tuple[int, tuple[int, ...]], str | None] = {}

    def row(self, value: bytes) -> Row:
        from google.protobuf.message import DecodeError
        from google.protobuf.unknown_fields import UnknownFieldSet

        if self._frame is not None:
            written, rest = self._frame.opened(value)
            path, value = _path(rest)
            if (wrong := self._differs(written, path)) is not None:
                raise ValueError(wrong)
        message = self._class()
        try:
            message.ParseFromString(value)
        except DecodeError as error:
            raise ValueError(f"it is no {self._name} of Protobuf") from error
        for unknown in UnknownFieldSet(message):
            if unknown.field_number in self._numbers:  # else a later version's, which Protobuf leaves out
                raise ValueError(f"its field {unknown.field_number} is of another type than that of {self._name}")
        found = {}
        for name, _, take in self._fields:
            try:
                found[name] = take(message)
            except (ValueError, OverflowError) as error:
                raise ValueError(f"{name}: {error}") from error
        return found

    def _differs(self, written: File | None, path: tuple[int, ...]) -> str | None:
        """What is wrong with values of the message at a place of the file that they were written by (None: the table's own)."""
        known = id(written), path  # the registry keeps what it gave
        if known not in self._known:
            told = message_at(written or self._file, path)
            name = None if told is None else told.name
            if told is None or name != self._name:
                self._known[known] = f"it is a value of {name or 'an unknown message'}, not of {self._name}"
            else:
                why = None if self._own is None or written is None else differs(self._own, told)
                self._known[known] = why and f"its schema in the registry is not one of the topic's: {why}"
        return self._known[known]


def _described(topic: Topic, file: Path) -> tuple[Any, File]:
    """The descriptor of the topic's message, and the file that it is in."""
    from google.protobuf.descriptor_pb2 import FileDescriptorSet
    from google.protobuf.descriptor_pool import DescriptorPool
    from google.protobuf.message import DecodeError

    pool, told = DescriptorPool(), FileDescriptorSet()
    try:
        told.ParseFromString(file.read_bytes())
        for one in told.file:
            pool.Add(one)
        names = [f"{one.package}.{message.name}".lstrip(".") for one in told.file[-1:] for message in one.message_type]
        name = topic.message or (names[0] if len(names) == 1 else None)
        if name is not None:
            descriptor = pool.FindMessageTypeByName(name)
            home = next(one for one in told.file if one.name == descriptor.file.name)
            return descriptor, home
    except (DecodeError, OSError, TypeError) as error:
        raise no_schema(topic, file, error, _HINT) from error
    except KeyError:
        name = topic.message
    raise SourceError.of(
        "unknown-message",
        f"{file.name} has no message {name}." if name else f"{file.name} has {len(names)} messages.",
        place=topic.place,
        nearest=(nearest(name, names) if name else ()) or tuple(names),
        hint="Write message: NAME, one of those in the file.",
    )


def _path(value: bytes) -> tuple[tuple[int, ...], bytes]:
    """Which message of its file a framed value is, as places in it and in the messages around it; and the value."""
    numbers: list[int] = []
    at, wanted = 0, 1
    while len(numbers) < wanted:
        number, shift = 0, 0
        while True:
            if at >= len(value) or shift > 28:
                raise ValueError("it is not framed as Protobuf is by a schema registry")
            number |= (value[at] & 0x7F) << shift
            shift, at = shift + 7, at + 1
            if value[at - 1] < 0x80:
                break
        numbers.append((number >> 1) ^ -(number & 1))
        if len(numbers) == 1:
            if numbers[0] == 0:  # the first message, which is the usual one
                return (0,), value[at:]
            wanted = 1 + numbers[0]
            if not 0 < numbers[0] < 100:
                raise ValueError("it is not framed as Protobuf is by a schema registry")
    return tuple(numbers[1:]), value[at:]


# -- fields

_WHOLE: Final = {1: pa.float64(), 2: pa.float32(), 3: pa.int64(), 4: pa.uint64(), 5: pa.int32(), 6: pa.uint64(),
                 7: pa.uint32(), 8: pa.bool_(), 9: pa.string(), 12: pa.binary(), 13: pa.uint32(), 15: pa.int32(),
                 16: pa.int64(), 17: pa.int32(), 18: pa.int64()}  # fmt: skip
"""By the numbers that descriptors have for types."""
_ENUM, _MESSAGE, _GROUP = 14, 11, 10


def _taken(field: Any) -> tuple[pa.DataType, Callable[[Any], Any]]:
    """The type of a field's column, and how its value is taken out of a message: null where it tells that it is not set."""
    kind, value = _valued(field)
    name = field.name
    if field.is_repeated:
        return kind, value
    if field.has_presence and not field.has_default_value:
        return kind, lambda message: value(getattr(message, name)) if message.HasField(name) else None
    return kind, lambda message: value(getattr(message, name))


def _valued(field: Any) -> tuple[pa.DataType, Callable[[Any], Any]]:
    if field.is_repeated:
        return pa.string(), lambda message: _listed(message, field)
    if field.type in _WHOLE:
        return _WHOLE[field.type], lambda value: value
    if field.type == _ENUM:
        names = {number: one.name for number, one in field.enum_type.values_by_number.items()}
        return pa.string(), lambda value: names.get(value, str(value))
    told = field.message_type.full_name
    if told == "google.protobuf.Timestamp":
        return pa.timestamp(
            "us", "UTC"
        ), lambda value: _EPOCH + timedelta(seconds=value.seconds, microseconds=value.nanos // 1000)
    if told == "google.type.Date":
        return pa.date32(), lambda value: date(value.year, value.month, value.day)
    if told.startswith("google.protobuf.") and told.endswith("Value") and "value" in field.message_type.fields_by_name:
        inner = field.message_type.fields_by_name["value"]
        if inner.type in _WHOLE and len(field.message_type.fields) == 1:
            return _WHOLE[inner.type], lambda value: value.value
    return pa.string(), lambda value: tree_of(_plain(value))


def _listed(message: Any, field: Any) -> str | None:
    """A list or a map as JSON; an empty one, which Protobuf does not tell from one that is not there, is an empty one."""
    alone = type(message)()
    getattr(alone, field.name).MergeFrom(getattr(message, field.name))
    told = _plain(alone).get(field.name)
    entry = field.message_type is not None and field.message_type.GetOptions().map_entry
    return tree_of(({} if entry else []) if told is None else told)


def _plain(message: Any) -> Mapping[str, Any]:
    """A message by Protobuf's own rules of JSON, with the names that its schema has."""
    from google.protobuf.json_format import MessageToDict

    found: Mapping[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    return found
