"""While its data can't be looked at, a dataset's rollups go on answering, and say so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from tests.cache.project import DATASET, row, write_project, write_rows

from lapwing.model.problem import LapwingError
from lapwing.query.ask import MetricQuery, Wishes
from lapwing.query.service import Lapwing

QUERY = MetricQuery(metrics=("trips", "money"), by=("town",))


def without_files(root: Path) -> None:
    for file in (root / "data" / "trips").iterdir():
        file.unlink()
    (root / "data" / "trips").rmdir()


def without_folder(root: Path) -> None:
    without_files(root)
    (root / "data").rmdir()


def without_lookup(root: Path) -> None:
    (root / "names.db").unlink()


def damaged_lookup(root: Path) -> None:
    (root / "names.db").write_bytes(b"this is no database" * 100)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_project(tmp_path)
    write_rows(tmp_path, "2013-01", [row(datetime(2013, 1, day), "ab"[day % 2]) for day in range(1, 8)])
    with Lapwing.open(tmp_path) as lapwing:
        lapwing.cache.build().checked()
    return tmp_path


@pytest.mark.parametrize("lose", [without_files, without_folder, without_lookup, damaged_lookup])
def test_the_last_answer_stays(root: Path, lose: Callable[[Path], None]) -> None:
    with Lapwing.open(root) as lapwing:
        before = lapwing.answer(QUERY)
        assert before.receipt.notes == ()
    lose(root)
    with Lapwing.open(root) as lapwing:
        after = lapwing.answer(QUERY)
        assert after.table.equals(before.table)
        assert after.receipt.data_until == before.receipt.data_until
        (note,) = after.receipt.notes
        assert note.startswith("The data of trips can't be looked at now; this is what was built last. ")
        (status, *_) = lapwing.cache.status()
        assert (status.refused, [partition.stale for partition in status.partitions]) == (None, [None])
        with pytest.raises(LapwingError):
            lapwing.answer(MetricQuery(metrics=("trips",), wishes=Wishes(cache=False)))
        with pytest.raises(LapwingError):
            lapwing.cache.build().checked()
    with Lapwing.open(root) as lapwing:
        assert lapwing.answer(QUERY).table.equals(before.table)


def test_what_was_not_built_as_it_is_defined_now_is_not_answered(root: Path) -> None:
    without_folder(root)
    (root / "datasets" / "trips.yaml").write_text(DATASET.replace("distance > 100", "distance > 200"))
    with Lapwing.open(root) as lapwing, pytest.raises(LapwingError):
        lapwing.answer(QUERY)


def test_a_column_that_is_gone(root: Path) -> None:
    import pyarrow.parquet as pq

    path = root / "data" / "trips" / "2013-01.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["kilos"]), path)
    with Lapwing.open(root) as lapwing:
        (note,) = lapwing.answer(QUERY).receipt.notes
        assert "kilos" in note
        with pytest.raises(LapwingError, match="kilos"):
            lapwing.cache.build().checked()
