"""What is wrong between a dataset and its data: all at once, each at its line in the YAML."""

from __future__ import annotations

from pathlib import Path

import pytest

from lapwing.model.problem import ModelError
from lapwing.query.service import Lapwing

PROJECT = "name: shop\nsources:\n  files: {type: files, path: data}\n"
DATASET = """\
dataset: orders
table: files.orders
time: {column: at, timezone: UTC}
joins:
  people: {table: files.people, on: person}
dimensions:
  name: {column: people.name}
  dear: {sql: price > 10}
measures:
  orders: {count: "*"}
  revenue: {sum: price}
  cheap: {count: "*", where: price < 5}
"""


def problems(folder: Path, *changes: tuple[str, str], people: str = "person,name\n1,Ann\n2,Bob\n") -> list[str]:
    """What `check` finds after the changes: "code line"."""
    (folder / "data").mkdir(exist_ok=True)
    (folder / "datasets").mkdir(exist_ok=True)
    (folder / "data" / "orders.csv").write_text(
        "at,person,price\n2024-01-01T10:00:00,1,9.5\n2024-01-02T10:00:00,2,19.5\n"
    )
    (folder / "data" / "people.csv").write_text(people)
    (folder / "lapwing.yaml").write_text(PROJECT)
    text = DATASET
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "datasets" / "orders.yaml").write_text(text)
    with Lapwing.open(folder) as lapwing:
        found = lapwing.check()
    for problem in found:
        assert problem.place
        assert problem.place.file == "datasets/orders.yaml"
    return [f"{problem.code} {problem.place.line if problem.place else None}" for problem in found]


def test_all_is_right(tmp_path: Path) -> None:
    assert problems(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("files.orders", "files.order", "unknown-table 2"),
        ("column: at,", "column: att,", "unknown-column 3"),
        ("files.people", "files.peeple", "unknown-table 5"),
        ("on: person", "on: {persn: person}", "unknown-column 5"),
        ("people.name", "people.nam", "unknown-column 7"),
        ("price > 10", "prize > 10", "unknown-column 8"),
        ("price > 10", "max(price)", "nested-aggregate 8"),
        ("sum: price", "sum: sum(price)", "nested-aggregate 11"),
        ("sum: price", "sum: people.name || price", "wrong-type 11"),
        ("price < 5", "price + 5", "where-type 12"),
        ("table: files.orders", "sql: select * from files.orderz", "unknown-table 2"),
    ],
)
def test_one_mistake(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert problems(tmp_path, (old, new)) == [expected]


def test_all_at_once(tmp_path: Path) -> None:
    changes = [("column: at,", "column: att,"), ("people.name", "people.nam"), ("sum: price", "sum: sum(price)")]
    found = problems(tmp_path, *changes, ("price < 5", "price + 5"), people="person,name\n1,Ann\n1,Bob\n")
    assert sorted(found) == [
        "join-key-not-unique 5",
        "nested-aggregate 11",
        "unknown-column 3",
        "unknown-column 7",
        "where-type 12",
    ]
    with Lapwing.open(tmp_path) as lapwing, pytest.raises(ModelError) as caught:
        lapwing.sql.bind(lapwing.project.datasets["orders"])
    assert len(caught.value.problems) == 4  # whether keys are unique is looked at by `check` alone
