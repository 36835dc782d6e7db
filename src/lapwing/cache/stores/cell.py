"""What a network store keeps of a value: its digest, how it is packed, and the value, compressed where that is smaller.

The digest comes first, so that a store which compares by a range of bytes can tell, by a few of them, whether it holds a
value: `compare_and_set` then sends 16 bytes, however long the value is and however it was compressed. A reader checks it.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from lapwing.cache.stores.limits import MOST_VALUE_BYTES
from lapwing.model.problem import LapwingError, StoreError

DIGEST_BYTES: Final = 16
_PLAIN, _ZSTD = b"\0", b"\1"
_COMPRESSED_FROM: Final = 64  # bytes; below, zstd's own frame is most of the result
_HEAD: Final = DIGEST_BYTES + 1


def digest(value: bytes) -> bytes:
    """16 bytes that stand for `value`: BLAKE2b, RFC 7693. Two values of one digest are not to be met with."""
    return blake2b(value, digest_size=DIGEST_BYTES).digest()


def pack(value: bytes) -> bytes:
    """The cell of `value`: never empty, and at most 17 bytes longer."""
    if len(value) >= _COMPRESSED_FROM:
        small = _codec().compress(value)
        if len(small) < len(value):
            return b"".join((digest(value), _ZSTD, small))
    return b"".join((digest(value), _PLAIN, value))


def unpack(cell: bytes) -> bytes:
    """What `pack` was given; the digest tells.

    Raises:
        StoreError: the cell is damaged, or a newer Lapwing wrote it.
    """
    kind = cell[DIGEST_BYTES:_HEAD]
    value = cell[_HEAD:]
    if kind == _ZSTD:
        value = _codec().decompress(value)
    if kind not in (_PLAIN, _ZSTD) or digest(value) != cell[:DIGEST_BYTES]:
        raise _damaged()
    return value


def _damaged() -> LapwingError:
    return StoreError.of(
        "store-damaged",
        "A row of the rollup store is damaged, or was not written by this Lapwing.",
        hint="Build the rollup again; where a newer Lapwing wrote the table, upgrade, or give `store` another one.",
    )


class _Codec(threading.local):
    """zstd, level 1: higher ones take longer and save little of a chunk. Its contexts are kept, one pair a thread: to make
    them costs ten times what they take for a chunk."""

    def __init__(self) -> None:
        import zstandard

        self._zstd = zstandard
        self._compressor = zstandard.ZstdCompressor(level=1)
        self._decompressor = zstandard.ZstdDecompressor()

    def compress(self, value: bytes) -> bytes:
        return self._compressor.compress(value)

    def decompress(self, packed: bytes) -> bytes:
        """Raises StoreError where `packed` is damaged."""
        try:
            if self._zstd.frame_content_size(packed) not in range(MOST_VALUE_BYTES + 1):
                raise _damaged()
            return self._decompressor.decompress(packed)
        except self._zstd.ZstdError as error:
            raise _damaged() from error


@lru_cache(maxsize=1)
def _codec() -> _Codec:
    return _Codec()
