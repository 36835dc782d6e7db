"""Where a table of rollups is cut, and what is told of one that is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cache.project import row, write_project, write_rows
from tests.cache.test_build import moment

from lapwing.cache.keys import rollup_prefix, values_prefix
from lapwing.query import spread
from lapwing.query.service import Lapwing
from lapwing.query.spread import owners, splits, tablets_of


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    write_project(tmp_path)
    for month in (1, 2, 3):
        write_rows(tmp_path, str(month), [row(moment(month, day)) for day in (2, 3)])
    return tmp_path


def test_each_version_that_the_first_build_writes_begins_at_a_border(root: Path) -> None:
    with Lapwing.open(root) as lapwing:
        cut = splits(lapwing)
        assert not (root / ".lapwing" / "store").exists(), "asking where to cut must not make the store"
        lapwing.cache.build().checked()
        declared = [one for one in lapwing.cache.definitions("trips") if one.follows is None]
        for one in declared:
            manifest = lapwing.cache._manifests.read([one])[one.manifest_key]
            assert manifest is not None
            assert {partition.version for partition in manifest.partitions} == {1, 2, 3}
            own = {key for key in cut if key.startswith(rollup_prefix(one.id))}
            assert own == {rollup_prefix(one.id), rollup_prefix(one.id, 2), rollup_prefix(one.id, 3)}
            assert values_prefix(one.id) in cut
        assert len(cut) == 4 * len(declared)
        assert list(cut) == sorted(cut)


@pytest.mark.parametrize("most", [1, 5, 7, 11, 12, 50])
def test_there_are_never_too_many(root: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(spread, "MOST_SPLITS", most)
    with Lapwing.open(root) as lapwing:
        assert len(splits(lapwing)) == min(most, 12)


def test_tablets_are_told_with_the_rollups_that_may_lie_in_them(root: Path) -> None:
    with Lapwing.open(root) as lapwing:
        named = owners(lapwing)
        main = next(prefix for prefix, name in named.items() if name == "trips.main")
        first, second = main + b"\x01", main + b"\x05"
        found = tablets_of(named, [(first, 100), (second, 250), (b"", 300)])
        assert [one.bytes for one in found] == [100, 150, 50]
        assert [one.end for one in found] == [first, second, None]
        assert [one.end_of for one in found] == ["trips.main", "trips.main", None]
        assert found[1].rollups == ("trips.main",)
        assert {name for one in found for name in one.rollups} == set(named.values())
