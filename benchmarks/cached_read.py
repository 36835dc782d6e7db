"""10 series x 720 hourly buckets out of many cells: Lapwing against sorted and indexed rollup tables, and raw rows.

    python -m benchmarks.cached_read [--small] [--json FILE]

One month of hours for 30,000 accounts (3,000 with --small) is 21.6 M (2.16 M) cells. Every contender answers the same
question, ten accounts drawn anew for each call: impressions and revenue by account and hour. The answers are compared
before anything is timed.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from decimal import Decimal
from http.client import HTTPConnection
from importlib import import_module
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from tests.services.postgres import postgres

from benchmarks.report import Timing, arguments, show, timed
from benchmarks.serving import served
from lapwing.model.grain import Grain
from lapwing.query.ask import MetricQuery
from lapwing.query.service import Lapwing

HOURS, SERIES = 720, 10
PROJECT = """
name: benchmark
now: 2025-05-02
sources: {files: {type: files, path: data}}
"""
DATASET = """
dataset: ads
table: files.events
time: {column: at}
dimensions: {account: {}}
measures:
  impressions: {sum: impressions}
  revenue: {sum: revenue}
rollups:
  main: {grain: hour, dimensions: [account], partition: month}
"""
EVENTS = """
copy (select 'account' || lpad((i % {accounts})::varchar, 6, '0') as account,
             timestamptz '2025-04-01 00:00:00+00' + interval 1 hour * (i // {accounts}) as at,
             (hash(i) % 1000)::bigint as impressions,
             ((hash(i + 1) % 100000)::decimal(12, 2) / 100)::decimal(12, 2) as revenue
      from range({cells}) t(i)) to '{path}' (format parquet)
"""
ROLLUP = """
select account, date_trunc('hour', "at") as hour, sum(impressions)::bigint as impressions,
       sum(revenue)::decimal(18, 2) as revenue
from read_parquet('{path}') group by all order by account, hour
"""
ASK = """
select account, {hour} as hour, {impressions} as impressions, {revenue} as revenue from {table}
where account in ({accounts}) and {time} >= '2025-04-01 00:00:00+00' and {time} < '2025-05-01 00:00:00+00'
{tail} order by 1, 2
"""
CLICKHOUSE = """
create database lapwing engine = Atomic;
create table lapwing.rollup (account String, hour DateTime('UTC'), impressions AggregateFunction(sum, Int64),
  revenue AggregateFunction(sum, Decimal(18, 2))) engine = AggregatingMergeTree order by (account, hour);
insert into lapwing.rollup select account, hour, sumState(impressions::Int64), sumState(revenue::Decimal(18, 2))
  from file('{path}', Parquet) group by account, hour;
optimize table lapwing.rollup final"""
CLICKHOUSE_ASK = """
select account, hour, sumMerge(impressions) as impressions, sumMerge(revenue) as revenue from lapwing.rollup
where account in ({accounts}) and hour >= '2025-04-01 00:00:00' and hour < '2025-05-01 00:00:00'
group by account, hour order by account, hour
"""
PLAIN = {"hour": "hour", "impressions": "impressions", "revenue": "revenue", "time": "hour", "tail": ""}
GROUPED = {
    "hour": "date_trunc('hour', \"at\")",
    "impressions": "sum(impressions)",
    "revenue": "sum(revenue)",
    "time": '"at"',
    "tail": "group by 1, 2",
}


def main() -> None:
    """Makes the data, builds every contender, checks that they agree, and times them."""
    options = arguments("Reads of cached metrics against rollup tables.")
    accounts = 3_000 if options.small else 30_000
    generator = np.random.default_rng(7)
    draws = [[f"account{n:06}" for n in generator.choice(accounts, SERIES, replace=False)] for _ in range(512)]
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path = _data(root, accounts)
        lapwing = stack.enter_context(Lapwing.open(root))
        started = time.perf_counter()
        lapwing.cache.build().checked()
        facts = {"cells": f"{accounts * HOURS:,}", "Lapwing's build": f"{time.perf_counter() - started:.1f} s"}
        answer = _lapwing(lapwing, draws)
        con = stack.enter_context(duckdb.connect(str(root / "peer.duckdb")))
        con.execute("set timezone = 'UTC'")
        con.execute(f"create table rollup as {ROLLUP.format(path=path)}")
        con.execute(f"copy rollup to '{root / 'rollup.parquet'}' (format parquet)")
        table = _duckdb(con, "rollup", PLAIN, draws)
        raw = _duckdb(con, f"read_parquet('{path}')", GROUPED, draws)
        postgres_read = _postgres(stack, con, draws)
        clickhouse_read = _clickhouse(root, draws)
        _agree(answer(0), table(0), raw(0), postgres_read(0), clickhouse_read(0))
        http = _http(stack, root, draws)
        timings = [
            *_inside(lapwing, draws),
            timed("Lapwing over HTTP, JSON", http, 300),
            timed("DuckDB, sorted rollup table", table, 100),
            timed("PostgreSQL, indexed rollup table", postgres_read, 100),
            timed("ClickHouse (chdb), AggregatingMergeTree", clickhouse_read, 100),
            timed("DuckDB, raw rows in Parquet", raw, 10, warm=1),
        ]
        title = f"{SERIES} series x {HOURS} hourly buckets"
        show(title, timings, "Lapwing, query.answer with receipt", facts, options.json)


def _data(root: Path, accounts: int) -> Path:
    return project(root, EVENTS.format(accounts=accounts, cells=accounts * HOURS, path=events(root)))


def events(root: Path) -> Path:
    """Where the rows of a project lie."""
    return root / "data" / "events.parquet"


def project(root: Path, copy: str) -> Path:
    """A project over the rows that a statement of DuckDB writes to `events`."""
    (root / "datasets").mkdir()
    (root / "data").mkdir()
    (root / "lapwing.yaml").write_text(PROJECT)
    (root / "datasets" / "ads.yaml").write_text(DATASET)
    with duckdb.connect() as con:
        con.execute(f"set temp_directory = '{root / 'spill'}'")
        con.execute(copy)
    return events(root)


def _query(accounts: list[str]) -> MetricQuery:
    names = ", ".join(f"'{name}'" for name in accounts)
    return MetricQuery(
        metrics=("impressions", "revenue"),
        by=("account",),
        grain=Grain.parse("hour"),
        start="2025-04-01",
        end="2025-05-01",
        where=f"account in ({names})",
    )


def _lapwing(lapwing: Lapwing, draws: list[list[str]]) -> Callable[[int], pa.Table]:
    queries = [_query(draw) for draw in draws]
    return lambda i: lapwing.answer(queries[i % len(queries)]).table


def _inside(lapwing: Lapwing, draws: list[list[str]]) -> list[Timing]:
    """The whole answer, and of the same calls the read alone, as the receipts tell."""
    queries = [_query(draw) for draw in draws]
    reads: list[float] = []

    def call(i: int) -> None:
        receipt = lapwing.answer(queries[i % len(queries)]).receipt
        reads.append(receipt.milliseconds["read"])

    whole = timed("Lapwing, query.answer with receipt", call, 500)
    measured = np.array(reads[-500:])
    p50, p99 = float(np.percentile(measured, 50)), float(np.percentile(measured, 99))
    return [Timing("Lapwing, of that the read", p50, p99, 500), whole]


def _duckdb(
    con: duckdb.DuckDBPyConnection, table: str, words: dict[str, str], draws: list[list[str]]
) -> Callable[[int], pa.Table]:
    def call(i: int) -> pa.Table:
        names = ", ".join(f"'{name}'" for name in draws[i % len(draws)])
        return con.sql(ASK.format(table=table, accounts=names, **words)).to_arrow_table()

    return call


def _postgres(stack: ExitStack, con: duckdb.DuckDBPyConnection, draws: list[list[str]]) -> Callable[[int], pa.Table]:
    import adbc_driver_postgresql.dbapi as adbc

    dsn = stack.enter_context(postgres())
    db = stack.enter_context(adbc.connect(dsn, autocommit=True))
    cursor = stack.enter_context(db.cursor())
    reader = con.sql("select account, hour, impressions, revenue::varchar as revenue from rollup").to_arrow_reader(
        200_000
    )
    cursor.adbc_ingest("loading", reader, mode="create")
    cursor.execute(
        "create table rollup as select account, hour, impressions, revenue::numeric(18, 2) as revenue from loading"
    )
    for statement in ("drop table loading", "create index on rollup (account, hour)", "vacuum analyze rollup"):
        cursor.execute(statement)

    def call(i: int) -> pa.Table:
        names = ", ".join(f"'{name}'" for name in draws[i % len(draws)])
        cursor.execute(ASK.format(table="rollup", accounts=names, **PLAIN))
        return cursor.fetch_arrow_table()

    return call


def _clickhouse(root: Path, draws: list[list[str]]) -> Callable[[int], pa.Table]:
    session = import_module("chdb.session").Session(str(root / "clickhouse"))
    for statement in CLICKHOUSE.format(path=root / "rollup.parquet").split(";"):
        session.query(statement)

    def call(i: int) -> pa.Table:
        names = ", ".join(f"'{name}'" for name in draws[i % len(draws)])
        return session.query(CLICKHOUSE_ASK.format(accounts=names), "ArrowTable")

    return call


def _agree(*tables: pa.Table) -> None:
    """Every contender gives the same numbers, or nothing is timed."""
    sums = {
        (
            table.num_rows,
            sum(table.column("impressions").to_pylist()),
            sum(map(Decimal, map(str, table.column("revenue").to_pylist()))),
        )
        for table in tables
    }
    if len(sums) != 1:
        sys.exit(f"The contenders disagree: {sums}")


def _http(stack: ExitStack, root: Path, draws: list[list[str]]) -> Callable[[int], bytes]:
    port = served(stack, root)
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    bodies = []
    for draw in draws:
        query = _query(draw)
        ask = {"metrics": query.metrics, "by": query.by, "grain": "hour", "start": query.start, "end": query.end}
        bodies.append(json.dumps({**ask, "where": query.where}).encode())

    def call(i: int) -> bytes:
        connection.request("POST", "/api/query", bodies[i % len(bodies)], {"Content-Type": "application/json"})
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            sys.exit(f"HTTP {response.status}: {body[:500]!r}")
        return body

    return call


if __name__ == "__main__":
    main()
