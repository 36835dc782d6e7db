"""TPC-H or TPC-DS over three sources: Lapwing, DuckDB with its own scanners, DuckDB with everything local, and Trino.

    python -m benchmarks.federation [--small] [--tpcds] [--trino] [--scale SF] [--rounds N] [--queries 1,3] [--json FILE]

The tables are spread over PostgreSQL, SQLite and Parquet files: TPC-H by their size (lineitem and orders in PostgreSQL;
customer, part and partsupp in SQLite), TPC-DS by chance. With --trino those of SQLite, which Trino does not read, are in a
second database of PostgreSQL, for all contenders. Every answer is compared, row by row and in the order asked for, with that
of DuckDB over local tables before anything is timed; the contenders then take turns, each statement `--rounds` times, and
the best of each counts. Lapwing's first time, when it has no plan yet, is told as well. The scale factor is 1 of TPC-H and
0.1 of TPC-DS, with --small a tenth.
"""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from tests.services.postgres import postgres

from benchmarks.federation.answers import differs
from benchmarks.federation.places import VERSION, Peer, load, peer
from benchmarks.federation.workloads import TPCDS, TPCH, Workload
from benchmarks.report import parser
from lapwing.query.service import Lapwing

TIME_LIMIT = 300.0
LAPWING, FIRST = "Lapwing", "Lapwing, first"

Ask = Callable[[str], float]
"""Runs one of the workload's statements; milliseconds, infinite where the contender can't run it."""
Times = Mapping[int, Mapping[str, float]]
"""Best milliseconds by statement and contender."""


def main() -> int:
    """Loads, compares, times, prints."""
    asked = parser(__doc__ or "")
    asked.add_argument("--tpcds", action="store_true", help="TPC-DS in the place of TPC-H")
    asked.add_argument("--trino", action="store_true", help="Trino, too")
    asked.add_argument("--scale", type=float, help="the scale factor")
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--queries", help="numbers of statements, such as 1,3")
    options = asked.parse_args()
    workload = TPCDS if options.tpcds else TPCH
    scale = options.scale or (workload.small if options.small else workload.scale)
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        dsn, duckdb = stack.enter_context(postgres()), stack.enter_context(peer())
        if options.trino:
            from benchmarks.federation.trino import readable, trino_peer

            workload = readable(workload)
        queries = load(root, dsn, workload, scale, duckdb)
        if options.queries:
            queries = {number: queries[number] for number in map(int, options.queries.split(","))}
        lapwing = stack.enter_context(Lapwing.open(root))
        lapwing.sql.catalog.tables()  # what a server has looked at long before the first statement
        contenders = _contenders(lapwing, duckdb, workload)
        if options.trino:
            trino = stack.enter_context(trino_peer(root, dsn, workload, duckdb))
            contenders["Trino"] = _compared("Trino", trino.ask, duckdb, root)
        found = _measured(lapwing, duckdb, workload, queries, contenders, root, options.rounds)
    _show(found, workload, scale)
    if options.json:
        facts = {"workload": workload.name, "scale": scale, "places": workload.places, "load": os.getloadavg()}
        options.json.write_text(json.dumps({**facts, "milliseconds": found}, indent=1) + "\n")
    return 0


def _contenders(lapwing: Lapwing, duckdb: Peer, workload: Workload) -> dict[str, Ask]:
    def ours(text: str) -> float:
        spread = workload.placed(text)
        start = time.perf_counter()
        lapwing.sql.table(spread, time_limit=TIME_LIMIT)
        return (time.perf_counter() - start) * 1e3

    def scanners(text: str) -> float:
        return float(duckdb.ask(workload.placed(text)).get("ms", math.inf))

    def local(text: str) -> float:
        return float(duckdb.ask(text).get("ms", math.inf))

    return {LAPWING: ours, "scanners": scanners, "local": local}


def _compared(name: str, ask: Callable[[str], tuple[float, object]], duckdb: Peer, root: Path) -> Ask:
    """A contender that gives its rows, looked at each time; what it answers otherwise has no time."""
    import pyarrow as pa

    def asked(text: str) -> float:
        try:
            taken, rows = ask(text)
        except ValueError as error:
            print(f"  {name} does not run it: {str(error)[:200]}", flush=True)
            return math.inf
        assert isinstance(rows, pa.Table)
        difference = differs(rows, duckdb.table(text, root / "right.arrow"), text)
        if difference is not None:
            print(f"  {name} answers otherwise: {difference[:300]}", flush=True)
        return math.inf if difference else taken

    return asked


def _measured(
    lapwing: Lapwing,
    duckdb: Peer,
    workload: Workload,
    queries: Mapping[int, str],
    contenders: Mapping[str, Ask],
    root: Path,
    rounds: int,
) -> Times:
    best: dict[int, dict[str, float]] = {}
    for number, text in queries.items():
        duckdb.run("use local")
        right = duckdb.table(text, root / "right.arrow")
        start = time.perf_counter()
        ours = lapwing.sql.table(workload.placed(text), time_limit=TIME_LIMIT)
        first = (time.perf_counter() - start) * 1e3
        if difference := differs(ours, right, text):
            raise SystemExit(f"Q{number}: Lapwing answers otherwise than DuckDB: {difference}")
        times = dict.fromkeys(contenders, math.inf)
        for _ in range(rounds):
            for name, ask in contenders.items():
                times[name] = min(times[name], ask(text))
        best[number] = {**times, FIRST: first}
        print(
            f"  Q{number:<3}" + "".join(f"  {name} {taken:9.1f} ms" for name, taken in best[number].items()), flush=True
        )
    return best


def _show(found: Times, workload: Workload, scale: float) -> None:
    print(f"\n{workload.name} at scale factor {scale:g}, over {len(set(workload.places.values()))} sources;", end=" ")
    print(f"DuckDB {VERSION} beside it; load {os.getloadavg()[0]:.1f}")
    others = [name for name in next(iter(found.values())) if name not in (LAPWING, FIRST)]
    print("\n       Lapwing, and its time to that of" + "".join(f"  {name:>10}" for name in others))
    for number, times in found.items():
        shown = "".join(f"  {times[LAPWING] / times[name]:10.2f}" for name in others)
        print(f"  Q{number:<3} {times[LAPWING]:9.1f} ms{'':20}{shown}")
    for ours in (LAPWING, FIRST):
        for name in others:
            ratios = [times[ours] / times[name] for times in found.values() if math.isfinite(times[name])]
            if ratios:
                mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
                ends = f"best {min(ratios):.2f}, worst {max(ratios):.2f}"
                print(f"  {ours}, time to {name}: {mean:.2f} (geometric mean of {len(ratios)}; {ends})")
    for name in (LAPWING, *others):
        total = [times[name] for times in found.values() if math.isfinite(times[name])]
        print(f"  {name}: {sum(total) / 1e3:.1f} s in total, {len(total)} statements")


if __name__ == "__main__":
    sys.exit(main())
