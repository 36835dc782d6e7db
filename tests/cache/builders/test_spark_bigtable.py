"""Spark's workers write into Bigtable: the emulator, from a cluster of two executors on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cache.builders.contents import chunks_of
from tests.cache.builders.test_spark import CLUSTER, written
from tests.cache.project import opened
from tests.cache.stores.places import place
from tests.services.base import missing

from lapwing.cache.builders.spark.session import java
from lapwing.cache.stores import open_store
from lapwing.cache.stores.bigtable import BigtableStore
from lapwing.model.project import StoreConfig


@pytest.fixture(name="config")
def _config(request: pytest.FixtureRequest) -> Iterator[StoreConfig]:
    """A table of the emulator, which a new session's executors are told of."""
    import pyspark

    if java() is None:
        missing("there is no Java")
    config = place("bigtable", request)
    before = pyspark.SparkContext._active_spark_context
    if before is not None:
        before.stop()
    yield config
    session = pyspark.sql.SparkSession.getActiveSession()
    if session is not None:
        session.stop()


@pytest.mark.long
def test_it_writes_into_bigtable_the_same_bits(tmp_path: Path, config: StoreConfig) -> None:
    root = written(tmp_path, months=1)
    with opened(root) as (_, cache):
        cache.build("trips.by_shop").checked()
        expected = chunks_of(cache, cache._store)
    kept = f"{{type: bigtable, instance: {config.instance}, table: {config.table}}}"
    text = (root / "lapwing.yaml").read_text()
    (root / "lapwing.yaml").write_text(text.replace("{type: lmdb, path: .lapwing/store}", kept))
    store = open_store(config)
    assert isinstance(store, BigtableStore)
    with opened(root, store) as (_, cache):
        cache.build("trips.by_shop", builder="spark", spark=CLUSTER).checked()
        assert cache.upkeep.verify(None).findings == []
        assert chunks_of(cache, store) == expected
        assert {one.built for one in cache.build("trips.by_shop").rollups} == {0}
