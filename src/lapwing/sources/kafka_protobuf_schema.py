"""Schemas of Protobuf as registries give them: descriptors of files, found in and compared without their imports."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Final

File = Any
"""A FileDescriptorProto."""
_REPEATED: Final = 3
_MESSAGE, _GROUP = 11, 10
_WIDER: Final = frozenset({(5, 3), (13, 4), (13, 3), (17, 18), (9, 12)})
"""Types that a value may be written as, and those that read it as what it is: int32 as int64, and the like."""
_DEEP: Final = 20


@dataclass(frozen=True, slots=True)
class Message:
    """A message by its full name, in the file that it is of."""

    name: str
    told: Any
    file: File


def read_file(text: str) -> File:
    """
    Raises:
        ValueError: it is no descriptor in base64.
    """
    from google.protobuf.descriptor_pb2 import FileDescriptorProto
    from google.protobuf.message import DecodeError

    try:
        return FileDescriptorProto.FromString(base64.b64decode(text, validate=True))
    except (binascii.Error, DecodeError) as error:
        raise ValueError(
            "is a text of Protobuf, which is not read: the registry does not know format=serialized; without it, "
            "framed: true reads values by the file alone"
        ) from error


def message_at(file: File, path: tuple[int, ...] | None) -> Message | None:
    """The message at this place: of the file's messages, and of those inside of it."""
    name, among, told = file.package, file.message_type, None
    for at in path or ():
        if not 0 <= at < len(among):
            return None
        told = among[at]
        name, among = f"{name}.{told.name}".lstrip("."), told.nested_type
    return None if told is None else Message(name, told, file)


def path_of(file: File, name: str) -> tuple[int, ...] | None:
    """Where a message is."""

    def within(among: Any, before: str) -> tuple[int, ...] | None:
        for at, one in enumerate(among):
            own = f"{before}.{one.name}".lstrip(".")
            if own == name:
                return (at,)
            if name.startswith(f"{own}.") and (found := within(one.nested_type, own)) is not None:
                return at, *found
        return None

    return within(file.message_type, file.package)


def differs(read: Message, written: Message, depth: int = 0) -> str | None:
    """Why values that were written by one version of a message would be read wrongly by another; None where they are not.

    Fields are known by their numbers, as Protobuf has them; one whose number changed would be lost without a word.
    """
    by_number = {one.number: one for one in written.told.field}
    by_name = {one.name: one for one in written.told.field}
    for field in read.told.field:
        told = by_number.get(field.number)
        if told is None or told.name != field.name:
            moved = by_name.get(field.name)
            if moved is not None:
                return f"{field.name} has the number {moved.number} there, and {field.number} here"
        if told is not None and (why := _field_differs(field, told, read, written, depth)):
            return why
    return None


def _field_differs(field: Any, told: Any, read: Message, written: Message, depth: int) -> str | None:
    if (field.label == _REPEATED) != (told.label == _REPEATED):
        return f"{field.name} is a list only on one side"
    if field.type != told.type and (told.type, field.type) not in _WIDER:
        return f"{field.name} is of another type there"
    if field.type_name != told.type_name:
        return f"{field.name} is a {told.type_name.lstrip('.')} there"
    if field.type in (_MESSAGE, _GROUP) and depth < _DEEP:
        name = field.type_name.lstrip(".")
        places = path_of(read.file, name), path_of(written.file, name)
        inner, other = message_at(read.file, places[0]), message_at(written.file, places[1])
        if inner is not None and other is not None:  # what is imported has the same name
            why = differs(inner, other, depth + 1)
            return why and f"in {field.name}, {why}"
    return None
