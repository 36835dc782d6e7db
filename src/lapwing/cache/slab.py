"""Slabs: for each chunk of a version one cell, all its buckets folded together, in the directory's order.

A question over whole partitions and many groups (the largest customers of a month) reads a few long values instead of a
short one for each group.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from lapwing.cache.chunk import pack
from lapwing.cache.definition import Definition
from lapwing.cache.directory import version_gone
from lapwing.cache.keys import prefix_end, slab_prefix
from lapwing.cache.layout import Layout
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.unpack import unpack
from lapwing.states.base import Array, Columns

LEAST_ROWS = 64
"""A version of fewer chunks has no slabs: reading each of them is as quick."""

_ROWS = 16_384
_BYTES = 4 << 20  # half of what a value of a store may have

States = Mapping[str, Columns]


class SlabWriter:
    """Collects the folded chunks of a version, in order."""

    def __init__(self, definition: Definition, version: int) -> None:
        self._definition = definition
        self._prefix = slab_prefix(definition.id, version)
        self._waiting: list[States] = []
        self._rows = self._written = 0

    def add(self, states: States, rows: int) -> Iterator[tuple[bytes, bytes]]:
        """Takes the next folded chunks; gives the rows of the store that are full."""
        self._waiting.append(states)
        self._rows += rows
        if self._rows >= _ROWS:
            yield from self._packed()

    def rest(self) -> Iterator[tuple[bytes, bytes]]:
        """What is left at the end."""
        if self._rows and self._written + self._rows >= LEAST_ROWS:
            yield from self._packed()

    def _packed(self) -> Iterator[tuple[bytes, bytes]]:
        kept = self._definition.kept
        states = {name: state.concatenate([part[name] for part in self._waiting]) for name, state in kept.items()}
        yield from self._cut(states, np.arange(self._rows))
        self._written += self._rows
        self._waiting, self._rows = [], 0

    def _cut(self, states: States, rows: npt.NDArray[np.int64]) -> Iterator[tuple[bytes, bytes]]:
        """One value of the store, or as many as are needed for each to be small enough."""
        kept, layout = self._definition.kept, self._definition.layout
        some = {name: state.compact(state.take(states[name], rows)) for name, state in kept.items()}
        value = pack(np.arange(len(rows)), layout.columns, arrays_of(self._definition, some))
        if len(value) > _BYTES and len(rows) > 1:
            middle = len(rows) // 2
            yield from self._cut(states, rows[:middle])
            yield from self._cut(states, rows[middle:])
        else:
            yield self._prefix + (self._written + int(rows[0])).to_bytes(4, "big"), value


def arrays_of(definition: Definition, states: States) -> list[Array]:
    """The arrays of compact states, in the order of the layout."""
    layout = definition.layout
    arrays: list[Array] = [np.empty(0)] * len(layout.columns)
    for name, state in definition.kept.items():
        for column, place in zip(state.columns, layout.places[name], strict=True):
            arrays[place] = states[name][column.suffix]
    return arrays


def read_slabs(
    store: RollupStore, definition: Definition, version: int, rows: int, names: Sequence[str]
) -> tuple[dict[str, Columns], int]:
    """The states of the kept measures `names`, a row for each of the `rows` chunks of a version, and the bytes read.

    Raises:
        StoreError: damaged, or removed meanwhile ("version-gone").
    """
    layout: Layout = definition.layout
    prefix = slab_prefix(definition.id, version)
    values = [value for _, value in store.scan(prefix, prefix_end(prefix))]
    found = unpack(values, layout.columns, (place for name in names for place in layout.places[name]))
    if int(found.counts.sum()) != rows:
        raise version_gone()
    states: dict[str, Columns] = {
        name: {
            column.suffix: found.columns[place]
            for column, place in zip(definition.kept[name].columns, layout.places[name], strict=True)
        }
        for name in names
    }
    return states, sum(map(len, values))
