"""Answers to metric queries are told again to those who say how old one may be, and to nobody else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lapwing.model.grain import Grain
from lapwing.model.problem import NotFound
from lapwing.model.receipt import Receipt
from lapwing.query.ask import MetricQuery, SqlQuery, Top, Wishes
from lapwing.query.service import Lapwing

PROJECT = """name: aged
timezone: UTC
now: 2024-02-01
sources:
  lite: {type: sqlite, path: lite.db}
store: {type: lmdb, path: .lapwing/store}
"""
DATASET = """dataset: sales
table: lite.sales
time: {column: at}
complete_after: 0 hours
dimensions:
  shop: {}
measures:
  sold: {count: "*"}
  amount: {sum: amount}
  buyers: {quantile: amount, q: 0.5}
metrics:
  price: {ratio: amount / sold}
"""


@dataclass
class Aged:
    folder: Path
    lapwing: Lapwing

    def ask(self, *metrics: str, age: float | None = 300.0, **more: Any) -> tuple[pa.Table, Receipt]:
        wishes = Wishes(max_age=age, cache=more.pop("cache", True), exact=more.pop("exact", False))
        found = self.lapwing.answer(MetricQuery(metrics=metrics, wishes=wishes, **more))
        return found.table, found.receipt

    def told(self, *metrics: str, **more: Any) -> bool:
        return [piece.by for piece in self.ask(*metrics, **more)[1].pieces] == ["kept result"]

    def sell(self, shop: str) -> None:
        with sqlite3.connect(self.folder / "lite.db") as lite:
            lite.execute("insert into sales values ('2024-01-03 10:00:00', ?, 7, 7)", [shop])
        lite.close()


@pytest.fixture
def aged(tmp_path: Path) -> Iterator[Aged]:
    (tmp_path / "datasets").mkdir()
    (tmp_path / "lapwing.yaml").write_text(PROJECT)
    (tmp_path / "datasets" / "sales.yaml").write_text(DATASET)
    with sqlite3.connect(tmp_path / "lite.db") as lite:
        lite.execute("create table sales (at timestamp, shop text, amount int, buyer int)")
        rows = [(f"2024-01-0{1 + n % 4} 12:00:00", "ab"[n % 2], n, n % 3) for n in range(12)]
        lite.executemany("insert into sales values (?, ?, ?, ?)", rows)
    lite.close()
    with Lapwing.open(tmp_path) as lapwing:
        yield Aged(tmp_path, lapwing)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"by": ("shop",)},
        {"by": ("shop",), "grain": Grain.parse("day"), "start": "2024-01-01", "end": "2024-01-08"},
        {"by": ("shop",), "where": "shop = 'none'"},
        {"by": ("shop",), "top": Top(count=1, metric="sales.sold")},
    ],
)
def test_an_answer_is_told_again_as_it_was(aged: Aged, more: dict[str, Any]) -> None:
    metrics = ("sales.sold", "sales.price", "sales.buyers")
    table, receipt = aged.ask(*metrics, **more)
    aged.sell("a")
    again, told = aged.ask(*metrics, **more)
    assert again.equals(table, check_metadata=True)
    (piece,) = told.pieces
    assert (piece.by, piece.rows) == ("kept result", table.num_rows)
    assert "neither rollups nor sources were asked" in told.notes[-1]
    own: dict[str, Any] = {"pieces": (), "considered": (), "notes": (), "milliseconds": {}}
    assert replace(told, **own) == replace(receipt, **own)
    assert told.as_dict()["exact"] is False
    assert aged.ask(*metrics, age=None, **more)[1].pieces[0].by != "kept result"


def test_only_who_says_so_is_told_and_nothing_older(aged: Aged) -> None:
    assert aged.ask("sales.sold", age=None)[0]["sales.sold"].to_pylist() == [12]
    assert not aged.told("sales.sold")  # the one before was not kept
    aged.sell("a")
    assert aged.told("sales.sold")
    assert aged.ask("sales.sold", age=1e-9)[0]["sales.sold"].to_pylist() == [13]
    assert aged.ask("sales.sold")[0]["sales.sold"].to_pylist() == [13]
    aged.sell("a")
    assert aged.ask("sales.sold", cache=False)[0]["sales.sold"].to_pylist() == [14]
    assert aged.ask("sales.sold")[0]["sales.sold"].to_pylist() == [13]


def test_another_question_is_another(aged: Aged) -> None:
    aged.ask("sales.sold", by=("shop",))
    assert aged.told("sales.sold", by=("shop",))
    assert not aged.told("sales.sold")
    assert not aged.told("sales.sold", by=("shop",), where="shop = 'a'")
    assert not aged.told("sales.sold", by=("shop",), zone="Europe/Berlin")
    assert not aged.told("sales.sold", by=("shop",), exact=True)
    with pytest.raises(NotFound):
        aged.ask("sales.solt")


def test_another_definition_is_another_question(aged: Aged) -> None:
    assert aged.ask("sales.amount")[0]["sales.amount"].to_pylist() == [66]
    path = aged.folder / "datasets" / "sales.yaml"
    with Lapwing.open(aged.folder) as same:
        assert Aged(aged.folder, same).told("sales.amount")  # another process has it, too
    path.write_text(DATASET.replace("sum: amount", "sum: amount * 2"))
    with Lapwing.open(aged.folder) as other:
        assert Aged(aged.folder, other).ask("sales.amount")[0]["sales.amount"].to_pylist() == [132]


def test_metrics_inside_sql_by_the_age_of_the_statement(aged: Aged) -> None:
    text = "select shop, measure(sold) as n from metrics.sales group by 1 order by 1"

    def ask(age: float | None) -> tuple[list[int], list[str]]:
        found = aged.lapwing.run_sql(SqlQuery(text=text, wishes=Wishes(max_age=age)))
        return found.table()["n"].to_pylist(), [piece.by for piece in found.receipt().pieces]

    assert ask(300)[0] == [6, 6]
    aged.sell("a")
    numbers, by = ask(300)
    assert numbers == [6, 6]
    assert "source" not in by
    assert ask(None)[0] == [7, 6]


def test_what_is_kept_is_listed_counted_and_may_be_damaged(aged: Aged) -> None:
    aged.ask("sales.sold")
    assert aged.told("sales.sold")
    status = aged.lapwing.results.status(10)
    assert (status["entries"], status["told"], status["run"]) == (1, 1, 1)
    assert "sold" in status["results"][0]["text"]
    (path,) = (aged.folder / ".lapwing" / "results").glob("*.result")
    path.write_bytes(path.read_bytes()[:-3])
    assert not aged.told("sales.sold")
    assert aged.told("sales.sold")
    assert aged.lapwing.results.shelf.empty() == 1
    assert not aged.told("sales.sold")
