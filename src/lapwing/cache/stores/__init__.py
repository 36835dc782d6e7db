"""Rollup stores behind one contract."""

from __future__ import annotations

from lapwing.cache.stores.base import RollupStore
from lapwing.model.problem import ModelError
from lapwing.model.project import StoreConfig


def open_store(config: StoreConfig, *, read_only: bool = False) -> RollupStore:
    """The store that `config` names. `read_only`: another process writes it (memory: no difference).

    Raises:
        ModelError: an unknown type, or no path where one is needed.
        StoreError: it can't be opened.
    """
    match config.type:
        case "memory":
            from lapwing.cache.stores.memory import MemoryStore

            return MemoryStore()
        case "lmdb" if config.path is not None:
            from lapwing.cache.stores.lmdb import LmdbStore

            return LmdbStore(config.path, read_only=read_only)
        case "lmdb":
            raise ModelError.of("missing-path", "A store of type lmdb needs a path.")
    raise ModelError.of("unknown-store", f"There is no store type {config.type}.", nearest=("lmdb", "memory"))
