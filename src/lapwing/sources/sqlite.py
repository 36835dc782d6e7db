"""SQLite files, read through ADBC.

SQLite's types belong to values, not to columns, so a column keeps its declared type only if every value fits it: one
pass over a table when it is first seen and after the file changed. Columns that mix types are text.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final

from lapwing.model.problem import LapwingError, SourceError
from lapwing.model.project import SourceConfig
from lapwing.sources.base import Capabilities, Column, Family, Operation, Source, Stream, Table
from lapwing.sources.engine import Engine
from lapwing.sources.quote import identifier, select
from lapwing.sources.settled import version_of
from lapwing.sources.sqlite_types import declared_type, first_value, misfit, transport
from lapwing.sources.streams import AdbcSession, AdbcStream

_NUMBERS = frozenset({Family.INTEGER, Family.FLOAT, Family.BOOLEAN})
_EXACT = _NUMBERS | {Family.TEXT, Family.DATE}
CAPABILITIES = Capabilities(
    dialect="sqlite",
    pushable={
        Operation.EQUAL: _EXACT,
        Operation.ORDER: _EXACT,
        Operation.IN: _EXACT,
        Operation.IS_NULL: frozenset(Family),
        Operation.LIKE: frozenset({Family.TEXT}),
        Operation.PREFIX: frozenset({Family.TEXT}),
        Operation.LETTERS: frozenset({Family.TEXT}),
        Operation.AND_OR_NOT: frozenset(Family),
        Operation.LIMIT: frozenset(Family),
    },
    keys=50_000,
    looked_at_again=True,
)
_LOOKED_AT = 2_000
"""Rows, evenly spread over a table, that a condition is tried on."""


class SQLiteSource(Source):
    """See the module."""

    kind: ClassVar[str] = "sqlite"
    marks_quickly: ClassVar[bool] = True

    def __init__(self, config: SourceConfig, engine: Engine | None = None) -> None:
        if config.path is None:
            raise SourceError.of("no-path", f"The source {config.name} has no path.", place=config.place)
        self.name, self._path, self._place = config.name, config.path, config.place
        self._time_limit = config.time_limit
        self.capabilities = CAPABILITIES
        self._pool: queue.LifoQueue[Any] = queue.LifoQueue()
        self._known: tuple[str, tuple[Table, ...]] | None = None
        self._stored: tuple[str, frozenset[str]] | None = None
        self._lock = threading.Lock()

    def tables(self) -> tuple[Table, ...]:
        with self._lock:
            fingerprint = self._fingerprint()
            if self._known is None or self._known[0] != fingerprint:
                self._known = (fingerprint, self._look())
            return self._known[1]

    def read(self, sql: str, columns: tuple[Column, ...], *, time_limit: float | None = None) -> Stream:
        return AdbcStream(
            self.name,
            lambda: AdbcSession(self._connect, self._release, self._explain),
            sql,
            columns,
            time_limit=time_limit if time_limit is not None else self._time_limit,
            options={"adbc.sqlite.query.batch_rows": "65536"},
            skip=1,
            stoppable=False,  # the driver has no cancel: a statement left behind ends at its next 65,536 rows
        )

    def scan_sql(
        self, table: Table, columns: tuple[Column, ...], where: str | None = None, limit: int | None = None
    ) -> str:
        wanted = [f"{transport(column)} AS {identifier(column.name)}" for column in columns]
        return self.as_read(select(wanted, self.placed(table), where, limit), columns)

    def as_read(self, sql: str, columns: tuple[Column, ...]) -> str:
        """A typed row goes before the others, because the driver takes the types from the first batch alone; `read` drops
        it."""
        first = ", ".join(f"{first_value(column)} AS {identifier(column.name)}" for column in columns) or "1 AS one"
        return f"SELECT {first} UNION ALL SELECT * FROM ({sql})"

    def reference(self, table: Table) -> str:
        return identifier(table.name)

    def mark(self, table: Table, column: str | None = None, start: int | None = None, end: int | None = None) -> str:
        return self._fingerprint()

    def version(self, table: Table, *, anew: bool = False) -> str | None:
        """That of the file and its log; nothing is known of views, which may read a clock, and of virtual tables, whose rows
        may be elsewhere: those that have no page of their own in the file."""
        self._fingerprint()
        files = [
            path for path in self._paths if path.exists() and path.stat().st_size
        ]  # whoever reads may make the log
        found = version_of(files)
        if found is None:
            return None
        with self._lock:
            if self._stored is None or self._stored[0] != found:
                self._stored = (found, self._look_at_stored())
            return found if table.name in self._stored[1] else None

    def _look_at_stored(self) -> frozenset[str]:
        try:
            with closing(self._opened(timeout=1)) as db:
                return frozenset(name for (name,) in db.execute("select name from sqlite_master where rootpage > 0"))
        except sqlite3.Error:
            return frozenset()

    def expected_rows(self, table: Table, where: str) -> float | None:
        """By rows evenly spread over the table; of what has no row numbers (views, say) nothing is known."""
        name = self.reference(table)
        try:
            with closing(self._opened(timeout=1)) as db:
                db.execute("pragma case_sensitive_like = on")
                (last,) = db.execute(f"select max(rowid) from {name}").fetchone()
                if not last or table.rows is None:
                    return 0.0 if table.rows == 0 else None
                numbers = ",".join(str(last * (2 * i + 1) // (2 * _LOOKED_AT) + 1) for i in range(_LOOKED_AT))
                among = numbers if table.rows > _LOOKED_AT else f"select rowid from {name}"
                seen, found = db.execute(
                    f"select count(*), count(case when {where} then 1 end) from {name} where rowid in ({among})"
                ).fetchone()
                return table.rows * max(found, 0.5) / seen if seen else None
        except sqlite3.Error:
            return None

    def close(self) -> None:
        while not self._pool.empty():
            self._pool.get().close()

    @property
    def _paths(self) -> tuple[Path, Path]:
        """The file and its log."""
        return self._path, Path(f"{self._path}-wal")

    def _fingerprint(self) -> str:
        found = []
        for path in self._paths:
            if path.exists():
                stat = path.stat()
                found.append(f"{stat.st_size}:{stat.st_mtime_ns}")
        if not self._path.exists():
            raise SourceError.of(
                "missing-path",
                f"The source {self.name} reads {self._path}, which is not there.",
                place=self._place,
                hint="Mend the path in lapwing.yaml, or put the file there.",
            )
        return ";".join(found)

    def _opened(self, timeout: float) -> sqlite3.Connection:
        """`timeout`: seconds to wait for who writes."""
        return sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True, timeout=timeout)

    def _look(self) -> tuple[Table, ...]:
        try:
            with closing(self._opened(timeout=5)) as db:
                names = db.execute(
                    "select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite\\_%'"
                    " escape '\\' order by name"
                ).fetchall()
                return tuple(self._table(db, name) for (name,) in names)
        except sqlite3.Error as error:
            raise SourceError.of(
                "source-unreadable",
                f"The SQLite file {self._path} of the source {self.name} can't be read: {error}.",
                place=self._place,
                hint="Check that it is a SQLite file and that no program locks it.",
            ) from error

    def _table(self, db: sqlite3.Connection, name: str) -> Table:
        declared = [
            Column(column, declared_type(kind), not required)
            for _, column, kind, required, *_ in db.execute(f"pragma table_info({identifier(name)})")
        ]
        checks = ", ".join(f"coalesce(sum({misfit(column)}), 0)" for column in declared)
        rows, *misfits = db.execute(
            f"select count(*){', ' if checks else ''}{checks} from {identifier(name)}"
        ).fetchone()
        distinct = _distinct(db, name, rows)
        columns = tuple(
            replace(
                Column(column.name, "VARCHAR", column.nullable, exact_text=False) if bad else column,
                distinct=distinct.get(column.name),
            )
            for column, bad in zip(declared, misfits, strict=True)
        )
        return Table(source=self.name, schema="", name=name, columns=columns, rows=rows)

    def _connect(self) -> Any:
        import adbc_driver_sqlite.dbapi as adbc

        self._fingerprint()
        try:
            return self._pool.get_nowait()
        except queue.Empty:
            pass
        try:
            connection = adbc.connect(f"{self._path.absolute().as_uri()}?mode=ro", autocommit=True)
            with connection.cursor() as cursor:
                cursor.execute("pragma case_sensitive_like = on")  # as in every other engine here
        except adbc.Error as error:
            raise self._explain(error) from error
        return connection

    def _release(self, connection: Any, healthy: bool) -> None:
        if healthy:
            self._pool.put(connection)
        else:
            connection.close()

    def _explain(self, error: Exception) -> LapwingError:
        message = str(error).splitlines()[0]
        for code, says in (("table-vanished", "no such table"), ("column-vanished", "no such column")):
            if says in message:
                return SourceError.of(code, f"{self.name}: {message}.", hint="It was there when it was listed.")
        return SourceError.of("source-failed", f"The SQLite file of {self.name} gave an error: {message}.")


def _distinct(db: sqlite3.Connection, table: str, rows: int) -> dict[str, float]:
    """How many different values the first columns of indexes have, after ANALYZE; a key has as many as there are rows."""
    found: dict[str, float] = {}
    analyzed = db.execute("select 1 from sqlite_master where name = 'sqlite_stat1'").fetchone()
    for _, index, unique, *_ in db.execute(f"pragma index_list({identifier(table)})").fetchall():
        columns = [name for _, _, name in db.execute(f"pragma index_info({identifier(index)})")]
        if unique and len(columns) == 1:
            found[columns[0]] = float(rows)
        elif analyzed and columns[0] is not None:
            stat = db.execute("select stat from sqlite_stat1 where tbl = ? and idx = ?", (table, index)).fetchone()
            numbers = stat[0].split() if stat else []
            if len(numbers) > 1 and int(numbers[1]):
                found[columns[0]] = max(1.0, int(numbers[0]) / int(numbers[1]))
    keys = [name for _, name, _, _, _, key in db.execute(f"pragma table_info({identifier(table)})") if key]
    return {**found, keys[0]: float(rows)} if len(keys) == 1 else found


SOURCE: Final = SQLiteSource
