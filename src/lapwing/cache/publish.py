"""Changes to a rollup's manifest: read, change, compare-and-set, again where someone was faster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from lapwing.cache.definition import Definition
from lapwing.cache.keys import namespace_prefix, prefix_end, rollup_prefix, values_prefix
from lapwing.cache.manifest import Building, Manifest, Partition, decode, encode, rollup_id
from lapwing.cache.owner import is_dead
from lapwing.cache.stores.base import RollupStore
from lapwing.model.problem import Conflict

GRACE = 60.0
"""Seconds for which a replaced version stays: far longer than any read of it takes."""

_TRIES = 100


class Ledger:
    """The manifest of one rollup in a store."""

    def __init__(self, store: RollupStore, definition: Definition) -> None:
        self._store = store
        self._definition = definition

    def read(self) -> Manifest:
        """The manifest as it is now; an empty one where there is none."""
        return self._read()[1]

    def change(self, change: Callable[[Manifest], Manifest]) -> Manifest:
        """Applies `change` to the manifest as it then is, atomically.

        Raises:
            Conflict: others changed it all the time.
            StoreError: no room.
        """
        for _ in range(_TRIES):
            row, manifest = self._read()
            changed = change(manifest)
            if changed == manifest and row is not None:
                return manifest
            if self._store.compare_and_set(self._definition.manifest_key, row, encode(changed)):
                return changed
        raise Conflict.of("manifest-busy", f"Others keep changing {self._definition.name}.", hint="Build again later.")

    def reserve(self, starts: Sequence[int], owner: str, now: float) -> list[int]:
        """Versions nobody else writes to, for the partitions that begin at `starts`."""
        first = 0

        def change(manifest: Manifest) -> Manifest:
            nonlocal first
            first = manifest.next_version
            building = (
                Building(version=first + number, start=start, owner=owner, since=now)
                for number, start in enumerate(starts)
            )
            return replace(manifest, building=(*manifest.building, *building), next_version=first + len(starts))

        self.change(change)
        return list(range(first, first + len(starts)))

    def publish(self, partition: Partition, now: float) -> Manifest:
        """Makes a written version the one that readers see.

        Raises:
            Conflict: the version was given up meanwhile, and its rows removed, by a builder who took this one for dead.
        """

        def change(manifest: Manifest) -> Manifest:
            if partition.version and all(b.version != partition.version for b in manifest.building):
                raise Conflict.of(
                    "build-superseded",
                    f"Another build of {self._definition.name} took this one for dead.",
                    hint="Build again; what was published before stays readable.",
                )
            return manifest.with_partition(partition, now)

        return self.change(change)

    def give_up(self, versions: Sequence[int]) -> None:
        """Removes what was written of versions that will not be published."""
        self._remove(versions)

    def sweep(self, now: float, grace: float = GRACE) -> None:
        """Removes what dead builds left behind, and replaced versions that no reader holds any more."""
        manifest = self.read()
        gone = [b.version for b in manifest.building if is_dead(b, now)]
        gone += [r.version for r in manifest.retired if now - r.since >= grace]
        if gone:
            self._remove(gone)

    @staticmethod
    def remove(store: RollupStore, key: bytes, manifest: Manifest) -> None:
        """Removes a rollup of a definition no longer in use: its manifest first, so that nobody begins to read it."""
        if store.compare_and_set(key, encode(manifest), None):
            rollup = rollup_id(manifest.rollup, manifest.definition)
            store.delete_prefix(rollup_prefix(rollup))
            store.delete_prefix(values_prefix(rollup))

    def _remove(self, versions: Sequence[int]) -> None:
        """Rows first: where this stops half-way, the manifest still knows what is to be removed."""
        for version in versions:
            self._store.delete_prefix(rollup_prefix(self._definition.id, version))
            self._store.delete_prefix(values_prefix(self._definition.id, version))
        self.change(
            lambda manifest: replace(
                manifest,
                building=tuple(b for b in manifest.building if b.version not in versions),
                retired=tuple(r for r in manifest.retired if r.version not in versions),
            )
        )

    def _read(self) -> tuple[bytes | None, Manifest]:
        row = self._store.get([self._definition.manifest_key])[0]
        if row is not None:
            return row, decode(row)
        one = self._definition
        return None, Manifest(rollup=one.name, definition=one.hash, grain=one.grain)


def all_manifests(store: RollupStore) -> list[tuple[bytes, Manifest]]:
    """Every manifest in the store, those of definitions no longer in use included."""
    prefix = namespace_prefix() + b"m"
    return [(key, decode(row)) for key, row in store.scan(prefix, prefix_end(prefix))]
