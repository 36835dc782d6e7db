"""Metrics of several datasets: each aggregated to the shared dimensions first, then laid side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import duckdb
import pytest

from lapwing.model.grain import Grain
from lapwing.model.problem import NotFound, WrongUse
from lapwing.query.ask import MetricQuery, Order, Wishes
from lapwing.query.service import Lapwing

ORDERS = """
dataset: orders
table: files.orders
time: {column: placed}
complete_after: 0 hours
dimensions: {shop: {}, channel: {}}
measures: {orders: {count: "*"}, sales: {sum: amount}}
metrics:
  visits_per_order: {ratio: visits.visits / orders.orders}
  per_order_2d: {cumulative: visits.visits / orders.orders, window: 2 days}
  orders_ever: {cumulative: orders}
rollups:
  main: {grain: hour, dimensions: [shop, channel], partition: month}
"""
VISITS = """
dataset: visits
table: files.visits
time: {column: day}
complete_after: 0 hours
dimensions: {shop: {}, browser: {}}
measures: {visits: {sum: visits}, most: {max: visits}}
rollups:
  main: {grain: day, dimensions: [shop, browser], partition: month}
"""
ROWS = """
copy (select * from (values
  ('a', 'web',  timestamptz '2024-03-01 10:00+00', 1.50::decimal(9, 2)),
  ('a', 'shop', timestamptz '2024-03-01 12:00+00', -0.25),
  ('b', 'web',  timestamptz '2024-03-02 23:59+00', 3),
  (null, 'web', timestamptz '2024-03-03 23:30+00', 4)) t(shop, channel, placed, amount))
to '{root}/data/orders.parquet' (format parquet);
copy (select * from (values
  ('a', 'x', date '2024-03-01', 10), ('b', 'x', date '2024-03-02', 4), ('c', 'y', date '2024-03-02', 7),
  (null, 'y', date '2024-03-03', 1)) t(shop, browser, day, visits)) to '{root}/data/visits.parquet' (format parquet);
"""
BOTH = MetricQuery(metrics=("orders", "sales", "visits", "visits_per_order", "most"), by=("shop",))


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lapwing]:
    root = tmp_path_factory.mktemp("shops")
    for folder in ("data", "datasets"):
        (root / folder).mkdir()
    (root / "lapwing.yaml").write_text("name: shops\nnow: 2024-03-05\nsources: {files: {type: files, path: data}}\n")
    (root / "datasets" / "orders.yaml").write_text(ORDERS)
    (root / "datasets" / "visits.yaml").write_text(VISITS)
    with duckdb.connect() as plain:
        plain.execute(ROWS.format(root=root))
    with Lapwing.open(root) as lapwing:
        lapwing.cache.build().checked()
        yield lapwing


@pytest.mark.parametrize("cache", [True, False])
def test_groups_of_either_side_are_kept(shops: Lapwing, cache: bool) -> None:
    answer = shops.answer(replace(BOTH, wishes=Wishes(cache=cache)))
    rows = [tuple(row.values()) for row in answer.table.to_pylist()]
    assert [(shop, orders, float(sales), visits, ratio, most) for shop, orders, sales, visits, ratio, most in rows] == [
        ("a", 2, 1.25, 10, 5.0, 10),
        ("b", 1, 3.0, 4, 4.0, 4),
        ("c", 0, 0.0, 7, None, 7),
        (None, 1, 4.0, 1, 1.0, 1),
    ]
    by = "rollup" if cache else "source"
    assert [(piece.by, piece.name.partition(".")[0]) for piece in answer.receipt.pieces] == [
        (by, "orders"),
        (by, "visits"),
    ]


@pytest.mark.parametrize("grain", ["day", "month", None])
@pytest.mark.parametrize("by", [("shop",), ()])
@pytest.mark.parametrize("where", [None, "shop = 'a'", "shop is null", "shop = 'nobody'"])
def test_rollups_and_sources_agree(shops: Lapwing, grain: str | None, by: tuple[str, ...], where: str | None) -> None:
    query = replace(
        BOTH, by=by, grain=Grain.parse(grain) if grain else None, where=where, order=(Order(name="visits"),)
    )
    cached, direct = shops.answer(query), shops.answer(replace(query, wishes=Wishes(cache=False)))
    assert {piece.by for piece in cached.receipt.pieces} == {"rollup"}
    assert cached.table.equals(direct.table)
    assert cached.table.num_rows > 0 or (by and where == "shop = 'nobody'")


def test_a_dimension_that_one_lacks_is_refused_by_name(shops: Lapwing) -> None:
    with pytest.raises(WrongUse, match=r"visits has no dimension channel. These metrics share shop"):
        shops.answer(replace(BOTH, by=("channel",)))
    with pytest.raises(NotFound, match="Did you mean shop"):
        shops.answer(replace(BOTH, by=("shpo",)))


@pytest.mark.parametrize("cache", [True, False])
def test_windows_of_several_datasets(shops: Lapwing, cache: bool) -> None:
    """Each is gathered over its own window first; shop c has visits alone, and only in the window."""
    query = MetricQuery(
        metrics=("per_order_2d", "orders_ever", "visits"),
        by=("shop",),
        grain=Grain.parse("day"),
        start="2024-03-03",
        end="2024-03-04",
        wishes=Wishes(cache=cache),
    )
    rows = [tuple(row.values()) for row in shops.answer(query).table.to_pylist()]
    assert [(shop, ratio, ever, visits) for shop, _, ratio, ever, visits in rows] == [
        ("a", None, 2, 0),
        ("b", 4.0, 1, 0),
        ("c", None, 0, 0),
        (None, 1.0, 1, 1),
    ]


@pytest.mark.parametrize("where", ["channel = 'web'", "shop = 'a' and channel is null", "browser = 'x' or shop = 'a'"])
def test_a_filter_that_one_dataset_lacks_is_told_like_a_dimension_that_it_lacks(shops: Lapwing, where: str) -> None:
    with pytest.raises(WrongUse, match=r"has no dimension (channel|browser). These metrics share shop") as told:
        shops.answer(replace(BOTH, where=where))
    assert told.value.problems[0].code == "dimension-not-shared"
    with pytest.raises(NotFound, match=r"There is no dimension shopp"):
        shops.answer(replace(BOTH, where="shopp = 'a'"))
