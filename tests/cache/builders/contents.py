"""What a build left in a store, bit by bit."""

from __future__ import annotations

from pathlib import Path

from tests.cache.project import opened

from lapwing.cache.definition import define
from lapwing.cache.keys import prefix_end, rollup_prefix
from lapwing.cache.ledger import Ledger
from lapwing.cache.service import Cache
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.stores.memory import MemoryStore
from lapwing.model.project import BeamConfig

Chunks = dict[tuple[str, int], dict[bytes, bytes]]
"""By rollup and the start of the partition its chunks: key without the version, value."""


def chunks_of(cache: Cache, store: RollupStore) -> Chunks:
    """All that is published of the dataset trips."""
    found: Chunks = {}
    bound = cache.bound("trips")
    for rollup in bound.dataset.rollups.values():
        one = define(bound, rollup, cache._builds._project.timezone)
        for partition in Ledger.of(store, one).read().partitions:
            prefix = rollup_prefix(one.id, partition.version)
            rows = {key[len(prefix) :]: value for key, value in store.scan(prefix, prefix_end(prefix))}
            assert (len(rows), partition.keys) == (partition.keys, len(rows))
            found[one.name, partition.start] = rows
    return found


def built(root: Path, builder: str, beam: BeamConfig | None = None, store: RollupStore | None = None) -> Chunks:
    """Builds into an empty store; what is then in it."""
    store = store or MemoryStore()
    with opened(root, store) as (_, cache):
        cache.build(builder=builder, beam=beam).checked()
        assert cache.upkeep.verify(None).findings == []
        return chunks_of(cache, store)
