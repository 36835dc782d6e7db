"""Days of events as Parquet files, one a day, beside the other tables."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from simulator.events import SCHEMA

_AT_ONCE = 2  # days in memory: one is drawn while another is written


Others = Callable[[], Mapping[str, pa.Table]]
"""The other tables by name, asked for when all events are drawn."""


def write_parquet(folder: Path, days: Iterable[date], draw: Callable[[date], pa.Table], others: Others) -> int:
    """Writes `folder`/events/DAY.parquet and `folder`/NAME.parquet of the others in the place of all that was there;
    gives the number of events. What is there stays until all is written."""
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / ".part"
    shutil.rmtree(aside, ignore_errors=True)
    (aside / "events").mkdir(parents=True)

    def write(day: date) -> int:
        return write_events(aside / "events" / f"{day}.parquet", draw(day))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        total = sum(pool.map(write, days))
    for name, table in others().items():
        pq.write_table(table, aside / f"{name}.parquet", store_decimal_as_integer=True)
    for there in folder.glob("*.parquet"):
        there.unlink()
    for path in aside.iterdir():
        shutil.rmtree(folder / path.name, ignore_errors=True)
        path.rename(folder / path.name)
    aside.rmdir()
    return total


def write_events(path: Path, table: pa.Table) -> int:
    """Writes events into one file; gives their number."""
    written = table.cast(_dictionaries(SCHEMA))
    pq.write_table(written, path, compression="zstd", store_decimal_as_integer=True)
    return int(written.num_rows)


def _dictionaries(schema: pa.Schema) -> pa.Schema:
    """Texts as they are drawn: Parquet keeps their dictionaries, and readers see texts."""
    few = pa.dictionary(pa.int8(), pa.string())
    return pa.schema([field.with_type(few) if field.type == pa.string() else field for field in schema])
