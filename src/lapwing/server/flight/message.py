"""Protocol Buffers, as much as Flight SQL's few messages need: numbers and bytes by field number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lapwing.model.problem import WrongUse

Fields = dict[int, list[int | bytes]]
PREFIX = "type.googleapis.com/arrow.flight.protocol.sql."


def read(data: bytes) -> Fields:
    """The fields of a message.

    Raises:
        WrongUse: it is none.
    """
    found: Fields = {}
    at = 0
    while at < len(data):
        key, at = _number(data, at)
        field, kind = key >> 3, key & 7
        if kind == 0:
            value, at = _number(data, at)
            found.setdefault(field, []).append(value)
            continue
        size, at = (_number(data, at)) if kind == 2 else ({1: 8, 5: 4}.get(kind, len(data) + 1), at)
        if at + size > len(data):
            raise _none()
        found.setdefault(field, []).append(data[at : at + size])
        at += size
    return found


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise _none()
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value, at
    raise _none()


def _none() -> Exception:
    return WrongUse.of("bad-message", "This is no message of Flight SQL.")


def text(fields: Fields, number: int) -> str | None:
    """A text field; None where it is left out."""
    found = raw(fields, number)
    try:
        return None if found is None else found.decode()
    except UnicodeDecodeError as error:
        raise _none() from error


def raw(fields: Fields, number: int) -> bytes | None:
    """A field of bytes, the last one; None where it is left out."""
    found = fields.get(number, [None])[-1]
    if isinstance(found, int):
        raise _none()
    return found


def numbers(fields: Fields, number: int) -> Iterator[int]:
    """A repeated field of numbers, written one by one or packed."""
    for one in fields.get(number, ()):
        if isinstance(one, int):
            yield one
            continue
        at = 0
        while at < len(one):
            value, at = _number(one, at)
            yield value


def write(fields: Mapping[int, int | bytes]) -> bytes:
    """A message."""
    parts = []
    for number, value in fields.items():
        if isinstance(value, int):
            parts += [_varint(number << 3), _varint(value)]
        else:
            parts += [_varint(number << 3 | 2), _varint(len(value)), value]
    return b"".join(parts)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def unpacked(data: bytes) -> tuple[str, Fields]:
    """The name and the fields of a message wrapped in `Any`."""
    outer = read(data)
    name = text(outer, 1) or ""
    return name.removeprefix(PREFIX), read(raw(outer, 2) or b"")


def packed(name: str, fields: Mapping[int, int | bytes]) -> bytes:
    return write({1: (PREFIX + name).encode(), 2: write(fields)})
