"""Reads an answer from a rollup: which chunks, in one round trip; then unpacked, folded, grouped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from lapwing.cache.definition import Definition
from lapwing.cache.directory import Directory, version_gone
from lapwing.cache.fold import bucket_of, fold
from lapwing.cache.frame import StateFrame, without_empty_groups
from lapwing.cache.partition import Partition
from lapwing.cache.recent import Recent
from lapwing.cache.request import StateRequest
from lapwing.cache.select import Selection, Selector
from lapwing.cache.slab import LEAST_ROWS, read_slabs
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.truth import Engine
from lapwing.cache.unpack import unpack
from lapwing.states.base import Array, Columns, State

_AT_ONCE = 4_096
_SLAB_BYTES = 128 << 20
_FEW = 32
"""A slab is read where at least one in so many of its rows is wanted."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ReadResult:
    """`keys` read, `rows` (cells) and `bytes` unpacked; `milliseconds` for that and merging, once the keys were known."""

    frame: StateFrame
    keys: int
    rows: int
    bytes: int
    milliseconds: float


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Cells that were read, before they are folded. `own`: each is a bucket by itself."""

    group: Ints
    bucket: Ints
    columns: dict[str, Columns]
    keys: int = 0
    bytes: int = 0
    own: bool = False


class Reader:
    """Reads rollups of one store. `note` is told the keys of chunks that are read."""

    def __init__(
        self, store: RollupStore, engine: Engine, note: Callable[[Sequence[bytes]], None] = lambda _: None
    ) -> None:
        self._store = store
        self._note = note
        self._selector = Selector(store, engine)
        self._slabs: Recent[Columns] = Recent(_SLAB_BYTES)

    def directory(self, definition: Definition, partition: Partition) -> Directory:
        """The directory of a partition."""
        return self._selector.directory(definition, partition)

    def read(
        self,
        definition: Definition,
        partitions: Sequence[Partition],
        request: StateRequest,
        states: dict[str, State],
    ) -> ReadResult:
        """The states asked, from these partitions of a manifest.

        Raises:
            StoreError: damaged, or a version was removed meanwhile ("version-gone": take the manifest again).
        """
        selection = self._selector.select(definition, partitions, request)
        began = time.perf_counter()
        slabs = _in_one_bucket(partitions, selection, request.edges)
        parts = [
            self._slab(definition, partitions[number], number, bucket, selection, states)
            for number, bucket in slabs.items()
        ]
        if not slabs or sum(int(selection.counts[number]) for number in slabs) < len(selection.row):
            parts.insert(0, self._chunks(definition, selection, slabs, request, states))
        part = _together(parts, states)
        apart = part.own and selection.apart
        folded = fold(part.group, part.bucket, part.columns, states, len(request.edges) - 1, apart=apart)
        frame = without_empty_groups(
            StateFrame(groups=selection.groups, group=folded.group, bucket=folded.bucket, states=folded.states)
        )
        taken = (time.perf_counter() - began) * 1e3
        return ReadResult(frame, part.keys, len(part.bucket), part.bytes, taken)

    def _chunks(
        self,
        definition: Definition,
        selection: Selection,
        slabs: Mapping[int, int],
        request: StateRequest,
        states: dict[str, State],
    ) -> _Part:
        """The cells of the chunks of partitions that are not read from slabs."""
        wanted = ~np.isin(selection.partition, list(slabs)) if slabs else np.s_[:]
        starts, chunk_group = selection.starts[wanted], selection.group[wanted]
        values = self._get(selection.keys(wanted))
        found = unpack(values, definition.layout.columns, _places(definition, tuple(states)))
        count = len(request.edges) - 1
        own = int(request.edges[-1] - request.edges[0]) == definition.grain * count
        if own:
            bucket = np.repeat((starts - int(request.edges[0])) // definition.grain, found.counts) + found.offsets
        else:
            bucket = bucket_of(np.repeat(starts, found.counts) + found.offsets * definition.grain, request.edges)
        columns = _columns(definition, found.columns, states)
        group = np.repeat(chunk_group, found.counts)
        return _Part(group, bucket, columns, len(values), sum(map(len, values)), own)

    def _slab(
        self,
        definition: Definition,
        partition: Partition,
        number: int,
        bucket: int,
        selection: Selection,
        states: dict[str, State],
    ) -> _Part:
        """One cell for each chunk of a partition that lies in one bucket."""
        owners = dict.fromkeys(definition.owners[name] for name in states)
        kept: dict[str, Columns] = {}
        for name in owners:
            known = self._slabs.get((definition.id, partition.version, name))
            if known is not None:
                kept[name] = known
        missing = [name for name in owners if name not in kept]
        read = 0
        if missing:
            new, read = read_slabs(self._store, definition, partition.version, partition.keys, missing)
            for name, columns in new.items():
                self._slabs.put((definition.id, partition.version, name), columns, _size(columns))
            kept.update(new)
        rows, group = selection.of(number)
        every = len(rows) == partition.keys and bool((rows[1:] > rows[:-1]).all())
        taken: dict[str, Columns] = {
            name: kept[definition.owners[name]] if every else state.take(kept[definition.owners[name]], rows)
            for name, state in states.items()
        }
        return _Part(group, np.full(len(rows), bucket), taken, 1, read)

    def _get(self, keys: Sequence[bytes]) -> list[bytes]:
        self._note(keys)
        values: list[bytes] = []
        for offset in range(0, len(keys), _AT_ONCE):
            for value in self._store.get(keys[offset : offset + _AT_ONCE]):
                if value is None:
                    raise version_gone()
                values.append(value)
        return values


def _in_one_bucket(partitions: Sequence[Partition], selection: Selection, edges: Ints) -> dict[int, int]:
    """The partitions to be read from their slabs, with the bucket that holds each of them whole."""
    found: dict[int, int] = {}
    for number, partition in enumerate(partitions):
        chosen = int(selection.counts[number])
        if chosen < LEAST_ROWS or chosen * _FEW < partition.keys:
            continue
        bucket = int(np.searchsorted(edges, partition.data_start, side="right")) - 1
        if 0 <= bucket < len(edges) - 1 and partition.data_end <= int(edges[bucket + 1]):
            found[number] = bucket
    return found


def _together(parts: Sequence[_Part], states: Mapping[str, State]) -> _Part:
    if len(parts) == 1:
        return parts[0]
    return _Part(
        np.concatenate([part.group for part in parts]),
        np.concatenate([part.bucket for part in parts]),
        {name: state.concatenate([part.columns[name] for part in parts]) for name, state in states.items()},
        sum(part.keys for part in parts),
        sum(part.bytes for part in parts),
    )


@lru_cache(maxsize=1024)
def _places(definition: Definition, measures: tuple[str, ...]) -> frozenset[int]:
    """Where in a chunk the columns of `measures` are."""
    return frozenset(place for name in measures for place in definition.layout.places[definition.owners[name]])


def _columns(definition: Definition, arrays: Mapping[int, Array], states: Mapping[str, State]) -> dict[str, Columns]:
    """The arrays by measure and suffix."""
    places = definition.layout.places
    return {
        name: {
            column.suffix: arrays[place]
            for column, place in zip(state.columns, places[definition.owners[name]], strict=True)
        }
        for name, state in states.items()
    }


def _size(columns: Columns) -> int:
    return sum(array.nbytes for array in columns.values())
