"""Chunks as arrays again: see `chunk.py` for how they are laid out."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import xxhash

from lapwing.cache.chunk import (
    BASED,
    BUCKETS,
    BYTES,
    CHECKED,
    CHECKED_FROM,
    CHECKSUM_BITS,
    CONSTANT,
    COUNT,
    DENSE,
    HEADER,
    INT64,
    MOST_ROWS,
    VERSION,
    WIDTHS,
)
from lapwing.cache.layout import Stored
from lapwing.model.problem import LapwingError, StoreError
from lapwing.states.base import Array

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Unpacked:
    """Many chunks, one after the other: `counts` rows of each, `offsets` of their buckets, each from its own chunk's start,
    and the columns by their place in the layout."""

    counts: Ints
    offsets: Ints
    columns: Mapping[int, Array]


def unpack(
    values: Sequence[bytes], columns: Sequence[Stored], wanted: Iterable[int] | None = None, *, check: bool = True
) -> Unpacked:
    """Chunks of one layout; of the columns those at the places `wanted` (None: all). Without `check` only the lengths are
    compared, not the checksums.

    Raises:
        StoreError: a chunk is damaged, or a newer Lapwing wrote it.
    """
    places = sorted(range(len(columns)) if wanted is None else set(wanted))
    if check:
        _check(values, len(columns))
    if len(values) > 1:
        alike = _unpack_alike(values, columns, places)
        if alike is not None:
            return alike
    parts = _Parts(columns, {place: [] for place in places})
    counts = [parts.read(value) for value in values]
    return Unpacked(
        np.array(counts, INT64),
        np.concatenate(parts.buckets, dtype=INT64) if parts.buckets else np.empty(0, INT64),
        {
            place: np.concatenate(found, dtype=columns[place].dtype) if found else np.empty(0, columns[place].dtype)
            for place, found in parts.arrays.items()
        },
    )


def _unpack_alike(values: Sequence[bytes], columns: Sequence[Stored], places: Sequence[int]) -> Unpacked | None:
    """Dense chunks whose columns of one number a row are alike, as months of one rollup often are: one strided copy a
    column instead of one a chunk. None where they differ, or entries are wanted."""
    flat = next((place for place, column in enumerate(columns) if column.of is not None), len(columns))
    first = values[0]
    at = HEADER.size + len(columns)
    if len(first) < at or (places and places[-1] >= flat):
        return None
    head, kinds = first[:CHECKED_FROM], first[HEADER.size : HEADER.size + flat]
    version, flags, width, rows, _ = HEADER.unpack_from(first)
    lengths = [WIDTHS[kind].itemsize * rows if kind else 8 for kind in kinds if kind in WIDTHS or not kind]
    size = at + sum(lengths)
    known = (version, flags, width, len(lengths)) == (VERSION, DENSE, len(columns), flat)
    whole = flat == len(columns)
    if not known or rows > MOST_ROWS or (len(first) != size if whole else len(first) < size):
        return None
    for value in values:
        fits = len(value) == size if whole else len(value) >= size
        if not fits or value[:CHECKED_FROM] != head or value[HEADER.size : HEADER.size + flat] != kinds:
            return None
    joined = b"".join(values) if whole else b"".join([value[:size] for value in values])
    table = np.frombuffer(joined, np.uint8).reshape(len(values), size)
    arrays: dict[int, Array] = {}
    starts = np.cumsum([at, *lengths])
    for place in places:
        kind, dtype = kinds[place], np.dtype(columns[place].dtype)
        cells = table[:, starts[place] : starts[place] + lengths[place]]
        if kind:
            arrays[place] = cells.view(WIDTHS[kind]).astype(dtype).reshape(-1)
        else:
            arrays[place] = cells.view(dtype).reshape(-1).repeat(rows)
    buckets = np.empty((len(values), rows), INT64)
    buckets[:] = _counting(rows)
    return Unpacked(np.full(len(values), rows, INT64), buckets.reshape(-1), arrays)


@dataclass(slots=True)
class _Parts:
    """What was read of each chunk so far."""

    columns: Sequence[Stored]
    arrays: dict[int, list[Array]]
    buckets: list[Array] = field(default_factory=list)

    def read(self, value: bytes) -> int:
        """Takes one chunk; returns its number of rows."""
        rows, flags = _header(value, len(self.columns))
        at = HEADER.size + len(self.columns)
        kinds = value[HEADER.size : at]
        try:
            if flags & DENSE:
                self.buckets.append(_counting(rows))
            else:
                self.buckets.append(np.frombuffer(value, BUCKETS, rows, at))
                at += 4 * rows
            for place, (kind, column) in enumerate(zip(kinds, self.columns, strict=True)):
                count = rows
                if column.of is not None:
                    (count,) = COUNT.unpack_from(value, at)
                    at += COUNT.size
                at = self._column(place, kind, column.dtype, value, count, at)
        except (ValueError, KeyError, struct.error) as error:
            raise _damaged(str(error)) from error
        if at != len(value):
            raise _damaged(f"it has {len(value)} bytes, not {at}")
        return rows

    def _column(self, place: int, kind: int, dtype: str, value: bytes, count: int, at: int) -> int:
        """Takes one column of a chunk if it is wanted; returns where the next one begins."""
        wanted = self.arrays.get(place)
        if kind == CONSTANT:
            if wanted is not None:
                wanted.append(np.frombuffer(value, dtype, 1, at).repeat(count))
            return at + 8
        stored = WIDTHS[kind]
        base: Array | None = None
        if BASED < kind < BYTES:
            base = np.frombuffer(value, INT64, 1, at)
            at += 8
        if wanted is not None:
            numbers = np.frombuffer(value, stored, count, at)
            wanted.append(numbers if base is None else numbers.astype(INT64) + base)
        return at + stored.itemsize * count


def _header(value: bytes, width: int) -> tuple[int, int]:
    """Rows and flags of a chunk."""
    try:
        version, flags, found, rows, _ = HEADER.unpack_from(value)
    except struct.error:
        raise _damaged("it is too short") from None
    if version > VERSION:
        raise _newer(version)
    if version < VERSION:
        raise _damaged(f"it has the old format {version}")
    if found != width:
        raise _damaged(f"it has {found} columns, not {width}")
    if rows > MOST_ROWS:
        raise _damaged(f"it claims {rows} rows")
    return rows, flags


def _check(values: Sequence[bytes], width: int) -> None:
    """Raises StoreError where a chunk's checksum is not that of the rest of it."""
    apart, begins, digest = (
        CHECKED.unpack_from,
        HEADER.size,
        xxhash.xxh3_64_intdigest,
    )  # one read has thousands of these
    try:
        for value in values:
            seed, told = apart(value)
            if digest(memoryview(value)[begins:], seed) & CHECKSUM_BITS != told:
                _header(value, width)  # another version has another reason
                raise _damaged("its checksum is wrong")
    except struct.error:
        raise _damaged("it is too short") from None


_counted: npt.NDArray[np.int32] = np.arange(1024, dtype=BUCKETS)


def _counting(rows: int) -> npt.NDArray[np.int32]:
    """0, 1, 2, … rows - 1, as a view of one array that grows with need."""
    global _counted  # noqa: PLW0603  a cache: any thread's array is right
    counted = _counted
    if len(counted) < rows:
        _counted = counted = np.arange(2 * rows, dtype=BUCKETS)
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
