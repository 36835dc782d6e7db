"""The largest groups, and the rest as one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lapwing.model.grain import Grain
from lapwing.model.problem import NotFound, Refused, WrongUse
from lapwing.query.ask import MetricQuery, Order, Top
from lapwing.query.service import Lapwing

PROJECT = "name: shop\nnow: 2024-03-01\nsources: {files: {type: files, path: data}}\n"
DATASET = """
dataset: orders
table: files.orders
time: {column: at}
dimensions: {shop: {}, town: {}, size: {}, day: {}}
measures:
  orders: {count: "*"}
  amount: {sum: amount}
  people: {distinct: person}
  dear: {max: amount}
metrics:
  mean_amount: {ratio: amount / orders}
rollups:
  main: {grain: hour, dimensions: [shop, town, size, day], partition: month}
"""
ROWS = """
copy (select 'shop ' || (hash(i) % 7 * (hash(i) % 5))::varchar as shop,
             case when hash(i + 1) % 6 > 0 then chr(65 + (hash(i + 1) % 6)::integer) || '''s' end as town,
             (hash(i + 2) % 9)::integer as size, date '2024-01-01' + (hash(i + 5) % 3)::integer as day,
             timestamptz '2024-01-01 00:00:00+00' + interval 41 minute * i as at,
             (hash(i + 3) % 500)::integer as amount, 'p' || (hash(i + 4) % 90)::varchar as person
      from range(2000) t(i)) to '{path}' (format parquet)
"""
SOURCE = {"orders": "count(*)", "amount": "sum(amount)", "dear": "max(amount)", "mean_amount": "avg(amount)"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("top")
    (root / "data").mkdir()
    (root / "datasets").mkdir()
    (root / "lapwing.yaml").write_text(PROJECT)
    (root / "datasets" / "orders.yaml").write_text(DATASET)
    duckdb.connect().execute(ROWS.format(path=root / "data" / "orders.parquet"))
    return root


@pytest.fixture(scope="module")
def lapwing(root: Path) -> Iterator[Lapwing]:
    with Lapwing.open(root) as opened:
        opened.cache.build().checked()
        yield opened


def rows(lapwing: Lapwing, query: MetricQuery) -> list[dict[str, Any]]:
    answer = lapwing.answer(query)
    assert {piece.by for piece in answer.receipt.pieces} == {"rollup"}
    found: list[dict[str, Any]] = answer.table.to_pylist()
    return found


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    by=st.lists(st.sampled_from(["shop", "town", "size", "day"]), min_size=1, max_size=2, unique=True),
    metric=st.sampled_from(list(SOURCE)),
    count=st.integers(1, 8),
    filtered=st.booleans(),
)
def test_they_are_what_the_rows_say(
    lapwing: Lapwing, root: Path, by: list[str], metric: str, count: int, filtered: bool
) -> None:
    """Groups and rest against plain DuckDB over the rows."""
    where = "size > 2" if filtered else "true"
    keys, values = ", ".join(by), ", ".join(SOURCE.values())
    con = duckdb.connect()
    con.execute(f"create view rows as select * from '{root}/data/orders.parquet' where {where}")
    ranked = con.sql(
        f"select {keys}, {values} from rows group by {keys} order by {SOURCE[metric]} desc, {keys} nulls last"
    ).to_arrow_table()
    con.register("kept", ranked.slice(0, count))
    same = " and ".join(f"rows.{name} is not distinct from kept.{name}" for name in by)
    others = con.sql(f"select {values} from rows where not exists (select 1 from kept where {same})").fetchall()
    query = MetricQuery(metrics=tuple(SOURCE), by=tuple(by), where=where, top=Top(count=count, metric=metric))
    found = rows(lapwing, query)
    kept = ranked.slice(0, count).to_pylist()
    assert [row["rest"] for row in found] == [False] * len(kept) + [True] * (ranked.num_rows > count)
    assert [[row[name] for name in by] for row in found[: len(kept)]] == [[row[name] for name in by] for row in kept]
    for row, wanted in zip(found, [*(list(one.values())[len(by) :] for one in kept), *others], strict=False):
        assert [float(row[name]) for name in SOURCE] == pytest.approx([float(value) for value in wanted])


def test_in_buckets_they_add_up_to_the_whole(lapwing: Lapwing) -> None:
    query = MetricQuery(metrics=("orders", "amount"), grain=Grain.parse("day"), top=Top(count=3), by=("shop",))
    found = rows(lapwing, query)
    whole = rows(lapwing, MetricQuery(metrics=("orders", "amount"), grain=Grain.parse("day")))
    assert len(found) == 4 * len(whole)
    for at, bucket in enumerate(whole):
        parts = found[at :: len(whole)]
        assert {row["time"] for row in parts} == {bucket["time"]}
        assert sum(row["orders"] for row in parts) == bucket["orders"]
        assert sum(row["amount"] for row in parts) == bucket["amount"]


def test_people_of_the_rest_are_counted_once(lapwing: Lapwing, root: Path) -> None:
    """What can't be added up is of all rows of the rest."""
    found = rows(lapwing, MetricQuery(metrics=("people",), by=("shop",), top=Top(count=2, metric="orders")))
    shops = ", ".join(f"'{row['shop']}'" for row in found[:2])
    (people,) = (
        duckdb.connect()
        .execute(f"select count(distinct person) from '{root}/data/orders.parquet' where shop not in ({shops})")
        .fetchall()[0]
    )
    assert found[2]["people"] == pytest.approx(people, rel=0.05)


def test_as_many_as_there_are_leave_no_rest(lapwing: Lapwing) -> None:
    found = rows(lapwing, MetricQuery(metrics=("orders",), by=("day",), top=Top(count=3)))
    assert [row["rest"] for row in found] == [False] * 3
    assert (
        "no others" in lapwing.answer(MetricQuery(metrics=("orders",), by=("day",), top=Top(count=3))).receipt.notes[-1]
    )
    nothing = MetricQuery(metrics=("orders",), by=("day",), where="shop = 'none'", top=Top(count=3))
    assert lapwing.answer(nothing).table.column_names == ["day", "orders", "rest"]
    assert lapwing.answer(nothing).table.num_rows == 0


def test_the_source_says_the_same(lapwing: Lapwing) -> None:
    query = MetricQuery(metrics=("amount",), by=("town", "day"), top=Top(count=4), grain=Grain.parse("month"))
    source = dataclasses.replace(query, wishes=dataclasses.replace(query.wishes, cache=False))
    assert rows(lapwing, query) == lapwing.answer(source).table.to_pylist()


@pytest.mark.parametrize(
    ("more", "error", "code"),
    [
        ({"by": ()}, WrongUse, "top-of-nothing"),
        ({"top": Top(count=0)}, WrongUse, "bad-top"),
        ({"top": Top(count=1_001)}, WrongUse, "bad-top"),
        ({"top": Top(count=3, metric="ordrs")}, NotFound, "unknown-metric"),
        ({"order": (Order(name="orders"),)}, WrongUse, "top-ordered"),
        ({"limit": 3}, WrongUse, "top-ordered"),
        ({"restated_since": "2024-01-01"}, WrongUse, "top-ordered"),
        ({"by": ("rest",)}, Refused, "rest-taken"),
    ],
)
def test_what_can_not_be_asked(lapwing: Lapwing, more: dict[str, Any], error: type[Exception], code: str) -> None:
    query = MetricQuery(metrics=("orders",), by=("shop",), top=Top(count=3))
    with pytest.raises(error) as caught:
        lapwing.answer(dataclasses.replace(query, **more))
    assert caught.value.problems[0].code == code  # type: ignore[attr-defined]


def test_explain_tells_of_the_ranking(lapwing: Lapwing) -> None:
    found = lapwing.explain(MetricQuery(metrics=("orders",), by=("shop",), top=Top(count=3)))
    assert [piece.name for piece in found.pieces] == ["orders.main"]
