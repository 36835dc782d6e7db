"""A dashboard's statements, all at once: rows of a database that they have in common are read once, or by each for itself.

    python -m benchmarks.dashboard [--small] [--json FILE]

Eight statements group three million orders in Parquet (a tenth with --small) by what a table of 150,000 customers in
PostgreSQL says of them, each time by other texts, so that no result that was kept is asked for again. DuckDB with its
own scanners runs them one after the other, as one connection does.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psycopg
from tests.services.postgres import postgres

from benchmarks.federation.places import peer
from benchmarks.report import arguments, show, timed
from lapwing.query.ask import SqlQuery, Wishes
from lapwing.query.service import Lapwing
from lapwing.sources.settled import SETTLED

PROJECT = """name: dashboard
timezone: UTC
sources:
  pg: {type: postgres, dsn: "${DASHBOARD_DSN}"}
  files: {type: files, path: data}
"""
CUSTOMERS = """create table customers as select i as customer, 'country ' || i % 40 as country, 'plan ' || i % 5 as plan,
'channel ' || i % 12 as channel, date '2020-01-01' + i % 1500 as since from generate_series(0, 149999) t(i)"""
ORDERS = "select i, (i * 7919) % 150_000 as customer, (i * 31) % 997 as amount from range({rows}) t(i)"
TILES = [
    f"select {what}, {measure} from files.orders o join pg.customers c on o.customer = c.customer group by 1 order by 1"
    for what in ("c.country", "c.plan", "c.channel", "date_trunc('year', c.since)")
    for measure in ("count(*) as n", "sum(o.amount) as amount")
]


def main() -> None:
    options = arguments(__doc__ or "")
    rows = 300_000 if options.small else 3_000_000
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        dsn, theirs = stack.enter_context(postgres()), stack.enter_context(peer())
        (folder / "data").mkdir()
        (folder / "lapwing.yaml").write_text(PROJECT)
        os.environ["DASHBOARD_DSN"] = dsn
        theirs.run(f"copy ({ORDERS.format(rows=rows)}) to '{folder}/data/orders.parquet'")
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(CUSTOMERS.encode())
            connection.execute(b"alter table customers add primary key (customer)")
            connection.execute(b"vacuum analyze customers")
        theirs.run(f"attach '{dsn}' as pg (type postgres)")
        theirs.run("attach ':memory:' as files")
        theirs.run(f"create view files.orders as from '{folder}/data/orders.parquet'")
        lapwing = stack.enter_context(Lapwing.open(folder))
        pool = stack.enter_context(ThreadPoolExecutor(len(TILES)))
        time.sleep(SETTLED + 0.1)
        _compare(lapwing, theirs.table, folder)

        def at_once(*, cache: bool) -> Callable[[int], None]:
            def ask(text: str) -> None:
                lapwing.run_sql(SqlQuery(text=text, wishes=Wishes(cache=cache))).table()

            def call(number: int) -> None:
                # Another text each time: what is told again whole is another benchmark.
                list(pool.map(ask, (f"{text} limit {1_000 + number}" for text in TILES)))

            return call

        def one_by_one(_: int) -> None:
            for text in TILES:
                theirs.run(text)

        calls = 5
        timings = [
            timed("shared", at_once(cache=True), calls, warm=1),
            timed("each for itself", at_once(cache=False), calls, warm=1),
            timed("DuckDB's scanners", one_by_one, calls, warm=1),
        ]
        facts = {"statements": len(TILES), "orders": f"{rows:,}", "customers": "150,000"}
        show("A dashboard at once", timings, "DuckDB's scanners", facts, options.json)


def _compare(lapwing: Lapwing, theirs: Callable[..., object], folder: Path) -> None:
    """Every answer is DuckDB's."""
    for text in TILES:
        ours = lapwing.run_sql(SqlQuery(text=text)).table().to_pylist()
        if ours != theirs(text, folder / "answer.arrow").to_pylist():  # type: ignore[attr-defined]
            raise SystemExit(f"Another answer than DuckDB's: {text}")


if __name__ == "__main__":
    main()
