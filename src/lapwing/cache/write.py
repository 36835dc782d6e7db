"""Writes one version of a partition: sorted states in, chunks and their index out. Nothing of it is visible until the
manifest names it.

Chunks hold whole groups and know nothing of each other, so any number of workers can write them, each for some groups.
What the index needs of them are their heads: it is written once, when all are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from lapwing.cache.cells import Cells, differs
from lapwing.cache.chunk import pack_many
from lapwing.cache.definition import Definition
from lapwing.cache.directory import DirectoryWriter
from lapwing.cache.keys import chunk_key, encode_values, rollup_prefix
from lapwing.cache.slab import SlabWriter, arrays_of
from lapwing.cache.stores.limits import MOST_VALUE_BYTES
from lapwing.cache.vocabulary import Distinct, vocabulary_rows
from lapwing.model.problem import LapwingError, StoreError
from lapwing.states.base import Columns

MOST_BUCKETS = 4_096
"""Buckets of one chunk: 42 days of 15 minutes. Keeps a value of the store far below its limit and a short look cheap."""

_PUT_BYTES = 8 << 20

Row = tuple[bytes, bytes]
"""Of the store."""


class Sink(Protocol):
    """A store, as far as it is written to."""

    def put(self, rows: Iterable[Row]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    keys: int = 0
    cells: int = 0
    bytes: int = 0
    distinct: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heads:
    """What the index needs of chunks. Row i is one: its group's dimension values (no columns where there are none) and
    encoded key, the moment it starts at, and all its buckets' states folded together. `cells` and `bytes` are those of
    all."""

    dimensions: pa.Table
    keys: Sequence[bytes]
    starts: Sequence[int]
    states: Mapping[str, Columns]
    cells: int
    bytes: int


def chunks(definition: Definition, version: int, start: int, cells: Cells) -> tuple[list[Row], Heads]:
    """The chunks of whole groups, of the partition that starts at `start`.

    Raises:
        StoreError: dimension values too long for a key, or a chunk too large for the store.
    """
    names = definition.rollup.dimensions
    bucket = (cells.bucket - start) // definition.grain
    number = bucket // MOST_BUCKETS
    borders = np.append(np.flatnonzero(cells.first_of_groups() | differs(number)), len(bucket))
    first = number[borders[:-1]] * MOST_BUCKETS
    moments = (start + first * definition.grain).tolist()
    offsets = bucket - np.repeat(first, np.diff(borders))
    compact = {name: state.compact(cells.states[name]) for name, state in definition.kept.items()}
    packed = pack_many(offsets, definition.layout.columns, arrays_of(definition, compact), borders)
    folded = {name: state.merge(cells.states[name], borders[:-1]) for name, state in definition.kept.items()}
    dimensions = cells.dimensions.take(pa.array(borders[:-1])) if names else cells.dimensions.slice(0, 0)
    keys = [b""] * len(packed)
    if names:
        values = zip(*(dimensions.column(name).to_pylist() for name in names), strict=True)
        keys = [encode_values(value, names) for value in values]
    largest = max(packed, key=len, default=b"")
    if len(largest) > MOST_VALUE_BYTES:
        raise _too_large(definition, dimensions, packed.index(largest), len(largest))
    prefix = rollup_prefix(definition.id, version)
    rows = [(chunk_key(prefix, key, moment), value) for key, moment, value in zip(keys, moments, packed, strict=True)]
    size = sum(len(key) + len(value) for key, value in rows)
    return rows, Heads(dimensions=dimensions, keys=keys, starts=moments, states=folded, cells=len(bucket), bytes=size)


def _too_large(definition: Definition, dimensions: pa.Table, row: int, size: int) -> LapwingError:
    group = ", ".join(f"{name} = {dimensions.column(name)[row].as_py()!r}" for name in dimensions.column_names)
    return StoreError.of(
        "value-too-long",
        f"One row of {definition.name} ({group or 'all of it'}) takes {size:,} bytes; the store takes up to"
        f" {MOST_VALUE_BYTES:,}.",
        place=definition.rollup.place,
        hint="Use shorter partitions or a coarser grain for the rollup, or leave out the measure with many entries.",
    )


class Index:
    """The index of a version as its chunks' heads come, in the order in which readers will find them: directory, slabs and
    vocabulary. Holds no more than a few rows of the store."""

    def __init__(self, definition: Definition, version: int) -> None:
        self._definition = definition
        self._version = version
        self._slabs = SlabWriter(definition, version)
        self._directory = DirectoryWriter(definition.id, version)
        self._distinct = Distinct(definition.rollup.dimensions)
        self._keys = self._cells = 0

    def add(self, heads: Heads) -> Iterator[Row]:
        """Takes the next heads; gives the rows of the store that are full."""
        yield from self._slabs.add(heads.states, len(heads.keys))
        named = heads.dimensions if self._definition.rollup.dimensions else None
        if named is not None:
            self._distinct.add(named)
        yield from self._directory.add(named, heads.keys, heads.starts)
        self._keys += len(heads.keys)
        self._cells += heads.cells

    def rest(self) -> Iterator[Row]:
        """What is left at the end."""
        yield from self._slabs.rest()
        yield from self._directory.rest()
        yield from vocabulary_rows(self._definition, self._version, self._distinct.values())

    def written(self, size: int) -> Written:
        """What the version holds, in rows of `size` bytes."""
        distinct = tuple(len(values) for values in self._distinct.values().values())
        return Written(keys=self._keys, cells=self._cells, bytes=size, distinct=distinct)


def write_version(store: Sink, definition: Definition, version: int, start: int, cells: Iterable[Cells]) -> Written:
    """Writes the partition that starts at `start`: chunks and index in one go.

    Raises:
        StoreError: no room in the store, or dimension values too long for a key.
    """
    index = Index(definition, version)

    def rows() -> Iterator[Row]:
        for some in cells:
            of_chunks, heads = chunks(definition, version, start, some)
            yield from of_chunks
            yield from index.add(heads)
        yield from index.rest()

    return index.written(put_all(store, rows()))


def put_all(store: Sink, rows: Iterable[Row]) -> int:
    """Writes rows, some megabytes at a time; how many bytes they were."""
    waiting: list[Row] = []
    size = total = 0
    for row in rows:
        waiting.append(row)
        size += len(row[0]) + len(row[1])
        if size >= _PUT_BYTES:
            store.put(waiting)
            total, size, waiting = total + size, 0, []
    store.put(waiting)
    return total + size
