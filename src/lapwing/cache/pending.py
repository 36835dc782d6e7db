"""Rows on their way to a store: many small writes become few large ones."""

from __future__ import annotations

from collections.abc import Iterable

from lapwing.cache.stores.base import RollupStore

_BYTES = 8 << 20


class Pending:
    """Takes rows as a store does; they are durable only after `flush`, which must come before a manifest names them."""

    def __init__(self, store: RollupStore) -> None:
        self._store = store
        self._rows: list[tuple[bytes, bytes]] = []
        self._size = 0

    def put(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        """As `RollupStore.put`, sooner or later."""
        for key, value in rows:
            self._rows.append((key, value))
            self._size += len(key) + len(value)
        if self._size >= _BYTES:
            self.flush()

    def flush(self) -> None:
        """Writes what waits.

        Raises:
            StoreError: no room, or the store is not writable.
        """
        rows, self._rows, self._size = self._rows, [], 0
        if rows:
            self._store.put(rows)
