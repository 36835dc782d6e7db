"""How long an answer takes as the store grows: from a million cells to a billion (a hundred million with --small).

    python -m benchmarks.many_cells [--small] [--json FILE]

Cells are made and written as a build writes them, without a source. Asked are always ten accounts, drawn anew each time, by
hour over one month: 7,200 rows.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.report import Timing, arguments, show, timed
from lapwing.cache.cells import Cells
from lapwing.cache.definition import define
from lapwing.cache.ledger import Ledger
from lapwing.cache.partition import Cause, Partition
from lapwing.cache.stores import open_store
from lapwing.cache.write import write_version
from lapwing.model import calendar
from lapwing.model.grain import Grain
from lapwing.query.ask import MetricQuery
from lapwing.query.service import Lapwing

HOUR, START = 3_600_000_000, 1_704_067_200_000_000
MONTHS = list(pairwise(calendar.edges(Grain.parse("month"), "UTC", START, START + 366 * calendar.DAY).tolist()))
SERIES, AT_ONCE = 10, 512
PROJECT = "name: benchmark\nnow: 2025-01-02\nsources: {files: {type: files, path: data}}\n"
DATASET = """
dataset: ads
table: files.events
time: {column: at}
dimensions: {account: {}}
measures: {events: {count: '*'}}
rollups:
  main: {grain: hour, dimensions: [account], partition: month, ancestors: 0}
"""


def main() -> None:
    """Grows a store for each size and times the same kind of question in it."""
    options = arguments("Answers from stores of growing size.")
    sizes = [(1_345, 1), (12_000, 2), (22_800, 6)] if options.small else [(1_345, 1), (19_500, 7), (113_850, 12)]
    timings: list[Timing] = []
    facts: dict[str, str] = {}
    for accounts, months in sizes:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            _project(root)
            with Lapwing.open(root) as lapwing:
                began = time.perf_counter()
                cells, size = _fill(lapwing, accounts, MONTHS[:months])
                wrote = time.perf_counter() - began
                name = f"{cells:,} cells"
                began = time.perf_counter()
                ask = _asking(lapwing, accounts, months)
                ask(0)
                first = time.perf_counter() - began
                timings.append(timed(name, ask, 1_000, warm=50))
                facts[name] = f"{size:,} bytes, written in {wrote:.0f} s; the first answer took {first * 1e3:.0f} ms"
                print(f"  {name}: {facts[name]}; {timings[-1].p50:.3f} ms", flush=True)
    show("Ten accounts by hour over a month", timings, timings[0].name, facts, options.json)


def _asking(lapwing: Lapwing, accounts: int, months: int) -> Callable[[int], object]:
    generator = np.random.default_rng(7)
    queries = []
    for number in range(1_050):
        start, end = MONTHS[number % months]
        names = ", ".join(f"'account{n:06}'" for n in generator.choice(accounts, SERIES, replace=False))
        queries.append(
            MetricQuery(
                metrics=("events",),
                by=("account",),
                grain=Grain.parse("hour"),
                start=calendar.utc_iso(start),
                end=calendar.utc_iso(end),
                where=f"account in ({names})",
            )
        )
    return lambda i: lapwing.answer(queries[i % len(queries)])


def _fill(lapwing: Lapwing, accounts: int, months: list[tuple[int, int]]) -> tuple[int, int]:
    """Writes and publishes the months, as a build does; cells and bytes written."""
    bound = lapwing.sql.bind(lapwing.project.datasets["ads"])
    definition = define(bound, bound.dataset.rollups["main"], "UTC")
    store = open_store(lapwing.project.store)
    ledger = Ledger.of(store, definition)
    partitions = []
    for version, (start, end) in enumerate(months, 1):
        written = write_version(store, definition, version, start, _cells(accounts, start, end))
        partitions.append(
            Partition(
                start=start,
                end=end,
                version=version,
                keys=written.keys,
                cells=written.cells,
                bytes=written.bytes,
                distinct=written.distinct,
                built_at=time.time(),
                mark="m",
                data_start=start,
                data_end=end,
                sealed=end,
                since=time.time(),
                cause=Cause.BUILT,
                builder="benchmark",
            )
        )
    until = months[-1][1]
    ledger.change(lambda m: replace(m.with_partitions(partitions, 1.0), data_start=START, goal=until))
    store.close()
    return sum(one.cells for one in partitions), sum(one.bytes for one in partitions)


def _cells(accounts: int, start: int, end: int) -> Iterator[Cells]:
    hours = np.arange(start, end, HOUR, dtype=np.int64)
    chance = np.random.default_rng(start)
    for first in range(0, accounts, AT_ONCE):
        some = range(first, min(first + AT_ONCE, accounts))
        names = pa.array([f"account{n:06}" for n in some]).take(pa.array(np.repeat(np.arange(len(some)), len(hours))))
        count = chance.integers(1, 30_000, len(names))
        yield Cells(
            dimensions=pa.table({"account": names}),
            bucket=np.tile(hours, len(some)),
            states={"events": {"n": count}},
        )


def _project(root: Path) -> None:
    (root / "datasets").mkdir()
    (root / "data").mkdir()
    (root / "lapwing.yaml").write_text(PROJECT)
    (root / "datasets" / "ads.yaml").write_text(DATASET)
    row = {"account": pa.array(["account000000"]), "at": pa.array([START], pa.timestamp("us", tz="UTC"))}
    pq.write_table(pa.table(row), root / "data" / "events.parquet")


if __name__ == "__main__":
    main()
