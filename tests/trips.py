"""A small real project of two steps: bookings as Parquet, the flights that follow them in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lapwing.query.service import Lapwing

PROJECT = """
name: trips
now: 2024-06-01
timezone: UTC
sources: {files: {type: files, path: data}, ops: {type: sqlite, path: ops.db}}
"""
BOOKINGS = """
dataset: bookings
table: files.bookings
time: {column: at}
complete_after: 0 hours
dimensions: {channel: {}, who: {column: customer}}
measures:
  made: {count: "*"}
  paid: {count: "*", where: amount > 0}
  worth: {sum: amount}
  buyers: {distinct: customer}
metrics:
  back: {conversion: {from: made, to: made, by: [customer, channel], within: 2 days}}
rollups:
  main: {grain: hour, dimensions: [channel]}
"""
FLIGHTS = """
dataset: flights
table: ops.flights
time: {column: off, timezone: Europe/Berlin}
complete_after: 0 hours
dimensions: {place: {}}
measures:
  planned: {count: passenger}
  flown: {count: passenger, where: place <> 'none'}
metrics:
  booked_to_flown: {conversion: {from: bookings.made, to: flown, by: {who: passenger}, within: 36 hours}}
  worth_flown: {conversion: {from: bookings.worth, to: flown, by: {customer: passenger}, within: 36 hours}}
  paid_to_flown: {conversion: {from: bookings.paid, to: planned, by: {customer: passenger}, within: 1 hour}, better: up}
  flown_2d: {cumulative: booked_to_flown, window: 2 days}
  flown_change: {change: booked_to_flown, against: 1 day, as: difference}
  buyers_flown: {conversion: {from: bookings.buyers, to: flown, by: {customer: passenger}, within: 36 hours}}
  per_flown: bookings.worth / bookings.booked_to_flown_converted
"""
Row = dict[str, Any]
HOUR = timedelta(hours=1)


@contextmanager
def trips(bookings: Sequence[Row], flights: Sequence[Row]) -> Iterator[Lapwing]:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "datasets").mkdir()
        (root / "data").mkdir()
        (root / "lapwing.yaml").write_text(PROJECT)
        (root / "datasets" / "bookings.yaml").write_text(BOOKINGS)
        (root / "datasets" / "flights.yaml").write_text(FLIGHTS)
        write(root, bookings)
        with sqlite3.connect(root / "ops.db") as db:
            db.execute("create table flights (passenger integer, place text, off timestamp)")
            db.executemany("insert into flights values (?, ?, ?)", map(wall, flights))
        db.close()
        with Lapwing.open(root) as lapwing:
            yield lapwing


def write(root: Path, bookings: Sequence[Row]) -> None:
    kinds = [
        ("customer", pa.int32()), ("channel", pa.string()), ("amount", pa.decimal128(9, 2)),
        ("at", pa.timestamp("us", tz="UTC")),
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(list(bookings), pa.schema(kinds)), root / "data" / "bookings.parquet")


def wall(row: Row) -> tuple[int | None, str, str]:
    """As Berlin's clocks show it, two hours ahead in May."""
    return row["passenger"], row["place"], f"{row['off'] + 2 * HOUR:%Y-%m-%d %H:%M:%S}"


DAY_BY_DAY: list[Row] = [
    {"customer": day, "channel": "web", "amount": Decimal(day), "at": datetime(2024, 5, day, 12, tzinfo=UTC)}
    for day in range(1, 9)
]
EVERY_OTHER = [{"passenger": row["customer"], "place": "bar", "off": row["at"] + HOUR} for row in DAY_BY_DAY[::2]]
