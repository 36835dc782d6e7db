"""The same question of many raw rows: Lapwing from its rollup against DuckDB reading the Parquet file.

    python -m benchmarks.raw_rows [--small] [--json FILE]

100 M (10 M with --small) events of 3,000 accounts over a month; asked are impressions and revenue of ten accounts, drawn
anew each time, by account and hour: 7,200 rows. The answers are compared before anything is timed.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import duckdb
import numpy as np

from benchmarks.cached_read import GROUPED, SERIES, _agree, _duckdb, _lapwing, events, project
from benchmarks.report import arguments, show, timed
from lapwing.query.service import Lapwing

ACCOUNTS = 3_000
EVENTS = """
copy (select 'account' || lpad((i % {accounts})::varchar, 6, '0') as account,
             timestamptz '2025-04-01 00:00:00+00' + to_microseconds((i * (30 * 86400000000.0 / {rows}))::bigint) as at,
             (hash(i + 1) % 1000)::bigint as impressions,
             ((hash(i + 2) % 100000)::decimal(12, 2) / 100)::decimal(12, 2) as revenue
      from range({rows}) t(i)) to '{path}' (format parquet)
"""


def main() -> None:
    """Makes the rows, builds, checks that both agree, and times them."""
    options = arguments("A cached metric against raw rows.")
    rows = 10_000_000 if options.small else 100_000_000
    generator = np.random.default_rng(7)
    draws = [[f"account{n:06}" for n in generator.choice(ACCOUNTS, SERIES, replace=False)] for _ in range(512)]
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path = project(root, EVENTS.format(accounts=ACCOUNTS, rows=rows, path=events(root)))
        lapwing = stack.enter_context(Lapwing.open(root))
        started = time.perf_counter()
        lapwing.cache.build().checked()
        built = time.perf_counter() - started
        con = stack.enter_context(duckdb.connect())
        con.execute("set timezone = 'UTC'")
        answer = _lapwing(lapwing, draws)
        raw = _duckdb(con, f"read_parquet('{path}')", GROUPED, draws)
        _agree(answer(0), raw(0))
        timings = [
            timed("Lapwing, query.answer with receipt", answer, 500),
            timed("DuckDB, raw rows in Parquet", raw, 5, warm=1),
        ]
        facts = {
            "rows": f"{rows:,}",
            "bytes of Parquet": f"{path.stat().st_size:,}",
            "Lapwing's build": f"{built:.1f} s",
        }
        show("Ten accounts by hour, of all rows", timings, "Lapwing, query.answer with receipt", facts, options.json)


if __name__ == "__main__":
    main()
