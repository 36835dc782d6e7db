"""A statement asked again: from its kept result, against running it again in Lapwing and in plain DuckDB.

    python -m benchmarks.results [--small] [--json FILE]

Thirty million rows (three with --small) in Parquet are grouped; DuckDB runs the same statement over the same files each
time. Beside that, what looking and keeping costs where nothing was kept: a statement of one row, with the results on and
off, another text each time.
"""

from __future__ import annotations

import tempfile
import time
from itertools import count
from pathlib import Path

import duckdb

from benchmarks.report import arguments, show, timed
from lapwing.query.ask import SqlQuery, Wishes
from lapwing.query.service import Lapwing
from lapwing.sources.settled import SETTLED

PROJECT = "name: results\ntimezone: UTC\nsources:\n  files: {type: files, path: data}\n"
ROWS = """select i, i % 100_000 as customer, (i * 7919) % 1_000_003 as amount, 'shop ' || i % 97 as shop
from range({rows}) t(i)"""
HEAVY = """select shop, count(*) as n, count(distinct customer) as customers, sum(amount) as amount
from {table} group by shop order by amount desc"""
RAW = "select i, customer, amount, shop from {table} where i < 300_000"


def main() -> None:
    options = arguments(__doc__ or "")
    rows = 3_000_000 if options.small else 30_000_000
    calls = 10 if options.small else 20
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        (folder / "lapwing.yaml").write_text(PROJECT)
        file = folder / "data" / "orders.parquet"
        duckdb.sql(f"copy ({ROWS.format(rows=rows)}) to '{file}'")
        time.sleep(SETTLED + 0.1)
        with Lapwing.open(folder) as lapwing, duckdb.connect() as plain:
            for title, text in (("300,000 rows", RAW), ("97 groups", HEAVY)):
                _compared(title, text, lapwing, plain, file, rows, calls, options.json)
            _miss(lapwing, 200, options.json)


def _compared(
    title: str,
    text: str,
    lapwing: Lapwing,
    plain: duckdb.DuckDBPyConnection,
    file: Path,
    rows: int,
    calls: int,
    json: Path | None,
) -> None:
    ours, theirs = text.format(table="files.orders"), text.format(table=f"'{file}'")

    def asked(cache: bool) -> object:
        return lapwing.run_sql(SqlQuery(text=ours, wishes=Wishes(cache=cache))).table()

    def first_row() -> object:
        with (running := lapwing.run_sql(SqlQuery(text=ours)).running):
            return next(iter(running))

    assert asked(True) == asked(True) == asked(False), "a kept result differs"
    timings = [
        timed("DuckDB again", lambda _: plain.sql(theirs).arrow().read_all(), calls, 1),
        timed("Lapwing again", lambda _: asked(False), calls, 1),
        timed("Lapwing kept", lambda _: asked(True), calls * 5, 1),
        timed("Lapwing kept, first rows", lambda _: first_row(), calls * 5, 1),
    ]
    kept = lapwing.results.status(1)["results"][0]
    facts = {"rows read": f"{rows:,}", "rows told": f"{kept['rows']:,}", "bytes on disk": f"{kept['bytes']:,}"}
    show(title, timings, "DuckDB again", facts, json)


def _miss(lapwing: Lapwing, calls: int, json: Path | None) -> None:
    numbers = count()

    def asked(cache: bool) -> object:
        text = f"select count(*) as n, {next(numbers)} as x from files.orders where i < 10"
        return lapwing.run_sql(SqlQuery(text=text, wishes=Wishes(cache=cache))).table()

    timings = [
        timed("results off", lambda _: asked(False), calls),
        timed("a miss, kept", lambda _: asked(True), calls),
    ]
    show("A statement nobody asked before", timings, "results off", {}, json)


if __name__ == "__main__":
    main()
