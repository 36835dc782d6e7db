"""A buggy builder: wrong numbers written through the store, with right checksums."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from lapwing.cache.cells import Cells
from lapwing.cache.definition import Definition
from lapwing.cache.ledger import Ledger
from lapwing.cache.owner import owner
from lapwing.cache.partition import Cause, Partition
from lapwing.cache.refold import cells_of
from lapwing.cache.service import Cache
from lapwing.cache.slab import SlabWriter
from lapwing.cache.write import write_version
from lapwing.states.base import Columns

Fault = Callable[[Definition, Cells], Cells]
"""The cells as the buggy builder has them."""


def definitions(cache: Cache, dataset: str = "trips") -> dict[str, Definition]:
    """The rollups of a dataset by name, ancestors included."""
    return {one.name: one for one in cache._definitions.of(cache.bound(dataset)).definitions}


def partition(cache: Cache, definition: Definition, start: int | None = None) -> Partition:
    """What is published from `start` on (None: first)."""
    manifest = Ledger.of(cache._store, definition).read()
    found = manifest.partitions[0] if start is None else manifest.partition(start)
    assert found is not None
    return found


def partitions(cache: Cache, definition: Definition) -> tuple[Partition, ...]:
    """All that is published."""
    return Ledger.of(cache._store, definition).read().partitions


def rebuild(cache: Cache, definition: Definition, old: Partition, fault: Fault) -> Partition:
    """Publishes a version of a partition that a buggy builder made of the same source."""
    store, ledger = cache._store, Ledger.of(cache._store, definition)
    cells = [fault(definition, one) for one in cells_of(store, definition, old)]
    with owner() as by:
        (version,) = ledger.reserve([old.start, old.end], by, 0.0)
        written = write_version(store, definition, version, old.start, cells)
        new = replace(
            old,
            version=version,
            keys=written.keys,
            cells=written.cells,
            bytes=written.bytes,
            distinct=written.distinct,
            cause=Cause.REBUILT,
            builder=by,
        )
        ledger.publish([new], by)
    return partition(cache, definition, old.start)


def other_numbers(wrong: Mapping[str, str]) -> Fault:
    """Of each measure one number of one state is off, in the column named."""

    def fault(definition: Definition, cells: Cells) -> Cells:
        states = {name: off(cells.states[name], column) for name, column in wrong.items()}
        return replace(cells, states={**cells.states, **states})

    def off(state: Columns, column: str) -> Columns:
        columns = dict(state)
        array = columns[column].copy()
        place = int(np.flatnonzero(columns["n"])[0]) if len(array) == len(columns["n"]) else 0
        array[place] = array[place] ^ 1 if array.dtype.kind != "f" else 2 * array[place] + 1
        return {**columns, column: array}

    return fault


def lost_cell(row: int = 0) -> Fault:
    """One cell is not there."""

    def fault(definition: Definition, cells: Cells) -> Cells:
        rows = np.delete(np.arange(len(cells.bucket)), row)
        states: Mapping[str, Columns] = {
            name: state.take(cells.states[name], rows) for name, state in definition.kept.items()
        }
        return Cells(dimensions=cells.dimensions.take(rows), bucket=cells.bucket[rows], states=states)

    return fault


def doubled(definition: Definition, cells: Cells) -> Cells:
    """Each cell once more, a bucket later."""
    rows = np.repeat(np.arange(len(cells.bucket)), 2)
    later = np.tile(np.array([0, definition.grain // 60_000_000 * 60_000_000]), len(cells.bucket))
    states = {name: state.take(cells.states[name], rows) for name, state in definition.kept.items()}
    return Cells(dimensions=cells.dimensions.take(rows), bucket=cells.bucket[rows] + later, states=states)


def senseless(definition: Definition, cells: Cells) -> Cells:
    """Counts below zero."""
    states = {**cells.states, "trips": {"n": -cells.states["trips"]["n"]}}
    return replace(cells, states=states)


def wrong_totals(cache: Cache, definition: Definition, of: Partition) -> None:
    """The totals beside the cells are those of other cells."""
    (cells,) = cells_of(cache._store, definition, of)
    columns = {"n": cells.states["trips"]["n"] + 1}
    writer = SlabWriter(definition, of.version)
    rows = list(writer.add({**cells.states, "trips": columns}, len(cells.bucket)))
    cache._store.put([*rows, *writer.rest()])
