"""Days of events as Parquet files, one a day, beside the table of campaigns."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from simulator.day import SCHEMA

_AT_ONCE = 2  # days in memory: one is drawn while another is written


def write_parquet(folder: Path, campaigns: pa.Table, days: Iterable[date], draw: Callable[[date], pa.Table]) -> int:
    """Writes `folder`/events/DAY.parquet and `folder`/campaigns.parquet in the place of those that were there; gives the
    number of events. What is there stays until all is written."""
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / ".part"
    shutil.rmtree(aside, ignore_errors=True)
    (aside / "events").mkdir(parents=True)

    def write(day: date) -> int:
        table = draw(day).cast(_dictionaries(SCHEMA))
        pq.write_table(table, aside / "events" / f"{day}.parquet", compression="zstd", store_decimal_as_integer=True)
        return int(table.num_rows)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        total = sum(pool.map(write, days))
    pq.write_table(campaigns, aside / "campaigns.parquet")
    for path in aside.iterdir():
        there = folder / path.name
        shutil.rmtree(there, ignore_errors=True)
        path.rename(there)
    aside.rmdir()
    return total


def _dictionaries(schema: pa.Schema) -> pa.Schema:
    """Texts as they are drawn: Parquet keeps their dictionaries, and readers see texts."""
    few = pa.dictionary(pa.int8(), pa.string())
    return pa.schema([field.with_type(few) if field.type == pa.string() else field for field in schema])
