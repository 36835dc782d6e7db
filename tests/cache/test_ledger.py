"""Changes to a manifest, where the tests of builds do not look."""

from __future__ import annotations

from pathlib import Path

from tests.cache.project import opened, row, write_project, write_rows
from tests.cache.test_build import SMALL, moment

from lapwing.cache.ledger import Ledger, all_ledgers
from lapwing.cache.stores.memory import MemoryStore


def test_what_is_built_again_after_it_was_removed_has_new_versions() -> None:
    """A late worker, or another cluster, may still have rows of the old ones."""
    store = MemoryStore()
    ledger = Ledger(store, "trips.main", "d", 1)
    assert ledger.reserve([0, 10, 20, 30], "me", 1.0) == [1, 2, 3]
    other = Ledger(store, "trips.main", "d", 1)
    other.remove()
    assert all_ledgers(store) == []
    for again in (ledger, other, Ledger(store, "trips.main", "d", 1)):
        assert again.read().next_version == 4
    assert other.reserve([0, 10], "me", 2.0) == [4]
    assert Ledger(store, "trips.other", "d", 1).reserve([0, 10], "me", 2.0) == [1]
    other.remove()
    assert ledger.reserve([0, 10], "me", 3.0) == [5]


def test_a_definition_that_comes_back_goes_on_where_it_was(tmp_path: Path) -> None:
    write_project(tmp_path, dataset=SMALL)
    write_rows(tmp_path, "all", [row(moment(1))])
    seen = []
    for grain in ("hour", "day", "hour"):
        write_project(tmp_path, dataset=SMALL.replace("grain: hour", f"grain: {grain}"))
        with opened(tmp_path) as (_, cache):
            cache.build().checked()
            (ledger,) = all_ledgers(cache._store)
            seen.append([partition.version for partition in ledger.read().partitions])
    assert seen == [[1], [1], [2]]
