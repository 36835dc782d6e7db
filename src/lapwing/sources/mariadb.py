"""MariaDB and MySQL, through PyMySQL: rows are streamed as text and become Arrow a column at a time."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar, Final

from lapwing.model.problem import LapwingError, SourceError
from lapwing.model.project import SourceConfig
from lapwing.sources.base import Capabilities, Column, Family, Operation, Source, Stream, Table
from lapwing.sources.engine import Engine
from lapwing.sources.mariadb_session import connect, explain, limit_statements, parameters, rows
from lapwing.sources.mariadb_stream import MariaDBStream
from lapwing.sources.mariadb_types import column_of, misfit, transport, without_misfits
from lapwing.sources.quote import identifier, select, text

_EXACT = frozenset(Family)
CAPABILITIES = Capabilities(
    dialect="mysql",
    pushable={
        Operation.EQUAL: _EXACT,
        Operation.ORDER: _EXACT,
        Operation.IN: _EXACT,
        Operation.IS_NULL: _EXACT,
        Operation.LIKE: frozenset({Family.TEXT}),
        Operation.PREFIX: frozenset({Family.TEXT}),
        Operation.LETTERS: frozenset({Family.TEXT}),
        Operation.AND_OR_NOT: _EXACT,
        Operation.ARITHMETIC: frozenset({Family.INTEGER}),
        Operation.LIMIT: _EXACT,
    },
    keys=20_000,
)
_SYSTEM = "('mysql', 'sys', 'information_schema', 'performance_schema')"
_COLUMNS = """
select c.table_schema, c.table_name, c.column_name, c.data_type, c.column_type, c.is_nullable = 'YES', t.table_rows,
       t.data_length + t.index_length, t.table_comment,
       (select max(s.cardinality) from information_schema.statistics s where s.table_schema = c.table_schema
        and s.table_name = c.table_name and s.column_name = c.column_name and s.seq_in_index = 1)
from information_schema.columns c
join information_schema.tables t on t.table_schema = c.table_schema and t.table_name = c.table_name
where {schemas} and t.table_type in ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED')
order by 1, 2, c.ordinal_position
"""
_CATALOG_SECONDS = 30.0
_LOOK_SECONDS = 2
_PLAN_SECONDS, _LATE_SECONDS = 1.0, 15.0
"""A plan is a guess that nobody waits for longer; then it is not asked for again for so long."""
_GRACE_SECONDS = 5  # the reader's own time limit comes first, and is told better
_TIMES = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")


class MariaDBSource(Source):
    """See the module. Sessions are read-only and in UTC; the database of the dsn is left out of names."""

    kind: ClassVar[str] = "mariadb"

    def __init__(self, config: SourceConfig, engine: Engine | None = None) -> None:
        if config.dsn is None:
            raise SourceError.of("no-dsn", f"The source {config.name} has no dsn.", place=config.place)
        self.name, self._dsn, self._place = config.name, config.dsn, config.place
        self._schemas = config.schemas
        self._time_limit = config.time_limit
        self.capabilities = CAPABILITIES
        self._pool: queue.LifoQueue[Any] = queue.LifoQueue()
        self._known: tuple[float, tuple[Table, ...]] | None = None
        self._told_late = 0.0
        self._fit: dict[Table, Table] = {}
        self._lock = threading.Lock()

    def tables(self) -> tuple[Table, ...]:
        with self._lock:
            if self._known is None or time.monotonic() - self._known[0] > _CATALOG_SECONDS:
                self._known = (time.monotonic(), self._look())
            return self._known[1]

    def forget(self) -> None:
        with self._lock:
            self._known = None

    def read(self, sql: str, columns: tuple[Column, ...], *, time_limit: float | None = None) -> Stream:
        limit = time_limit if time_limit is not None else self._time_limit
        return MariaDBStream(
            self.name,
            partial(self._connect, limit),
            sql,
            columns,
            time_limit=limit,
            release=self._release,
            kill=self._kill,
            explain_error=self._explain,
        )

    def scan_sql(
        self, table: Table, columns: tuple[Column, ...], where: str | None = None, limit: int | None = None
    ) -> str:
        wanted = [f"{transport(column)} AS {identifier(column.name)}" for column in columns]
        return select(wanted, self.placed(table), where, limit)

    def mark(self, table: Table, column: str | None = None, start: int | None = None, end: int | None = None) -> str:
        """The number of rows and the sum of their hashes: the server keeps nothing of what changed, so it looks at the rows
        of that time."""
        given = {one.name.lower(): one for one in table.columns}
        where = ""
        if column is not None and start is not None and end is not None and column.lower() in given:
            timed = given[column.lower()]
            if timed.type in _TIMES:
                low, high = _day(start, -1), _day(end, 1)
                where = f" WHERE {identifier(timed.name)} >= {low} AND {identifier(timed.name)} < {high}"
        row = ", ',', ".join(f"COALESCE({_told(one)}, 'NULL')" for one in table.columns)
        digest = f"CAST(CONV(LEFT(MD5(CONCAT({row}, '')), 15), 16, 10) AS UNSIGNED)"
        sql = f"SELECT COUNT(*), COALESCE(SUM({digest}), 0) FROM {self.reference(table)}{where}"
        with self._asked() as connection:
            return str(rows(connection, sql)[0])

    def expected_rows(self, table: Table, where: str) -> float | None:
        """As the server's own planner expects them; it waits for who holds a lock on the table, which is not waited for."""
        began = time.monotonic()
        if began < self._told_late:
            return None
        try:
            with self._asked() as connection:
                limit_statements(connection, _PLAN_SECONDS)
                (told,) = rows(connection, f"EXPLAIN EXTENDED SELECT 1 FROM {self.reference(table)} WHERE {where}")
                return float(told[8]) * float(told[9]) / 100
        except (LapwingError, ValueError, TypeError):
            if time.monotonic() - began > _PLAN_SECONDS:
                self._told_late = time.monotonic() + _LATE_SECONDS
            return None

    def close(self) -> None:
        while not self._pool.empty():
            self._pool.get().close()

    def reference(self, table: Table) -> str:
        schema = table.schema or parameters(self._dsn, self._place)["database"]
        return f"{identifier(schema)}.{identifier(table.name)}"

    def _look(self) -> tuple[Table, ...]:
        database = parameters(self._dsn, self._place)["database"]
        shown = self._schemas or ((database,) if database else ())
        names = ", ".join(text(name) for name in shown)
        catalog = _COLUMNS.format(
            schemas=f"c.table_schema in ({names})" if shown else f"c.table_schema not in {_SYSTEM}"
        )
        found: dict[tuple[str, str], Table] = {}
        with self._asked() as connection:
            for schema, name, *of_column, count, size, comment, distinct in rows(connection, catalog):
                table = found.get((schema, name)) or Table(
                    source=self.name,
                    schema="" if schema == database else schema,
                    name=name,
                    columns=(),
                    rows=_whole(count),
                    bytes=_whole(size),
                    description="" if comment in (None, "VIEW") else comment,
                )
                column, kind, full, nullable = of_column
                typed = column_of(column, kind, full, nullable == "1")
                columns = (*table.columns, replace(typed, distinct=_whole(distinct)))
                found[schema, name] = replace(table, columns=columns)
            limit_statements(connection, _LOOK_SECONDS)
            return tuple(self._fitting(connection, table) for table in found.values())

    def _fitting(self, connection: Any, table: Table) -> Table:
        """The table with another type for columns whose values do not all fit theirs. It is looked at once; a look that takes
        too long leaves them, and a misfit that comes later is an error of the read that meets it."""
        import pymysql

        alike = replace(table, rows=None, bytes=None)
        if alike not in self._fit:
            doubtful = {column.name: condition for column in table.columns if (condition := misfit(column))}
            wrong: set[str] = set()
            if doubtful:
                shown = ", ".join(f"COALESCE(MAX({condition}), 0)" for condition in doubtful.values())
                with suppress(pymysql.Error):
                    (found,) = rows(connection, f"SELECT {shown} FROM {self.reference(table)}")
                    wrong = {name for name, some in zip(doubtful, found, strict=True) if some != "0"}
            columns = tuple(without_misfits(one) if one.name in wrong else one for one in table.columns)
            self._fit[alike] = replace(alike, columns=columns)
        return replace(table, columns=self._fit[alike].columns)

    @contextmanager
    def _asked(self) -> Iterator[Any]:
        """A connection of its own for short questions, with errors in our words."""
        import pymysql

        try:
            with closing(connect(parameters(self._dsn, self._place), read_timeout=self._time_limit + 5)) as connection:
                limit_statements(connection, self._time_limit)
                yield connection
        except (pymysql.Error, OSError) as error:
            raise self._explain(error) from error

    def _connect(self, time_limit: float | None) -> Any:
        import pymysql

        limit = None if time_limit is None else time_limit + _GRACE_SECONDS
        with suppress(queue.Empty):
            while True:
                connection = self._pool.get_nowait()
                with suppress(pymysql.Error, OSError):  # the server closes those that rest too long
                    limit_statements(connection, limit)
                    return connection
        try:
            connection = connect(parameters(self._dsn, self._place))
            limit_statements(connection, limit)
        except (pymysql.Error, OSError) as error:
            raise self._explain(error) from error
        return connection

    def _release(self, connection: Any, healthy: bool) -> None:
        if healthy:
            self._pool.put(connection)
        else:
            connection._force_close()  # without a word to the server, which may still be sending

    def _kill(self, number: int) -> None:
        with self._asked() as connection, connection.cursor() as cursor:
            cursor.execute(f"KILL QUERY {number}")

    def _explain(self, error: Exception) -> LapwingError:
        return explain(self.name, self._place, error)


def _told(column: Column) -> str:
    """What a row's hash knows of a column: of long ones a hash, as the server makes null of what is too long together."""
    return f"{'MD5' if column.type in ('VARCHAR', 'BLOB') else 'QUOTE'}({transport(column)})"


def _whole(value: str | None) -> int | None:
    return None if value is None else int(value)


def _day(us: int, shift: int) -> str:
    """A moment moved by a day, as a constant: zones differ by less."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us, days=shift)
    return f"TIMESTAMP '{moment:%Y-%m-%d %H:%M:%S}'"


SOURCE: Final = MariaDBSource
