"""Manifests: what they say of published partitions, and how they are kept."""

from __future__ import annotations

import dataclasses
import json

import pytest

from lapwing.cache.manifest import Building, Manifest, Partition, Retired, decode, encode
from lapwing.model.problem import StoreError


def partition(start: int, end: int, version: int, data_end: int | None = None, sealed: int | None = None) -> Partition:
    reach = end if data_end is None else data_end
    return Partition(
        start=start,
        end=end,
        version=version,
        keys=1,
        cells=2,
        bytes=3,
        distinct=(1, 1),
        built_at=0.5,
        mark="m",
        data_end=reach,
        sealed=reach if sealed is None else sealed,
    )


def manifest(*partitions: Partition) -> Manifest:
    return Manifest(rollup="d.r", definition="0" * 16, grain=60, partitions=partitions)


def test_a_manifest_comes_back_as_it_was() -> None:
    full = dataclasses.replace(
        manifest(partition(0, 10, 1), partition(10, 20, 2)),
        building=(Building(version=3, start=0, owner="host/1/2/3", since=1.5),),
        retired=(Retired(version=1, since=2.5),),
        data_start=1,
        goal=20,
    )
    assert decode(encode(full)) == full


def test_data_ends_where_the_first_gap_is() -> None:
    assert manifest().data_end is None
    assert manifest(partition(0, 10, 1), partition(10, 20, 2, 15)).data_end == 15
    assert manifest(partition(0, 10, 1), partition(20, 30, 2)).data_end == 10
    stale = manifest(partition(0, 10, 1, 7), partition(10, 20, 2))
    assert (stale.data_end, stale.data_until) == (7, 7)


def test_completeness_ends_at_the_first_incomplete_partition() -> None:
    assert manifest(partition(0, 10, 1, sealed=8), partition(10, 20, 2, 15, 10)).data_until == 8
    assert manifest(partition(0, 10, 1), partition(10, 20, 2, 15, 12)).data_until == 12


def test_publishing_replaces_what_it_overlaps_and_retires_it() -> None:
    building = Building(version=3, start=10, owner="o", since=0.0)
    before = dataclasses.replace(manifest(partition(0, 10, 1), partition(10, 20, 2)), building=(building,))
    after = before.with_partition(partition(10, 20, 3), now=9.0)
    assert [p.version for p in after.partitions] == [1, 3]
    assert after.retired == (Retired(version=2, since=9.0),)
    assert after.building == ()


@pytest.mark.parametrize("row", [b"", b"{}", b"[]", b'{"format": 1}', b"\xff"])
def test_a_damaged_row_is_said_to_be_one(row: bytes) -> None:
    with pytest.raises(StoreError, match="can't be read"):
        decode(row)


def test_a_newer_one_is_not_guessed_at() -> None:
    row = json.loads(encode(manifest()))
    row["format"] = 2
    with pytest.raises(StoreError, match="newer"):
        decode(json.dumps(row).encode())
