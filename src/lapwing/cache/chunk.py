"""Chunks: all states of one group over a stretch of time, packed into one value of the store.

Layout, little-endian: a header (version, flags, number of columns, rows, checksum of all else), then one descriptor
byte a column, then the bucket numbers (left out where they are 0, 1, 2, …: the dense form), then the columns: first those
with one number a row, then the entries that belong to others, each with its number of entries in front.

A descriptor is the bytes a number takes: 1, 2, 4 or 8 for integers that fit, 0 where every value is the same (then 8 bytes
hold it once), 17, 18 or 20 for what is 1, 2 or 4 bytes above the least one (8 bytes in front), 64 for bytes and 128 for
doubles as they are.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xxhash

from lapwing.cache.layout import Stored
from lapwing.states.base import Array

VERSION: Final = 3
HEADER: Final = struct.Struct("<BBHII")
CHECKED_FROM: Final = 8  # of the header, all but the checksum itself is under it too
MOST_ROWS: Final = 1 << 22
DENSE: Final = 1
CONSTANT: Final = 0
BASED: Final = 16
"""Added to the width of integers that are kept as their distance from the least one."""
BYTES: Final = 64
_DOUBLE: Final = 128
WIDTHS: Final[dict[int, np.dtype[Any]]] = {
    1: np.dtype("<i1"),
    2: np.dtype("<i2"),
    4: np.dtype("<i4"),
    8: np.dtype("<i8"),
    BASED + 1: np.dtype("<u1"),
    BASED + 2: np.dtype("<u2"),
    BASED + 4: np.dtype("<u4"),
    BYTES: np.dtype("|u1"),
    _DOUBLE: np.dtype("<f8"),
}
BUCKETS: Final = np.dtype("<i4")
INT64: Final = np.dtype("<i8")
COUNT: Final = struct.Struct("<I")

Borders = npt.NDArray[np.int64]


CHECKED: Final = struct.Struct("<QI")
"""A header as what is before its checksum, and the checksum: 32 bits of XXH3 over the rest, seeded with what is before. It
runs at tens of gigabytes a second, so that every read can afford it."""
CHECKSUM_BITS: Final = 0xFFFF_FFFF


def pack(buckets: npt.NDArray[np.int64], columns: Sequence[Stored], arrays: Sequence[Array]) -> bytes:
    """One chunk. `buckets` are strictly increasing offsets from the chunk's start in units of the grain, below 2^31. At
    most 2^22 rows."""
    return pack_many(buckets, columns, arrays, np.array([0, len(buckets)]))[0]


def pack_many(
    buckets: npt.NDArray[np.int64], columns: Sequence[Stored], arrays: Sequence[Array], borders: Borders
) -> list[bytes]:
    """Chunks of rows that lie one after the other: chunk i is rows `borders[i]` to `borders[i + 1]`. Else as `pack`."""
    starts, rows = borders[:-1], np.diff(borders)
    if int(rows.max()) > MOST_ROWS:
        raise ValueError(f"a chunk holds up to {MOST_ROWS} rows, not {int(rows.max())}")
    packed: list[tuple[bytes, list[memoryview]]] = []
    own: list[Borders] = []
    for column, array in zip(columns, arrays, strict=True):
        if column.of is None:
            own.append(borders)
        else:
            own.append(np.concatenate((np.zeros(1, np.int64), np.cumsum(arrays[column.of])))[own[column.of]])
        packed.append(_pack_column(column, np.asarray(array), own[-1]))
    numbers = memoryview(buckets.astype(BUCKETS).tobytes())
    dense = (
        np.ones(1, np.bool_) if not len(buckets) else (buckets[starts] == 0) & (buckets[borders[1:] - 1] == rows - 1)
    )
    width = len(packed)
    kinds = memoryview(np.array([np.frombuffer(kinds, np.uint8) for kinds, _ in packed], np.uint8).T.tobytes())
    bodies = zip(*(parts for _, parts in packed), strict=True) if packed else itertools.repeat((), len(starts))
    chunks: list[bytes] = []
    spans = zip(itertools.pairwise(borders.tolist()), dense.tolist(), bodies, strict=True)
    for place, ((low, high), counted, parts) in enumerate(spans):
        offsets = b"" if counted else numbers[4 * low : 4 * high]
        body = b"".join((kinds[width * place : width * (place + 1)], offsets, *parts))
        header = HEADER.pack(VERSION, DENSE if counted else 0, width, high - low, 0)[:CHECKED_FROM]
        chunks.append(header + _checksum(header, body) + body)
    return chunks


def _checksum(header: bytes, body: bytes) -> bytes:
    digest = xxhash.xxh3_64_intdigest(body, int.from_bytes(header, "little"))
    return (digest & CHECKSUM_BITS).to_bytes(4, "little")


def _pack_column(column: Stored, array: Array, borders: Borders) -> tuple[bytes, list[memoryview]]:
    """A column's descriptor and bytes in each chunk."""
    dtype = np.dtype(column.dtype)
    exact = np.ascontiguousarray(array, dtype=dtype)
    if dtype == WIDTHS[BYTES]:
        kinds, parts = bytes([BYTES]) * (len(borders) - 1), _cut(memoryview(exact.tobytes()), borders)
    elif dtype in (INT64, WIDTHS[_DOUBLE]):
        kinds, parts = _pack_numbers(exact, borders, based=column.of is not None)
    else:
        raise ValueError(f"a chunk holds <i8, <f8 and |u1, not {dtype}")
    if column.of is None:
        return kinds, parts
    counts = np.diff(borders).tolist()
    return kinds, [memoryview(COUNT.pack(count) + part) for count, part in zip(counts, parts, strict=True)]


def _pack_numbers(exact: Array, borders: Borders, *, based: bool) -> tuple[bytes, list[memoryview]]:
    bits = exact.view(INT64)  # compares doubles by their bits, so that NaN and -0.0 stay what they are
    if not len(exact):
        return b"\1" * (len(borders) - 1), [memoryview(b"")] * (len(borders) - 1)
    starts, some = borders[:-1], np.diff(borders) > 0
    low, high = np.zeros(len(starts), np.int64), np.zeros(len(starts), np.int64)
    low[some], high[some] = np.minimum.reduceat(bits, starts[some]), np.maximum.reduceat(bits, starts[some])
    if exact.dtype.kind == "i":
        widths = np.select([(low >= -(1 << (8 * w - 1))) & (high < 1 << (8 * w - 1)) for w in (1, 2, 4)], (1, 2, 4), 8)
    else:
        widths = np.full(len(starts), _DOUBLE)
    if based and exact.dtype.kind == "i":
        apart = high.astype(np.uint64) - low.astype(np.uint64)
        above = np.select([apart < 1 << (8 * w) for w in (1, 2, 4)], (1, 2, 4), 8)
        widths = np.where(above < widths, BASED + above, widths)
    # A chunk is the same whatever lies beside it: one without entries has no bytes, as where none has any.
    kinds = np.where(some, np.where(low == high, CONSTANT, widths), 1).astype(np.uint8)
    parts: list[memoryview] = [memoryview(b"")] * len(kinds)
    lows, cuts = memoryview(low.tobytes()), borders.tolist()
    for kind in set(kinds.tolist()):
        places = np.flatnonzero(kinds == kind).tolist()
        if kind == CONSTANT:
            for place in places:
                parts[place] = lows[8 * place : 8 * place + 8]
            continue
        above = bits - np.repeat(low, np.diff(borders)) if BASED < kind < BYTES else exact
        stored, width = memoryview(above.astype(WIDTHS[kind]).tobytes()), WIDTHS[kind].itemsize
        for place in places:
            part = stored[cuts[place] * width : cuts[place + 1] * width]
            parts[place] = memoryview(b"".join((lows[8 * place : 8 * place + 8], part))) if above is not exact else part
    return kinds.tobytes(), parts


def _cut(data: memoryview, borders: Borders) -> list[memoryview]:
    return [data[low:high] for low, high in itertools.pairwise(borders.tolist())]
