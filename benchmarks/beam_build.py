"""The builder beam against the usual Beam pipeline in Python, row by row, and against pyarrow's bare group_by.

    python -m benchmarks.beam_build [--small] [--json FILE]

20 M clicks (8 M with --small) in 20 Parquet files, by campaign, country and hour: rows, clicks and cost. pyarrow reads them
and groups them, and that is all. Lapwing's is a whole build: it reads, groups, packs chunks, writes them with their index
into a store in memory, reads them back and compares them. The pipeline of rows (ReadFromParquet, fixed windows of an hour,
CombinePerKey) does nothing with its groups; it gets 40,000 of the rows, as it would take an hour for all, and is told without
what the same pipeline takes for 2,000 rows, so that its start does not count. Lapwing's does. Each runner does both, Prism as
a process of its own, whose processor time is not in what is told. What they found is compared, on what each of them had.

Then answers to questions for one campaign, from a store in LMDB and from one in Bigtable's emulator, both written by Beam.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import apache_beam as beam
import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from apache_beam.transforms.window import FixedWindows, GlobalWindows, TimestampedValue
from tests.services.bigtable import bigtable
from tests.services.prism import prism

from benchmarks.report import Timing, parser, timed
from lapwing.cache.builders.beam.runners import options_of, runner_of
from lapwing.model.project import BeamConfig
from lapwing.query.ask import MetricQuery, Wishes
from lapwing.query.service import Lapwing

FILES = 20
FEW, FEWER = 40_000, 2_000
PROJECT = """
name: benchmark
now: 2025-05-02
sources: {files: {type: files, path: data}}
store: {type: memory}
"""
DATASET = """
dataset: ads
table: files.clicks
time: {column: at}
dimensions: {campaign: {}, country: {}}
measures: {rows: {count: "*"}, clicks: {sum: clicks}, cost: {sum: cost}}
rollups:
  hourly: {grain: hour, dimensions: [campaign, country], partition: month}
"""
ROWS = """
copy (
  select timestamp '2025-04-01' + to_microseconds((hash(i) % (30 * 86400000000))::bigint) as at,
    (hash(i + 1) % 50)::bigint as campaign,
    'c' || hash(i + 2) % 4 as country,
    (hash(i + 3) % 3)::bigint as clicks,
    (hash(i + 4) % 100000)::bigint as cost
  from range({first}, {last}) t(i)
) to '{path}' (format parquet, row_group_size 500000)
"""
Sums = tuple[int, int, int, int]
"""Groups, rows, clicks, cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    name: str
    rows: int
    seconds: float
    cpu: float
    sums: Sums

    @property
    def rate(self) -> float:
        return self.rows / self.seconds


def main() -> None:
    """Makes the data, lets all group it, compares what they found, and prints rows a second."""
    options = parser("Beam: batches against rows.").parse_args()
    rows = 8_000_000 if options.small else 20_000_000
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        made(root, rows)
        runners = {
            "direct": BeamConfig(),
            "Prism": BeamConfig(runner="prism", job_endpoint=stack.enter_context(prism()).address),
        }
        bare = min((arrow(root, rows) for _ in range(3)), key=lambda one: one.seconds)
        few = arrow(root, FEW, file="few")
        figures = [bare]
        for name, config in runners.items():
            figures += [min((lapwing(root, rows, name, config) for _ in range(2)), key=lambda one: one.seconds)]
            figures += [by_row(root, name, config)]
        for one in figures:
            if one.sums != (few.sums if one.rows < FEW + 1 else bare.sums):
                sys.exit(f"{one.name} found {one.sums}, pyarrow {bare.sums} of all and {few.sums} of some.")
        stores = served(root, stack)
    show(figures, stores, rows, options.json)


def made(root: Path, rows: int) -> None:
    (root / "datasets").mkdir()
    (root / "data" / "clicks").mkdir(parents=True)
    (root / "lapwing.yaml").write_text(PROJECT)
    (root / "datasets" / "ads.yaml").write_text(DATASET)
    step = rows // FILES
    with duckdb.connect() as con:
        for number in range(FILES):
            path = root / "data" / "clicks" / f"{number:02}.parquet"
            con.execute(ROWS.format(first=number * step, last=(number + 1) * step, path=path))
    few = pa.Table.from_batches([next(pq.ParquetFile(path).iter_batches(FEW))])
    pq.write_table(few, root / "few.parquet")
    pq.write_table(few.slice(0, FEWER), root / "fewer.parquet")


def arrow(root: Path, rows: int, *, file: str | None = None) -> Figure:
    """pyarrow alone."""
    began, worked = time.perf_counter(), time.process_time()
    table = pq.read_table(root / f"{file}.parquet" if file else root / "data" / "clicks")
    hour = pc.floor_temporal(table.column("at"), unit="hour")
    grouped = (
        table.append_column("hour", hour)
        .group_by(["campaign", "country", "hour"])
        .aggregate([("clicks", "count"), ("clicks", "sum"), ("cost", "sum")])
    )
    seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    sums = (pc.sum(grouped.column(name)).as_py() for name in ("clicks_count", "clicks_sum", "cost_sum"))
    return Figure(name="pyarrow group_by", rows=rows, seconds=seconds, cpu=cpu, sums=(grouped.num_rows, *sums))


def lapwing(root: Path, rows: int, name: str, config: BeamConfig) -> Figure:
    """All of a build."""
    with Lapwing.open(root) as opened:
        began, worked = time.perf_counter(), time.process_time()
        report = opened.cache.build(builder="beam", beam=config).checked()
        seconds, cpu = time.perf_counter() - began, time.process_time() - worked
        answer = opened.answer(MetricQuery(metrics=("rows", "clicks", "cost"), wishes=Wishes(cache_only=True)))
    (row,) = answer.table.to_pylist()
    cells = sum(one.cells for one in report.rollups if one.rollup == "ads.hourly")
    sums = (cells, row["rows"], row["clicks"], row["cost"])
    return Figure(name=f"Lapwing on {name}", rows=rows, seconds=seconds, cpu=cpu, sums=sums)


def by_row(root: Path, name: str, config: BeamConfig) -> Figure:
    """The usual pipeline, without its start."""
    start, whole = (_by_row(root, name, config, file) for file in ("fewer", "few"))
    return replace(whole, rows=FEW - FEWER, seconds=whole.seconds - start.seconds, cpu=whole.cpu - start.cpu)


def _by_row(root: Path, name: str, config: BeamConfig, file: str) -> Figure:
    out = root / f"out-{file}-{name}"
    began, worked = time.perf_counter(), time.process_time()
    pipeline = beam.Pipeline(runner=runner_of(config), options=options_of(config))
    (
        pipeline
        | beam.io.ReadFromParquet(str(root / f"{file}.parquet"))
        | beam.Map(lambda row: TimestampedValue(row, row["at"].timestamp()))
        | beam.WindowInto(FixedWindows(3600))
        | "Key" >> beam.Map(lambda row: ((row["campaign"], row["country"]), (1, row["clicks"], row["cost"])))
        | beam.CombinePerKey(Added())
        | "Count" >> beam.Map(lambda pair: ((), (1, *pair[1])))
        | "Whole" >> beam.WindowInto(GlobalWindows())
        | "All" >> beam.CombinePerKey(Added())
        | "Told" >> beam.Map(lambda pair: json.dumps(pair[1]))
        | beam.io.WriteToText(str(out), num_shards=1)
    )
    pipeline.run().wait_until_finish()
    seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    (told,) = root.glob(f"{out.name}*")
    groups, count, clicks, cost = json.loads(told.read_text())
    return Figure(name=f"row by row on {name}", rows=FEW, seconds=seconds, cpu=cpu, sums=(groups, count, clicks, cost))


class Added(beam.CombineFn):  # type: ignore[misc]
    """The sums of tuples, place by place."""

    def create_accumulator(self) -> tuple[int, ...]:
        return ()

    def add_input(self, total: tuple[int, ...], value: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(map(sum, zip(total, value, strict=True))) if total else tuple(value)

    def merge_accumulators(self, totals: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
        merged: tuple[int, ...] = ()
        for total in totals:
            merged = self.add_input(merged, total) if total else merged
        return merged

    def extract_output(self, total: tuple[int, ...]) -> tuple[int, ...]:
        return total


def served(root: Path, stack: ExitStack) -> list[Timing]:
    """Reads of the same rollup from LMDB and from Bigtable's emulator, both written by the pipeline."""
    os.environ["BIGTABLE_EMULATOR_HOST"] = stack.enter_context(bigtable()).address
    homes = {
        "LMDB": "{type: lmdb}",
        "Bigtable": "{type: bigtable, instance: projects/bench/instances/bench, table: bench}",
    }
    found: list[Timing] = []
    answers = []
    for name, store in homes.items():
        (root / "lapwing.yaml").write_text(PROJECT.replace("{type: memory}", store))
        with Lapwing.open(root) as opened:
            opened.cache.build(builder="beam").checked()
            questions = [_question(campaign) for campaign in range(50)]
            answers.append([opened.answer(one).table.to_pylist() for one in questions])
            found.append(timed(name, lambda i: opened.answer(questions[i * 7 % 50]), 400))  # noqa: B023  called here
    if answers[0] != answers[1]:
        sys.exit("LMDB and Bigtable disagree.")
    return found


def _question(campaign: int) -> MetricQuery:
    return MetricQuery(
        metrics=("clicks", "cost"), by=("country",), where=f"campaign = {campaign}", wishes=Wishes(cache_only=True)
    )


def show(figures: list[Figure], stores: list[Timing], rows: int, file: Path | None) -> None:
    """Prints rows a second, and ratios; those of processor seconds, too, as they hold on a busy machine."""
    bare = figures[0]
    print(f"\nClicks by campaign, country and hour\n  rows: {rows:,}, {FEW:,} row by row\n  cells: {bare.sums[0]:,}")
    print(
        f"\n  {'':22}  {'seconds':>8}  {'rows a second':>14}  {'CPU s':>7}  {'to pyarrow':>10}  {'by CPU':>7}  {'to rows':>8}"
    )
    for one in figures:
        runner = one.name.rpartition(" on ")[2]
        slow = next((other for other in figures if other.name == f"row by row on {runner}"), None)
        faster = f"{one.rate / slow.rate:7,.0f}x" if slow else ""
        worked = one.cpu / one.rows / (bare.cpu / bare.rows)
        print(
            f"  {one.name:22}  {one.seconds:8.2f}  {one.rate:14,.0f}  {one.cpu:7.2f}  {bare.rate / one.rate:9.1f}x"
            f"  {worked:6.1f}x  {faster:>8}"
        )
    print(f"\n  {'answers of four series':22}  {'p50 ms':>8}  {'a second':>14}")
    for store in stores:
        print(f"  {store.name:22}  {store.p50:8.2f}  {1_000 / store.p50:14,.0f}")
    print(f"\n  {platform.machine()}, {os.cpu_count()} cores. The emulator tells nothing of Bigtable's own speed.")
    if file:
        told = {
            "figures": [{**asdict(one), "rate": one.rate} for one in figures],
            "stores": [asdict(s) for s in stores],
        }
        file.write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
