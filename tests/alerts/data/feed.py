"""A feed that arrives while it is looked at: a files source that is written anew as the clock goes on.

Orders come by the hour, about a hundred; the rows of an hour are there in parts: half at its end, the rest within three
hours. What is written when is given by `share`, so that tests can hold back or lose what they like.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lapwing.alerts.service import Alerts
from lapwing.alerts.state import StateDatabase
from lapwing.model.load import load
from lapwing.query.service import Lapwing

START = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday."""
HOUR = timedelta(hours=1)
PER_HOUR = 100

PROJECT = """
name: feed
timezone: UTC
now: 2026-03-02
sources:
  files: {type: files, path: data}
store: {type: lmdb, path: .lapwing/store}
monitors:
  orders_hourly: {metric: revenue, grain: hour}
"""

DATASET = """
dataset: orders
table: files.orders
time: {column: at, timezone: UTC}
dimensions:
  region: {label: Region}
measures:
  orders: {count: "*"}
  revenue: {sum: price, unit: USD, better: up, value: 1 USD}
rollups:
  main: {grain: hour, dimensions: [region], partition: day}
"""

Share = Callable[[datetime, float], float]


def usual(hour: datetime, age: float) -> float:
    """Of the rows of an hour, what is there so many hours after its end."""
    return 0.0 if age < 0 else min(1.0, 0.5 + 0.2 * np.floor(age))


class Feed:
    """The project, its clock, and what has arrived."""

    def __init__(self, root: Path, *, share: Share = usual, dataset: str = DATASET, project: str = PROJECT) -> None:
        self.root, self.share = root, share
        self.columns = ["at", "region", "price"]
        (root / "datasets").mkdir(parents=True)
        (root / "data" / "orders").mkdir(parents=True)
        (root / "lapwing.yaml").write_text(project)
        (root / "datasets" / "orders.yaml").write_text(dataset)
        self._written: dict[datetime, float] = {}
        self.now = START
        self.write()
        self.lapwing = Lapwing(replace(load(root), now=self.now))
        self.alerts = Alerts(self.lapwing, StateDatabase(root / "state.db"))

    def close(self) -> None:
        self.alerts.close()
        self.lapwing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def to(self, now: datetime, *, build: bool = True, look: bool = True) -> None:
        """The clock goes on; what has arrived by then is written, built and looked at."""
        self.now = now
        object.__setattr__(self.lapwing.project, "now", now)  # the one clock of all its services
        self.write()
        if build:
            self.lapwing.cache.build()
        if look:
            self.alerts.data.look()
            self.alerts.data.look_so_far()

    def write(self) -> None:
        """A file for each day of which more has arrived."""
        days = {self.now.date() - timedelta(days=n) for n in range(9)} | {
            (START - timedelta(days=n)).date() for n in range(29) if not self._written
        }
        for day in sorted(days):
            first = datetime(day.year, day.month, day.day, tzinfo=UTC)
            hours = [first + n * HOUR for n in range(24)]
            parts = [(hour, self.share(hour, (self.now - hour) / HOUR - 1)) for hour in hours if hour < self.now]
            total = sum(part for _, part in parts)
            if self._written.get(first) == total or not total:
                continue
            self._written[first] = total
            pq.write_table(
                pa.concat_tables([rows(hour, part) for hour, part in parts]).select(self.columns),
                self.root / "data" / "orders" / f"{day}.parquet",
            )


def rows(hour: datetime, part: float) -> pa.Table:
    """The first of an hour's orders, which are always the same."""
    random = np.random.default_rng(int(hour.timestamp()))
    count = random.poisson(PER_HOUR)
    kept = round(count * part)
    minutes = np.sort(random.integers(0, 60, count))
    at = np.datetime64(hour.replace(tzinfo=None), "m") + minutes
    table = pa.table(
        {
            "at": at.astype("datetime64[us]"),
            "region": random.choice(["north", "south"], count, p=[0.4, 0.6]),
            "price": random.gamma(4.0, 10.0, count).round(2),
        }
    )
    return table.take(random.permutation(count)[:kept])


def kinds(alerts: Alerts, state: str = "open") -> list[str]:
    """Which checks have found something, that is open."""
    return [one.data.check for one in alerts.incidents(kind="data", state=state) if one.data is not None]
