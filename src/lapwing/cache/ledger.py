"""Changes to a rollup's manifest: read, change, compare-and-set, again where someone was faster."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from lapwing.cache import owner
from lapwing.cache.definition import Definition
from lapwing.cache.keys import (
    leaf_key,
    leaves_prefix,
    looks_prefix,
    manifests_prefix,
    next_version_key,
    prefix_end,
    rollup_id,
    rollup_prefix,
    values_prefix,
)
from lapwing.cache.leaf import split
from lapwing.cache.manifest import Manifest
from lapwing.cache.manifest_rows import encode, leaf_rows, made_at, read, spill, stored
from lapwing.cache.partition import Building, Cause, Partition, Past
from lapwing.cache.retention import expire, merged, prefixes
from lapwing.cache.stores.base import RollupStore
from lapwing.model.problem import Conflict, Problem, StoreError
from lapwing.model.project import History

GRACE = 60.0
"""Seconds for which a replaced version stays at least: far longer than any read of it takes."""

_TRIES = 200
_LEAF_LEFT_SECONDS = 3600.0  # a leaf that no manifest names: nobody is that long between writing it and naming it

Change = Callable[[Manifest], Manifest]


class Busy(Conflict):
    """Someone else is building it: `building`."""

    def __init__(self, rollup: str, building: Building) -> None:
        says = f"{rollup} is being built by {owner.told(building)}."
        super().__init__(Problem("being-built", says, hint="Wait for it, or build another stretch of time."))
        self.building = building


class Ledger:
    """The manifest of one rollup in a store. Safe to use from several threads."""

    def __init__(self, store: RollupStore, name: str, definition: str, grain: int) -> None:
        self._store = store
        self._name, self._definition, self._grain = name, definition, grain
        self.id = rollup_id(name, definition)
        self._key = manifests_prefix() + self.id
        self._seen: tuple[bytes | None, Manifest] = (None, self._empty())

    @classmethod
    def of(cls, store: RollupStore, definition: Definition) -> Ledger:
        return cls(store, definition.name, definition.hash, definition.grain)

    def read(self) -> Manifest:
        """The manifest as it is now; an empty one where there is none."""
        return self._read()[1]

    def change(self, change: Change) -> Manifest:
        """Applies `change` to the manifest as it then is, atomically; nothing is written where it gives the same object.

        Raises:
            Conflict: others changed it all the time.
            StoreError: no room.
        """
        for attempt in range(_TRIES):
            row, manifest = self._read()
            changed = change(manifest)
            if changed is manifest:
                return manifest
            if self._replace(row, manifest, spill(changed)):
                return self._seen[1]
            time.sleep(random.random() * min(0.001 * attempt, 0.05))  # noqa: S311  only so that two do not collide again
        raise Conflict.of("manifest-busy", f"Others keep changing {self._name}.", hint="Build again later.")

    def reserve(self, stretch: Sequence[int], by: str, now: float, gone: Collection[str] = frozenset()) -> list[int]:
        """Versions for the adjacent partitions between the borders `stretch`, which nobody else builds until they are
        published or given up. `gone` are owners known to be dead.

        Raises:
            Busy: someone who lives is building one of them.
        """
        first, count = 0, len(stretch) - 1

        def change(manifest: Manifest) -> Manifest:
            nonlocal first
            manifest = self._taken_over(manifest, stretch[0], stretch[-1], by, now, gone)
            first = manifest.next_version
            mine = Building(first=first, count=count, start=stretch[0], end=stretch[-1], owner=by, since=now)
            return replace(manifest, building=(*manifest.building, mine), next_version=first + count)

        self.change(change)
        return list(range(first, first + count))

    def pass_on(self, first: int, count: int, was: str, to: str) -> bool:
        """What `was` reserved, the versions from `first` on and no others, is reserved by `to` from now on; whether it was
        there to be passed on."""
        passed = False

        def change(manifest: Manifest) -> Manifest:
            nonlocal passed
            mine = [one for one in manifest.building if (one.first, one.count, one.owner) == (first, count, was)]
            passed = bool(mine)
            own = (replace(one, owner=to, since=time.time()) if one in mine else one for one in manifest.building)
            return replace(manifest, building=tuple(own)) if mine else manifest

        self.change(change)
        return passed

    def is_busy(self, start: int, end: int, by: str, gone: Collection[str] = frozenset()) -> bool:
        """Whether someone else who lives is building a part of `[start, end)`."""
        other = self.read().being_built(start, end, by)
        return other is not None and other.owner not in gone and not owner.is_dead(other, time.time())

    def publish(self, partitions: Sequence[Partition], by: str) -> Manifest:
        """Makes written versions, in the order in which they were reserved, the ones that readers see; and those without
        rows (version 0), or with the rows of before.

        Raises:
            Busy: someone else is building a stretch for which nothing was reserved.
            Conflict: a version was given up meanwhile, and its rows removed, by a builder who took this one for dead.
        """

        def change(manifest: Manifest) -> Manifest:
            reserved = {version for one in manifest.building if one.owner == by for version in one.versions}
            for one in partitions:
                old = manifest.partition(one.start)
                if one.version and one.version not in reserved and (old is None or old.version != one.version):
                    raise Conflict.of(
                        "build-superseded",
                        f"Another build of {self._name} took this one for dead.",
                        hint="Build again; what was published before stays readable.",
                    )
                if one.version not in reserved:
                    manifest = self._taken_over(manifest, one.start, one.end, by, time.time())
            return manifest.with_partitions(partitions, time.time())

        return self.change(change)

    def roll_back(self, to: Mapping[int, Past], by: str) -> Manifest:
        """Puts earlier versions back, by the start of their partitions; all at once.

        Raises:
            Busy: someone is building one of the partitions.
            Conflict: one of the versions is no longer kept.
        """

        def change(manifest: Manifest) -> Manifest:
            back: list[Partition] = []
            for start, past in to.items():
                current, then = manifest.partition(start), past.partition
                manifest = self._taken_over(manifest, start, then.end, by, time.time())
                if current is None or all(one.partition.version != then.version for one in manifest.history(start)):
                    raise Conflict.of("version-gone", f"Version {then.version} of {self._name} is no longer kept.")
                # As far as the data reaches now, this is the answer; it is complete as far as it was then.
                reach = max(then.data_end, current.data_end)
                held = current.held or current.mark
                back.append(replace(then, data_end=reach, cause=Cause.ROLLED_BACK, builder=by, held=held))
            return manifest.with_partitions(back, time.time())

        return self.change(change)

    def quarantine(self, start: int, reason: str, version: int | None = None) -> Manifest:
        """Nobody reads the partition that begins at `start` any more, until the next build has replaced it. With `version`
        only if it still has that one; a version that readers no longer see is then kept from coming back."""

        def bad(one: Partition) -> Partition:
            return replace(one, quarantined=reason) if version in (None, one.version) and one.start == start else one

        def change(manifest: Manifest) -> Manifest:
            leaf = manifest.leaf(start) if manifest.leaves else None
            if leaf is None:
                return manifest
            partitions = [bad(one) for one in leaf.partitions]
            past = [one if version is None else replace(one, partition=bad(one.partition)) for one in leaf.past]
            if partitions == list(leaf.partitions) and past == list(leaf.past):
                return manifest
            return manifest.with_leaf(start, split(partitions, past), time.time())

        return self.change(change)

    def give_up(self, versions: Sequence[int]) -> None:
        """Removes what was written of reserved versions that will not be published."""
        self.change(lambda manifest: _given_up(manifest, [b for b in manifest.building if b.first in versions]))
        self.clean()

    def sweep(
        self, now: float, history: History, grace: float = GRACE, keeps: Callable[[Building], bool] = lambda _: False
    ) -> None:
        """Removes what dead builds left behind, but for what `keeps` says is still being written, and versions that need
        not be kept any more."""

        def change(manifest: Manifest) -> Manifest:
            dead = [one for one in manifest.building if owner.is_dead(one, now) and not keeps(one)]
            manifest = _given_up(manifest, dead)
            return expire(manifest, history, grace, now)

        self.change(change)
        self.clean()
        for token in self.lost_leaves():
            if now - made_at(token) >= _LEAF_LEFT_SECONDS:
                self._store.delete_prefix(leaf_key(self.id, token))

    def clean(self) -> None:
        """Removes the rows of versions that are to be removed. They were taken out of the manifest first, so nobody begins
        to read them; they leave its list last, so that what stops half-way goes on the next time."""
        manifest = self.read()
        gone = manifest.removing
        if not gone:
            return
        for version, block in prefixes(gone, manifest):
            self.remove_version(version, block=block)
        self.change(lambda manifest: replace(manifest, removing=tuple(r for r in manifest.removing if r not in gone)))

    def remove_version(self, version: int, *, block: bool = False) -> None:
        """Removes the rows of a version that no manifest names, or (`block`) of all that begin with the same seven bytes."""
        for prefix in (rollup_prefix(self.id, version), values_prefix(self.id, version)):
            self._store.delete_prefix(prefix[:-1] if block else prefix)

    def lost_leaves(self) -> Iterator[bytes]:
        """Tokens of leaves in the store that the manifest does not name."""
        prefix = leaves_prefix(self.id)
        found = [key[len(prefix) :] for key, _ in self._store.scan(prefix, prefix_end(prefix))]
        named = stored(self.read()) if found else {}
        yield from (token for token in found if token not in named)

    def remove(self) -> None:
        """Removes the rollup: its manifest first, so that nobody begins to read it. Should it be built again, its versions go
        on where they were: what a late worker, or another cluster, still has of an old one is then of no new one."""
        row, manifest = self._read()
        if row is None:
            return
        self._store.put([(next_version_key(self.id), str(manifest.next_version).encode())])
        if self._store.compare_and_set(self._key, row, None):
            for of in (leaves_prefix, rollup_prefix, values_prefix, looks_prefix):
                prefix = of(self.id)
                self._store.delete_prefix(prefix)

    def _taken_over(
        self, manifest: Manifest, start: int, end: int, by: str, now: float, gone: Collection[str] = frozenset()
    ) -> Manifest:
        """The manifest without reservations of the dead in `[start, end)`.

        Raises:
            Busy: someone else who lives has one.
        """
        while other := manifest.being_built(start, end, by):
            if other.owner not in gone and not owner.is_dead(other, now):
                raise Busy(self._name, other)
            manifest = _given_up(manifest, [other])
        return manifest

    def _read(self) -> tuple[bytes | None, Manifest]:
        for _ in range(_TRIES):
            row = self._store.get([self._key])[0]
            seen = self._seen
            if row is not None and row == seen[0]:
                return seen
            manifest = self._none() if row is None else read(self._store, self.id, row, stored(seen[1]))
            if manifest is not None:
                self._seen = (row, manifest)
                return self._seen
        raise Conflict.of("manifest-busy", f"Others keep changing {self._name}.", hint="Try again later.")

    def _replace(self, row: bytes | None, old: Manifest, new: Manifest) -> bool:
        """Writes `new` in the place of `old`, with the leaves that are new to the store; those replaced are removed."""
        before, after = stored(old), stored(new)
        added = [leaf for token, leaf in after.items() if token not in before]
        if added:
            self._store.put(leaf_rows(self.id, added))
        encoded = encode(new)
        done = self._store.compare_and_set(self._key, row, encoded)
        if done:
            self._seen = (encoded, new)
        unused = before.keys() - after.keys() if done else after.keys() - before.keys()
        with contextlib.suppress(StoreError):  # where even this has no room, a later sweep does it
            for token in unused:
                self._store.delete_prefix(leaf_key(self.id, token))
        return done

    def _none(self) -> Manifest:
        """The manifest of a rollup that has none, or no longer."""
        (row,) = self._store.get([next_version_key(self.id)])
        return self._empty() if row is None else replace(self._empty(), next_version=int(row))

    def _empty(self) -> Manifest:
        return Manifest(rollup=self._name, definition=self._definition, grain=self._grain)


def _given_up(manifest: Manifest, building: Sequence[Building]) -> Manifest:
    """The manifest without these reservations; what was written under them is to be removed."""
    if not building:
        return manifest
    gone = merged((*manifest.removing, *((one.first, one.first + one.count - 1) for one in building)))
    return replace(manifest, building=tuple(b for b in manifest.building if b not in building), removing=gone)


def all_ledgers(store: RollupStore) -> list[Ledger]:
    """Of every rollup in the store, those of definitions no longer in use included."""
    prefix = manifests_prefix()
    found = []
    for key, row in store.scan(prefix, prefix_end(prefix)):
        manifest = read(store, key[len(prefix) :], row, {})
        if manifest is not None:
            found.append(Ledger(store, manifest.rollup, manifest.definition, manifest.grain))
    return found
