"""What the footers of Parquet files tell without reading rows; kept as long as a file is unchanged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import PurePath
from typing import Any

from lapwing.sources.disks import Disk
from lapwing.sources.file_sets import StoredFile

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000_000
_AT_ONCE = 16


class ParquetFooters:
    """Row counts, and the stretch of a time column that each file covers."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._known: dict[PurePath, tuple[StoredFile, Any]] = {}

    def rows(self, files: Sequence[StoredFile]) -> int:
        self.fetch(files)
        return sum(self._footer(file).num_rows for file in files)

    def fetch(self, files: Sequence[StoredFile]) -> None:
        """Reads what is not known yet, several at once: object storage takes its time for each."""
        missing = [file for file in files if self._kept(file) is None]
        if len(missing) > 1:
            with ThreadPoolExecutor(_AT_ONCE, "footers") as pool:
                list(pool.map(self._footer, missing))

    def names(self, file: StoredFile) -> list[str]:
        """The file's columns."""
        found: list[str] = self._footer(file).schema.to_arrow_schema().names
        return found

    def groups(self, file: StoredFile, column: str | None) -> Iterator[tuple[int, int, tuple[int, int] | None]]:
        """The file's row groups: number, rows, and what the time column covers (None: not known)."""
        footer = self._footer(file)
        for group in range(footer.num_row_groups):
            row_group = footer.row_group(group)
            chunks = (row_group.column(index) for index in range(row_group.num_columns))
            found = next((_covered(chunk) for chunk in chunks if chunk.path_in_schema == column), None)
            yield group, row_group.num_rows, found

    def overlaps(self, file: StoredFile, column: str, start: int | None, end: int | None) -> bool:
        """Whether the file may hold rows with start <= column < end (microseconds). A day is allowed on both sides: a
        naive column's wall clock may be that far from UTC."""
        low, high = self._span(file, column)
        if low is None or high is None:
            return True
        return (end is None or low < end + DAY) and (start is None or high >= start - DAY)

    def _footer(self, file: StoredFile) -> Any:
        import pyarrow.parquet as pq

        known = self._kept(file)
        if known is None:
            with self._disk.explained():
                known = pq.read_metadata(str(file.path), filesystem=self._disk.filesystem())
            self._known[file.path] = (file, known)
        return known

    def _kept(self, file: StoredFile) -> Any:
        known = self._known.get(file.path)
        return known[1] if known is not None and known[0] == file else None

    def _span(self, file: StoredFile, column: str) -> tuple[int | None, int | None]:
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
