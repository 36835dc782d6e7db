"""TPC-H over three sources, all 22 statements: Lapwing, DuckDB with its own scanners, and DuckDB with everything local.

    python -m benchmarks.federation [--small] [--scale SF] [--rounds N] [--queries 1,3] [--json FILE]

lineitem and orders are in PostgreSQL, customer, part and partsupp in SQLite, supplier, nation and region in Parquet files.
Every answer is compared, row by row, with that of DuckDB over local tables before anything is timed; the contenders then
take turns, each statement `--rounds` times, and the best of each counts. The scale factor is 1, with --small 0.1.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
from tests.services.postgres import postgres

from benchmarks.federation.places import VERSION, Peer, load, peer, placed
from benchmarks.report import parser
from lapwing.query.service import Lapwing

TIME_LIMIT = 300.0
CONTENDERS = ("Lapwing", "scanners", "local")


def main() -> int:
    """Loads, compares, times, prints."""
    asked = parser(__doc__ or "")
    asked.add_argument("--scale", type=float, help="TPC-H's scale factor")
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--queries", help="numbers of statements, such as 1,3")
    options = asked.parse_args()
    scale = options.scale or (0.1 if options.small else 1.0)
    with tempfile.TemporaryDirectory() as folder, postgres() as dsn, peer() as duckdb:
        root = Path(folder)
        queries = load(root, dsn, scale, duckdb)
        if options.queries:
            queries = {number: queries[number] for number in map(int, options.queries.split(","))}
        with Lapwing.open(root) as lapwing:
            found = _measured(lapwing, duckdb, queries, root, options.rounds)
    _show(found, scale)
    if options.json:
        options.json.write_text(json.dumps({"scale": scale, "milliseconds": found}, indent=1) + "\n")
    return 0


def _measured(
    lapwing: Lapwing, duckdb: Peer, queries: Mapping[int, str], root: Path, rounds: int
) -> dict[int, dict[str, float]]:
    """Best milliseconds by statement and contender."""
    best: dict[int, dict[str, float]] = {}
    for number, text in queries.items():
        spread = placed(text)
        duckdb.run("use local")
        right = duckdb.table(text, root / "right.arrow")
        ours = lapwing.sql.table(spread, time_limit=TIME_LIMIT)
        if difference := differs(ours, right):
            raise SystemExit(f"Q{number}: Lapwing answers otherwise than DuckDB: {difference}")
        times = dict.fromkeys(CONTENDERS, math.inf)
        for _ in range(rounds):
            start = time.perf_counter()
            lapwing.sql.table(spread, time_limit=TIME_LIMIT)
            times["Lapwing"] = min(times["Lapwing"], (time.perf_counter() - start) * 1e3)
            for name, asked in (("scanners", spread), ("local", text)):
                answer = duckdb.ask(asked)
                times[name] = min(times[name], float(answer.get("ms", math.inf)))
        best[number] = times
        print(f"  Q{number:<3}" + "".join(f"  {name} {times[name]:9.1f} ms" for name in CONTENDERS), flush=True)
    return best


def differs(ours: pa.Table, right: pa.Table) -> str | None:
    """What is different, None if nothing is: rows in their order, numbers to 9 digits; rows that an ORDER BY leaves tied may
    come in any order."""
    one, other = ([tuple(map(_plain, row.values())) for row in table.to_pylist()] for table in (ours, right))
    if len(one) != len(other):
        return f"{len(one):,} rows in the place of {len(other):,}"
    for first, second in ((one, other), (sorted(one, key=repr), sorted(other, key=repr))):
        wrong = next((pair for pair in zip(first, second, strict=True) if not _alike(*pair)), None)
        if wrong is None:
            return None
    return f"{wrong[0]} in the place of {wrong[1]}" if wrong else None


def _plain(value: object) -> object:
    return float(value) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else value


def _alike(one: Sequence[object], other: Sequence[object]) -> bool:
    return all(
        math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) if isinstance(a, float) and isinstance(b, float) else a == b
        for a, b in zip(one, other, strict=True)
    )


def _show(found: Mapping[int, Mapping[str, float]], scale: float) -> None:
    print(f"\nTPC-H at scale factor {scale:g}, over PostgreSQL, SQLite and Parquet files; DuckDB {VERSION} beside it")
    for name in CONTENDERS[1:]:
        ratios = [times["Lapwing"] / times[name] for times in found.values() if math.isfinite(times[name])]
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        ends = f"best {min(ratios):.2f}, worst {max(ratios):.2f}"
        print(f"  Lapwing's time to {name}: {mean:.2f} (geometric mean of {len(ratios)}; {ends})")
    for name in CONTENDERS:
        print(f"  {name}: {sum(times[name] for times in found.values()) / 1e3:.1f} s in total")


if __name__ == "__main__":
    sys.exit(main())
