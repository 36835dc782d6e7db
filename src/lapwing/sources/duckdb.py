"""DuckDB files, attached read-only to the engine, which reads them itself.

While a file is attached no other process can write to it: the attachment is renewed when the file changed, and given
back when the source is closed.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import ClassVar, Final

from lapwing.model.problem import LapwingError, SourceError
from lapwing.model.project import SourceConfig
from lapwing.sources.base import Capabilities, Column, Source, Stream, Table
from lapwing.sources.counted import counted
from lapwing.sources.engine import Engine
from lapwing.sources.quote import identifier, select, text
from lapwing.sources.settled import version_of
from lapwing.sources.streams import EngineStream

_COLUMNS = """
select c.schema_name, c.table_name, c.column_name, c.data_type, c.is_nullable, t.estimated_size,
       coalesce(t.comment, v.comment, ''), v.view_name is not null
from duckdb_columns() c
left join duckdb_tables() t using (database_name, schema_name, table_name)
left join duckdb_views() v on v.database_name = c.database_name and v.schema_name = c.schema_name
     and v.view_name = c.table_name
where c.database_name = ? and not c.internal order by c.schema_name, c.table_name, c.column_index
"""


class DuckDBSource(Source):
    """See the module. The default schema, main, is left out of names."""

    kind: ClassVar[str] = "duckdb"
    marks_quickly: ClassVar[bool] = True

    def __init__(self, config: SourceConfig, engine: Engine) -> None:
        if config.path is None:
            raise SourceError.of("no-path", f"The source {config.name} has no path.", place=config.place)
        self.name, self._path, self._place, self._engine = config.name, config.path, config.place, engine
        self._time_limit = config.time_limit
        self.capabilities = Capabilities(dialect="duckdb", native=True)
        self._alias = f"source_{config.name}"
        self._attached: str | None = None
        self._tables: tuple[Table, ...] = ()
        self._views: frozenset[tuple[str, str]] = frozenset()
        self._lock = threading.Lock()

    def tables(self) -> tuple[Table, ...]:
        with self._lock:
            self._attach()
            return self._tables

    def read(self, sql: str, columns: tuple[Column, ...], *, time_limit: float | None = None) -> Stream:
        self.tables()
        limit = time_limit if time_limit is not None else self._time_limit
        return EngineStream(self.name, self._engine.cursor(), sql, columns, time_limit=limit)

    def scan_sql(
        self, table: Table, columns: tuple[Column, ...], where: str | None = None, limit: int | None = None
    ) -> str:
        return select([identifier(column.name) for column in columns], self.relation(table), where, limit)

    def relation(self, table: Table) -> str:
        self.tables()
        return f"{identifier(self._alias)}.{identifier(table.schema or 'main')}.{identifier(table.name)}"

    def expected_rows(self, table: Table, where: str) -> float | None:
        return counted(self._engine, self.relation(table), where)

    def mark(self, table: Table, column: str | None = None, start: int | None = None, end: int | None = None) -> str:
        return self._fingerprint()

    def version(self, table: Table, *, anew: bool = False) -> str | None:
        """That of the file as it is attached; of a view nothing is known, as it may read a clock."""
        with self._lock:
            if self._attached != self._fingerprint() or (table.schema or "main", table.name) in self._views:
                return None
        return version_of(path for path in self._paths if path.exists())

    def close(self) -> None:
        with self._lock:
            self._detach()

    @property
    def _paths(self) -> tuple[Path, Path]:
        """The file and its log."""
        return self._path, self._path.with_name(self._path.name + ".wal")

    def _fingerprint(self) -> str:
        """Changes whenever the file or its log was written."""
        found = []
        for path in self._paths:
            if path.exists():
                stat = path.stat()
                found.append(f"{stat.st_size}:{stat.st_mtime_ns}")
        if not found:
            raise SourceError.of(
                "missing-path",
                f"The source {self.name} reads {self._path}, which is not there.",
                place=self._place,
                hint="Mend the path in lapwing.yaml, or put the file there.",
            )
        return ";".join(found)

    def _attach(self) -> None:
        fingerprint = self._fingerprint()
        if self._attached == fingerprint:
            return
        self._detach()
        with self._engine.cursor() as cursor:
            try:
                cursor.execute(f"ATTACH {text(str(self._path))} AS {identifier(self._alias)} (READ_ONLY)")
                rows = cursor.execute(_COLUMNS, [self._alias])
            except LapwingError as error:
                raise SourceError.of(
                    "source-unreadable",
                    f"The DuckDB file {self._path} of the source {self.name} can't be read:"
                    f" {error.problems[0].message}",
                    place=self._place,
                    hint="Close the program that writes to it, or check that it is a DuckDB file.",
                ) from error
        self._attached = fingerprint
        found: dict[tuple[str, str], list[Column]] = {}
        facts: dict[tuple[str, str], tuple[int | None, str]] = {}
        self._views = frozenset((schema, table) for schema, table, *_, is_view in rows if is_view)
        for schema, table, column, kind, nullable, size, comment, _ in rows:
            found.setdefault((schema, table), []).append(Column(column, kind, nullable))
            facts[schema, table] = (size, comment)
        self._tables = tuple(
            Table(
                source=self.name,
                schema="" if schema == "main" else schema,
                name=table,
                columns=tuple(columns),
                rows=facts[schema, table][0],
                description=facts[schema, table][1],
            )
            for (schema, table), columns in found.items()
        )

    def _detach(self) -> None:
        if self._attached is None:
            return
        self._attached = None
        with self._engine.cursor() as cursor:
            cursor.execute(f"DETACH {identifier(self._alias)}")


SOURCE: Final = DuckDBSource
