"""Manifests as readers need them: as they are in the store now, decoded only where they changed."""

from __future__ import annotations

from collections.abc import Sequence

from lapwing.cache.definition import Definition
from lapwing.cache.manifest import Manifest, decode
from lapwing.cache.stores.base import RollupStore
from lapwing.model.problem import StoreError


class Manifests:
    """Safe to use from several threads."""

    def __init__(self, store: RollupStore) -> None:
        self._store = store
        self._known: dict[bytes, tuple[bytes, Manifest]] = {}

    def read(self, definitions: Sequence[Definition]) -> dict[bytes, Manifest | None]:
        """By key; None where the rollup was never built as it is defined.

        Raises:
            StoreError: damaged, or can't be read.
        """
        keys = [definition.manifest_key for definition in definitions]
        found: dict[bytes, Manifest | None] = {}
        for key, row in zip(keys, self._store.get(keys) if keys else (), strict=True):
            if row is None:
                found[key] = None
                continue
            known = self._known.get(key)
            if known is None or known[0] != row:
                known = (row, decode(row))
                self._known[key] = known
            found[key] = known[1]
        return found

    def built(self, definitions: Sequence[Definition]) -> list[Manifest]:
        """Those that hold something; none where the store can't be read."""
        try:
            manifests = self.read(definitions).values()
        except StoreError:
            return []
        return [manifest for manifest in manifests if manifest is not None and manifest.partitions]
