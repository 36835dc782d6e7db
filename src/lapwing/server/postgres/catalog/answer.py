"""Answers statements over PostgreSQL's catalogs, in an engine of its own that holds nothing but them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from lapwing.query.service import Lapwing
from lapwing.server.postgres.catalog.columns import PG_CATALOG
from lapwing.server.postgres.catalog.functions import macros
from lapwing.server.postgres.catalog.tables import Row, Shown, shown, table_of, tables
from lapwing.server.postgres.catalog.translate import ACTIVITY
from lapwing.server.postgres.types import ARRAYS, OID_MARK, SCALARS

if TYPE_CHECKING:
    from lapwing.sources.engine import Engine


class Catalogs:
    """The catalogs of a project, made when first asked for and again when its tables have changed. Safe from several
    threads."""

    def __init__(self, lapwing: Lapwing) -> None:
        self._lapwing = lapwing
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._made_of: tuple[Shown, ...] = ()

    @property
    def database(self) -> str:
        return self._lapwing.project.name

    def table(self, sql: str, activity: Sequence[Row] = ()) -> pa.Table:
        """The rows of a statement; `activity` are those of pg_stat_activity.

        Raises:
            WrongUse: the statement is wrong, or uses what is not there.
        """
        with self._current().cursor() as cursor:
            cursor.set_time_limit(20)
            if activity:
                cursor.register(ACTIVITY, table_of(PG_CATALOG["pg_stat_activity"], activity))
            return _marked(cursor.table(sql))

    def _current(self) -> Engine:
        found = shown(self._lapwing)
        with self._lock:
            if self._engine is None or found != self._made_of:
                self._engine, self._made_of = self._made(found), found
            return self._engine

    def _made(self, found: tuple[Shown, ...]) -> Engine:
        from lapwing.sources.engine import Engine as EngineClass

        engine = EngineClass(memory_limit="256MB", threads=1)
        types = [{"oid": one.oid, "typname": one.name, "shown": one.sql} for one in (*SCALARS, *ARRAYS)]
        with engine.cursor() as cursor:
            cursor.execute("SET GLOBAL integer_division = true")  # integers by integers are integers there
            for name, rows in (*tables(found, self.database), ("pg__types", pa.Table.from_pylist(types))):
                cursor.register("rows", rows)
                cursor.execute(f"CREATE TABLE main.{name} AS SELECT * FROM rows")
                cursor.unregister("rows")
            for macro in macros():
                cursor.execute(macro)
        return engine

    def close(self) -> None:
        with self._lock:
            if self._engine is not None:
                self._engine.close()


def _marked(table: pa.Table) -> pa.Table:
    """Its oids, and lists of them, marked as such; nothing else in the catalogs is of that type."""
    oids = (pa.uint32(), pa.list_(pa.uint32()))
    fields = [field.with_metadata(OID_MARK) if field.type in oids else field for field in table.schema]
    return table.cast(pa.schema(fields))
