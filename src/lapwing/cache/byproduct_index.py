"""Which by-products a store has, known in memory; several processes may add to them and let go of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Final

from lapwing.cache.byproduct import ByProduct
from lapwing.cache.byproduct_rows import decode, encode
from lapwing.cache.keys import by_product_keys, by_product_states_prefix, by_products_prefix, prefix_end
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.worth import Worths
from lapwing.model.problem import StoreError

_TRUSTED: Final = 1.0
"""Seconds for which it is not looked again what other processes left."""


class Index:
    """By-products of up to `budget` bytes together. Safe to use from several threads."""

    def __init__(self, store: RollupStore, budget: int) -> None:
        self._store = store
        self._known: dict[bytes, ByProduct] = {}
        self._rows: dict[bytes, bytes] = {}
        self._by_meaning: dict[bytes, tuple[ByProduct, ...]] = {}
        self._worths = Worths(budget)
        self._lock = threading.RLock()
        self._revision: object = None
        self._looked: float | None = None

    def of(self, meaning: bytes) -> Sequence[ByProduct]:
        """Those of a dataset as it is defined now, the smallest first.

        Raises:
            StoreError: the store can't be read.
        """
        with self._lock:
            self._look()
            found = self._by_meaning.get(meaning)
            if found is None:
                some = (one for one in self._known.values() if one.meaning == meaning)
                found = self._by_meaning[meaning] = tuple(sorted(some, key=lambda one: one.rows))
            return found

    def add(self, one: ByProduct, states: bytes) -> None:
        """Keeps a by-product, in the place of one of its id, and lets go of others where room is short.

        Raises:
            StoreError: it can't be written.
        """
        head, held = by_product_keys(one.id)
        row = encode(one)
        self._store.put([(held, states), (head, row)])
        with self._lock:
            self._look()
            self._remember(one, row)
            gone = list(self._worths.excess())
            for token in gone:
                self._forget(token)
        for token in gone:
            self._remove(token)

    def states(self, one: ByProduct) -> bytes | None:
        """The row that holds its states; None where another process let go of it.

        Raises:
            StoreError: the store can't be read.
        """
        (row,) = self._store.get([by_product_keys(one.id)[1]])
        return row

    def used(self, one: ByProduct) -> None:
        """It answered."""
        with self._lock:
            self._worths.use(one.id)

    def drop(self, one: ByProduct) -> None:
        """It is not to be used again.

        Raises:
            StoreError: it can't be removed.
        """
        with self._lock:
            if self._known.get(one.id) is not one:
                return  # there is a newer one in its place
            self._forget(one.id)
        self._remove(one.id)

    def sweep(self) -> None:
        """Removes states that nothing names: a process that ended while it wrote left them.

        Raises:
            StoreError: the store can't be read or written.
        """
        prefix = by_product_states_prefix()
        held = [key[len(prefix) :] for key, _ in self._store.scan(prefix, prefix_end(prefix))]
        named = self._store.get([by_product_keys(token)[0] for token in held]) if held else []
        for token, head in zip(held, named, strict=True):
            if head is None:
                self._remove(token)

    def _look(self) -> None:
        """What the store has by now."""
        now = time.monotonic()
        if self._looked is not None and now - self._looked < _TRUSTED:
            return
        self._looked = now
        revision, rows = self._store.get_since(self._revision, [])
        if rows is None:
            return
        self._revision = revision
        prefix = by_products_prefix()
        found = {key[len(prefix) :]: row for key, row in self._store.scan(prefix, prefix_end(prefix))}
        for token in [token for token in self._known if token not in found]:
            self._forget(token)
        for token, row in found.items():
            if self._rows.get(token) == row:
                continue
            try:
                self._remember(decode(token, row), row)
            except StoreError:
                self._remove(token)

    def _remember(self, one: ByProduct, row: bytes) -> None:
        self._known[one.id] = one
        self._rows[one.id] = row
        self._by_meaning.pop(one.meaning, None)
        self._worths.add(one.id, one.bytes, one.cost)

    def _forget(self, token: bytes) -> None:
        known = self._known.pop(token, None)
        if known is not None:
            self._by_meaning.pop(known.meaning, None)
        self._rows.pop(token, None)
        self._worths.drop(token)

    def _remove(self, token: bytes) -> None:
        head, held = by_product_keys(token)
        self._store.delete_prefix(head)
        self._store.delete_prefix(held)
