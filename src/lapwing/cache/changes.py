"""What a dataset itself says of how changes of its rows are seen: a column that grows with every change, or a query."""

from __future__ import annotations

import hashlib

from lapwing.model.calendar import utc_iso
from lapwing.model.dataset import Changes
from lapwing.sql.bound import BoundDataset
from lapwing.sql.service import SqlService
from lapwing.sql.time import range_sql

TIME_LIMIT = 60.0


def watched(sql: SqlService, bound: BoundDataset, changes: Changes, start: int | None, end: int | None) -> str:
    """What changes when rows with `start <= time < end` (UTC microseconds; None: all rows) may have.

    Raises:
        SourceError, TimeLimit: a source does not answer (in time).
    """
    if changes.column is not None:
        column = f"{bound.dataset.name}.{changes.column}"
        text = f"SELECT count(*) AS n, CAST(max({column}) AS VARCHAR) AS newest, count({column}) AS known"
        text = f"{text} FROM {bound.relation} WHERE {range_sql(bound, start, end)}"
    else:
        text = probe(changes, start, end)
    rows = sql.table(text, time_limit=TIME_LIMIT).to_pylist()
    return hashlib.sha256(repr(rows).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def probe(changes: Changes, start: int | None, end: int | None) -> str:
    """The query for a stretch of time: `{start}` and `{end}` in it become its borders, open ones the ends of all time."""
    low = "timestamptz '-infinity'" if start is None else f"timestamptz '{utc_iso(start)}'"
    high = "timestamptz 'infinity'" if end is None else f"timestamptz '{utc_iso(end)}'"
    return (changes.sql or "").replace("{start}", low).replace("{end}", high)
