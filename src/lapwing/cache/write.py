"""Writes one version of a partition: sorted states in, chunks and their directory out. Nothing of it is visible until the
manifest names it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pyarrow as pa

from lapwing.cache.cells import Cells, differs
from lapwing.cache.chunk import pack_many
from lapwing.cache.definition import Definition
from lapwing.cache.directory import directory_rows
from lapwing.cache.keys import chunk_key, encode_values, rollup_prefix
from lapwing.cache.slab import SlabWriter, arrays_of
from lapwing.cache.vocabulary import vocabulary_rows

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


@dataclass(slots=True)
class _Totals:
    cells: int = 0
    size: int = 0
    keys: list[bytes] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    dimensions: list[pa.Table] = field(default_factory=list)


def write_version(store: Sink, definition: Definition, version: int, start: int, cells: Iterable[Cells]) -> Written:
    """Writes the partition that starts at `start`.

    Raises:
        StoreError: no room in the store, or dimension values too long for a key.
    """
    totals = _Totals()
    waiting: list[tuple[bytes, bytes]] = []
    size = 0
    for row in _chunks(definition, version, start, cells, totals):
        waiting.append(row)
        size += len(row[0]) + len(row[1])
        if size >= _PUT_BYTES:
            store.put(waiting)
            totals.size, size, waiting = totals.size + size, 0, []
    dimensions = pa.concat_tables(totals.dimensions) if totals.dimensions else pa.table({})
    waiting += directory_rows(definition.id, version, dimensions, totals.keys, totals.starts)
    if totals.dimensions:
        waiting += vocabulary_rows(definition, version, dimensions)
    store.put(waiting)
    totals.size += sum(len(key) + len(value) for key, value in waiting)
    names = definition.rollup.dimensions if totals.dimensions else ()
    distinct = tuple(len(dimensions.column(name).unique()) for name in names)
    return Written(keys=len(totals.keys), cells=totals.cells, bytes=totals.size, distinct=distinct)


def _chunks(
    definition: Definition, version: int, start: int, cells: Iterable[Cells], totals: _Totals
) -> Iterator[tuple[bytes, bytes]]:
    prefix = rollup_prefix(definition.id, version)
    names = definition.rollup.dimensions
    slabs = SlabWriter(definition, version)
    for some in cells:
        bucket = (some.bucket - start) // definition.grain
        number = bucket // MOST_BUCKETS
        borders = np.append(np.flatnonzero(some.first_of_groups() | differs(number)), len(bucket))
        dimensions = some.dimensions.take(pa.array(borders[:-1])) if names else None
        values = list(zip(*(dimensions.column(name).to_pylist() for name in names), strict=True)) if dimensions else []
        first = number[borders[:-1]] * MOST_BUCKETS
        moments = (start + first * definition.grain).tolist()
        offsets = bucket - np.repeat(first, np.diff(borders))
        compact = {name: state.compact(some.states[name]) for name, state in definition.kept.items()}
        packed = pack_many(offsets, definition.layout.columns, arrays_of(definition, compact), borders)
        folded = {name: state.merge(some.states[name], borders[:-1]) for name, state in definition.kept.items()}
        yield from slabs.add(folded, len(packed))
        for position, (moment, value) in enumerate(zip(moments, packed, strict=True)):
            key = encode_values(values[position], names) if names else b""
            totals.keys.append(key)
            totals.starts.append(moment)
            yield chunk_key(prefix, key, moment), value
        totals.cells += len(bucket)
        if dimensions is not None:
            totals.dimensions.append(dimensions)
    yield from slabs.rest()
