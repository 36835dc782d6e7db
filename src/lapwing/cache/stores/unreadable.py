"""What stands for a store that can't be opened: every use of it tells why, so that the sources answer instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lapwing.cache.stores.base import RollupStore
from lapwing.model.problem import StoreError


class UnreadableStore(RollupStore):
    """Raises what opening the store raised."""

    def __init__(self, error: StoreError) -> None:
        self._problems = error.problems

    def put(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        raise StoreError(*self._problems)

    def get(self, keys: Sequence[bytes]) -> list[bytes | None]:
        raise StoreError(*self._problems)

    def scan(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        raise StoreError(*self._problems)

    def delete_prefix(self, prefix: bytes) -> None:
        raise StoreError(*self._problems)

    def compare_and_set(self, key: bytes, old: bytes | None, new: bytes | None) -> bool:
        raise StoreError(*self._problems)

    def close(self) -> None:
        pass
