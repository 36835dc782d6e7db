"""From when to when a dataset's source has data, and up to when it is complete."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from lapwing.cache.state_sql import epoch_span_sql, span_sql
from lapwing.model.calendar import DAY, FIRST, LAST, to_us
from lapwing.model.grain import SECOND, Unit
from lapwing.model.problem import ModelError
from lapwing.sql.bound import BoundDataset
from lapwing.sql.check import time_problems
from lapwing.sql.service import SqlService
from lapwing.sql.time import is_time

# Where a span ends whose rows lie outside the years 1 to 9999, infinite ones included: `range_sql` leaves such borders out.
_BEFORE_ALL, _AFTER_ALL = FIRST // DAY * DAY - 2 * DAY, LAST // DAY * DAY + 3 * DAY
SPAN_LIMIT = 60.0
"""Seconds for a source to say from when to when it has data."""
_KEPT = 10.0  # seconds for which it is not asked again
_IN_A_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


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
        ModelError: the time column is none, as where text found its way into a file.
        SourceError, TimeLimit: it does not answer (in time).
    """
    said = sql.table(span_sql(bound), time_limit=time_limit)
    if not is_time(bound.time_type):
        if said.column("first")[0].as_py() is None:
            return None
        raise ModelError(*time_problems(bound))
    first, last = _pair(said)
    if first is None or last is None:
        return None
    if bound.dataset.time.zone is not None or not bound.time_type.endswith("TIME ZONE"):
        exact = _pair(sql.table(epoch_span_sql(bound, first, last), time_limit=time_limit))
        # An infinite one has no exact moment; it stays beyond every other.
        first, last = first if exact[0] is None else exact[0], last if exact[1] is None else exact[1]
    grain = finest_grain(bound)
    return Span(max(first, _BEFORE_ALL), min((last // grain + 1) * grain, _AFTER_ALL))


class Spans:
    """The spans of datasets as their sources told a moment ago. Safe to use from several threads."""

    def __init__(self, sql: SqlService) -> None:
        self._sql = sql
        self._known: dict[str, tuple[float, Span | None]] = {}

    def get(self, bound: BoundDataset, within: float = _KEPT) -> Span | None:
        """The dataset's span; the source is not asked again where it said so `within` the last seconds."""
        known = self._known.get(bound.dataset.name)
        if known is not None and time.monotonic() - known[0] < within:
            return known[1]
        return self.renew(bound)

    def known(self, bound: BoundDataset) -> Span | None:
        """What the source said last; None where it was never asked."""
        known = self._known.get(bound.dataset.name)
        return None if known is None else known[1]

    def renew(self, bound: BoundDataset) -> Span | None:
        """The dataset's span now."""
        span = source_span(self._sql, bound, SPAN_LIMIT)
        self._known[bound.dataset.name] = (time.monotonic(), span)
        return span


def _pair(table: pa.Table) -> tuple[int | None, int | None]:
    return _microseconds(table.column("first")), _microseconds(table.column("last"))


def _microseconds(column: pa.ChunkedArray) -> int | None:
    """In Python's integers: a far date in microseconds may not fit in 64 bits."""
    kind = column.type
    value: int | None = column.cast(pa.int32() if pa.types.is_date32(kind) else pa.int64())[0].as_py()
    if value is None:
        return None
    if pa.types.is_date32(kind):
        return value * DAY
    return value * SECOND // _IN_A_SECOND[kind.unit] if pa.types.is_timestamp(kind) else value
