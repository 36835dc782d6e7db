"""Chunks: all states of one group over a stretch of time, packed into one value of the store.

Layout, little-endian: a header (version, flags, number of columns, rows, CRC-32 of all else), then one descriptor
byte a column, then the bucket numbers (left out where they are 0, 1, 2, …: the dense form), then the columns. A
descriptor is the bytes a number of the column takes: 1, 2, 4 or 8 for integers that fit, 0 where every value is the
same (then 8 bytes hold it once), 128 for doubles as they are.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from lapwing.model.problem import LapwingError, StoreError

Array = npt.NDArray[np.generic]

VERSION: Final = 1
_HEADER: Final = struct.Struct("<BBHII")
_CHECKED_FROM: Final = 8  # of the header, all but the checksum itself is under it too
_MOST_ROWS: Final = 1 << 22
_DENSE: Final = 1
_CONSTANT: Final = 0
_DOUBLE: Final = 128
_WIDTHS: Final[dict[int, np.dtype[Any]]] = {
    1: np.dtype("<i1"),
    2: np.dtype("<i2"),
    4: np.dtype("<i4"),
    8: np.dtype("<i8"),
    _DOUBLE: np.dtype("<f8"),
}
_BYTES: Final = {kind: dtype.itemsize for kind, dtype in _WIDTHS.items()}
_BUCKETS: Final = np.dtype("<i4")
_INT64: Final = np.dtype("<i8")


def pack(buckets: npt.NDArray[np.int64], columns: Sequence[tuple[str, Array]]) -> bytes:
    """One chunk. `buckets` are strictly increasing offsets from the chunk's start in units of the grain, below 2^31;
    `columns` are (dtype "<i8" or "<f8", array of the same length). At most 2^22 rows."""
    return pack_many(buckets, columns, np.array([0, len(buckets)]))[0]


def pack_many(
    buckets: npt.NDArray[np.int64], columns: Sequence[tuple[str, Array]], borders: npt.NDArray[np.int64]
) -> list[bytes]:
    """Chunks of rows that lie one after the other: chunk i is rows `borders[i]` to `borders[i + 1]`. Else as `pack`."""
    starts, rows = borders[:-1], np.diff(borders)
    if int(rows.max()) > _MOST_ROWS:
        raise ValueError(f"a chunk holds up to {_MOST_ROWS} rows, not {int(rows.max())}")
    packed = [_pack_column(np.dtype(dtype), np.asarray(array), borders) for dtype, array in columns]
    numbers = memoryview(buckets.astype(_BUCKETS).tobytes())
    dense = (
        np.ones(1, np.bool_) if not len(buckets) else (buckets[starts] == 0) & (buckets[borders[1:] - 1] == rows - 1)
    )
    chunks: list[bytes] = []
    spans = zip(borders[:-1].tolist(), borders[1:].tolist(), dense.tolist(), strict=True)
    for place, (low, high, counted) in enumerate(spans):
        kinds = bytes(kinds[place] for kinds, _ in packed)
        offsets = b"" if counted else numbers[4 * low : 4 * high]
        body = b"".join((kinds, offsets, *(parts[place] for _, parts in packed)))
        header = _HEADER.pack(VERSION, _DENSE if counted else 0, len(packed), high - low, 0)[:_CHECKED_FROM]
        chunks.append(header + zlib.crc32(body, zlib.crc32(header)).to_bytes(4, "little") + body)
    return chunks


def _pack_column(
    dtype: np.dtype[np.generic], array: Array, borders: npt.NDArray[np.int64]
) -> tuple[bytes, list[memoryview]]:
    """A column's descriptor and bytes in each chunk."""
    if dtype not in (_INT64, _WIDTHS[_DOUBLE]):
        raise ValueError(f"a chunk holds <i8 and <f8, not {dtype}")
    exact = np.ascontiguousarray(array, dtype=dtype)
    bits = exact.view(_INT64)  # compares doubles by their bits, so that NaN and -0.0 stay what they are
    if not len(exact):
        return b"\1", [memoryview(b"")]
    starts = borders[:-1]
    low, high = np.minimum.reduceat(bits, starts), np.maximum.reduceat(bits, starts)
    fitting = [(low >= -(1 << (8 * width - 1))) & (high < 1 << (8 * width - 1)) for width in (1, 2, 4)]
    widths = np.select(fitting, (1, 2, 4), 8) if dtype.kind == "i" else np.full(len(starts), _DOUBLE)
    kinds = np.where(low == high, _CONSTANT, widths).astype(np.uint8).tobytes()
    stored = {kind: memoryview(exact.astype(_WIDTHS[kind]).tobytes()) for kind in set(kinds) if kind != _CONSTANT}
    first = memoryview(bits[starts].tobytes())
    spans = zip(kinds, borders[:-1].tolist(), borders[1:].tolist(), strict=True)
    return kinds, [
        stored[kind][from_ * _BYTES[kind] : to * _BYTES[kind]] if kind else first[8 * place : 8 * place + 8]
        for place, (kind, from_, to) in enumerate(spans)
    ]


def unpack(value: bytes, dtypes: Sequence[str], *, check: bool = True) -> tuple[npt.NDArray[np.int64], list[Array]]:
    """The buckets and columns of one chunk. `check` compares the checksum.

    Raises:
        StoreError: the chunk is damaged, or a newer Lapwing wrote it.
    """
    _, buckets, arrays = unpack_many([value], dtypes, check=check)
    return buckets, arrays


def unpack_many(
    values: Sequence[bytes], dtypes: Sequence[str], *, columns: Sequence[int] | None = None, check: bool = False
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], list[Array]]:
    """Many chunks of one layout, one after the other: rows of each chunk, bucket offsets (each from its own chunk's
    start), columns: all, or those at the places `columns`, in the layout's order. Without `check` only the lengths are
    compared, which costs nothing; the checksum costs more than all the rest.

    Raises:
        StoreError: as `unpack`.
    """
    taken = range(len(dtypes)) if columns is None else frozenset(columns)
    wanted = [np.dtype(dtype) if place in taken else None for place, dtype in enumerate(dtypes)]
    if len(values) > 1 and not check:
        alike = _unpack_alike(values, wanted)
        if alike is not None:
            return alike
    bucket_parts: list[Array] = []
    parts: list[list[Array]] = [[] for _ in dtypes]
    counts = [_read(value, wanted, bucket_parts, parts, check) for value in values]
    arrays = [
        np.concatenate(part, dtype=dtype) if part else np.empty(0, dtype)
        for part, dtype in zip(parts, wanted, strict=True)
        if dtype is not None
    ]
    buckets = np.concatenate(bucket_parts, dtype=_INT64) if bucket_parts else np.empty(0, _INT64)
    return np.array(counts, _INT64), buckets, arrays


def _unpack_alike(
    values: Sequence[bytes], wanted: Sequence[np.dtype[Any] | None]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], list[Array]] | None:
    """`unpack_many` of dense chunks with equal headers, as months of one rollup often have: one strided copy a column
    instead of one a chunk. None where they differ."""
    first, size = values[0], len(values[0])
    at = _HEADER.size + len(wanted)
    if size < at:
        return None
    head, kinds = first[:_CHECKED_FROM], first[_HEADER.size : at]
    version, flags, width, rows, _ = _HEADER.unpack_from(first)
    lengths = [_WIDTHS[kind].itemsize * rows if kind else 8 for kind in kinds if kind in _WIDTHS or not kind]
    known = (version, flags, width, len(lengths)) == (VERSION, _DENSE, len(wanted), len(wanted))
    if not known or rows > _MOST_ROWS or at + sum(lengths) != size:
        return None
    for value in values:
        if len(value) != size or value[:_CHECKED_FROM] != head or value[_HEADER.size : at] != kinds:
            return None
    table = np.frombuffer(b"".join(values), np.uint8).reshape(len(values), size)
    arrays: list[Array] = []
    for kind, dtype, length in zip(kinds, wanted, lengths, strict=True):
        cells = table[:, at : at + length]
        if dtype is None:
            pass
        elif kind:
            arrays.append(cells.view(_WIDTHS[kind]).astype(dtype).reshape(-1))
        else:
            arrays.append(cells.view(dtype).reshape(-1).repeat(rows))
        at += length
    counts = np.full(len(values), rows, _INT64)
    buckets = np.empty((len(values), rows), _INT64)
    buckets[:] = _counting(rows)
    return counts, buckets.reshape(-1), arrays


def _read(
    value: bytes,
    wanted: Sequence[np.dtype[np.generic] | None],
    bucket_parts: list[Array],
    parts: list[list[Array]],
    check: bool,
) -> int:
    """Appends views of one chunk's buckets and columns; returns its number of rows."""
    try:
        version, flags, width, rows, checksum = _HEADER.unpack_from(value)
    except struct.error:
        raise _damaged("it is too short") from None
    if version != VERSION:
        raise _newer(version)
    if width != len(parts):
        raise _damaged(f"it has {width} columns, not {len(parts)}")
    if rows > _MOST_ROWS:
        raise _damaged(f"it claims {rows} rows")
    if check and zlib.crc32(memoryview(value)[_HEADER.size :], zlib.crc32(value[:_CHECKED_FROM])) != checksum:
        raise _damaged("its checksum is wrong")
    at = _HEADER.size + width
    kinds = value[_HEADER.size : at]
    try:
        if flags & _DENSE:
            bucket_parts.append(_counting(rows))
        else:
            bucket_parts.append(np.frombuffer(value, _BUCKETS, rows, at))
            at += 4 * rows
        for kind, part, dtype in zip(kinds, parts, wanted, strict=True):
            if dtype is None:
                at += 8 if kind == _CONSTANT else _BYTES[kind] * rows
            elif kind == _CONSTANT:
                part.append(np.frombuffer(value, dtype, 1, at).repeat(rows))
                at += 8
            else:
                stored = _WIDTHS[kind]
                part.append(np.frombuffer(value, stored, rows, at))
                at += stored.itemsize * rows
    except (ValueError, KeyError) as error:
        raise _damaged(str(error)) from error
    if at != len(value):
        raise _damaged(f"it has {len(value)} bytes, not {at}")
    return int(rows)


_counted: npt.NDArray[np.int32] = np.arange(1024, dtype=_BUCKETS)


def _counting(rows: int) -> npt.NDArray[np.int32]:
    """0, 1, 2, … rows - 1, as a view of one array that grows with need."""
    global _counted  # noqa: PLW0603  a cache: any thread's array is right
    counted = _counted
    if len(counted) < rows:
        _counted = counted = np.arange(2 * rows, dtype=_BUCKETS)
        _counted.flags.writeable = False
    return counted[:rows]


def _damaged(why: str) -> LapwingError:
    return StoreError.of(
        "store-damaged", f"A chunk of the rollup store is damaged: {why}.", hint="Build the rollup again."
    )


def _newer(version: int) -> LapwingError:
    return StoreError.of(
        "store-newer",
        f"A chunk has format {version}; this Lapwing knows {VERSION}.",
        hint="Upgrade Lapwing, or build the rollup again.",
    )
