"""Has a partition's source changed? The marks of all tables that a dataset's rows come from, as one short text."""

from __future__ import annotations

import hashlib

from lapwing.model.calendar import DAY
from lapwing.sources.base import Table
from lapwing.sql.bound import BoundDataset
from lapwing.sql.service import SqlService

_WIDENED = 2 * DAY  # a naive time column is off from UTC by less than that


class Marks:
    """Marks of datasets' tables, each asked once: make one for each build, so that it sees the sources as they are."""

    def __init__(self, sql: SqlService) -> None:
        self._sql = sql
        self._tables: dict[str, tuple[tuple[Table, bool], ...]] = {}
        self._known: dict[tuple[str, str | None, int | None, int | None], str] = {}

    def mark(self, bound: BoundDataset, start: int, end: int) -> str:
        """What changes when rows with `start <= time < end` (UTC microseconds) may have.

        Raises:
            SourceError: a source does not answer.
        """
        column = bound.dataset.time.column
        parts = []
        for table, timed in self._tables_of(bound):
            if timed:
                parts.append(self._mark(table, column, start - _WIDENED, end + _WIDENED))
            else:
                parts.append(self._mark(table, None, None, None))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]

    def _tables_of(self, bound: BoundDataset) -> tuple[tuple[Table, bool], ...]:
        """The tables that the dataset's rows come from, and whether the dataset's time is a column of it."""
        dataset = bound.dataset
        if dataset.name not in self._tables:
            scans = self._sql.plan(f"SELECT * FROM {bound.relation}").scans
            self._tables[dataset.name] = tuple(
                (scan.table, dataset.table is not None and scan.alias == dataset.name) for scan in scans
            )
        return self._tables[dataset.name]

    def _mark(self, table: Table, column: str | None, start: int | None, end: int | None) -> str:
        key = (table.path, column, start, end)
        if key not in self._known:
            mark = self._sql.catalog.source(table.source).mark(table, column, start, end)
            self._known[key] = f"{table.path} {mark}"
        return self._known[key]
