"""What the footers of Parquet files tell without reading rows; kept as long as a file is unchanged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000_000


class ParquetFooters:
    """Row counts, and the stretch of a time column that each file covers."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, int], Any]] = {}

    def rows(self, files: Iterable[Path]) -> int:
        return sum(self._footer(file).num_rows for file in files)

    def names(self, file: Path) -> list[str]:
        """The file's columns."""
        found: list[str] = self._footer(file).schema.to_arrow_schema().names
        return found

    def groups(self, file: Path, column: str | None) -> Iterator[tuple[int, int, tuple[int, int] | None]]:
        """The file's row groups: number, rows, and what the time column covers (None: not known)."""
        footer = self._footer(file)
        for group in range(footer.num_row_groups):
            row_group = footer.row_group(group)
            chunks = (row_group.column(index) for index in range(row_group.num_columns))
            found = next((_covered(chunk) for chunk in chunks if chunk.path_in_schema == column), None)
            yield group, row_group.num_rows, found

    def overlaps(self, file: Path, column: str, start: int | None, end: int | None) -> bool:
        """Whether the file may hold rows with start <= column < end (microseconds). A day is allowed on both sides: a
        naive column's wall clock may be that far from UTC."""
        low, high = self._span(file, column)
        if low is None or high is None:
            return True
        return (end is None or low < end + DAY) and (start is None or high >= start - DAY)

    def _footer(self, file: Path) -> Any:
        import pyarrow.parquet as pq

        stat = file.stat()
        stamp = (stat.st_size, stat.st_mtime_ns)
        known = self._known.get(file)
        if known is None or known[0] != stamp:
            known = self._known[file] = (stamp, pq.read_metadata(file))
        return known[1]

    def _span(self, file: Path, column: str) -> tuple[int | None, int | None]:
        spans = [span for _, _, span in self.groups(file, column)]
        known = [span for span in spans if span is not None]
        if not known or len(known) < len(spans):
            return None, None
        return min(low for low, _ in known), max(high for _, high in known)


def _covered(chunk: Any) -> tuple[int, int] | None:
    statistics = chunk.statistics
    if statistics is None or not statistics.has_min_max:
        return None
    try:
        low, high = _micros(statistics.min), _micros(statistics.max)
    except (OverflowError, ValueError):  # before the year 1, or after 9999
        return None
    return None if low is None or high is None else (low, high)


def _micros(value: object) -> int | None:
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return (aware - _EPOCH) // timedelta(microseconds=1)
    return (value - _EPOCH.date()).days * DAY if isinstance(value, date) else None
