"""What it takes to keep monitors up to the data: a whole replay, then one new hour after the other.

Each row is a project of its own: a dataset of so many shops, hourly, with a rollup by months, and monitors on it. A new
hour is built into the rollup (which is not counted), and then taken in by `Alerts.replay`, as `lapwing serve` does.
Milliseconds of an hour are the median of several; "again" is a restart that finds nothing new.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lapwing.alerts.service import Alerts
from lapwing.alerts.state import StateDatabase
from lapwing.query.service import Lapwing

HOURS = 5
FIRST = np.datetime64("2020-01-01T00", "h")

PROJECT = """
name: keeping
timezone: Europe/Berlin
calendar: {country: DE}
sources: {files: {type: files, path: data}}
store: {type: lmdb, path: .lapwing/store}
monitors:
"""
DATASET = """
dataset: sales
table: files.sales
time: {column: at, timezone: UTC}
dimensions: {shop: {}}
measures:
  sold: {sum: amount}
rollups:
  main: {grain: hour, dimensions: [shop], partition: month}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """So many monitors, each of so many series over so many days of hours."""

    monitors: int
    series: int
    days: int

    def project(self) -> str:
        """Its YAML: monitors split by shop, or each of one shop."""
        if self.monitors == 1:
            return PROJECT + "  sold: {metric: sold, grain: hour, by: [shop]}\n"
        lines = (f"  sold{n}: {{metric: sold, grain: hour, slice: {{shop: s{n:03}}}}}\n" for n in range(self.monitors))
        return PROJECT + "".join(lines)


SMALL = (Case(monitors=1, series=5, days=60), Case(monitors=5, series=1, days=60))
CASES = (
    Case(monitors=1, series=1, days=365),
    Case(monitors=1, series=10, days=365),
    Case(monitors=1, series=50, days=365),
    Case(monitors=1, series=10, days=3 * 365),
    Case(monitors=50, series=1, days=365),
)


def arguments(asked: argparse.ArgumentParser) -> None:
    """Adds `--keeping`."""
    asked.add_argument("--keeping", action="store_true", help="what it takes to keep monitors up to the data")


def run(options: argparse.Namespace) -> list[dict[str, Any]] | None:
    """Prints the table; None where it was not asked for."""
    if not options.keeping:
        return None
    print("\nKeeping monitors up to the data: all of it, then one more hour")
    print(
        f"  {'monitors':>8} {'series':>6} {'buckets':>8} {'replay s':>9} {'hour ms':>8} {'share':>7} {'again ms':>9} {'MB':>6}"
    )
    found = []
    for case in SMALL if options.small else CASES:
        with tempfile.TemporaryDirectory() as folder:
            row = measured(case, Path(folder))
        found.append(row)
        print(
            f"  {case.monitors:>8} {row['series']:>6} {row['buckets']:>8,} {row['replay_s']:>9.2f} {row['hour_ms']:>8.0f}"
            f" {row['share']:>7.2%} {row['again_ms']:>9.0f} {row['mb']:>6.1f}"
        )
    return found


def measured(case: Case, root: Path) -> dict[str, Any]:
    """One row of the table."""
    (root / "datasets").mkdir()
    (root / "lapwing.yaml").write_text(case.project())
    (root / "datasets" / "sales.yaml").write_text(DATASET)
    shops, hours = max(case.series, case.monitors), case.days * 24
    table = sales(shops, hours + HOURS)
    written(root, table.slice(0, hours * shops))
    state = root / "state.db"
    with Lapwing.open(root) as lapwing:
        lapwing.cache.build().checked()
        kept = StateDatabase(state)
        alerts = Alerts(lapwing, kept)
        replay, done = timed(alerts)
        taken = []
        for hour in range(1, HOURS + 1):
            written(root, table.slice(0, (hours + hour) * shops), newest=True)
            lapwing.cache.build().checked()
            taken.append(timed(alerts)[0])
        alerts.close()
        kept.close()
        again, _ = timed(Alerts(lapwing, StateDatabase(state)))
    return {
        "monitors": case.monitors,
        "series": sum(one.series for one in done),
        "buckets": hours,
        "replay_s": replay,
        "hour_ms": median(taken) * 1e3,
        "share": median(taken) / replay,
        "again_ms": again * 1e3,
        "mb": state.stat().st_size / 1e6,
    }


def timed(alerts: Alerts) -> tuple[float, Any]:
    """Seconds that a replay takes, and what it did."""
    began = time.perf_counter()
    done = alerts.replay()
    return time.perf_counter() - began, done


def sales(shops: int, hours: int) -> pa.Table:
    """Sales of each hour and shop, more in the afternoon, and by the size of the shop."""
    hour = np.arange(hours)
    mean = 100 * np.exp(-((((hour % 24) - 14) / 6.0) ** 2)) + 20
    amount = np.random.default_rng(1).poisson(mean[:, None] * (1 + np.arange(shops) % 7))
    return pa.table(
        {
            "at": np.repeat(FIRST + hour, shops).astype("datetime64[us]"),
            "shop": np.tile([f"s{n:03}" for n in range(shops)], hours),
            "amount": amount.ravel(),
        }
    )


def written(root: Path, table: pa.Table, *, newest: bool = False) -> None:
    """One file a month, or the newest month's only."""
    folder = root / "data" / "sales"
    folder.mkdir(parents=True, exist_ok=True)
    months = pc.strftime(table["at"], "%Y-%m")
    for month in pc.unique(months).to_pylist()[-1 if newest else 0 :]:
        pq.write_table(table.filter(pc.equal(months, month)), folder / f"{month}.parquet")
