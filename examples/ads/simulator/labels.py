"""The table of what happened: one row an incident, with its slice, and what it cost against the same world without it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from simulator.events import SCHEMA, money
from simulator.happen import Change
from simulator.incident import Incident

LABELS = pa.schema(
    [
        pa.field("incident", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("start_time", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("end_time", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("expected", pa.bool_(), nullable=False),
        pa.field("country", pa.string()),
        pa.field("device", pa.string()),
        pa.field("advertiser", pa.string()),
        pa.field("pricing", pa.string()),
        pa.field("metrics", pa.string(), nullable=False),
        pa.field("events", pa.int64(), nullable=False),
        pa.field("cost", SCHEMA.field("spend").type, nullable=False),
    ]
)
"""`expected`: people knew of it before, so nothing is to be raised. The slice is that of the columns that are not null.
`metrics` show it: NAME:up or NAME:down, by commas. `events`: by how many the days that were made have more; `cost`: by how
many dollars less."""


def labels(incidents: Iterable[Incident], changes: Mapping[date, Mapping[str, Change]]) -> pa.Table:
    """Of these incidents, with what they changed on the days that were made."""
    found = list(incidents)
    total = {one.name: Change() for one in found}
    for of_day in changes.values():
        for name, change in of_day.items():
            total[name] += change
    sums = [total[one.name] for one in found]
    columns = {
        "incident": [one.name for one in found],
        "start_time": [one.start for one in found],
        "end_time": [one.end for one in found],
        "metrics": [",".join(one.metrics) for one in found],
        "events": [one.events for one in sums],
        "cost": money(np.array([-one.spend for one in sums], np.int64)),
    }
    arrays = []
    for field in LABELS:
        column = columns.get(field.name)
        found_there = [getattr(one, field.name) for one in found] if column is None else column
        arrays.append(pa.array(found_there, field.type) if isinstance(found_there, list) else found_there)
    return pa.table(arrays, schema=LABELS)


def touching(incidents: Iterable[Incident], day: date) -> list[Incident]:
    """Those that touch a UTC day."""
    return [one for one in incidents if one.start.date() <= day <= (one.end - timedelta(microseconds=1)).date()]
