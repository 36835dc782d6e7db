"""Rollup stores behind one contract."""

from __future__ import annotations

from dataclasses import replace

from lapwing.cache.stores.base import RollupStore
from lapwing.model.names import nearest
from lapwing.model.problem import ModelError
from lapwing.model.project import StoreConfig

KINDS = ("lmdb", "memory", "bigtable")


def open_store(config: StoreConfig, *, read_only: bool = False) -> RollupStore:
    """The store that `config` names. `read_only`: another process writes it (memory: no difference). One whose
    configuration says so takes no writes, either.

    Raises:
        ModelError: an unknown type, or no path where one is needed.
        StoreError: it can't be opened.
    """
    if config.read_only:
        from lapwing.cache.stores.reading import ReadOnlyStore

        return ReadOnlyStore(open_store(replace(config, read_only=False), read_only=True))
    match config.type:
        case "memory":
            from lapwing.cache.stores.memory import MemoryStore

            return MemoryStore()
        case "lmdb" if config.path is not None:
            from lapwing.cache.stores.lmdb import LmdbStore

            return LmdbStore(config.path, read_only=read_only)
        case "bigtable" if config.instance is not None and config.table is not None:
            from lapwing.cache.stores.bigtable import BigtableStore
            from lapwing.cache.stores.bigtable_table import Address

            address = Address(instance=config.instance, table=config.table, app_profile=config.app_profile)
            return BigtableStore(address, read_only=read_only, reads=config.reads, writes=config.writes)
        case "bigtable":
            raise ModelError.of("missing-instance", "A store of type bigtable needs an instance and a table.")
        case "lmdb":
            raise ModelError.of("missing-path", "A store of type lmdb needs a path.")
    raise ModelError.of("unknown-store", f"There is no store type {config.type}.", nearest=nearest(config.type, KINDS))
