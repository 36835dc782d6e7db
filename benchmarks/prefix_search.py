"""The first 20 of 1,000,000 texts that begin with a prefix, for pickers: Lapwing's vocabulary against indexed tables.

    python -m benchmarks.prefix_search [--small] [--json FILE]

A million customers (a tenth with --small) in one month of orders. Prefixes of one to eight letters, drawn anew for each
call; the answers are compared before anything is timed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import duckdb
import numpy as np
from tests.services.postgres import postgres

from benchmarks.report import arguments, show, timed
from lapwing.query.service import Lapwing

LIMIT = 20
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
measures: {orders: {count: "*"}}
rollups:
  main: {grain: day, dimensions: [customer], partition: month}
"""
ORDERS = """
copy (select 'Customer ' || substr(md5(i::varchar), 1, 10) as customer,
             timestamptz '2025-04-01 00:00:00+00' + interval 1 second * (i % 2592000) as "at"
      from range({customers}) t(i)) to '{path}' (format parquet)
"""


def main() -> None:
    """Makes the data, builds every contender, checks that they agree, and times them."""
    options = arguments("Texts by prefix.")
    customers = 100_000 if options.small else 1_000_000
    generator = np.random.default_rng(3)
    digits = "0123456789abcdef"
    prefixes = ["customer " + "".join(generator.choice(list(digits), n)) for n in generator.integers(0, 7, 256)]
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path = _data(root, customers)
        lapwing = stack.enter_context(Lapwing.open(root))
        started = time.perf_counter()
        lapwing.cache.build()
        facts = {"texts": f"{customers:,}", "Lapwing's build": f"{time.perf_counter() - started:.1f} s"}
        con = stack.enter_context(duckdb.connect(str(root / "peer.duckdb")))
        con.execute(
            "create table texts as select lower(customer) as folded, customer "
            f"from (select distinct customer from read_parquet('{path}')) order by folded, customer"
        )

        def ours(i: int) -> list[object]:
            return list(lapwing.cache.values("shop", "customer", prefixes[i % 256], LIMIT))

        def table(i: int) -> list[object]:
            prefix = prefixes[i % 256]
            asked = f"select customer from texts where starts_with(folded, '{prefix}') order by folded, customer limit {LIMIT}"
            return [row[0] for row in con.execute(asked).fetchall()]

        there = _postgres(stack, con, prefixes)
        if any(not ours(i) == table(i) == there(i) for i in range(256)):
            sys.exit("The contenders disagree.")
        timings = [
            timed("Lapwing, values by prefix", ours, 500),
            timed("DuckDB, sorted table", table, 100),
            timed("PostgreSQL, index on lower(text)", there, 500),
        ]
        show(f"The first {LIMIT} of {customers:,} texts with a prefix", timings, timings[0].name, facts, options.json)


def _data(root: Path, customers: int) -> Path:
    (root / "datasets").mkdir()
    (root / "data").mkdir()
    (root / "lapwing.yaml").write_text(PROJECT)
    (root / "datasets" / "shop.yaml").write_text(DATASET)
    path = root / "data" / "orders.parquet"
    with duckdb.connect() as con:
        con.execute(ORDERS.format(customers=customers, path=path))
    return path


def _postgres(stack: ExitStack, con: duckdb.DuckDBPyConnection, prefixes: list[str]) -> Callable[[int], list[object]]:
    import adbc_driver_postgresql.dbapi as adbc

    dsn = stack.enter_context(postgres())
    db = stack.enter_context(adbc.connect(dsn, autocommit=True))
    cursor = stack.enter_context(db.cursor())
    cursor.adbc_ingest("loading", con.sql("select customer from texts").to_arrow_reader(200_000), mode="create")
    for statement in (
        'create table texts as select customer collate "C" as customer from loading',
        'create index on texts (lower(customer) collate "C", customer)',
        "vacuum analyze texts",
    ):
        cursor.execute(statement)

    def call(i: int) -> list[object]:
        prefix = prefixes[i % 256]
        after = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        cursor.execute(
            f"select customer from texts where lower(customer) collate \"C\" >= '{prefix}' "
            f'and lower(customer) collate "C" < \'{after}\' order by lower(customer) collate "C", customer limit {LIMIT}'
        )
        return [row[0] for row in cursor.fetchall()]

    return call


if __name__ == "__main__":
    main()
