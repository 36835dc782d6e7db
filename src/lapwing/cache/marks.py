"""Has a partition's source changed? The marks of all tables that a dataset's rows come from, as one short text."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC

from lapwing.cache.changes import watched
from lapwing.model.calendar import DAY, in_zone, to_us, transitions
from lapwing.model.dataset import Changes
from lapwing.model.problem import Refused
from lapwing.sources.base import Table
from lapwing.sql.bound import BoundDataset
from lapwing.sql.service import SqlService

Tables = dict[str, tuple[tuple[Table, bool], ...]]
"""By dataset the tables that its rows come from, and whether the dataset's time is a column of each."""


def check_kept(sql: SqlService, bound: BoundDataset) -> None:
    """
    Raises:
        Refused: rows of the dataset go by themselves, and a partition that is built again would lose them.
    """
    for table, _ in Marks(sql).tables(bound):
        if not sql.catalog.source(table.source).keeps_rows:
            raise Refused.of(
                "rows-go",
                f"{table.path} is a window of the latest messages: what falls out of it would be built away.",
                place=bound.dataset.rows_place,
                hint="Ask it as it is, without rollups, or keep rollups of where the messages are stored.",
            )


class Marks:
    """Marks of datasets' tables, each asked once: make one for each build, so that it sees the sources as they are. `tables`
    are those known already."""

    def __init__(self, sql: SqlService, tables: Tables | None = None) -> None:
        self._sql = sql
        self._tables: Tables = {} if tables is None else tables
        self._known: dict[tuple[str, str | None, int | None, int | None], str] = {}

    def fresh(self) -> Marks:
        """Marks that ask anew."""
        return Marks(self._sql)

    def mark(self, bound: BoundDataset, start: int, end: int) -> str:
        """What changes when rows with `start <= time < end` (UTC microseconds) may have.

        Raises:
            SourceError: a source does not answer.
        """
        column, changes = bound.dataset.time.column, bound.dataset.changes
        low, high = _on_the_column(bound, start, end)
        parts = []
        if changes is not None:
            parts.append(self._watched(bound, changes, start, end))
        for table, timed in self._marked(bound):
            if timed:
                parts.append(self._mark(table, column, low, high))
            else:
                parts.append(self._mark(table, None, None, None))
        return _digest(parts)

    def whole(self, bound: BoundDataset) -> str:
        """What changes when any of its rows may have. Raises as `mark`."""
        changes = bound.dataset.changes
        watched = [] if changes is None else [self._watched(bound, changes, None, None)]
        return _digest([*watched, *(self._mark(table, None, None, None) for table, _ in self._marked(bound))])

    def quick(self, bound: BoundDataset) -> bool:
        """Whether all its sources tell their marks without reading rows."""
        if bound.dataset.changes is not None:
            return False
        return all(self._sql.catalog.source(table.source).marks_quickly for table, _ in self.tables(bound))

    def tables(self, bound: BoundDataset) -> tuple[tuple[Table, bool], ...]:
        """The tables that the dataset's rows come from, and whether the dataset's time is a column of it."""
        dataset = bound.dataset
        if dataset.name not in self._tables:
            scans = self._sql.plan(f"SELECT * FROM {bound.relation}", engine="duckdb").scans
            self._tables[dataset.name] = tuple(
                (scan.table, dataset.table is not None and scan.alias == dataset.name) for scan in scans
            )
        return self._tables[dataset.name]

    def _marked(self, bound: BoundDataset) -> Sequence[tuple[Table, bool]]:
        """The tables whose sources are asked: where the dataset says itself how changes are seen, those that are joined to
        what its column is of; none beside a query."""
        changes = bound.dataset.changes
        if changes is None:
            return self.tables(bound)
        if changes.sql is not None or bound.dataset.table is None:
            return ()
        return [(table, timed) for table, timed in self.tables(bound) if not timed]

    def _watched(self, bound: BoundDataset, changes: Changes, start: int | None, end: int | None) -> str:
        key = (f"changes of {bound.dataset.name}", changes.sql or changes.column, start, end)
        if key not in self._known:
            self._known[key] = watched(self._sql, bound, changes, start, end)
        return self._known[key]

    def _mark(self, table: Table, column: str | None, start: int | None, end: int | None) -> str:
        key = (table.path, column, start, end)
        if key not in self._known:
            mark = self._sql.catalog.source(table.source).mark(table, column, start, end)
            self._known[key] = f"{table.path} {mark}"
        return self._known[key]


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _on_the_column(bound: BoundDataset, start: int, end: int) -> tuple[int, int]:
    """The stretch as the time column has it: a wall clock's, where it keeps one, wide enough for every offset in it."""
    name = bound.dataset.time.zone
    if name is None or bound.time_type.endswith("TIME ZONE"):
        return start, end
    changes = transitions(name, start - DAY, end + DAY)
    offsets = [offset for _, before, after in changes for offset in (before, after)] or [_offset(name, start)]
    return start + min(offsets), end + max(offsets)


def _offset(name: str, moment: int) -> int:
    local = in_zone(moment, name).replace(tzinfo=UTC)
    return to_us(local) - moment
