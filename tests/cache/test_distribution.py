"""How rows are spread over the values that keys begin with: compared with the rows of the store themselves."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.cache.project import opened, row, write_project, write_rows
from tests.cache.test_build import moment

from lapwing.cache.directory import Directory
from lapwing.cache.distribution import spread
from lapwing.cache.keys import leading_value, prefix_end, rollup_prefix
from lapwing.cache.ledger import Ledger
from lapwing.cache.partition import Partition


def test_shares_are_those_of_the_rows_in_the_store(tmp_path: Path) -> None:
    write_project(tmp_path)
    shops = ["a", "a", "a", "b", None, "ü"]
    for month in (1, 2):
        write_rows(tmp_path, f"{month}", [row(moment(month, 1 + i % 20), shops[i % 6], i % 9) for i in range(200)])
    with opened(tmp_path) as (_, cache):
        cache.build().checked()
        definitions = cache.definitions("trips")
        assert {"trips.main", "trips.by_shop", "trips.total"} <= {one.name for one in definitions}
        for definition in definitions:
            expected: Counter[bytes] = Counter()
            partitions = Ledger.of(cache._store, definition).read().partitions
            for partition in partitions:
                prefix = rollup_prefix(definition.id, partition.version)
                for key, _ in cache._store.scan(prefix, prefix_end(prefix)):
                    expected[leading_value(key[len(prefix) : -8])] += 1
            shares = cache.spread(definition)
            assert {one.encoded: one.keys for one in shares} == expected
            assert abs(sum(one.bytes for one in shares) - sum(one.bytes for one in partitions)) <= len(shares)


def test_of_many_partitions_the_latest_are_counted_and_the_others_taken_to_be_like_them(tmp_path: Path) -> None:
    write_project(tmp_path)
    for month in (1, 2, 3, 4):
        write_rows(tmp_path, f"{month}", [row(moment(month), shop, size) for shop in "aab" for size in range(10)])
    with opened(tmp_path) as (_, cache):
        cache.build().checked()
        (main,) = (one for one in cache.definitions("trips") if one.name == "trips.main")
        partitions = Ledger.of(cache._store, main).read().partitions
        read: list[int] = []

        def directory(partition: Partition) -> Directory:
            read.append(partition.start)
            return cache._reader.directory(main, partition)

        whole = spread(main, partitions, directory)
        assert len(read) == 4
        read.clear()
        part = spread(main, partitions, directory, most=partitions[-1].keys)
        assert read == [partitions[-1].start]
        assert [(one.value, one.keys) for one in part] == [(one.value, one.keys) for one in whole]


def test_what_is_not_built_has_no_shares(tmp_path: Path) -> None:
    write_project(tmp_path)
    write_rows(tmp_path, "all", [row(moment(1))])
    with opened(tmp_path) as (_, cache):
        assert all(cache.spread(one) == () for one in cache.definitions("trips"))
