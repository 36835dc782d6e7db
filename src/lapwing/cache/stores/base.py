"""The contract of a rollup store: what LMDB and Bigtable both have, and nothing else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence


class RollupStore(ABC):
    """A sorted map of bytes to bytes, with one atomic operation on a single row.

    Keys sort by their bytes and are 1 to 480 bytes long; values are up to 8 MiB. Nothing is atomic but
    `compare_and_set`: readers are protected by manifests, which name only what was completely written. Safe to use
    from several threads; several processes may read while one writes (where the store allows).
    """

    shown: str = ""
    """What and where it is, as receipts say it."""

    @abstractmethod
    def put(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        """Writes rows, replacing equal keys; durable when it returns. Writing the same rows again changes nothing.

        Raises:
            StoreError: no room, or the store is not writable.
        """

    @abstractmethod
    def get(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values of `keys`, in their order; None where there is none. One round trip."""

    def get_since(self, revision: object, keys: Sequence[bytes]) -> tuple[object, list[bytes | None] | None]:
        """As `get`, and the revision of the store that was read; no values where it is still `revision`. Any write makes
        another revision. None is the revision of a store that can't tell."""
        return None, self.get(keys)

    @abstractmethod
    def scan(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Rows with `start <= key < end`, in key order, as of one moment where the store can."""

    @abstractmethod
    def delete_prefix(self, prefix: bytes) -> None:
        """Removes every row whose key begins with `prefix` (not empty)."""

    @abstractmethod
    def compare_and_set(self, key: bytes, old: bytes | None, new: bytes | None) -> bool:
        """Sets the row to `new` (None removes it) if it is now `old` (None: absent), atomically and durably; says
        whether it did."""

    @abstractmethod
    def close(self) -> None: ...
