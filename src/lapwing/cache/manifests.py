"""Manifests for readers: read anew for every answer, decoded only where they changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lapwing.cache.definition import Definition
from lapwing.cache.following import following
from lapwing.cache.manifest import Manifest
from lapwing.cache.manifest_rows import read, stored
from lapwing.cache.stores.base import RollupStore
from lapwing.model.problem import StoreError

_TRIES = 20
_MOST = 1_024


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What was asked of the store the last time, and what it then had."""

    rollups: Mapping[bytes, Definition]
    revision: object = None
    manifests: Mapping[bytes, Manifest | None] = field(default_factory=dict)


def _with_followed(definitions: Sequence[Definition]) -> Iterator[Definition]:
    for one in definitions:
        yield one
        if one.follows is not None:
            yield one.follows


class Manifests:
    """The manifests of one store. Safe to use from several threads."""

    def __init__(self, store: RollupStore) -> None:
        self._store = store
        self._known: dict[bytes, tuple[bytes, Manifest]] = {}
        self._following: dict[bytes, tuple[Manifest, Manifest | None, Manifest]] = {}
        self._looked: dict[tuple[Definition, ...], _Look] = {}

    def read(self, definitions: Sequence[Definition]) -> Mapping[bytes, Manifest | None]:
        """The manifests as they are in the store now, by key; None where there is none. One get, none where the store is
        as it was the last time, and one more for each that has leaves not seen before.

        Raises:
            StoreError: the store can't be read, or one is damaged.
        """
        asked = tuple(definitions)
        last = self._looked.get(asked) or _Look({one.manifest_key: one for one in _with_followed(asked)})
        if not asked:
            return {}
        revision, rows = self._store.get_since(last.revision, list(last.rollups))
        if rows is None:
            return last.manifests
        found = {key: self._one(one, row) for (key, one), row in zip(last.rollups.items(), rows, strict=True)}
        manifests = {one.manifest_key: self._seen(one, found) for one in asked}
        if len(self._looked) >= _MOST:
            self._looked.clear()
        self._looked[asked] = _Look(last.rollups, revision, manifests)
        return manifests

    def _seen(self, definition: Definition, found: Mapping[bytes, Manifest | None]) -> Manifest | None:
        """The manifest as readers see it."""
        manifest = found[definition.manifest_key]
        if manifest is None or definition.follows is None:
            return manifest
        return self._followed(definition.manifest_key, manifest, found[definition.follows.manifest_key])

    def _followed(self, key: bytes, manifest: Manifest, finest: Manifest | None) -> Manifest:
        known = self._following.get(key)
        if known is None or known[0] is not manifest or known[1] is not finest:
            known = self._following[key] = (manifest, finest, following(manifest, finest))
        return known[2]

    def _one(self, definition: Definition, row: bytes | None) -> Manifest | None:
        key = definition.manifest_key
        for _ in range(_TRIES):
            if row is None:
                self._known.pop(key, None)
                return None
            known = self._known.get(key)
            if known is not None and known[0] == row:
                return known[1]
            manifest = read(self._store, definition.id, row, stored(known[1]) if known else {})
            if manifest is not None:
                self._known[key] = (row, manifest)
                return manifest
            row = self._store.get([key])[0]
        says = f"Builds keep changing {definition.name}, or a part of its manifest has not arrived in this cluster."
        raise StoreError.of("store-busy", says, hint="Ask again.")

    def built(self, definitions: Sequence[Definition]) -> list[Manifest]:
        """Those that hold something; none where the store can't be read."""
        try:
            manifests = self.read(definitions).values()
        except StoreError:
            return []
        return [manifest for manifest in manifests if manifest is not None and manifest.leaves]
