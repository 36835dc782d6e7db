"""Windows of 28 days for every day of a year: Lapwing's states against window functions and joins in DuckDB.

    python -m benchmarks.windows [--small] [--json FILE]

A year of orders of 200 shops (20 with --small), kept by shop and hour. One question asks revenue and the largest order,
which a window function over a rollup table can answer, too; the other asks how many customers 20 of the shops had, which
only the raw rows tell (DuckDB) or mergeable states (Lapwing). The answers are compared before anything is timed: sums and maxima
are equal, distinct counts within their error.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.report import arguments, show, timed
from lapwing.model.grain import Grain
from lapwing.query.ask import MetricQuery
from lapwing.query.service import Lapwing

PROJECT = """
name: benchmark
now: 2025-01-01
sources: {files: {type: files, path: data}}
"""
DATASET = """
dataset: orders
table: files.orders
time: {column: at}
dimensions: {shop: {}}
measures:
  revenue: {sum: revenue}
  largest: {max: revenue}
  customers: {distinct: customer}
metrics:
  revenue_28d: {cumulative: revenue, window: 28 days}
  largest_28d: {cumulative: largest, window: 28 days}
  customers_28d: {cumulative: customers, window: 28 days}
rollups:
  main: {grain: hour, dimensions: [shop], partition: month, measures: [revenue, largest]}
  people: {grain: day, dimensions: [shop], partition: month, measures: [customers]}
"""
ORDERS = """
copy (select 'shop' || lpad((hash(i) % {shops})::varchar, 4, '0') as shop, hash(i + 3) % 20000 as customer,
             timestamptz '2024-01-01 00:00:00+00' + interval 1 second * (hash(i + 7) % 31622400) as "at",
             ((hash(i + 1) % 100000)::decimal(12, 2) / 100)::decimal(12, 2) as revenue
      from range({orders}) t(i) order by "at") to '{path}' (format parquet)
"""
ROLLUP = """
select shop, date_trunc('hour', "at") as hour, sum(revenue)::decimal(18, 2) as revenue, max(revenue) as largest
from read_parquet('{path}') group by all order by shop, hour
"""
WINDOW = """
with days as (select shop, date_trunc('day', {time}) as day, sum(revenue) as revenue, max({largest}) as largest
              from {table} where {time} >= '2024-01-05 00:00:00+00' group by all)
select shop, day, sum(revenue) over before as revenue, max(largest) over before as largest from days
window before as (partition by shop order by day range between interval 27 days preceding and current row)
qualify day >= '2024-02-01 00:00:00+00' order by shop, day
"""
CUSTOMERS = """
select shop, day, {count} as customers
from (select unnest(generate_series(timestamptz '2024-02-01 00:00:00+00', '2024-12-31 00:00:00+00', '1 day')) as day) days
join read_parquet('{path}') on "at" >= day - interval 27 days and "at" < day + interval 1 day
where shop < 'shop0020' group by all order by shop, day
"""


def main() -> None:
    """Makes the data, builds every contender, checks that they agree, and times them."""
    options = arguments("Windows over cached metrics against window functions and joins.")
    shops = 20 if options.small else 200
    orders = shops * 20_000
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path = _data(root, shops, orders)
        lapwing = stack.enter_context(Lapwing.open(root))
        started = time.perf_counter()
        lapwing.cache.build()
        facts = {"orders": f"{orders:,}", "Lapwing's build": f"{time.perf_counter() - started:.1f} s"}
        con = stack.enter_context(duckdb.connect(config={"memory_limit": "2GB"}))
        con.execute("set timezone = 'UTC'")
        con.execute(f"create table rollup as {ROLLUP.format(path=path)}")
        table = WINDOW.format(table="rollup", time="hour", largest="largest")
        raw = WINDOW.format(table=f"read_parquet('{path}')", time='"at"', largest="revenue")
        _agree(lapwing, con, table, CUSTOMERS.format(path=path, count="count(distinct customer)"))
        approximate = CUSTOMERS.format(path=path, count="approx_count_distinct(customer)")
        sums = [
            timed("Lapwing, query.answer", lambda _: _ask(lapwing, "revenue_28d", "largest_28d"), 20),
            timed("DuckDB, window over a rollup table", lambda _: con.sql(table).to_arrow_table(), 20),
            timed("DuckDB, window over raw rows", lambda _: con.sql(raw).to_arrow_table(), 5, warm=1),
        ]
        show(f"Revenue and largest order of 28 days, {shops} shops x 335 days", sums, sums[0].name, facts, options.json)
        people = [
            timed(
                "Lapwing, query.answer", lambda _: _ask(lapwing, "customers_28d", where="shop < 'shop0020'"), 5, warm=1
            ),
            timed("DuckDB, approximate, raw rows", lambda _: con.sql(approximate).to_arrow_table(), 2, warm=1),
        ]
        file = options.json and options.json.with_stem(f"{options.json.stem}-customers")
        show("Customers of 28 days, 20 shops x 335 days", people, people[0].name, facts, file)


def _data(root: Path, shops: int, orders: int) -> Path:
    (root / "datasets").mkdir()
    (root / "data").mkdir()
    (root / "lapwing.yaml").write_text(PROJECT)
    (root / "datasets" / "orders.yaml").write_text(DATASET)
    path = root / "data" / "orders.parquet"
    with duckdb.connect() as con:
        con.execute(ORDERS.format(shops=shops, orders=orders, path=path))
    return path


def _ask(lapwing: Lapwing, *metrics: str, where: str | None = None) -> pa.Table:
    day = Grain.parse("day")
    answer = lapwing.answer(
        MetricQuery(
            metrics=metrics, by=("shop",), grain=day, start="2024-02-01", end="2025-01-01", zone="UTC", where=where
        )
    )
    assert {piece.by for piece in answer.receipt.pieces} == {"rollup"}
    return answer.table


def _agree(lapwing: Lapwing, con: duckdb.DuckDBPyConnection, sums: str, customers: str) -> None:
    ours, theirs = _ask(lapwing, "revenue_28d", "largest_28d"), con.sql(sums).to_arrow_table()
    for mine, other in (("revenue_28d", "revenue"), ("largest_28d", "largest")):
        assert ours.column(mine).to_pylist() == theirs.column(other).to_pylist(), other
    estimated = _ask(lapwing, "customers_28d", where="shop < 'shop0020'").column("customers_28d").to_numpy()
    exact = con.sql(customers).to_arrow_table().column("customers").to_numpy()
    off = np.abs(estimated - exact) / exact
    assert off.max() < 0.1, off.max()
    assert off.mean() < 0.02, off.mean()


if __name__ == "__main__":
    main()
