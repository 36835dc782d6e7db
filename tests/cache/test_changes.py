"""Datasets that say themselves how it is seen that their rows have changed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from tests.services.postgres import postgres

from lapwing.query.ask import MetricQuery
from lapwing.query.service import Lapwing

PROJECT = """
name: shop
now: 2024-04-01
sources: {shop: SOURCE}
store: {type: memory}
"""
DATASET = """
dataset: orders
table: shop.orders
time: {column: at, timezone: UTC}
CHANGES
dimensions: {town: {}}
measures: {orders: {count: "*"}, amount: {sum: amount}}
rollups: {main: {grain: day, dimensions: [town], partition: month}}
"""
MONTHS = ("2024-01-05", "2024-02-05", "2024-03-05")


def project(root: Path, changes: str, source: str = "{type: sqlite, path: shop.db}") -> Path:
    (root / "datasets").mkdir()
    (root / "lapwing.yaml").write_text(PROJECT.replace("SOURCE", source))
    (root / "datasets" / "orders.yaml").write_text(DATASET.replace("CHANGES", changes))
    return root


@pytest.fixture
def shop(tmp_path: Path) -> sqlite3.Connection:
    con = sqlite3.connect(tmp_path / "shop.db", isolation_level=None)
    con.execute("create table orders (at timestamp, town text, amount integer, updated_at timestamp)")
    con.execute("create table loads (loaded_at timestamp)")
    for month in MONTHS:
        con.execute("insert into orders values (?, 'Wien', 1, '2024-03-10 00:00:00')", [f"{month} 12:00:00"])
    return con


def built(lapwing: Lapwing) -> int:
    """How many partitions a build took up."""
    report = lapwing.cache.build()
    report.checked()
    return report.rollups[0].built


def amount(lapwing: Lapwing) -> int:
    answer = lapwing.answer(MetricQuery(metrics=("amount",)))
    assert [piece.by for piece in answer.receipt.pieces] == ["rollup"]
    return int(answer.table.column("amount")[0].as_py())


@pytest.mark.parametrize("changes", ["changes: updated_at", "changes: {column: updated_at}"])
def test_a_column_tells_of_added_changed_and_deleted_rows(
    tmp_path: Path, shop: sqlite3.Connection, changes: str
) -> None:
    """And of the months in which they are; what changes without it is not seen."""
    with Lapwing.open(project(tmp_path, changes)) as lapwing:
        assert (built(lapwing), built(lapwing)) == (3, 0)
        shop.execute("update orders set amount = 5 where at < '2024-02-01'")
        assert (built(lapwing), amount(lapwing)) == (0, 3)
        shop.execute("update orders set amount = 7, updated_at = '2024-03-11 00:00:00' where at < '2024-02-01'")
        assert (built(lapwing), amount(lapwing)) == (1, 9)
        shop.execute("insert into orders values ('2024-02-06 00:00:00', 'Graz', 2, '2024-03-01 00:00:00')")
        assert (built(lapwing), amount(lapwing)) == (1, 11)
        shop.execute("delete from orders where town = 'Graz'")
        assert (built(lapwing), amount(lapwing)) == (1, 9)


def test_a_query_tells_of_all_or_of_a_stretch(tmp_path: Path, shop: sqlite3.Connection) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    with Lapwing.open(
        project(whole, 'changes: {sql: "select max(loaded_at) from shop.loads"}', "{type: sqlite, path: ../shop.db}")
    ) as lapwing:
        assert (built(lapwing), built(lapwing)) == (3, 0)
        shop.execute("update orders set amount = 5")
        assert (built(lapwing), amount(lapwing)) == (0, 3)
        shop.execute("insert into loads values ('2024-02-03 00:00:00')")
        assert (built(lapwing), amount(lapwing)) == (3, 15)
    parts = tmp_path / "parts"
    parts.mkdir()
    asked = "select count(*) from shop.loads where loaded_at >= {start} and loaded_at < {end}"
    with Lapwing.open(project(parts, f'changes: {{sql: "{asked}"}}', "{type: sqlite, path: ../shop.db}")) as lapwing:
        assert built(lapwing) == 3
        shop.execute("update orders set amount = 1")
        shop.execute("insert into loads values ('2024-02-04 00:00:00')")
        assert (built(lapwing), amount(lapwing)) == (1, 11)


def test_a_view_of_postgres_is_no_longer_built_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a view the server can't tell whether its rows have changed."""
    import psycopg

    with postgres() as dsn, psycopg.connect(dsn, autocommit=True) as con:
        con.execute("create table kept (at timestamp, town text, amount integer, updated_at timestamptz)")
        con.execute("create view orders as select * from kept")
        for month in MONTHS:
            con.execute("insert into kept values (%s, 'Wien', 1, '2024-03-10')", [f"{month} 12:00:00"])
        monkeypatch.setenv("SHOP_DSN", dsn)
        source = '{type: postgres, dsn: "${SHOP_DSN}"}'
        (tmp_path / "without").mkdir()
        with Lapwing.open(project(tmp_path / "without", "", source)) as lapwing:
            assert (built(lapwing), built(lapwing)) == (3, 3)
        with Lapwing.open(project(tmp_path, "changes: updated_at", source)) as lapwing:
            assert (built(lapwing), built(lapwing)) == (3, 0)
            con.execute("update kept set amount = 4, updated_at = '2024-03-12' where at < '2024-02-01'")
            assert (built(lapwing), amount(lapwing)) == (1, 6)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ("changes: updated", "updated"),
        ('changes: {sql: "select max(loaded_at) from shop.lods"}', "lods"),
        ('changes: {sql: "delete from shop.loads"}', "only reads"),
    ],
)
def test_check_finds_what_is_wrong(tmp_path: Path, shop: sqlite3.Connection, changes: str, says: str) -> None:
    with Lapwing.open(project(tmp_path, changes)) as lapwing:
        (problem,) = lapwing.check()
    assert says in problem.message.lower()
    assert problem.place is not None
    assert (problem.place.file, problem.place.line) == ("datasets/orders.yaml", 5)
