"""Routing among many rollups of one dataset: which of them answer, without reading them.

    python -m benchmarks.route [--small] [--json FILE]

1,000 rollups (100 with --small), each of one to four of twelve dimensions, of some of eight measures, at 15 minutes, an
hour or a day. All are published in LMDB with a year of monthly partitions, whose sizes follow from their dimensions; no rows
are written, for routing reads none. Every call asks for another stretch of time. The last line is a whole look at all of
them, as the first question of each second and shape takes it.
"""

from __future__ import annotations

import math
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.report import Timing, arguments, show, timed
from lapwing.cache.ancestors import Ancestors
from lapwing.cache.answering import shape_of
from lapwing.cache.definitions import Definitions
from lapwing.cache.ledger import Ledger
from lapwing.cache.manifest import Manifest
from lapwing.cache.manifests import Manifests
from lapwing.cache.partition import Cause, Partition
from lapwing.cache.predicate import In
from lapwing.cache.request import StateRequest
from lapwing.cache.route import find
from lapwing.cache.shelf import Shelf
from lapwing.cache.stores.lmdb import LmdbStore
from lapwing.model import calendar
from lapwing.model.grain import Grain
from lapwing.query.service import Lapwing
from lapwing.sql.bound import BoundDataset

QUESTIONS = 2_010
DAY = calendar.DAY
START, END = 1_704_067_200_000_000, 1_735_689_600_000_000  # 2024
MONTHS = list(pairwise(calendar.edges(Grain.parse("month"), "UTC", START, END).tolist()))
SIZES = {f"d{number}": size for number, size in enumerate((3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 400, 1000))}
MEASURES = [f"m{number}" for number in range(8)]
PROJECT = "name: benchmark\nnow: 2025-01-01\nsources: {files: {type: files, path: data}}\n"


def main() -> None:
    """Makes the rollups, and times questions of several shapes."""
    options = arguments("Routing among many rollups of one dataset.")
    count = 100 if options.small else 1_000
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _write(root, count)
        with Lapwing.open(root) as lapwing:
            bound = lapwing.sql.bind(lapwing.project.datasets["events"])
            store = LmdbStore(root / "store")
            began = time.perf_counter()
            defined = Definitions("UTC", Ancestors(store, "UTC")).of(bound)
            defining = time.perf_counter() - began
            for definition in defined.definitions:
                sizes = [SIZES[name] for name in definition.rollup.dimensions]
                keys = min(math.prod(sizes), 20_000)
                partitions = [
                    _partition(number + 1, month, keys, definition.grain, tuple(sizes))
                    for number, month in enumerate(MONTHS)
                ]
                Ledger.of(store, definition).change(
                    lambda m, p=partitions: _published(m.with_partitions(p, 1.0))  # type: ignore[misc]
                )
            shelf = Shelf(Manifests(store))
            asked = _questions(bound)

            def route(name: str, different: int = QUESTIONS) -> Callable[[int], object]:
                ask = asked[name]
                return lambda i: find(ask(i % different), shape_of(ask(i % different), defined), shelf)

            timings: list[Timing] = []
            for name in asked:
                began = time.perf_counter()
                found = find(asked[name](0), shape_of(asked[name](0), defined), shelf)
                first = 1e3 * (time.perf_counter() - began)
                chosen = " and ".join(part.definition.name for part in found.parts) or "the source"
                print(f"  {name}: first {first:.1f} ms, answered by {chosen}")
                fitting = len(shape_of(asked[name](0), defined).whole)
                timings.append(timed(f"{name} ({fitting} fit)", route(name), 2_000))
                timings.append(timed(f"{name}, asked before", route(name, 60), 2_000, warm=60))
            shape = shape_of(asked["no dimension, one sum"](0), defined)
            timings.append(timed(f"a look at all {len(shape.whole)}", lambda _: shelf.row(shape, now=True), 50))
            facts = {
                "rollups": count,
                "partitions each": len(MONTHS),
                "defining all of them, ms": round(defining * 1e3),
            }
            show("Routing", timings, timings[0].name, facts, options.json)
            store.close()


def _questions(bound: BoundDataset) -> dict[str, Callable[[int], StateRequest]]:
    def asking(
        by: tuple[str, ...], measures: int, grain: str | None, zone: str, value: str | None = None
    ) -> Callable[[int], StateRequest]:
        where = In(value, ("a",)) if value else None
        edges = []
        for number in range(QUESTIONS):  # each another time, as a way once found is remembered
            start, more = START + (number % 300) * DAY, number // 300 * DAY
            edges.append(
                np.array([start, start + 7 * DAY + more])
                if grain is None
                else calendar.edges(Grain.parse(grain), zone, start, start + 30 * DAY + more)
            )
        names = tuple(MEASURES[:measures])
        return lambda i: StateRequest(bound=bound, measures=names, by=by, where=where, edges=edges[i % QUESTIONS])

    return {
        "no dimension, one sum": asking((), 1, None, "UTC"),
        "one dimension by day": asking(("d3",), 2, "day", "UTC"),
        "two dimensions by hour": asking(("d3", "d5"), 1, "hour", "UTC"),
        "one dimension, a filter": asking(("d1",), 2, "day", "UTC", "d8"),
        "days of New York": asking(("d2",), 1, "day", "America/New_York"),
        "days of Kathmandu": asking(("d2",), 1, "day", "Asia/Kathmandu"),
    }


def _partition(version: int, month: tuple[int, int], keys: int, grain: int, distinct: tuple[int, ...]) -> Partition:
    start, end = month
    cells = keys * (end - start) // grain
    return Partition(
        start=start, end=end, version=version, keys=keys, cells=cells, bytes=cells * 10, distinct=distinct, built_at=1.0,
        mark="m", data_start=start, data_end=end, sealed=end, since=1.0, cause=Cause.BUILT, builder="benchmark",
    )  # fmt: skip


def _published(manifest: Manifest) -> Manifest:
    return replace(manifest, data_start=START, goal=END)


def _write(root: Path, count: int) -> None:
    chance = random.Random(7)
    rollups = []
    for number in range(count):
        dimensions = sorted(chance.sample(list(SIZES), chance.randint(1, 4)))
        measures = sorted(chance.sample(MEASURES, chance.randint(2, 8)))
        grain = chance.choice(["15 minutes", "hour", "day"])
        kept = f"dimensions: [{', '.join(dimensions)}], measures: [{', '.join(measures)}]"
        rollups.append(f"  r{number}: {{grain: {grain}, {kept}, partition: month}}")
    every = ", ".join(f"{name}: {{}}" for name in SIZES)
    sums = ", ".join(f"{name}: {{sum: value}}" for name in MEASURES)
    head = f"dataset: events\ntable: files.events\ntime: {{column: at}}\ndimensions: {{{every}}}\n"
    (root / "datasets").mkdir()
    (root / "data").mkdir()
    (root / "lapwing.yaml").write_text(PROJECT)
    (root / "datasets" / "events.yaml").write_text(f"{head}measures: {{{sums}}}\nrollups:\n" + "\n".join(rollups))
    columns = {name: pa.array(["a"]) for name in SIZES} | {"value": pa.array([1])}
    columns["at"] = pa.array([START], pa.timestamp("us", tz="UTC"))
    pq.write_table(pa.table(columns), root / "data" / "events.parquet")


if __name__ == "__main__":
    main()
