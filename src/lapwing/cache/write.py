"""Writes one version of a partition: sorted states in, chunks and their directory out. Nothing of it is visible until the
manifest names it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.cache.arrow_states import int64, same_zero, state_columns
from lapwing.cache.chunk import pack_many
from lapwing.cache.definition import Definition
from lapwing.cache.directory import directory_rows
from lapwing.cache.keys import chunk_key, encode_values, rollup_prefix
from lapwing.cache.state_sql import BUCKET
from lapwing.cache.stores.base import RollupStore
from lapwing.states.base import Array

MOST_BUCKETS = 4_096
"""Buckets of one chunk: 42 days of 15 minutes. Keeps a value of the store far below its limit and a short look cheap."""

_PUT_BYTES = 8 << 20


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


def write_version(
    store: RollupStore, definition: Definition, version: int, start: int, batches: Iterable[pa.RecordBatch]
) -> Written:
    """Writes the partition that starts at `start` from batches of `state_sql`, ordered.

    Raises:
        StoreError: no room in the store, or dimension values too long for a key.
    """
    totals = _Totals()
    waiting: list[tuple[bytes, bytes]] = []
    size = 0
    for row in _chunks(definition, version, start, batches, totals):
        waiting.append(row)
        size += len(row[0]) + len(row[1])
        if size >= _PUT_BYTES:
            store.put(waiting)
            totals.size, size, waiting = totals.size + size, 0, []
    dimensions = pa.concat_tables(totals.dimensions) if totals.dimensions else pa.table({})
    waiting += directory_rows(definition.id, version, dimensions, totals.keys, totals.starts)
    store.put(waiting)
    totals.size += sum(len(key) + len(value) for key, value in waiting)
    names = definition.rollup.dimensions if totals.dimensions else ()
    distinct = tuple(len(dimensions.column(name).unique()) for name in names)
    return Written(keys=len(totals.keys), cells=totals.cells, bytes=totals.size, distinct=distinct)


def _chunks(
    definition: Definition, version: int, start: int, batches: Iterable[pa.RecordBatch], totals: _Totals
) -> Iterator[tuple[bytes, bytes]]:
    prefix = rollup_prefix(definition.id, version)
    names = definition.rollup.dimensions
    for table in _whole_groups(definition, batches):
        chunk = (int64(table.column(BUCKET)) - start) // definition.grain
        number = chunk // MOST_BUCKETS
        borders = np.append(np.flatnonzero(_changes(table, names) | _differs(number)), table.num_rows)
        columns = _flat(definition, table)
        dimensions = table.select(list(names)).take(pa.array(borders[:-1])) if names else None
        values = list(zip(*(dimensions.column(name).to_pylist() for name in names), strict=True)) if dimensions else []
        first = number[borders[:-1]] * MOST_BUCKETS
        moments = (start + first * definition.grain).tolist()
        packed = pack_many(chunk - np.repeat(first, np.diff(borders)), columns, borders)
        for position, (moment, value) in enumerate(zip(moments, packed, strict=True)):
            key = encode_values(values[position], names) if names else b""
            totals.keys.append(key)
            totals.starts.append(moment)
            yield chunk_key(prefix, key, moment), value
        totals.cells += table.num_rows
        if dimensions is not None:
            totals.dimensions.append(dimensions)


def _whole_groups(definition: Definition, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The rows again, cut so that no group is split: the last group of a batch waits for the next one."""
    names = definition.rollup.dimensions
    pending: pa.Table | None = None
    for batch in batches:
        table = same_zero(pa.Table.from_batches([batch]), names)
        if pending is not None:
            table = pa.concat_tables([pending, table]).combine_chunks()
        if table.num_rows == 0:
            continue
        last = int(np.flatnonzero(_changes(table, names))[-1])
        if last:
            yield table.slice(0, last)
        pending = table.slice(last)
    if pending is not None:
        yield pending


def _changes(table: pa.Table, names: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Which rows begin another group than the row before."""
    changed = np.zeros(table.num_rows, np.bool_)
    changed[:1] = True
    for name in names:
        column = table.column(name).combine_chunks()
        changed |= _differs(np.asarray(column.dictionary_encode(null_encoding="encode").indices))
    return changed


def _differs(codes: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    differs = np.zeros(len(codes), np.bool_)
    np.not_equal(codes[1:], codes[:-1], out=differs[1:])
    return differs


def _flat(definition: Definition, table: pa.Table) -> list[tuple[str, Array]]:
    """(dtype, array) of every state column, in the order of `Definition.dtypes`."""
    columns: Mapping[str, Mapping[str, Array]] = state_columns(table, definition.states)
    return [
        (column.dtype, columns[name][column.suffix])
        for name, state in definition.states.items()
        for column in state.columns
    ]
