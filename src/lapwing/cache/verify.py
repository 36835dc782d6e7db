"""Verifies what a store holds: every chunk against its checksum, every version against its directory and the manifest."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from lapwing.cache.definition import Definition
from lapwing.cache.directory import Directory, load_directory
from lapwing.cache.groups import Dictionary
from lapwing.cache.keys import (
    chunk_key,
    encode_values,
    prefix_end,
    rollup_prefix,
    slab_prefix,
    values_prefix,
    vocabulary_prefix,
)
from lapwing.cache.ledger import Ledger
from lapwing.cache.partition import Partition
from lapwing.cache.retention import used
from lapwing.cache.retention import within as listed
from lapwing.cache.slab import LEAST_ROWS
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.unpack import unpack
from lapwing.cache.vocabulary import vocabulary_rows
from lapwing.model.problem import Cancelled, StoreError
from lapwing.sources.types import arrow_type

_AT_ONCE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something wrong. `check` is quarantine, chunk, directory, vocabulary, slab, rows, cells (then readers of `version` are
    hurt) or orphan (rows that nobody will read, which only take room). `start` is the partition's; None for orphans. `seen`:
    readers see it now."""

    rollup: str
    start: int | None
    version: int
    check: str
    says: str
    seen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """After each version: `done` of `total`."""

    rollup: str
    done: int
    total: int


@dataclass(slots=True, kw_only=True)
class Verification:
    """`versions`, `chunks` and `bytes` looked at."""

    versions: int = 0
    chunks: int = 0
    bytes: int = 0
    findings: list[Finding] = field(default_factory=list)


def check_version(
    store: RollupStore, definition: Definition, partition: Partition, count: Verification
) -> Iterator[tuple[str, str]]:
    """What is wrong with one version: (check, words). What was looked at is counted."""
    if partition.quarantined is not None:
        yield "quarantine", f"It is in quarantine. {partition.quarantined}"
        return
    expected: frozenset[bytes] | None = frozenset()
    if partition.keys:
        names = definition.rollup.dimensions
        dictionaries = {name: Dictionary(arrow_type(definition.bound.dimensions[name])) for name in names}
        try:
            directory = load_directory(store, definition.id, partition.version, dictionaries, partition.keys)
            expected = frozenset(directory.keys)
            if _misnamed(definition, partition.version, directory):
                yield "directory", "Its directory names other values than its chunks' keys."
            elif _missaid(store, definition, partition.version, directory):
                yield "vocabulary", "Its vocabulary is not that of its dimensions' values."
        except StoreError as error:
            expected = None
            gone = error.problems[0].code == "version-gone"
            yield "directory", "Its directory is not whole." if gone else error.problems[0].message
    keys: set[bytes] = set()
    cells = 0
    prefix = rollup_prefix(definition.id, partition.version)
    for key, value in store.scan(prefix, prefix_end(prefix)):
        keys.add(key)
        count.chunks += 1
        count.bytes += len(value)
        try:
            cells += int(unpack([value], definition.layout.columns, ()).counts[0])
        except StoreError as error:
            yield "chunk", error.problems[0].message
            return
    if expected is not None and keys != expected:
        yield (
            "rows",
            f"{len(expected - keys)} of its {len(expected)} chunks are missing, {len(keys - expected)} too many.",
        )
    elif cells != partition.cells:
        yield "cells", f"It has {cells} cells, not {partition.cells}."
    yield from _check_slabs(store, definition, partition, count)


def _misnamed(definition: Definition, version: int, directory: Directory) -> bool:
    """Whether a key of the directory is not that of its dimension values."""
    prefix, names = rollup_prefix(definition.id, version), definition.rollup.dimensions
    columns = [[one.values.list[code] for code in one.codes] for one in (directory.columns[n].coded for n in names)]
    rows = zip(*columns, strict=True) if names else [()] * len(directory.keys)
    made = (
        chunk_key(prefix, encode_values(values), start)
        for values, start in zip(rows, directory.starts.tolist(), strict=True)
    )
    return any(one != key for one, key in zip(made, directory.keys, strict=True))


def _missaid(store: RollupStore, definition: Definition, version: int, directory: Directory) -> bool:
    """Whether the vocabulary is not what the directory's values make."""
    distinct = {name: column.coded.values.arrow for name, column in directory.columns.items()}
    expected = dict(vocabulary_rows(definition, version, distinct))
    prefixes = (vocabulary_prefix(definition.id, version, number) for number in range(len(distinct)))
    return expected != dict(row for prefix in prefixes for row in store.scan(prefix, prefix_end(prefix)))


def _check_slabs(
    store: RollupStore, definition: Definition, partition: Partition, count: Verification
) -> Iterator[tuple[str, str]]:
    """What is wrong with a version's slabs: they have a row for each chunk, where there are any."""
    rows = 0
    prefix = slab_prefix(definition.id, partition.version)
    for _, value in store.scan(prefix, prefix_end(prefix)):
        count.bytes += len(value)
        try:
            rows += int(unpack([value], definition.layout.columns, ()).counts[0])
        except StoreError as error:
            yield "slab", error.problems[0].message
            return
    if rows != (partition.keys if partition.keys >= LEAST_ROWS else 0):
        yield "slab", f"Its slabs have {rows} rows for {partition.keys} chunks."


class Verifier:
    """Looks at rollups of one store."""

    def __init__(
        self, store: RollupStore, total: int, progress: Callable[[Verified], None], cancel: threading.Event
    ) -> None:
        self._store = store
        self._total = total
        self._progress = progress
        self._cancel = cancel
        self.found = Verification()

    def rollup(self, definition: Definition) -> None:
        """Looks at one rollup. What is replaced meanwhile is not held against it.

        Raises:
            Cancelled: someone cancelled it. StoreError: the store can't be read at all.
        """
        ledger = Ledger.of(self._store, definition)
        manifest = ledger.read()
        present = {p.version for p in manifest.partitions}
        for partition in versions(ledger):
            if self._cancel.is_set():
                raise Cancelled.of("cancelled", f"Stopped after {self.found.versions} of {self._total} versions.")
            wrong = list(check_version(self._store, definition, partition, self.found))
            if wrong and _is_kept(ledger, partition):
                seen = partition.version in present
                self.found.findings += [
                    Finding(
                        rollup=definition.name,
                        start=partition.start,
                        version=partition.version,
                        check=check,
                        says=says,
                        seen=seen,
                    )
                    for check, says in wrong
                ]
            self.found.versions += 1
            self._progress(Verified(rollup=definition.name, done=self.found.versions, total=self._total))
        for version in orphans(self._store, ledger):
            says = f"Rows of version {version}, which no manifest names, take room."
            self.found.findings.append(
                Finding(rollup=definition.name, start=None, version=version, check="orphan", says=says)
            )


def versions(ledger: Ledger) -> list[Partition]:
    """The versions of a rollup that hold rows, each once: those that readers see now, and those that may come back."""
    manifest = ledger.read()
    every = {p.version: p for p in manifest.partitions if p.version}
    for leaf in manifest.leaves:
        for one in leaf.past:
            if one.partition.version and one.partition.quarantined is None:
                every.setdefault(one.partition.version, one.partition)
    return list(every.values())


def _is_kept(ledger: Ledger, partition: Partition) -> bool:
    return any(one.version == partition.version for one in versions(ledger))


def orphans(store: RollupStore, ledger: Ledger) -> list[int]:
    """Versions of which the store has rows though nobody may read or is writing them."""
    found: set[int] = set()
    for whole, of in ((rollup_prefix(ledger.id), rollup_prefix), (values_prefix(ledger.id), values_prefix)):
        at, end = whole, prefix_end(whole)
        while (row := next(iter(store.scan(at, end)), None)) is not None:
            version = int.from_bytes(row[0][len(whole) : len(whole) + 8], "big")
            found.add(version)
            at = prefix_end(of(ledger.id, version))
    manifest = ledger.read()  # after the rows: what was written meanwhile is known
    busy = used(manifest)
    return sorted(version for version in found if version not in busy and not listed(version, manifest.removing))
