"""A store of which nothing is written, whatever the account might do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lapwing.cache.stores.base import RollupStore
from lapwing.model.problem import LapwingError, StoreError


class ReadOnlyStore(RollupStore):
    """Reads are those of another store; every write raises `StoreError`."""

    def __init__(self, store: RollupStore) -> None:
        self._store = store
        self.shown = store.shown

    def put(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        raise _refused()

    def get(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return self._store.get(keys)

    def get_since(self, revision: object, keys: Sequence[bytes]) -> tuple[object, list[bytes | None] | None]:
        return self._store.get_since(revision, keys)

    def scan(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        return self._store.scan(start, end)

    def delete_prefix(self, prefix: bytes) -> None:
        raise _refused()

    def compare_and_set(self, key: bytes, old: bytes | None, new: bytes | None) -> bool:
        raise _refused()

    def close(self) -> None:
        self._store.close()


def _refused() -> LapwingError:
    return StoreError.of(
        "store-read-only",
        "Nothing is written into this store: it is set to read_only.",
        hint="Build where it is not, or remove `read_only` under `store`.",
    )
