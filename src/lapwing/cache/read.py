"""Reads an answer from a rollup: which chunks, in one round trip; then unpacked, folded, grouped."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.cache.arrow_states import no_dimensions
from lapwing.cache.definition import Definition
from lapwing.cache.directory import Directory, load_directory, version_gone
from lapwing.cache.fold import bucket_of, fold
from lapwing.cache.frame import StateFrame
from lapwing.cache.groups import Dictionary, grouped
from lapwing.cache.partition import Partition
from lapwing.cache.predicate import Predicate
from lapwing.cache.request import StateRequest
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.truth import Engine
from lapwing.cache.unpack import unpack
from lapwing.cache.write import MOST_BUCKETS
from lapwing.sources.types import arrow_type
from lapwing.states.base import Array, Columns, State

_DIRECTORY_ROWS = 4_000_000
_SELECTION_ROWS = 1_000_000
_AT_ONCE = 4_096

T = TypeVar("T")


class Recent(Generic[T]):
    """The values used last, up to `most` in weight. Safe to use from several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> T | None:
        with self._lock:
            found = self._held.get(key)
            if found is None:
                return None
            self._held.move_to_end(key)
            return found[0]

    def put(self, key: Hashable, value: T, weight: int) -> None:
        with self._lock:
            old = self._held.pop(key, None)
            self._weight += weight - (old[1] if old else 0)
            self._held[key] = (value, weight)
            while self._weight > self._most and len(self._held) > 1:
                _, (_, dropped) = self._held.popitem(last=False)
                self._weight -= dropped


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """The chunks an answer needs, sorted by (group, start). `apart`: no group has two chunks of one start, so that no two
    of its cells are of one time."""

    keys: Sequence[bytes]
    starts: npt.NDArray[np.int64]
    group: npt.NDArray[np.int64]
    groups: pa.Table
    apart: bool


@dataclass(frozen=True, slots=True, eq=False)
class ReadResult:
    """`keys` read, `rows` (cells) and `bytes` unpacked; `milliseconds` for that and merging, once the keys were known."""

    frame: StateFrame
    keys: int
    rows: int
    bytes: int
    milliseconds: float


class Reader:
    """Reads rollups of one store. Keeps directories and selections of versions, which never change, in memory."""

    def __init__(self, store: RollupStore, engine: Engine) -> None:
        self._store = store
        self._engine = engine
        self._directories: Recent[Directory] = Recent(_DIRECTORY_ROWS)
        self._selections: Recent[Selection] = Recent(_SELECTION_ROWS)
        self._dictionaries: dict[tuple[bytes, str], Dictionary] = {}

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
        selection = self._select(definition, partitions, request)
        began = time.perf_counter()
        values = self._get(selection.keys)
        found = unpack(values, definition.layout.columns, _places(definition, tuple(states)))
        counts, offsets = found.counts, found.offsets
        count = len(request.edges) - 1
        own = int(request.edges[-1] - request.edges[0]) == definition.grain * count  # each cell is a bucket by itself
        if own:
            bucket = np.repeat((selection.starts - int(request.edges[0])) // definition.grain, counts) + offsets
        else:
            bucket = bucket_of(np.repeat(selection.starts, counts) + offsets * definition.grain, request.edges)
        group = np.repeat(selection.group, counts)
        columns = _columns(definition, found.columns, states)
        folded = fold(group, bucket, columns, states, count, apart=own and selection.apart)
        frame = _without_empty_groups(
            StateFrame(groups=selection.groups, group=folded.group, bucket=folded.bucket, states=folded.states)
        )
        taken = (time.perf_counter() - began) * 1e3
        return ReadResult(frame, len(values), len(offsets), sum(map(len, values)), taken)

    def directory(self, definition: Definition, partition: Partition) -> Directory:
        """The directory of a partition."""
        key = (definition.id, partition.version)
        found = self._directories.get(key)
        if found is None:
            dictionaries = {name: self._dictionary(definition, name) for name in definition.rollup.dimensions}
            found = load_directory(self._store, definition.id, partition.version, dictionaries, partition.keys)
            self._directories.put(key, found, len(found.keys) + 1)
        return found

    def _select(self, definition: Definition, partitions: Sequence[Partition], request: StateRequest) -> Selection:
        start, end = int(request.edges[0]), int(request.edges[-1])
        versions = tuple(partition.version for partition in partitions)
        chunk = MOST_BUCKETS * definition.grain
        split = any(p.end - p.start > chunk for p in partitions)
        key = (definition.id, versions, request.by, request.where, (start, end) if split else None)
        found = self._selections.get(key)
        if found is None:
            found = self._selected(definition, partitions, request.by, request.where, (start - chunk, end))
            self._selections.put(key, found, len(found.keys) + 1)
        return found

    def _selected(
        self,
        definition: Definition,
        partitions: Sequence[Partition],
        by: Sequence[str],
        where: Predicate | None,
        span: tuple[int, int],
    ) -> Selection:
        keys: list[bytes] = []
        starts: list[npt.NDArray[np.int64]] = [np.empty(0, np.int64)]
        numbers: list[list[npt.NDArray[np.int64]]] = [[np.empty(0, np.int64)] for _ in by]
        dictionaries = [self._dictionary(definition, name) for name in by]
        for partition in partitions:
            if not partition.keys:
                continue
            directory = self.directory(definition, partition)
            rows = directory.select(where, self._engine)
            rows = rows[(directory.starts[rows] > span[0]) & (directory.starts[rows] < span[1])]
            keys += [directory.keys[row] for row in rows.tolist()]
            starts.append(directory.starts[rows])
            for name, column in zip(by, numbers, strict=True):
                held = directory.columns[name]
                column.append(held.numbers[held.coded.codes[rows]])
        start = np.concatenate(starts)
        if by:
            groups, order, which = grouped(by, dictionaries, [np.concatenate(column) for column in numbers], start)
        else:
            groups, order, which = no_dimensions(), np.argsort(start, kind="stable"), np.zeros(len(start), np.int64)
        start = start[order]
        apart = not bool(((which[1:] == which[:-1]) & (start[1:] == start[:-1])).any())
        return Selection([keys[row] for row in order.tolist()], start, which, groups, apart)

    def _dictionary(self, definition: Definition, dimension: str) -> Dictionary:
        kind = arrow_type(definition.bound.dimensions[dimension])
        return self._dictionaries.setdefault((definition.id, dimension), Dictionary(kind))

    def _get(self, keys: Sequence[bytes]) -> list[bytes]:
        values: list[bytes] = []
        for offset in range(0, len(keys), _AT_ONCE):
            for value in self._store.get(keys[offset : offset + _AT_ONCE]):
                if value is None:
                    raise version_gone()
                values.append(value)
        return values


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


def _without_empty_groups(frame: StateFrame) -> StateFrame:
    """A group whose chunks hold nothing inside the asked time does not occur."""
    groups = frame.groups.num_rows
    occurring = np.count_nonzero(frame.group[1:] != frame.group[:-1]) + bool(len(frame.group))
    if frame.groups.num_columns == 0 or occurring == groups:
        return frame
    present = np.zeros(groups, np.bool_)
    present[frame.group] = True
    place = np.cumsum(present, dtype=np.int32) - 1
    return StateFrame(
        groups=frame.groups.filter(pa.array(present)),
        group=place[frame.group].astype(np.int32),
        bucket=frame.bucket,
        states=frame.states,
    )
