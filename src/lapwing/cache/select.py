"""Which chunks an answer needs: settled in memory, from the directories of the versions it reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.cache.arrow_states import no_dimensions
from lapwing.cache.definition import Definition
from lapwing.cache.directory import Directory, load_directory
from lapwing.cache.groups import Dictionary, grouped
from lapwing.cache.partition import Partition
from lapwing.cache.predicate import Predicate
from lapwing.cache.recent import Recent
from lapwing.cache.request import StateRequest
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.truth import Engine
from lapwing.cache.write import MOST_BUCKETS
from lapwing.sources.types import arrow_type

_DIRECTORY_ROWS = 4_000_000
_SELECTION_ROWS = 4_000_000

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """The chunks an answer needs, sorted by (group, start). Chunk i is row `row[i]` of the directory of partition
    `partition[i]`. `apart`: no group has two chunks of one start, so that no two of its cells are of one time."""

    directories: Sequence[Directory | None]
    partition: npt.NDArray[np.int32]
    row: npt.NDArray[np.int32]
    starts: Ints
    group: Ints
    groups: pa.Table
    apart: bool
    counts: Ints
    """How many of the chunks each partition has."""

    def of(self, partition: int) -> tuple[npt.NDArray[np.int32], Ints]:
        """The rows of one partition's directory, and the group of each."""
        if len(self.counts) == 1:
            return self.row, self.group
        places = np.flatnonzero(self.partition == partition)
        return self.row[places], self.group[places]

    def keys(self, wanted: slice | npt.NDArray[np.bool_]) -> Sequence[bytes]:
        """The keys of the chunks that are wanted."""
        if len(self.directories) == 1 and self.directories[0] is not None:
            keys = self.directories[0].keys
            return [keys[row] for row in self.row[wanted].tolist()]
        every = [directory.keys if directory else () for directory in self.directories]
        places = zip(self.partition[wanted].tolist(), self.row[wanted].tolist(), strict=True)
        return [every[partition][row] for partition, row in places]


class Selector:
    """Keeps directories and selections of versions, which never change, in memory."""

    def __init__(self, store: RollupStore, engine: Engine) -> None:
        self._store = store
        self._engine = engine
        self._directories: Recent[Directory] = Recent(_DIRECTORY_ROWS)
        self._selections: Recent[Selection] = Recent(_SELECTION_ROWS)
        self._dictionaries: dict[tuple[bytes, str], Dictionary] = {}

    def directory(self, definition: Definition, partition: Partition) -> Directory:
        """The directory of a partition."""
        key = (definition.id, partition.version)
        found = self._directories.get(key)
        if found is None:
            dictionaries = {name: self._dictionary(definition, name) for name in definition.rollup.dimensions}
            found = load_directory(self._store, definition.id, partition.version, dictionaries, partition.keys)
            self._directories.put(key, found, len(found.keys) + 1)
        return found

    def select(self, definition: Definition, partitions: Sequence[Partition], request: StateRequest) -> Selection:
        """The chunks of these partitions for a request.

        Raises:
            StoreError: damaged, or a version was removed meanwhile ("version-gone": take the manifest again).
        """
        start, end = int(request.edges[0]), int(request.edges[-1])
        versions = tuple(partition.version for partition in partitions)
        chunk = MOST_BUCKETS * definition.grain
        split = any(p.end - p.start > chunk for p in partitions)
        key = (definition.id, versions, request.by, request.where, (start, end) if split else None)
        found = self._selections.get(key)
        if found is None:
            found = self._selected(definition, partitions, request.by, request.where, (start - chunk, end))
            self._selections.put(key, found, len(found.row) + 1)
        return found

    def _selected(
        self,
        definition: Definition,
        partitions: Sequence[Partition],
        by: Sequence[str],
        where: Predicate | None,
        span: tuple[int, int],
    ) -> Selection:
        directories: list[Directory | None] = []
        chosen: list[npt.NDArray[np.intp]] = []
        starts: list[Ints] = [np.empty(0, np.int64)]
        numbers: list[list[Ints]] = [[np.empty(0, np.int64)] for _ in by]
        dictionaries = [self._dictionary(definition, name) for name in by]
        for partition in partitions:
            directory = self.directory(definition, partition) if partition.keys else None
            directories.append(directory)
            if directory is None:
                chosen.append(np.empty(0, np.intp))
                continue
            rows = directory.select(where, self._engine)
            rows = rows[(directory.starts[rows] > span[0]) & (directory.starts[rows] < span[1])]
            chosen.append(rows)
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
        counts = np.array([len(rows) for rows in chosen], np.int64)
        return Selection(
            directories=directories,
            partition=np.repeat(np.arange(len(chosen), dtype=np.int32), counts)[order],
            row=np.concatenate([np.empty(0, np.int32), *chosen]).astype(np.int32)[order],
            starts=start,
            group=which,
            groups=groups,
            apart=not bool(((which[1:] == which[:-1]) & (start[1:] == start[:-1])).any()),
            counts=counts,
        )

    def _dictionary(self, definition: Definition, dimension: str) -> Dictionary:
        kind = arrow_type(definition.bound.dimensions[dimension])
        return self._dictionaries.setdefault((definition.id, dimension), Dictionary(kind))
