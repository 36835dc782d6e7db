"""A store that can't be used: the sources answer, and the receipt says why; nothing in the store is touched."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import lmdb
import pytest
from tests.cache.project import row, write_project, write_rows

from lapwing.cache.stores.environment import FORMAT_KEY
from lapwing.model.problem import StoreError
from lapwing.query.ask import MetricQuery
from lapwing.query.service import Lapwing

TRIPS = MetricQuery(metrics=("trips", "miles"), by=("shop",))
EXPECTED = [{"shop": "a", "trips": 2, "miles": 20}, {"shop": "b", "trips": 1, "miles": 10}]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_project(tmp_path)
    noon = datetime.fromisoformat("2013-02-02T12:00")
    write_rows(tmp_path, "all", [row(noon), row(noon), row(noon, "b")])
    with Lapwing.open(tmp_path) as lapwing:
        lapwing.cache.build().checked()
        assert lapwing.answer(TRIPS).receipt.pieces[0].by == "rollup"
    return tmp_path


def newer(root: Path) -> None:
    with lmdb.open(str(root / ".lapwing" / "store"), max_dbs=1) as store, store.begin(write=True) as transaction:
        transaction.put(FORMAT_KEY, b"2")


def damaged(root: Path) -> None:
    (root / ".lapwing" / "store" / "data.mdb").write_bytes(b"no store" * 2000)


def a_file(root: Path) -> None:
    for file in (root / ".lapwing" / "store").iterdir():
        file.unlink()
    (root / ".lapwing" / "store").rmdir()
    (root / ".lapwing" / "store").write_text("no folder")


@pytest.mark.parametrize(
    ("harm", "words"),
    [(newer, "A newer Lapwing wrote the rollup store"), (damaged, "is damaged"), (a_file, "The rollup store")],
)
def test_the_source_answers_and_the_receipt_says_why(root: Path, harm: object, words: str) -> None:
    assert callable(harm)
    harm(root)
    file = root / ".lapwing" / "store" / "data.mdb"
    before = file.read_bytes() if file.exists() else None
    with Lapwing.open(root) as lapwing:
        answer = lapwing.answer(TRIPS)
        assert answer.table.to_pylist() == EXPECTED
        assert [piece.by for piece in answer.receipt.pieces] == ["source"]
        assert {one.reasons[0].check for one in answer.receipt.considered} == {"store"}
        assert all(words in one.reasons[0].says for one in answer.receipt.considered)
        assert lapwing.cache.values("trips", "shop") == ("a", "b")
        assert all(words in (status.refused or "") for status in lapwing.cache.status())
        with pytest.raises(StoreError) as caught:
            lapwing.cache.build().checked()
        assert words in str(caught.value)
        assert caught.value.problems[0].code in ("store-newer", "store-damaged", "store-failed")
    assert (file.read_bytes() if file.exists() else None) == before


def test_it_is_used_again_once_it_can_be(root: Path) -> None:
    store = root / ".lapwing" / "store"
    aside = store.rename(root / "aside")
    store.write_text("in the way")
    with Lapwing.open(root) as lapwing:
        assert lapwing.answer(TRIPS).receipt.pieces[0].by == "source"
        store.unlink()
        aside.rename(store)
        answer = lapwing.answer(TRIPS)
        assert answer.receipt.pieces[0].by == "rollup"
        assert answer.table.to_pylist() == EXPECTED
