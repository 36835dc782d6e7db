"""The coarser rollups that were chosen to follow from a fine one, and why: kept in the store, so that every process knows
them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from lapwing.cache.definition import Definition, define
from lapwing.cache.directory import Directory, load_directory
from lapwing.cache.groups import Dictionary
from lapwing.cache.keys import ancestors_key
from lapwing.cache.lattice import Chosen, Dimensions, View, choose, closed, subsets
from lapwing.cache.manifest import Manifest
from lapwing.cache.partition import Partition
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.unpack import unpack
from lapwing.model.grain import FIXED, Grain, Unit
from lapwing.model.problem import Refused
from lapwing.sources.types import arrow_type

_FORMAT: Final = 1
_GROWN: Final = 2
"""How much a rollup's cells grow before its ancestors are chosen anew."""
_MOST_CELLS: Final = 4_000_000
"""Of a partition whose cells are counted; of larger ones they are estimated."""
_AT_ONCE: Final = 1_024
_HOUR: Final = Grain(1, Unit.HOUR)

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Ancestor:
    """A coarser rollup, and what it is good for in words."""

    definition: Definition
    says: str


class Ancestors:
    """Those of a store's rollups. Safe to use from several threads."""

    def __init__(self, store: RollupStore, zone: str) -> None:
        self._store = store
        self._zone = zone
        self._known: dict[bytes, tuple[bytes | None, tuple[Ancestor, ...]]] = {}
        self.changes = 0
        """Counts the choices made here."""

    def of(self, *definitions: Definition) -> tuple[Ancestor, ...]:
        """The ancestors of rollups, asked of the store at once; none of those for which they were not chosen yet.

        Raises:
            StoreError: the store can't be read.
        """
        asked = [one for one in definitions if one.rollup.ancestors]
        rows = self._store.get([ancestors_key(one.id) for one in asked]) if asked else []
        return tuple(found for one, row in zip(asked, rows, strict=True) for found in self._of(one, row))

    def _of(self, definition: Definition, row: bytes | None) -> tuple[Ancestor, ...]:
        """What a row says; the same objects as long as it says the same."""
        known = self._known.get(definition.id)
        if known is None or known[0] != row or (known[1] and known[1][0].definition.follows is not definition):
            known = self._known[definition.id] = (row, self._read(definition, row))
        return known[1]

    def choose(
        self, definition: Definition, manifest: Manifest, others: Iterable[Definition], *, anew: bool
    ) -> tuple[Ancestor, ...]:
        """The ancestors of a rollup that was built, beside the `others` that its dataset declares; chosen if they were not
        yet, if the rollup has grown a lot since, or `anew`.

        Raises:
            StoreError: the store can't be read or written.
        """
        if not definition.rollup.ancestors:
            return ()
        key = ancestors_key(definition.id)
        cells = sum(partition.cells for partition in manifest.partitions)
        row = self._store.get([key])[0]
        if anew or row is None or cells > _GROWN * _decoded(row).get("cells", 0):
            chosen = self._chosen(definition, manifest, cells, others)
            row = json.dumps({"format": _FORMAT, "cells": cells, "chosen": chosen}).encode()
            self._store.put([(key, row)])
            self.changes += 1
        return self._of(definition, row)

    def _chosen(
        self, definition: Definition, manifest: Manifest, cells: int, others: Iterable[Definition]
    ) -> list[dict[str, Any]]:
        largest = max(manifest.partitions, key=lambda partition: partition.keys, default=None)
        if largest is None or not largest.keys:
            return []
        views = _views(self._store, definition, largest, sum(p.keys for p in manifest.partitions), cells)
        groups = {some: view.keys for (some, grain), view in views.items() if grain == definition.grain}
        decided = closed(groups)
        every = frozenset(definition.rollup.dimensions)
        kept = [views[every, definition.grain]]
        for other in others:
            some = frozenset(other.rollup.dimensions)
            if (
                some <= every
                and definition.states.keys() <= other.states.keys()
                and other.grain % definition.grain == 0
            ):
                known = views.get((some, definition.grain)) or kept[0]
                kept.append(replace(known, grain=other.grain))
        candidates = [view for (some, _), view in views.items() if decided[some] == some]
        budget = int(definition.rollup.ancestors * cells)
        return [_told(definition, one) for one in choose(kept, list(views.values()), candidates, budget)]

    def _read(self, definition: Definition, row: bytes | None) -> tuple[Ancestor, ...]:
        found: list[Ancestor] = []
        for one in _decoded(row).get("chosen", ()):
            grain = Grain.parse(one["grain"])
            name = f"{definition.rollup.name}/{'+'.join(one['dimensions']) or 'total'}@{grain}".replace(" ", "-")
            rollup = replace(
                definition.rollup, name=name, grain=grain, dimensions=tuple(one["dimensions"]), ancestors=0.0
            )
            try:
                ancestor = replace(define(definition.bound, rollup, self._zone), follows=definition)
            except Refused:
                continue
            found.append(Ancestor(ancestor, one["says"]))
        return tuple(found)


def _decoded(row: bytes | None) -> dict[str, Any]:
    """What a row says; nothing where it is damaged or newer, as it is only advice."""
    try:
        read: dict[str, Any] = json.loads(row) if row else {}
    except ValueError:
        return {}
    return read if read.get("format") == _FORMAT else {}


def _views(
    store: RollupStore, definition: Definition, partition: Partition, keys: int, cells: int
) -> dict[tuple[Dimensions, int], View]:
    """What a rollup of each set of dimensions would have, by what the largest partition holds."""
    names = definition.rollup.dimensions
    dictionaries = {name: Dictionary(arrow_type(definition.bound.dimensions[name])) for name in names}
    directory = load_directory(store, definition.id, partition.version, dictionaries, partition.keys)
    groups = {some: _groups(directory, [name for name in names if name in some]) for some in subsets(names)}
    every = frozenset(names)
    groups.setdefault(every, _groups(directory, names))
    share = keys / max(_count(groups[every]), 1)  # of all partitions, several chunks of a long one included
    grains = [definition.grain]
    hour = FIXED[Unit.HOUR]
    if definition.grain < hour and hour % definition.grain == 0:
        grains.append(hour)
    row, time_ = _buckets(store, definition, directory) if partition.cells <= _MOST_CELLS else (None, None)
    views: dict[tuple[Dimensions, int], View] = {}
    for some, code in groups.items():
        of_all = max(round(_count(code) * share), 1)
        for grain in grains:
            if row is not None and time_ is not None:
                bucket = time_ // grain
                seen = len(np.unique(code[row] * (int(bucket.max()) + 1) + bucket))
                of_cells = round(seen * cells / max(partition.cells, 1))
            else:  # as many as fall apart when thrown into all cells at random (Cardenas, 1975)
                length = max(partition.data_end - partition.data_start, grain)
                room = of_all * -(-length // grain)
                of_cells = round(room * -np.expm1(-cells / room))
            views[some, grain] = View(some, grain, of_all, min(cells, of_cells))
    return views


def _buckets(store: RollupStore, definition: Definition, directory: Directory) -> tuple[Ints, Ints]:
    """The directory's row of each cell, and its time since the first one, in microseconds."""
    counts: list[Ints] = [np.empty(0, np.int64)]
    offsets: list[Ints] = [np.empty(0, np.int64)]
    for low in range(0, len(directory.keys), _AT_ONCE):
        values = [value for value in store.get(directory.keys[low : low + _AT_ONCE]) if value is not None]
        found = unpack(values, definition.layout.columns, ())
        counts.append(found.counts)
        offsets.append(found.offsets)
    number = np.concatenate(counts)
    row = np.repeat(np.arange(len(number)), number)
    time_ = directory.starts[row] + np.concatenate(offsets) * definition.grain
    return row, time_ - int(time_.min()) if len(time_) else time_


def _groups(directory: Directory, names: Sequence[str]) -> Ints:
    """A number for each row of the directory, the same for equal values of `names`; without gaps."""
    code: Ints = np.zeros(len(directory.keys), np.int64)
    for name in names:
        column = directory.columns[name].coded
        code = np.unique(code * len(column.values.list) + column.codes, return_inverse=True)[1]
    return code


def _count(code: Ints) -> int:
    return int(code.max(initial=-1)) + 1


def _told(definition: Definition, one: Chosen) -> dict[str, Any]:
    dimensions = [name for name in definition.rollup.dimensions if name in one.view.dimensions]
    grain = str(definition.rollup.grain) if one.view.grain == definition.grain else str(_HOUR)
    by = f"by {', '.join(dimensions)}" if dimensions else "of the total"
    says = (
        f"Questions {by} read up to {one.before / max(one.after, 1):,.0f} times less; about {one.view.cells:,} cells."
    )
    return {"dimensions": dimensions, "grain": grain, "says": says}
