"""A small real project for the alerts' tests: a shop's orders in Parquet by month, with rollups and two monitors.

Orders come by the hour, more in the afternoon and fewer on Sundays. On the bad day most orders of the north fail from ten
to six; nothing else is unusual.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lapwing.alerts.service import Alerts
from lapwing.alerts.state import StateDatabase
from lapwing.model.monitor import Monitor
from lapwing.query.service import Lapwing

ZONE = "America/New_York"
FIRST, WEEKS = date(2024, 1, 1), 9
BAD_DAY = date(2024, 2, 20)
END = FIRST + timedelta(weeks=WEEKS)

PROJECT = """
name: shop
timezone: America/New_York
now: {now}
sources:
  files: {{type: files, path: data}}
store: {{type: lmdb, path: .lapwing/store}}
events:
  - {{name: Card provider down, start: 2024-02-20T10:00, end: 2024-02-20T18:00}}
monitors:
  failed_daily: {{metric: failed, grain: day, by: [region]}}
  rate_hourly: {{metric: fail_rate, grain: hour, sensitivity: 5}}
"""

DATASET = """
dataset: orders
table: files.orders
time: {column: at, timezone: America/New_York}
complete_after: 1 hours
dimensions:
  region: {label: Region}
  channel: {label: Channel}
  gift: {label: Gift}
measures:
  orders: {count: "*"}
  failed: {count: "*", where: failed, better: down, value: 20 USD}
  revenue: {sum: price, unit: USD, better: up}
  dearest: {max: price}
metrics:
  fail_rate: {ratio: failed / orders, format: percent, better: down}
rollups:
  main: {grain: hour, dimensions: [region, channel, gift], partition: month}
"""


def orders(first: date = FIRST, end: date = END, bad: float = 0.9, seed: int = 7) -> pa.Table:
    """The orders of [first, end); those of a day do not depend on which other days are asked for."""
    parts = []
    for number in range((end - first).days):
        day = first + timedelta(days=number)
        random = np.random.default_rng((seed, day.toordinal()))
        hours = np.arange(6, 24)
        mean = 40 * np.exp(-(((hours - 15) / 6) ** 2)) * (0.5 if day.weekday() == 6 else 1.0)
        at = np.repeat(hours, random.poisson(mean))
        count = len(at)
        region = random.choice(["north", "south", "west"], count, p=[0.3, 0.4, 0.3])
        trouble = (day == BAD_DAY) & (region == "north") & (at >= 10) & (at < 18)
        minutes = at * 60 + random.integers(0, 60, count)
        parts.append(
            pa.table(
                {
                    "at": (np.datetime64(day, "m") + minutes).astype("datetime64[us]"),
                    "region": region,
                    "channel": random.choice(["app", "web", "phone"], count, p=[0.5, 0.4, 0.1]),
                    "gift": random.random(count) < 0.2,
                    "price": random.gamma(4.0, 10.0, count).round(2),
                    "failed": random.random(count) < np.where(trouble, bad, 0.05),
                }
            )
        )
    return pa.concat_tables(parts)


def write_orders(root: Path, table: pa.Table) -> None:
    """One file a month; months that are not in the table stay as they were."""
    folder = root / "data" / "orders"
    folder.mkdir(parents=True, exist_ok=True)
    months = pc.strftime(table["at"], "%Y-%m")
    for month in pc.unique(months).to_pylist():
        pq.write_table(table.filter(pc.equal(months, month)), folder / f"{month}.parquet")


def write_shop(
    root: Path,
    *,
    now: str = "2024-06-01",
    table: pa.Table | None = None,
    project: str = PROJECT,
    dataset: str = DATASET,
) -> Path:
    """The project's folder, its rows written and its rollups built."""
    (root / "datasets").mkdir(parents=True, exist_ok=True)
    (root / "lapwing.yaml").write_text(project.format(now=now))
    (root / "datasets" / "orders.yaml").write_text(dataset)
    write_orders(root, orders() if table is None else table)
    build(root)
    return root


def build(root: Path) -> None:
    with Lapwing.open(root) as lapwing:
        lapwing.cache.build().checked()


def open_alerts(lapwing: Lapwing, path: Path | None = None, *, patience: float | None = None) -> Alerts:
    return Alerts(lapwing, StateDatabase(path or lapwing.project.state_path), patience=patience)


def rows(statement: str) -> list[tuple[Any, ...]]:
    """Of plain DuckDB, past all of Lapwing."""
    with duckdb.connect() as connection:
        return connection.execute(statement).fetchall()


def monitor(lapwing: Lapwing, name: str) -> Monitor:
    return lapwing.project.monitors[name]
