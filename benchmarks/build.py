"""Builds a rollup from raw rows: Lapwing against DuckDB's bare GROUP BY, which writes a table of the same cells.

    python -m benchmarks.build [--small] [--memory SIZE] [--json FILE]

Three months of 100 M clicks (5 M with --small) in one Parquet file, kept by campaign, country and hour: 4.4 M cells (0.9 M).
Each contender has a process of its own, told the same limit of memory, so that its peak of resident memory is its own. They
take turns, three times each (once for the large one), and their numbers are compared.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.report import parser
from lapwing.model.size import parse_size
from lapwing.query.ask import MetricQuery, Wishes
from lapwing.query.service import Lapwing

PROJECT = """
name: benchmark
now: 2025-07-02
sources: {files: {type: files, path: data}}
"""
DATASET = """
dataset: ads
table: files.clicks
time: {column: at}
dimensions: {campaign: {}, country: {}}
measures:
  clicks: {count: "*"}
  revenue: {sum: revenue}
rollups:
  main: {grain: hour, dimensions: [campaign, country], ancestors: 0}
"""
CLICKS = """
copy (select 'campaign' || lpad((hash(i) % {campaigns})::varchar, 4, '0') as campaign,
             ['AR','BR','CA','DE','FR','GB','IN','JP','MX','US'][1 + (hash(i + 3) % 10)::int] as country,
             timestamptz '2025-04-01 00:00:00+00' + to_microseconds((7862.4e9 / {rows} * i)::bigint) as "at",
             ((hash(i + 1) % 100000)::decimal(12, 2) / 100)::decimal(12, 2) as revenue
      from range({rows}) t(i)) to '{path}' (format parquet)
"""
GROUPED = """
create table rollup as
select campaign, country, date_trunc('hour', "at") as hour, count(*) as clicks, sum(revenue) as revenue
from read_parquet('{path}') group by all
"""
CONTENDERS = ("DuckDB, bare GROUP BY", "Lapwing, build")
BASE = CONTENDERS[0]


@dataclass(frozen=True, slots=True)
class Built:
    """One run: seconds, those of all cores at work, the peak of resident memory in MB, bytes on disk, and what the cells add
    up to."""

    seconds: float
    cpu: float
    peak: float
    size: int
    clicks: int
    revenue: str


def main() -> None:
    """Makes the data, lets the contenders build in turn, and tells ratios of time and peaks of memory."""
    flags = parser("Builds of a rollup from raw rows.")
    flags.add_argument("--memory", default="2GB", metavar="SIZE", help="what each may use (default 2GB)")
    flags.add_argument("--contender", choices=CONTENDERS, help="run this one alone, in the project of --root")
    flags.add_argument("--root", type=Path, help="a project made before")
    options = flags.parse_args()
    if options.contender:
        built = (
            _lapwing(options.root, options.memory)
            if options.contender != BASE
            else _duckdb(options.root, options.memory)
        )
        print(json.dumps(asdict(built)))
        return
    rows, times = (5_000_000, 3) if options.small else (100_000_000, 1)
    with tempfile.TemporaryDirectory() as folder:
        root = options.root or Path(folder)
        size = _data(root, rows, 40 if options.small else 200)
        runs: dict[str, list[Built]] = {name: [] for name in CONTENDERS}
        for _ in range(times):
            for name in CONTENDERS:
                runs[name].append(_apart(name, root, options.memory))
    facts = {"rows": f"{rows:,}", "Parquet": f"{size / 1e6:,.0f} MB", "memory limit": options.memory}
    _show(runs, facts, options.json)


def _data(root: Path, rows: int, campaigns: int) -> int:
    path = root / "data" / "clicks.parquet"
    if not path.exists():
        (root / "datasets").mkdir(exist_ok=True)
        path.parent.mkdir()
        (root / "lapwing.yaml").write_text(PROJECT)
        (root / "datasets" / "ads.yaml").write_text(DATASET)
        with duckdb.connect(config={"memory_limit": "1GB", "temp_directory": str(root / "spill")}) as con:
            con.execute(CLICKS.format(rows=rows, campaigns=campaigns, path=path))
    return path.stat().st_size


def _apart(name: str, root: Path, memory: str) -> Built:
    command = [sys.executable, "-m", "benchmarks.build", "--contender", name, "--root", str(root), "--memory", memory]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return Built(**json.loads(done.stdout))


def _duckdb(root: Path, memory: str) -> Built:
    path = root / "peer.duckdb"
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path), config={"memory_limit": memory}) as con:
        con.execute("set timezone = 'UTC'")
        started, worked = time.perf_counter(), time.process_time()
        con.execute(GROUPED.format(path=root / "data" / "clicks.parquet"))
        con.execute("checkpoint")
        seconds, cpu = time.perf_counter() - started, time.process_time() - worked
        clicks, revenue = con.execute("select sum(clicks)::bigint, sum(revenue)::varchar from rollup").fetchall()[0]
    return Built(seconds, cpu, peak_memory(), path.stat().st_size, clicks, revenue)


def _lapwing(root: Path, memory: str) -> Built:
    shutil.rmtree(root / ".lapwing", ignore_errors=True)
    with Lapwing.open(root) as lapwing:
        started, worked = time.perf_counter(), time.process_time()
        report = lapwing.cache.build(memory=parse_size(memory)).checked()
        seconds, cpu = time.perf_counter() - started, time.process_time() - worked
        peak = peak_memory()
        answer = lapwing.answer(MetricQuery(metrics=("clicks", "revenue"), wishes=Wishes(cache_only=True)))
    (row,) = answer.table.to_pylist()
    return Built(seconds, cpu, peak, sum(one.bytes for one in report.rollups), row["clicks"], str(row["revenue"]))


def peak_memory() -> float:
    """The most that was resident of this process, in MB. Not `getrusage`: that of a parent is in it."""
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def _show(runs: dict[str, list[Built]], facts: dict[str, Any], file: Path | None) -> None:
    if len({(one.clicks, one.revenue) for built in runs.values() for one in built}) != 1:
        sys.exit(f"The contenders disagree: {runs}")
    best = {name: min(built, key=lambda one: one.seconds) for name, built in runs.items()}
    peaks = {name: max(one.peak for one in built) for name, built in runs.items()}
    print("\nA rollup by campaign, country and hour from raw rows")
    for name, value in facts.items():
        print(f"  {name}: {value}")
    print(f"\n  {'':24}  {'seconds':>8}  {'ratio':>6}  {'CPU s':>6}  {'ratio':>6}  {'peak MB':>8}  {'MB on disk':>10}")
    for name, one in best.items():
        ratio, worked = one.seconds / best[BASE].seconds, one.cpu / best[BASE].cpu
        print(
            f"  {name:24}  {one.seconds:8.2f}  {ratio:5.2f}x  {one.cpu:6.2f}  {worked:5.2f}x  {peaks[name]:8,.0f}"
            f"  {one.size / 1e6:10.1f}"
        )
    print(f"\n  Seconds are the best run's, peaks the worst's. {platform.machine()}, {os.cpu_count()} cores.")
    if file:
        told = {name: {**asdict(one), "peak": peaks[name]} for name, one in best.items()}
        file.write_text(json.dumps({"facts": facts, "against": BASE, "builds": told}, indent=1))


if __name__ == "__main__":
    main()
