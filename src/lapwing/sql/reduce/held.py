"""The rows of a scan that the engine reads before the statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from lapwing.sources.base import Source, Stream
from lapwing.sources.quote import identifier
from lapwing.sources.streams import schema_of
from lapwing.sql.feed import Feed
from lapwing.sql.nodes import Scan

if TYPE_CHECKING:
    from lapwing.sources.engine import Cursor


class HeldFeed(Feed):
    """`tables`: what the conditions that it begins with are over, by the engine's names."""

    def __init__(self, scan: Scan, source: Source, time_limit: float, cursor: Callable[[], Cursor]) -> None:
        super().__init__(scan, source, time_limit)
        self._cursor = cursor
        self.tables: Mapping[str, pa.Table] = {}

    def _read(self, where: str | None) -> Stream:
        columns = ", ".join(identifier(column.name) for column in self.scan.columns)
        sql = f"SELECT {columns} FROM {self.scan.sql}{f' WHERE {where}' if where else ''}"
        return _Read(self._cursor(), sql, schema_of(self.scan.columns), self.tables)


class _Read(Stream):
    """A query of the engine. It runs in the thread that takes its rows."""

    def __init__(self, cursor: Cursor, sql: str, schema: pa.Schema, tables: Mapping[str, pa.Table]) -> None:
        self.schema = schema
        self._cursor, self._sql = cursor, sql
        for name, table in tables.items():
            cursor.register(name, table)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._cursor.reader(self._sql):
            yield batch if batch.schema.equals(self.schema) else batch.cast(self.schema)

    def cancel(self) -> None:
        self._cursor.interrupt()

    def close(self) -> None:
        self._cursor.close()
