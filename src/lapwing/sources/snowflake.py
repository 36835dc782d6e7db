"""Snowflake through its ADBC driver: statements of its own dialect, rows as a stream of Arrow."""

from __future__ import annotations

import math
import queue
import re
import threading
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar, Final

import pyarrow as pa

from lapwing.model.problem import LapwingError, SourceError
from lapwing.model.project import SourceConfig
from lapwing.sources.base import Capabilities, Column, Family, Operation, Source, Stream, Table
from lapwing.sources.engine import Engine
from lapwing.sources.quote import identifier, select
from lapwing.sources.snowflake_session import Login, connect, explain, login_of, missing_extra
from lapwing.sources.snowflake_types import column_of, transport
from lapwing.sources.streams import AdbcSession, AdbcStream
from lapwing.states.dialects import dialect_of

# Text without a collation is compared by bytes. Floats are compared in the engine: that NaN is the greatest there, too, is
# only what the manual says.
_EXACT: Final = frozenset(Family) - {Family.FLOAT}
CAPABILITIES: Final = Capabilities(
    dialect="snowflake",
    pushable={
        Operation.EQUAL: _EXACT,
        Operation.ORDER: _EXACT,
        Operation.IN: _EXACT,
        Operation.IS_NULL: frozenset(Family),
        Operation.LIKE: frozenset({Family.TEXT}),
        Operation.PREFIX: frozenset({Family.TEXT}),
        Operation.AND_OR_NOT: frozenset(Family),
        Operation.LIMIT: frozenset(Family),
    },
    keys=10_000,  # a list may have 16,384 values
)
_KNOWN: Final = (
    *(Column(name, "VARCHAR") for name in ("schema", "table", "sort", "comment", "column", "kind", "nullable")),
    *(Column(name, "VARCHAR") for name in ("collation",)),
    *(Column(name, "BIGINT") for name in ("rows", "bytes", "precision", "scale")),
)
_TABLES: Final = """
SELECT t.TABLE_SCHEMA, t.TABLE_NAME, t.TABLE_TYPE, t.COMMENT, c.COLUMN_NAME, c.DATA_TYPE, c.IS_NULLABLE, c.COLLATION_NAME,
       t.ROW_COUNT, t.BYTES, c.NUMERIC_PRECISION, c.NUMERIC_SCALE
FROM {database}.INFORMATION_SCHEMA.TABLES AS t
JOIN {database}.INFORMATION_SCHEMA.COLUMNS AS c ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME
WHERE {schemas}
ORDER BY t.TABLE_SCHEMA, t.TABLE_NAME, c.ORDINAL_POSITION
"""
_MARK: Final = (Column("altered", "VARCHAR"), Column("rows", "VARCHAR"), Column("bytes", "VARCHAR"))
_CATALOG_SECONDS: Final = 60.0
_GRACE_SECONDS: Final = 5  # the reader's own time limit comes first, and is told better
_READING: Final = re.compile(r"\s*(?:SELECT|WITH|\()(?!\w)", re.IGNORECASE)

Name = tuple[str, str]
"""Schema and table, as Lapwing's names have them."""


class SnowflakeSource(Source):
    """See the module. The schema of the dsn is left out of names; names are found whatever their case. Sessions are in UTC."""

    kind: ClassVar[str] = "snowflake"

    def __init__(self, config: SourceConfig, engine: Engine | None = None) -> None:
        if config.dsn is None:
            raise SourceError.of("no-dsn", f"The source {config.name} has no dsn.", place=config.place)
        self.name, self._dsn, self._place = config.name, config.dsn, config.place
        self._schemas, self._time_limit = config.schemas, config.time_limit
        self.capabilities = CAPABILITIES
        self._pool: queue.LifoQueue[tuple[Any, int]] = queue.LifoQueue()
        self._limits: dict[int, int] = {}
        self._seen: tuple[float, tuple[Table, ...], dict[Name, dict[str, str]]] | None = None
        self._views: frozenset[Name] = frozenset()
        self._lock = threading.Lock()

    def tables(self) -> tuple[Table, ...]:
        return self._known()[1]

    def forget(self) -> None:
        with self._lock:
            self._seen = None

    def read(self, sql: str, columns: tuple[Column, ...], *, time_limit: float | None = None) -> Stream:
        if not _READING.match(sql):
            # A session is not to be had that only reads; a statement that begins so changes nothing.
            raise SourceError.of("not-reading", "Only statements that read are sent to a Snowflake.")
        limit = time_limit if time_limit is not None else self._time_limit
        return AdbcStream(
            self.name,
            lambda: AdbcSession(lambda: self._connect(limit), self._release, self._explain),
            sql,
            columns,
            time_limit=limit,
        )

    def scan_sql(
        self, table: Table, columns: tuple[Column, ...], where: str | None = None, limit: int | None = None
    ) -> str:
        kinds = {} if table.body else self._known()[2].get((table.schema, table.name), {})
        wanted = [f"{transport(one.name, kinds.get(one.name, ''))} AS {identifier(one.name)}" for one in columns]
        return select(wanted, self.placed(table), where, limit)

    def reference(self, table: Table) -> str:
        login = self._login
        return ".".join(map(identifier, (login.database, table.schema or login.schema, table.name)))

    def mark(self, table: Table, column: str | None = None, start: int | None = None, end: int | None = None) -> str:
        """When the table was last altered (by any statement that changes its rows or its shape, to the millisecond), its rows
        and its bytes, all of which are told without reading one. Nothing is known of a view, which therefore may always
        have changed."""
        self._known()
        if (table.schema, table.name) in self._views:
            return f"unknown {time.time_ns()}"
        login, text = self._login, dialect_of("snowflake").literal
        found = self._rows(
            "SELECT CAST(LAST_ALTERED AS VARCHAR), CAST(ROW_COUNT AS VARCHAR), CAST(BYTES AS VARCHAR) "
            f"FROM {identifier(login.database)}.INFORMATION_SCHEMA.TABLES "
            f"WHERE TABLE_SCHEMA = {text(table.schema or login.schema)} AND TABLE_NAME = {text(table.name)}",
            _MARK,
        )
        return " ".join(str(value) for row in found for value in row.values())

    def close(self) -> None:
        with suppress(queue.Empty):
            while True:
                self._pool.get_nowait()[0].close()

    # -- the catalog

    @property
    def _login(self) -> Login:
        return login_of(self._dsn, self._place)

    def _known(self) -> tuple[float, tuple[Table, ...], dict[Name, dict[str, str]]]:
        with self._lock:
            if self._seen is None or time.monotonic() - self._seen[0] > _CATALOG_SECONDS:
                self._seen = (time.monotonic(), *self._look())
            return self._seen

    def _look(self) -> tuple[tuple[Table, ...], dict[Name, dict[str, str]]]:
        """The tables, and Snowflake's types of their columns."""
        login, text = self._login, dialect_of("snowflake").literal
        shown = ", ".join(text(name.upper()) for name in self._schemas)
        which = f"UPPER(t.TABLE_SCHEMA) IN ({shown})" if shown else "t.TABLE_SCHEMA <> 'INFORMATION_SCHEMA'"
        tables: dict[Name, Table] = {}
        kinds: dict[Name, dict[str, str]] = {}
        views: set[Name] = set()
        for row in self._rows(_TABLES.format(database=identifier(login.database), schemas=which), _KNOWN):
            name = ("" if row["schema"] == login.schema else row["schema"], row["table"])
            table = tables.get(name) or Table(
                source=self.name,
                schema=name[0],
                name=name[1],
                columns=(),
                rows=row["rows"],
                bytes=row["bytes"],
                description=row["comment"] or "",
            )
            column = column_of(
                *(row[key] for key in ("column", "kind", "precision", "scale")),
                nullable=row["nullable"] == "YES",
                collation=row["collation"],
            )
            tables[name] = replace(table, columns=(*table.columns, column))
            kinds.setdefault(name, {})[column.name] = row["kind"]
            if row["sort"] != "BASE TABLE":
                views.add(name)
        self._views = frozenset(views)
        return tuple(tables.values()), kinds

    # -- statements

    def _rows(self, sql: str, columns: tuple[Column, ...]) -> list[dict[str, Any]]:
        """A short answer, whole."""
        with self.read(sql, columns, time_limit=self._time_limit) as stream:
            rows: list[dict[str, Any]] = pa.Table.from_batches(list(stream), stream.schema).to_pylist()
            return rows

    def _connect(self, time_limit: float) -> Any:
        """A session whose statements the account ends soon after the time limit."""
        import adbc_driver_manager as manager

        wanted = math.ceil(time_limit) + _GRACE_SECONDS
        try:
            try:
                connection, limit = self._pool.get_nowait()
            except queue.Empty:
                connection, limit = connect(self._login), 0
            if limit != wanted:
                with connection.cursor() as cursor:
                    cursor.execute(f"ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = {wanted}")
            self._limits[id(connection)] = wanted
            return connection
        except ImportError as error:
            raise missing_extra(self._place) from error
        except (manager.Error, OSError) as error:
            raise self._explain(error) from error

    def _release(self, connection: Any, healthy: bool) -> None:
        limit = self._limits.pop(id(connection), 0)
        if healthy:
            self._pool.put((connection, limit))
        else:
            connection.close()

    def _explain(self, error: Exception) -> LapwingError:
        return explain(self.name, self._place, error)


SOURCE: Final = SnowflakeSource
