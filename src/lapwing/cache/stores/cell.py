"""What a network store keeps of a value: its digest, how it is packed, and the value, compressed where that is smaller.

The digest comes first, so that a store which compares by a range of bytes can tell, by a few of them, whether it holds a
value: `compare_and_set` then sends 16 bytes, however long the value is and however it was compressed. A reader checks it.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

from lapwing.cache.stores.limits import MOST_VALUE_BYTES
from lapwing.model.problem import LapwingError, StoreError

DIGEST_BYTES: Final = 16
_PLAIN, _ZSTD = b"\0", b"\1"
_LEVEL: Final = 1
_COMPRESSED_FROM: Final = 64  # bytes; below, zstd's own frame is most of the result
_HEAD: Final = DIGEST_BYTES + 1
_LENGTH: Final = 4


def digest(value: bytes) -> bytes:
    """16 bytes that stand for `value`: BLAKE2b, RFC 7693. Two values of one digest are not to be met with."""
    return blake2b(value, digest_size=DIGEST_BYTES).digest()


def pack(value: bytes) -> bytes:
    """The cell of `value`: never empty, and at most 17 bytes longer."""
    if len(value) >= _COMPRESSED_FROM:
        small: bytes = _codec().compress(value, asbytes=True)
        if len(small) + _LENGTH < len(value):
            return b"".join((digest(value), _ZSTD, len(value).to_bytes(_LENGTH, "little"), small))
    return b"".join((digest(value), _PLAIN, value))


def unpack(cell: bytes) -> bytes:
    """What `pack` was given; the digest tells.

    Raises:
        StoreError: the cell is damaged, or a newer Lapwing wrote it.
    """
    kind = cell[DIGEST_BYTES:_HEAD]
    value = cell[_HEAD:]
    if kind == _ZSTD:
        length = int.from_bytes(value[:_LENGTH], "little")
        if length > MOST_VALUE_BYTES:
            raise _damaged()
        try:
            value = _codec().decompress(memoryview(value)[_LENGTH:], length, asbytes=True)
        except OSError as error:
            raise _damaged() from error
    if kind not in (_PLAIN, _ZSTD) or digest(value) != cell[:DIGEST_BYTES]:
        raise _damaged()
    return value


def _damaged() -> LapwingError:
    return StoreError.of(
        "store-damaged",
        "A row of the rollup store is damaged, or was not written by this Lapwing.",
        hint="Build the rollup again; where a newer Lapwing wrote the table, upgrade, or give `store` another one.",
    )


@lru_cache(maxsize=1)
def _codec() -> Any:
    import pyarrow as pa

    return pa.Codec("zstd", _LEVEL)
