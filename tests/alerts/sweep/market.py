"""A small market: events by country, format and device over twelve weeks, with two things that happen to it.

From the tenth Tuesday to the day after most video of the US is missing: one small slice of two dimensions. On the eleventh
Thursday two fifths of everything are missing. A device that hardly anybody has is gone for the last four weeks.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lapwing.query.service import Lapwing

FIRST, WEEKS = date(2024, 1, 1), 12
END = FIRST + timedelta(weeks=WEEKS)
SLICE_DAYS = (date(2024, 3, 5), date(2024, 3, 6))
WHOLE_DAY = date(2024, 3, 14)

COUNTRIES = {"US": 0.4, "DE": 0.25, "JP": 0.2, "BR": 0.15}
FORMATS = {"image": 0.6, "video": 0.3, "text": 0.1}
DEVICES = {"phone": 0.7, "desktop": 0.2975, "watch": 0.0025}

PROJECT = """
name: market
timezone: UTC
now: {now}
sources:
  files: {{type: files, path: data}}
store: {{type: lmdb, path: .lapwing/store}}
monitors:
  every_slice: {{metric: events, grain: day, by: all}}
"""

DATASET = """
dataset: market
table: files.events
time: {column: at, timezone: UTC}
complete_after: 0 hours
dimensions:
  country: {}
  format: {}
  device: {}
measures:
  events: {count: "*"}
  sold: {count: "*", where: sold, better: up}
  paid: {sum: price, unit: USD, better: up}
  dearest: {max: price}
metrics:
  rate: {ratio: sold / events, better: up}
  price: {derived: 2 * paid / events, better: up}
rollups:
  main: {grain: hour, dimensions: [country, format, device], partition: month}
"""


def events(first: date = FIRST, end: date = END, mean: float = 2500.0, seed: int = 3, *, lost: bool = True) -> pa.Table:
    """The events of [first, end), without those that were `lost`, unless said otherwise; those of a day do not depend on which
    other days are asked for."""
    parts = []
    for number in range((end - first).days):
        day = first + timedelta(days=number)
        random = np.random.default_rng((seed, day.toordinal()))
        count = random.poisson(mean * (0.7 if day.weekday() >= 5 else 1.0))
        country, form, device = (
            random.choice(list(of), count, p=list(of.values())) for of in (COUNTRIES, FORMATS, DEVICES)
        )
        gone = np.zeros(count, bool)
        chance = random.random(count)
        if day in SLICE_DAYS:
            gone |= (country == "US") & (form == "video") & (chance < 0.7)
        if day == WHOLE_DAY:
            gone |= chance < 0.4
        if day >= END - timedelta(weeks=4):
            gone |= device == "watch"
        minutes = random.integers(0, 24 * 60, count)
        table = pa.table(
            {
                "at": (np.datetime64(day, "m") + minutes).astype("datetime64[us]"),
                "country": country,
                "format": form,
                "device": device,
                "sold": random.random(count) < 0.3,
                "price": random.integers(1, 10, count).astype(np.float64),
            }
        )
        parts.append(table.filter(pa.array(~gone | (not lost))))
    return pa.concat_tables(parts)


def write(root: Path, table: pa.Table) -> None:
    """Writes events, a file for each month."""
    folder = root / "data" / "events"
    folder.mkdir(parents=True, exist_ok=True)
    months = pc.strftime(table["at"], format="%Y-%m")
    for month in pc.unique(months).to_pylist():
        pq.write_table(table.filter(pc.equal(months, month)), folder / f"{month}.parquet")


def make(root: Path, table: pa.Table | None = None, *, now: date = END) -> Path:
    """The project's folder, its rows written and its rollups built."""
    write(root, events() if table is None else table)
    (root / "datasets").mkdir(exist_ok=True)
    (root / "lapwing.yaml").write_text(PROJECT.format(now=now.isoformat()))
    (root / "datasets" / "market.yaml").write_text(DATASET)
    build(root)
    return root


def build(root: Path) -> None:
    with Lapwing.open(root) as lapwing:
        lapwing.cache.build().checked()
