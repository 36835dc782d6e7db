"""The 20 largest of 100,000 customers over a month: Lapwing against rollup tables and raw rows.

    python -m benchmarks.leaderboard [--small] [--json FILE]

Thirty days of orders (a tenth of the customers with --small), kept by customer and hour. Every contender answers the same
question, a month or its first days drawn anew for each call; the answers are compared before anything is timed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import duckdb
import pyarrow as pa
from tests.services.postgres import postgres

from benchmarks.report import arguments, show, timed
from lapwing.query.ask import MetricQuery, Order
from lapwing.query.service import Lapwing

PROJECT = """
name: benchmark
now: 2025-05-02
sources: {files: {type: files, path: data}}
"""
DATASET = """
dataset: shop
table: files.orders
time: {column: at}
dimensions: {customer: {}}
measures:
  orders: {count: "*"}
  revenue: {sum: revenue}
rollups:
  main: {grain: hour, dimensions: [customer], partition: month}
"""
ORDERS = """
copy (select 'customer' || lpad((hash(i) % {customers})::varchar, 6, '0') as customer,
             timestamptz '2025-04-01 00:00:00+00' + interval 1 second * (hash(i + 7) % 2592000) as "at",
             ((hash(i + 1) % 100000)::decimal(12, 2) / 100)::decimal(12, 2) as revenue
      from range({orders}) t(i) order by "at") to '{path}' (format parquet)
"""
ROLLUP = """
select customer, date_trunc('hour', "at") as hour, count(*) as orders, sum(revenue)::decimal(18, 2) as revenue
from read_parquet('{path}') group by all order by customer, hour
"""
ASK = """
select customer, {orders} as orders, sum(revenue) as revenue from {table}
where {time} >= '2025-04-01 00:00:00+00' and {time} < '2025-05-01 00:00:00+00'
group by customer order by revenue desc, customer limit 20
"""


def main() -> None:
    """Makes the data, builds every contender, checks that they agree, and times them."""
    options = arguments("Leaderboards of cached metrics against rollup tables.")
    customers = 10_000 if options.small else 100_000
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path = _data(root, customers)
        lapwing = stack.enter_context(Lapwing.open(root))
        started = time.perf_counter()
        lapwing.cache.build()
        facts = {"customers": f"{customers:,}", "Lapwing's build": f"{time.perf_counter() - started:.1f} s"}
        con = stack.enter_context(duckdb.connect(str(root / "peer.duckdb")))
        con.execute("set timezone = 'UTC'")
        con.execute(f"create table rollup as {ROLLUP.format(path=path)}")
        ours = _lapwing(lapwing)
        table = _duckdb(con, "rollup", "sum(orders)", "hour")
        raw = _duckdb(con, f"read_parquet('{path}')", "count(*)", '"at"')
        there = _postgres(stack, con)
        _agree(ours(0), table(0), raw(0), there(0))
        timings = [
            timed("Lapwing, query.answer with receipt", ours, 200),
            timed("DuckDB, sorted rollup table", table, 50),
            timed("PostgreSQL, indexed rollup table", there, 10, warm=1),
            timed("DuckDB, raw rows in Parquet", raw, 10, warm=1),
        ]
        show(f"The 20 largest of {customers:,} customers", timings, timings[0].name, facts, options.json)


def _data(root: Path, customers: int) -> Path:
    (root / "datasets").mkdir()
    (root / "data").mkdir()
    (root / "lapwing.yaml").write_text(PROJECT)
    (root / "datasets" / "shop.yaml").write_text(DATASET)
    path = root / "data" / "orders.parquet"
    with duckdb.connect() as con:
        con.execute(f"set temp_directory = '{root / 'spill'}'")
        con.execute(ORDERS.format(customers=customers, orders=customers * 30, path=path))
    return path


def _lapwing(lapwing: Lapwing) -> Callable[[int], pa.Table]:
    query = MetricQuery(
        metrics=("orders", "revenue"),
        by=("customer",),
        start="2025-04-01",
        end="2025-05-01",
        order=(Order(name="revenue", descending=True),),
        limit=20,
    )
    return lambda _: lapwing.answer(query).table


def _duckdb(con: duckdb.DuckDBPyConnection, table: str, orders: str, time_: str) -> Callable[[int], pa.Table]:
    text = ASK.format(table=table, orders=orders, time=time_)
    return lambda _: con.sql(text).to_arrow_table()


def _postgres(stack: ExitStack, con: duckdb.DuckDBPyConnection) -> Callable[[int], pa.Table]:
    import adbc_driver_postgresql.dbapi as adbc

    dsn = stack.enter_context(postgres())
    db = stack.enter_context(adbc.connect(dsn, autocommit=True))
    cursor = stack.enter_context(db.cursor())
    reader = con.sql("select customer, hour, orders, revenue::varchar as revenue from rollup").to_arrow_reader(200_000)
    cursor.adbc_ingest("loading", reader, mode="create")
    cursor.execute(
        "create table rollup as select customer, hour, orders, revenue::numeric(18, 2) as revenue from loading"
    )
    for statement in ("drop table loading", "create index on rollup (customer, hour)", "vacuum analyze rollup"):
        cursor.execute(statement)
    text = ASK.format(table="rollup", orders="sum(orders)", time="hour")

    def call(_: int) -> pa.Table:
        cursor.execute(text)
        return cursor.fetch_arrow_table()

    return call


def _agree(*tables: pa.Table) -> None:
    """Every contender gives the same customers in the same order, or nothing is timed."""
    found = {str([(row["customer"], int(row["orders"]), f"{row['revenue']}") for row in t.to_pylist()]) for t in tables}
    if len(found) != 1:
        sys.exit("\n".join(["The contenders disagree:", *sorted(found)]))


if __name__ == "__main__":
    main()
