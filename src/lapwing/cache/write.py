"""Writes one version of a partition: sorted states in, chunks and their directory out. Nothing of it is visible until the
manifest names it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
from lapwing.cache.vocabulary import Distinct, vocabulary_rows

MOST_BUCKETS = 4_096
"""Buckets of one chunk: 42 days of 15 minutes. Keeps a value of the store far below its limit and a short look cheap."""

_PUT_BYTES = 8 << 20


class Sink(Protocol):
    """A store, as far as it is written to."""

    def put(self, rows: Iterable[tuple[bytes, bytes]]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    keys: int = 0
    cells: int = 0
    bytes: int = 0
    distinct: tuple[int, ...] = ()


class _Version:
    """The rows of one version, as they come; nothing of them is kept."""

    def __init__(self, definition: Definition, version: int, start: int) -> None:
        self._definition = definition
        self._version = version
        self._start = start
        self._slabs = SlabWriter(definition, version)
        self._directory = DirectoryWriter(definition.id, version)
        self.distinct = Distinct(definition.rollup.dimensions)
        self.keys = self.cells = 0

    def rows(self, cells: Iterable[Cells]) -> Iterator[tuple[bytes, bytes]]:
        for some in cells:
            yield from self._chunks(some)
        yield from self._slabs.rest()
        yield from self._directory.rest()
        yield from vocabulary_rows(self._definition, self._version, self.distinct.values())

    def _chunks(self, some: Cells) -> Iterator[tuple[bytes, bytes]]:
        definition = self._definition
        names = definition.rollup.dimensions
        bucket = (some.bucket - self._start) // definition.grain
        number = bucket // MOST_BUCKETS
        borders = np.append(np.flatnonzero(some.first_of_groups() | differs(number)), len(bucket))
        first = number[borders[:-1]] * MOST_BUCKETS
        moments = (self._start + first * definition.grain).tolist()
        offsets = bucket - np.repeat(first, np.diff(borders))
        compact = {name: state.compact(some.states[name]) for name, state in definition.kept.items()}
        packed = pack_many(offsets, definition.layout.columns, arrays_of(definition, compact), borders)
        folded = {name: state.merge(some.states[name], borders[:-1]) for name, state in definition.kept.items()}
        yield from self._slabs.add(folded, len(packed))
        dimensions = some.dimensions.take(pa.array(borders[:-1])) if names else None
        keys = [b""] * len(packed)
        if dimensions is not None:
            values = zip(*(dimensions.column(name).to_pylist() for name in names), strict=True)
            keys = [encode_values(value, names) for value in values]
            self.distinct.add(dimensions)
        yield from self._directory.add(dimensions, keys, moments)
        prefix = rollup_prefix(definition.id, self._version)
        for key, moment, value in zip(keys, moments, packed, strict=True):
            yield chunk_key(prefix, key, moment), value
        self.keys += len(packed)
        self.cells += len(bucket)


def write_version(store: Sink, definition: Definition, version: int, start: int, cells: Iterable[Cells]) -> Written:
    """Writes the partition that starts at `start`.

    Raises:
        StoreError: no room in the store, or dimension values too long for a key.
    """
    made = _Version(definition, version, start)
    waiting: list[tuple[bytes, bytes]] = []
    size = total = 0
    for row in made.rows(cells):
        waiting.append(row)
        size += len(row[0]) + len(row[1])
        if size >= _PUT_BYTES:
            store.put(waiting)
            total, size, waiting = total + size, 0, []
    store.put(waiting)
    distinct = tuple(len(values) for values in made.distinct.values().values())
    return Written(keys=made.keys, cells=made.cells, bytes=total + size, distinct=distinct)
