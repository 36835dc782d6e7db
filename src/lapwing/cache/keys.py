"""Keys of a rollup store: tuples of typed values as bytes that sort as the tuples do.

A key is, in order: format version, namespace, rollup (its name and definition hash as 8 bytes), version of the build,
dimension values in declared order, chunk start. Entity first and time last, so that one customer's history is one short
range. Every encoded value ends itself, so no value is a prefix of another and values can be decoded without a schema.

Values sort by type first (null, false, true, number by kind, text, date), then by value: integers as integers, floats
as numbers (-0.0 is 0.0, NaN comes last as in SQL), text by its UTF-8 bytes.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from datetime import date

from lapwing.model.problem import StoreError

Value = None | bool | int | float | str | date

FORMAT = 1
"""Written as each key's first byte. A store holding a greater one was written by a newer Lapwing."""
MOST_BYTES = 480
"""The longest key a store takes (LMDB's own limit is 511)."""

_ANCESTORS, _BINDING, _MANIFEST, _LEAF, _CHUNK, _VALUES, _RUNS = b"a", b"b", b"m", b"l", b"c", b"v", b"r"
_BY_PRODUCT, _QUESTIONS, _INCIDENT, _LOOK, _JOB, _TRAFFIC, _NEXT = b"p", b"q", b"i", b"u", b"j", b"t", b"n"

# One tag byte before each value; their order is the order of the types.
_NULL, _FALSE, _TRUE, _INTEGER, _FLOAT, _TEXT, _DATE = range(1, 8)

_U64 = struct.Struct(">Q")
_U32 = struct.Struct(">I")
_DOUBLE = struct.Struct(">d")
_SIGN = 1 << 63
_ALL = (1 << 64) - 1
_NAN = _U64.pack(_ALL)


def encode_values(values: Sequence[Value], names: Sequence[str] = ()) -> bytes:
    """`values` as bytes in the order of the tuples. `names` are the dimensions', for the error.

    Raises:
        StoreError: an integer beyond 64 bits, or values too long for a key; it names the dimension.
    """
    parts = [_encode(value, names[i] if i < len(names) else f"number {i + 1}") for i, value in enumerate(values)]
    return b"".join(parts)


def _encode(value: Value, name: str) -> bytes:
    match value:
        case None:
            return bytes((_NULL,))
        case bool():
            return bytes((_TRUE if value else _FALSE,))
        case int():
            return bytes((_INTEGER,)) + _signed(value, name)
        case float():
            return bytes((_FLOAT,)) + _double(value)
        case str():
            return bytes((_TEXT,)) + _text(value, name)
        case date():
            return bytes((_DATE,)) + _U32.pack(value.toordinal())
    raise TypeError(f"{type(value).__name__} is not a dimension's value")


def _signed(value: int, name: str) -> bytes:
    if not -_SIGN <= value < _SIGN:
        raise StoreError.of("value-too-large", f"Dimension {name} holds {value}, which is beyond 64 bits.")
    return _U64.pack(value + _SIGN)


def _double(value: float) -> bytes:
    """IEEE bits, all inverted below zero and with the sign inverted above: then they sort as numbers."""
    if value != value:
        return _NAN
    bits: int = _U64.unpack(_DOUBLE.pack(value + 0.0))[0]
    return _U64.pack(bits ^ (_ALL if bits & _SIGN else _SIGN))


def _text(value: str, name: str) -> bytes:
    """UTF-8 ended by two zero bytes; a zero byte inside becomes 00 FF, which sorts after the end."""
    encoded = value.encode("utf-8", "surrogatepass").replace(b"\0", b"\0\xff") + b"\0\0"
    if len(encoded) > MOST_BYTES:
        raise StoreError.of(
            "value-too-long",
            f"Dimension {name} holds a text of {len(encoded) - 2} bytes; a key has room for {MOST_BYTES} in all.",
            hint="Leave the dimension out of the rollup, or shorten it in its SQL, as by left(…, 100).",
        )
    return encoded


def decode_values(encoded: bytes) -> tuple[Value, ...]:
    """What `encode_values` was given.

    Raises:
        StoreError: `encoded` is damaged.
    """
    values: list[Value] = []
    at = 0
    try:
        while at < len(encoded):
            value, at = _decode(encoded, at)
            values.append(value)
    except (struct.error, ValueError, OverflowError) as error:
        raise StoreError.of("store-damaged", f"A key of the rollup store is damaged: {error}.") from error
    return tuple(values)


def leading_value(encoded: bytes) -> bytes:
    """The first value of `encoded`, still encoded; empty where there is none.

    >>> leading_value(encode_values(["a", 1])) == encode_values(["a"])
    True

    Raises:
        StoreError: `encoded` is damaged.
    """
    try:
        return encoded[: _decode(encoded, 0)[1]] if encoded else b""
    except (struct.error, ValueError, OverflowError, IndexError) as error:
        raise StoreError.of("store-damaged", f"A key of the rollup store is damaged: {error}.") from error


def _decode(encoded: bytes, at: int) -> tuple[Value, int]:
    tag, at = encoded[at], at + 1
    match tag:
        case 1:
            return None, at
        case 2 | 3:
            return tag == _TRUE, at
        case 4:
            return _U64.unpack_from(encoded, at)[0] - _SIGN, at + 8
        case 5:
            return _read_double(_U64.unpack_from(encoded, at)[0]), at + 8
        case 6:
            return _read_text(encoded, at)
        case 7:
            return date.fromordinal(_U32.unpack_from(encoded, at)[0]), at + 4
    raise ValueError(f"unknown type {tag}")


def _read_double(bits: int) -> float:
    if bits == _ALL:
        return float("nan")
    value: float = _DOUBLE.unpack(_U64.pack(bits ^ (_SIGN if bits & _SIGN else _ALL)))[0]
    return value


def _read_text(encoded: bytes, at: int) -> tuple[str, int]:
    end = encoded.index(b"\0", at)
    while encoded[end + 1 : end + 2] == b"\xff":
        end = encoded.index(b"\0", end + 2)
    if encoded[end : end + 2] != b"\0\0":
        raise ValueError("a text has no end")
    return encoded[at:end].replace(b"\0\xff", b"\0").decode("utf-8", "surrogatepass"), end + 2


def prefix_end(prefix: bytes) -> bytes:
    """The smallest key after every key that begins with `prefix`.

    >>> prefix_end(b"a\\xff")
    b'b'
    """
    stripped = prefix.rstrip(b"\xff")
    if not stripped:
        return b"\xff" * (MOST_BYTES + 1)
    return stripped[:-1] + bytes((stripped[-1] + 1,))


def namespace_prefix(namespace: str = "") -> bytes:
    """What every key of a tenant begins with."""
    return bytes((FORMAT,)) + _text(namespace, "namespace")


def rollup_id(rollup: str, definition: str) -> bytes:
    """The 8 bytes that stand for a rollup and its definition's hash in keys."""
    return hashlib.sha256(f"{rollup}@{definition}".encode()).digest()[:8]


def binding_key(dataset: str, namespace: str = "") -> bytes:
    """The row that says how a dataset was bound to its data when it was last built."""
    return namespace_prefix(namespace) + _BINDING + _text(dataset, "dataset")


def runs_key(rollup: str, namespace: str = "") -> bytes:
    """The row that records the runs that built a rollup, whatever its definition was."""
    return namespace_prefix(namespace) + _RUNS + _text(rollup, "rollup")


def manifest_key(rollup_id: bytes, namespace: str = "") -> bytes:
    """The manifest row of a rollup."""
    return manifests_prefix(namespace) + _checked(rollup_id)


def next_version_key(rollup_id: bytes, namespace: str = "") -> bytes:
    """The row that says which version comes next of a rollup that was removed."""
    return namespace_prefix(namespace) + _NEXT + _checked(rollup_id)


def ancestors_key(rollup_id: bytes, namespace: str = "") -> bytes:
    """The row that says which coarser rollups were chosen to follow from a rollup."""
    return namespace_prefix(namespace) + _ANCESTORS + _checked(rollup_id)


def manifests_prefix(namespace: str = "") -> bytes:
    """The manifest rows of all rollups."""
    return namespace_prefix(namespace) + _MANIFEST


def by_products_prefix(namespace: str = "") -> bytes:
    """The rows that say what by-products there are."""
    return namespace_prefix(namespace) + _BY_PRODUCT + b"h"


def by_product_keys(token: bytes, namespace: str = "") -> tuple[bytes, bytes]:
    """The rows of one by-product: what it is, and what it holds."""
    return by_products_prefix(namespace) + token, by_product_states_prefix(namespace) + token


def by_product_states_prefix(namespace: str = "") -> bytes:
    """The rows that hold by-products' states."""
    return namespace_prefix(namespace) + _BY_PRODUCT + b"s"


def questions_key(namespace: str = "") -> bytes:
    """The row that says what was asked."""
    return namespace_prefix(namespace) + _QUESTIONS


def traffic_key(namespace: str = "") -> bytes:
    """The row that says what was read how often."""
    return namespace_prefix(namespace) + _TRAFFIC


def leaf_key(rollup_id: bytes, token: bytes, namespace: str = "") -> bytes:
    """The row of one leaf of a rollup's manifest."""
    return leaves_prefix(rollup_id, namespace) + token


def leaves_prefix(rollup_id: bytes, namespace: str = "") -> bytes:
    """The rows of all leaves of a rollup's manifest, by age."""
    return namespace_prefix(namespace) + _LEAF + _checked(rollup_id)


def incidents_prefix(namespace: str = "") -> bytes:
    """The rows that tell where a rollup was found to differ from its source."""
    return namespace_prefix(namespace) + _INCIDENT


def jobs_prefix(namespace: str = "") -> bytes:
    """Before the id of each job."""
    return namespace_prefix(namespace) + _JOB


def looks_prefix(rollup_id: bytes, namespace: str = "") -> bytes:
    """The rows that say when a rollup's partitions were compared with the source."""
    return namespace_prefix(namespace) + _LOOK + _checked(rollup_id)


def moment_key(moment: int) -> bytes:
    """A moment in UTC microseconds as bytes that sort as moments do."""
    return _U64.pack(moment + _SIGN)


def rollup_prefix(rollup_id: bytes, version: int | None = None, namespace: str = "") -> bytes:
    """Every chunk of a rollup, or of one version of its build (0 to 2^64 - 1). `rollup_id` is 8 bytes."""
    prefix = namespace_prefix(namespace) + _CHUNK + _checked(rollup_id)
    return prefix if version is None else prefix + _U64.pack(version)


def values_prefix(rollup_id: bytes, version: int | None = None, namespace: str = "") -> bytes:
    """What lies beside a rollup's chunks: all of it, or that of one version."""
    prefix = namespace_prefix(namespace) + _VALUES + _checked(rollup_id)
    return prefix if version is None else prefix + _U64.pack(version)


def directory_prefix(rollup_id: bytes, version: int, namespace: str = "") -> bytes:
    """Rows that list a version's groups."""
    return values_prefix(rollup_id, version, namespace) + b"d"


def vocabulary_prefix(rollup_id: bytes, version: int, dimension: int, namespace: str = "") -> bytes:
    """Rows that hold the texts of a version's dimension, by its place among the rollup's."""
    return values_prefix(rollup_id, version, namespace) + b"t" + dimension.to_bytes(2, "big")


def slab_prefix(rollup_id: bytes, version: int, namespace: str = "") -> bytes:
    """Rows that hold the totals of a version's groups, many in one."""
    return values_prefix(rollup_id, version, namespace) + b"s"


def receipt_key(rollup_id: bytes, version: int, namespace: str = "") -> bytes:
    """The row in which workers leave what they wrote of a version."""
    return values_prefix(rollup_id, version, namespace) + b"w"


def _checked(rollup_id: bytes) -> bytes:
    if len(rollup_id) != 8:
        raise ValueError(f"a rollup's id is 8 bytes, not {len(rollup_id)}")
    return rollup_id


def chunk_key(prefix: bytes, values: bytes, start: int) -> bytes:
    """The key of a chunk: `prefix` of `rollup_prefix` with a version, encoded dimension values, and the chunk's start
    in UTC microseconds.

    Raises:
        StoreError: it is longer than a store takes.
    """
    key = prefix + values + _U64.pack(start + _SIGN)
    if len(key) > MOST_BYTES:
        raise StoreError.of(
            "key-too-long",
            f"The dimension values of a group need {len(values)} bytes; a key has room for "
            f"{MOST_BYTES - len(prefix) - 8}.",
            hint="Leave the longest dimension out of the rollup, or shorten it in its SQL, as by left(…, 100).",
        )
    return key


def split_chunk_key(key: bytes, prefix: bytes) -> tuple[bytes, int]:
    """The encoded dimension values and the chunk's start of a key made by `chunk_key` with `prefix`."""
    return key[len(prefix) : -8], _U64.unpack_from(key, len(key) - 8)[0] - _SIGN
