"""What the footers of Parquet files tell without reading rows; kept as long as a file is unchanged."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000_000


class ParquetFooters:
    """Row counts, and the stretch of a time column that each file covers."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, int], Any]] = {}

    def rows(self, files: Iterable[Path]) -> int:
        return sum(self._footer(file).num_rows for file in files)

    def overlaps(self, file: Path, column: str, start: int | None, end: int | None) -> bool:
        """Whether the file may hold rows with start <= column < end (microseconds). A day is allowed on both sides: a
        naive column's wall clock may be that far from UTC."""
        low, high = self._span(file, column)
        if low is None or high is None:
            return True
        return (end is None or low < end + _DAY) and (start is None or high >= start - _DAY)

    def _footer(self, file: Path) -> Any:
        import pyarrow.parquet as pq

        stat = file.stat()
        stamp = (stat.st_size, stat.st_mtime_ns)
        known = self._known.get(file)
        if known is None or known[0] != stamp:
            known = self._known[file] = (stamp, pq.read_metadata(file))
        return known[1]

    def _span(self, file: Path, column: str) -> tuple[int | None, int | None]:
        footer = self._footer(file)
        lows: list[int] = []
        highs: list[int] = []
        for group in range(footer.num_row_groups):
            row_group = footer.row_group(group)
            for index in range(row_group.num_columns):
                chunk = row_group.column(index)
                if chunk.path_in_schema != column:
                    continue
                statistics = chunk.statistics
                if statistics is None or not statistics.has_min_max:
                    return None, None
                try:
                    low, high = _micros(statistics.min), _micros(statistics.max)
                except (OverflowError, ValueError):  # before the year 1, or after 9999
                    return None, None
                if low is None or high is None:
                    return None, None
                lows.append(low)
                highs.append(high)
        return (min(lows), max(highs)) if lows else (None, None)


def _micros(value: object) -> int | None:
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return (aware - _EPOCH) // timedelta(microseconds=1)
    return (value - _EPOCH.date()).days * _DAY if isinstance(value, date) else None
