"""From when to when a dataset's source has data, and up to when it is complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from lapwing.cache.state_sql import epoch_span_sql, span_sql
from lapwing.model.calendar import DAY, to_us
from lapwing.model.grain import SECOND, Unit
from lapwing.sql.bound import BoundDataset
from lapwing.sql.service import SqlService


@dataclass(frozen=True, slots=True)
class Span:
    """UTC microseconds: the first moment of the data, and the end of the bucket that holds the last one."""

    start: int
    end: int

    def sealed(self, bound: BoundDataset, now: datetime) -> int:
        """Up to when all data is complete."""
        return min(self.end, to_us(now - bound.dataset.complete_after))


def finest_grain(bound: BoundDataset) -> int:
    """The step, in microseconds, to which the data's end is rounded up: that of the dataset's finest rollup."""
    grains: Sequence[int] = [
        DAY if rollup.grain.unit is Unit.DAY else rollup.grain.fixed or DAY for rollup in bound.dataset.rollups.values()
    ]
    return min(grains, default=15 * 60 * SECOND)


def source_span(sql: SqlService, bound: BoundDataset, time_limit: float) -> Span | None:
    """Asks the source; None where it has no rows with a time.

    Raises:
        SourceError, TimeLimit: it does not answer (in time).
    """
    raw = _pair(sql.table(span_sql(bound), time_limit=time_limit))
    if raw is None:
        return None
    first, last = raw
    if bound.dataset.time.zone is not None or not bound.time_type.endswith("TIME ZONE"):
        exact = _pair(sql.table(epoch_span_sql(bound, first - 2 * DAY, last + 2 * DAY), time_limit=time_limit))
        if exact is None:
            return None
        first, last = exact
    grain = finest_grain(bound)
    return Span(first, (last // grain + 1) * grain)


def _pair(table: pa.Table) -> tuple[int, int] | None:
    first, last = (_microseconds(table.column(name)) for name in ("first", "last"))
    return None if first is None or last is None else (first, last)


def _microseconds(column: pa.ChunkedArray) -> int | None:
    kind = column.type
    if pa.types.is_date(kind):
        column = pc.cast(column, pa.timestamp("us"))
    elif pa.types.is_timestamp(kind):
        column = pc.cast(column, pa.timestamp("us", kind.tz))
    value: int | None = pc.cast(column, pa.int64())[0].as_py()
    return value
