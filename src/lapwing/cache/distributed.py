"""Builds by many workers: what each of them does, whatever runs them (Beam, Spark).

The work on a stretch of partitions is three steps with an exchange between them:

1. `blocks`: the states of some rows, folded for each rollup, cut into shards of groups;
2. `write_shard`: all blocks of one shard merged, packed and written, which leaves the heads of its chunks;
3. `write_rest`, for partitions without any rows, too: all heads of a partition, sorted into its index; the whole version
   read back and compared; and then a receipt in the store, which says what was written.

Steps may be repeated, at the same time, too: they write the same rows under the same keys of a version that nobody reads
yet. Whoever ordered the work reads the receipts and publishes, or gives the versions up. A worker that is late for that
leaves rows of a version that no manifest names, and the next sweep removes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from lapwing.cache.blocks import cells_block, cells_of_block, heads_block, heads_of_block
from lapwing.cache.cells import Cells, whole_groups
from lapwing.cache.coarser import Coarser
from lapwing.cache.definition import Definition
from lapwing.cache.keys import encode_values, receipt_key
from lapwing.cache.partition import Cause, Partition
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.verify import Verification, check_version
from lapwing.cache.write import Heads, Index, Written, chunks, put_all
from lapwing.model.problem import StoreError

_AT_ONCE = 100_000  # heads sorted into an index at once
_LOOK_AHEAD = 256  # partitions whose receipts are looked for at once


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Member:
    """A rollup of the order, and the versions reserved for its partitions."""

    definition: Definition
    versions: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Order:
    """Partitions to build: partition i lies between `borders[i]` and `borders[i + 1]` (UTC microseconds). The states are
    built for the first member, the finest; the others follow from it. The groups of a partition are written in `shards`
    parts. `marks` say what data each partition was ordered of. It can be pickled."""

    members: tuple[Member, ...]
    borders: tuple[int, ...]
    marks: tuple[str, ...] = ()
    shards: int = 1

    @property
    def finest(self) -> Definition:
        return self.members[0].definition


@dataclass(frozen=True, slots=True, order=True)
class Shard:
    """Some groups of one partition (by its number) of one member (by its number)."""

    member: int
    partition: int
    number: int


def blocks(order: Order, partition: int, states: Iterable[pa.RecordBatch]) -> Iterator[tuple[Shard, bytes]]:
    """The states of some of a partition's rows, in batches as a builder gives them, as blocks for all members."""
    start, end = order.borders[partition : partition + 2]
    folds = [Coarser(one.definition, order.finest, start, end) for one in order.members[1:]]
    for cells in whole_groups(order.finest, states):
        for fold in folds:
            fold.add(cells)
        yield from _cut(order, 0, partition, cells)
    for member, fold in enumerate(folds, 1):
        for cells in fold.cells():
            yield from _cut(order, member, partition, cells)


def _cut(order: Order, member: int, partition: int, cells: Cells) -> Iterator[tuple[Shard, bytes]]:
    definition = order.members[member].definition
    of_row = _shards(definition, cells, order.shards)
    for number in np.unique(of_row).tolist():
        rows = np.flatnonzero(of_row == number)
        some = Cells(
            dimensions=cells.dimensions.take(pa.array(rows)) if cells.dimensions.num_columns else cells.dimensions,
            bucket=cells.bucket[rows],
            states={name: state.take(cells.states[name], rows) for name, state in definition.kept.items()},
        )
        yield Shard(member, partition, number), cells_block(definition, some)


def _shards(definition: Definition, cells: Cells, count: int) -> npt.NDArray[np.int64]:
    """The shard of each cell: that of its group, by a hash that is the same everywhere."""
    names = definition.rollup.dimensions
    if count == 1 or not names:
        return np.zeros(len(cells.bucket), np.int64)
    first = np.flatnonzero(cells.first_of_groups())
    groups = cells.dimensions.take(pa.array(first))
    values = zip(*(groups.column(name).to_pylist() for name in names), strict=True)
    numbers = [xxhash.xxh3_64_intdigest(encode_values(value, names)) % count for value in values]
    return np.repeat(np.array(numbers, np.int64), np.diff(np.append(first, len(cells.bucket))))


def write_shard(store: RollupStore, order: Order, shard: Shard, of: Iterable[bytes]) -> Iterator[bytes]:
    """Merges all blocks of a shard and writes its chunks; gives their heads.

    Raises:
        StoreError: no room, a value that does not fit, or the store does not answer.
    """
    one = order.members[shard.member]
    start, end = order.borders[shard.partition : shard.partition + 2]
    merged = Coarser(one.definition, one.definition, start, end)
    for block in sorted(of):  # in one order, whatever order they came in
        merged.add(cells_of_block(one.definition, block))
    for cells in merged.cells():
        rows, heads = chunks(one.definition, one.versions[shard.partition], start, cells)
        put_all(store, rows)
        yield heads_block(one.definition, heads)


def write_rest(store: RollupStore, order: Order, member: int, partition: int, heads: Iterable[bytes]) -> Written:
    """Writes a partition's index, reads all of the version back, and leaves a receipt.

    Raises:
        StoreError: as `write_shard`; or what was read back is not what was written.
    """
    one = order.members[member]
    version = one.versions[partition]
    index = Index(one.definition, version)
    every = [heads_of_block(one.definition, block) for block in heads]

    def rows() -> Iterator[tuple[bytes, bytes]]:
        for some in _sorted(one.definition, every):
            yield from index.add(some)
        yield from index.rest()

    size = put_all(store, rows()) + sum(some.bytes for some in every)
    written = index.written(size)
    _verify(store, one.definition, version, order.borders[partition : partition + 2], written)
    store.put([(receipt_key(one.definition.id, version), _receipt(written))])
    return written


def _sorted(definition: Definition, every: Sequence[Heads]) -> Iterator[Heads]:
    """All heads in the order of their keys."""
    if not every:
        return
    keys = [key for heads in every for key in heads.keys]
    starts = [start for heads in every for start in heads.starts]
    order = np.asarray(
        pc.sort_indices(
            pa.table({"key": pa.array(keys, pa.binary()), "start": pa.array(starts, pa.int64())}),
            sort_keys=[("key", "ascending"), ("start", "ascending")],
        )
    )
    kept = definition.kept
    dimensions = pa.concat_tables([heads.dimensions for heads in every]).combine_chunks()
    states = {name: state.concatenate([heads.states[name] for heads in every]) for name, state in kept.items()}
    cells = sum(heads.cells for heads in every)
    for low in range(0, len(order), _AT_ONCE):
        rows = order[low : low + _AT_ONCE]
        yield Heads(
            dimensions=dimensions.take(pa.array(rows)) if dimensions.num_columns else dimensions,
            keys=[keys[row] for row in rows],
            starts=[starts[row] for row in rows],
            states={name: state.take(states[name], rows) for name, state in kept.items()},
            cells=cells if low == 0 else 0,
            bytes=0,
        )


def _verify(store: RollupStore, definition: Definition, version: int, of: Sequence[int], written: Written) -> None:
    """Raises: StoreError: the store holds something else than was written."""
    start, end = of
    partition = Partition(
        start=start,
        end=end,
        version=version,
        keys=written.keys,
        cells=written.cells,
        bytes=written.bytes,
        distinct=written.distinct,
        built_at=0.0,
        mark="",
        data_start=start,
        data_end=end,
        sealed=start,
        since=0.0,
        cause=Cause.BUILT,
        builder="",
    )
    for check, says in check_version(store, definition, partition, Verification()):
        raise StoreError.of(
            "not-written",
            f"The store does not hold what was written of {definition.name} ({check}): {says}",
            hint="Build it again.",
        )


def _receipt(written: Written) -> bytes:
    return orjson.dumps(
        {"keys": written.keys, "cells": written.cells, "bytes": written.bytes, "distinct": written.distinct}
    )


def receipts(store: RollupStore, order: Order) -> list[tuple[Written, ...] | None]:
    """Of each partition what was written for each member; None while it is not all there."""
    keys = [receipt_key(one.definition.id, version) for one in order.members for version in one.versions]
    found = store.get(keys)
    count = len(order.borders) - 1
    by_member = [found[low : low + count] for low in range(0, len(found), count)]
    told: list[tuple[Written, ...] | None] = []
    for values in zip(*by_member, strict=True):
        whole = [value for value in values if value is not None]
        told.append(tuple(_read(value) for value in whole) if len(whole) == len(values) else None)
    return told


def ready(store: RollupStore, order: Order, first: int) -> Iterator[tuple[Written, ...]]:
    """What was written of the partitions from `first` on, up to one that is not whole."""
    while first < len(order.borders) - 1:
        found = receipts(store, _some(order, first))
        for written in found:
            if written is None:
                return
            yield written
        first += len(found)


def _some(order: Order, first: int) -> Order:
    """Some partitions of the order from `first` on."""
    last = first + _LOOK_AHEAD
    members = tuple(replace(one, versions=one.versions[first:last]) for one in order.members)
    return replace(order, members=members, borders=order.borders[first : last + 1], marks=order.marks[first:last])


def _read(value: bytes) -> Written:
    told = orjson.loads(value)
    return Written(keys=told["keys"], cells=told["cells"], bytes=told["bytes"], distinct=tuple(told["distinct"]))
