"""Builds coarser rollups from the published partitions of a fine one; the source is not asked."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from lapwing.cache.cells import Cells
from lapwing.cache.coarser import Coarser
from lapwing.cache.definition import Definition
from lapwing.cache.directory import load_directory, version_gone
from lapwing.cache.following import mark_of
from lapwing.cache.groups import Dictionary
from lapwing.cache.ledger import Busy, Ledger
from lapwing.cache.manifest import Manifest
from lapwing.cache.owner import owner
from lapwing.cache.partition import Cause, Partition
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.stretch import why
from lapwing.cache.unpack import unpack
from lapwing.cache.write import Written, write_version
from lapwing.model.failing import OnError
from lapwing.model.problem import Cancelled, Conflict, StoreError
from lapwing.model.project import History
from lapwing.sources.types import arrow_type
from lapwing.states.base import Columns

_AT_ONCE = 1_024


def refold(
    store: RollupStore,
    finest: Definition,
    coarser: Sequence[Definition],
    *,
    history: History,
    grace: float,
    cancel: threading.Event,
) -> None:
    """Brings `coarser` up to what `finest` has published. A partition that someone else is at is left to them.

    Raises:
        Cancelled: `cancel` was set; what was published stays.
        StoreError: no room, or damaged.
    """
    given = Ledger.of(store, finest).read()
    ledgers = {one: Ledger.of(store, one) for one in coarser}
    for ledger in ledgers.values():
        ledger.sweep(time.time(), history, grace)
        ledger.change(lambda manifest: _begun(manifest, given))
    with owner() as by:
        for partition in given.partitions:
            if cancel.is_set():
                raise Cancelled.of("cancelled", "The build was cancelled.", hint="The next build takes up there.")
            stale = [one for one, ledger in ledgers.items() if _is_stale(ledger, partition, finest, by)]
            if stale:
                # A version removed meanwhile was replaced, and the next build folds what is there then.
                with contextlib.suppress(Busy, Conflict, _Gone):
                    _fold(store, finest, partition, {one: ledgers[one] for one in stale}, by)


class _Gone(Exception):
    """A version was removed while it was read."""


def _is_stale(ledger: Ledger, partition: Partition, finest: Definition, by: str) -> bool:
    """Whether the partition is to be folded anew; else its record is up to date."""
    mark = mark_of(finest.hash, partition)
    old = ledger.read().partition(partition.start)
    if partition.quarantined is not None:
        ledger.quarantine(partition.start, partition.quarantined)
        return False
    if old is None or not old.settled(mark) or old.end != partition.end:
        return True
    if (old.data_end, old.sealed) != (partition.data_end, partition.sealed):
        settled = replace(old, data_end=partition.data_end, sealed=partition.sealed, cause=Cause.SETTLED, builder=by)
        with contextlib.suppress(Busy, Conflict):
            ledger.publish([settled], by)
    return False


def _fold(
    store: RollupStore, finest: Definition, partition: Partition, ledgers: dict[Definition, Ledger], by: str
) -> None:
    reserved: dict[Definition, int] = {}
    published: set[Definition] = set()

    def give_up(_error: BaseException) -> None:
        with contextlib.suppress(StoreError, Conflict):
            for one, version in reserved.items():
                if one not in published:
                    ledgers[one].give_up([version])

    with OnError(give_up):
        if partition.version:
            for one, ledger in ledgers.items():
                (reserved[one],) = ledger.reserve([partition.start, partition.end], by, time.time())
        folds = {one: Coarser(one, finest, partition.start, partition.end) for one in ledgers}
        for cells in cells_of(store, finest, partition):
            for fold in folds.values():
                fold.add(cells)
        for one, ledger in ledgers.items():
            version = reserved.get(one, 0)
            written = write_version(store, one, version, partition.start, folds[one].cells()) if version else Written()
            old = ledger.read().partition(partition.start)
            mark = mark_of(finest.hash, partition)
            cause = why(old, mark) if version else Cause.EMPTIED
            ledger.publish([_described(partition, version, mark, cause, by, written)], by)
            published.add(one)


def cells_of(store: RollupStore, definition: Definition, partition: Partition) -> Iterator[Cells]:
    """All cells of a published partition, each chunk with its checksum compared.

    Raises:
        StoreError: damaged, or removed meanwhile ("version-gone").
    """
    if not partition.keys:
        return
    names = definition.rollup.dimensions
    dictionaries = {name: Dictionary(arrow_type(definition.bound.dimensions[name])) for name in names}
    directory = load_directory(store, definition.id, partition.version, dictionaries, partition.keys)
    for low in range(0, partition.keys, _AT_ONCE):
        values = [value for value in store.get(directory.keys[low : low + _AT_ONCE]) if value is not None]
        if len(values) < len(directory.keys[low : low + _AT_ONCE]):
            raise version_gone()
        found = unpack(values, definition.layout.columns, check=True)
        row = np.repeat(np.arange(low, low + len(values)), found.counts)
        dimensions = {
            name: column.coded.values.arrow.take(pa.array(column.coded.codes[row]))
            for name, column in directory.columns.items()
        }
        states: dict[str, Columns] = {
            name: {
                column.suffix: found.columns[place]
                for column, place in zip(state.columns, definition.layout.places[name], strict=True)
            }
            for name, state in definition.kept.items()
        }
        bucket = directory.starts[row] + found.offsets * definition.grain
        yield Cells(dimensions=pa.table(dimensions), bucket=bucket, states=states)


def _begun(manifest: Manifest, given: Manifest) -> Manifest:
    if (manifest.data_start, manifest.goal) == (given.data_start, given.goal) and manifest.changed_at:
        return manifest
    changed_at = manifest.changed_at or time.time()
    return replace(manifest, data_start=given.data_start, goal=given.goal, changed_at=changed_at)


def _described(given: Partition, version: int, mark: str, cause: Cause, by: str, written: Written) -> Partition:
    now = time.time()
    return replace(
        given,
        version=version,
        keys=written.keys,
        cells=written.cells,
        bytes=written.bytes,
        distinct=written.distinct,
        built_at=now,
        mark=mark,
        since=now,
        cause=cause,
        builder=by,
        held=None,
    )
