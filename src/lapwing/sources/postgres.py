"""PostgreSQL: rows through ADBC, the catalog through psycopg."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import suppress
from typing import Any, ClassVar, Final

import pyarrow as pa

from lapwing.model.problem import LapwingError, SourceError, TimeLimit
from lapwing.model.project import SourceConfig
from lapwing.sources.base import Capabilities, Column, Family, Operation, Source, Stream, Table
from lapwing.sources.engine import Engine
from lapwing.sources.passing import Passing
from lapwing.sources.postgres_errors import CONNECT_SECONDS, explain, refusal
from lapwing.sources.postgres_parts import MANY, MOST, PartsStream, Spare
from lapwing.sources.postgres_price import FAR, rows_cost_less
from lapwing.sources.postgres_types import column_of, transport, with_infinity
from lapwing.sources.postgres_version import PATIENCE, VERSION, Quiet, version_sql
from lapwing.sources.quote import identifier, select
from lapwing.sources.streams import SMALL, AdbcSession, AdbcStream

_EXACT = frozenset(
    {
        Family.BOOLEAN,
        Family.INTEGER,
        Family.DECIMAL,
        Family.FLOAT,
        Family.TEXT,
        Family.DATE,
        Family.TIMESTAMP,
        Family.TIMESTAMPTZ,
    }
)
CAPABILITIES = Capabilities(
    dialect="postgres",
    optimizer=True,
    pushable={
        Operation.EQUAL: _EXACT,
        Operation.ORDER: _EXACT,
        Operation.IN: _EXACT,
        Operation.IS_NULL: frozenset(Family),
        Operation.LIKE: frozenset({Family.TEXT}),
        Operation.PREFIX: frozenset({Family.TEXT}),
        Operation.LETTERS: frozenset({Family.TEXT}),
        Operation.AND_OR_NOT: frozenset(Family),
        Operation.ARITHMETIC: frozenset({Family.INTEGER, Family.DECIMAL, Family.FLOAT}),
        Operation.LIMIT: frozenset(Family),
    },
    keys=50_000,
)
_COLUMNS = """
select n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), not a.attnotnull,
       case when c.reltuples >= 0 then c.reltuples::bigint end,
       case when c.relkind in ('r', 'm') and c.reltuples >= 0 then
         (c.relpages + coalesce(kept_apart.relpages, 0)) * current_setting('block_size')::bigint end,
       coalesce(obj_description(c.oid, 'pg_class'), ''),
       (select case when s.n_distinct < 0 then -s.n_distinct * greatest(c.reltuples, 1) else s.n_distinct end from pg_stats s
        where s.schemaname = n.nspname and s.tablename = c.relname and s.attname = a.attname
        order by s.inherited desc limit 1)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid
left join pg_class kept_apart on kept_apart.oid = c.reltoastrelid
where c.relkind in ('r', 'p', 'v', 'm', 'f') and a.attnum > 0 and not a.attisdropped
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and (%(schemas)s::text[] is null or n.nspname = any(%(schemas)s))
  and has_table_privilege(c.oid, 'select')
order by 1, 2, a.attnum
"""
_CATALOG_SECONDS = 30.0
_PLAN = (Column("QUERY PLAN", "VARCHAR"),)
_PLAIN = {"adbc.postgresql.use_copy": "false"}
_PLAN_SECONDS, _LATE_SECONDS = 1.0, 15.0
"""A plan is a guess that nobody waits for longer; then it is not asked for again for so long."""
_LOOK_FOR_CLIENT = "set client_connection_check_interval = '1s'"
"""Else what runs for a process that was killed runs on to its end."""
_SMALL = {"adbc.postgresql.batch_size_hint_bytes": str(32 << 10)}
"""Batches: of a slow statement it would be minutes until the driver's own 16 MB have come."""


class _Session(AdbcSession):
    def batches(self, sql: str, options: dict[str, str] | None = None) -> Generator[pa.RecordBatch, None, None]:
        for batch in super().batches(sql, {**_SMALL, **(options or {})}):
            yield with_infinity(batch)


class _Read(AdbcStream):
    ahead: ClassVar[int] = SMALL


class PostgresSource(Source):
    """See the module. Sessions are read-only and in UTC; the schema public is left out of names."""

    kind: ClassVar[str] = "postgres"

    def __init__(self, config: SourceConfig, engine: Engine | None = None) -> None:
        if config.dsn is None:
            raise SourceError.of("no-dsn", f"The source {config.name} has no dsn.", place=config.place)
        self.name, self._dsn, self._place = config.name, config.dsn, config.place
        self._schemas = list(config.schemas) or None
        self._time_limit = config.time_limit
        self.capabilities = CAPABILITIES
        self._pool: queue.LifoQueue[Any] = queue.LifoQueue()
        self._known: tuple[float, tuple[Table, ...]] | None = None
        self._spare = Spare()
        self._quiet = Quiet()
        self._told_late = 0.0
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
        return _Read(self.name, self._session, sql, columns, time_limit=limit)

    def scan(
        self,
        table: Table,
        columns: tuple[Column, ...],
        where: str | None = None,
        limit: int | None = None,
        *,
        time_limit: float | None = None,
    ) -> Stream:
        if MOST == 1 or table.body or limit is not None or (table.rows or 0) < MANY:
            return super().scan(table, columns, where, limit, time_limit=time_limit)

        def select(part: str | None) -> str:
            return self.scan_sql(table, columns, " AND ".join(f"({one})" for one in (part, where) if one) or None)

        limit_seconds = time_limit if time_limit is not None else self._time_limit
        return PartsStream(self.name, self._session, table, columns, select, self._spare, time_limit=limit_seconds)

    def scan_sql(
        self, table: Table, columns: tuple[Column, ...], where: str | None = None, limit: int | None = None
    ) -> str:
        wanted = [f"{transport(column)} AS {identifier(column.name)}" for column in columns]
        return select(wanted, self.placed(table), where, limit)

    def mark(self, table: Table, column: str | None = None, start: int | None = None, end: int | None = None) -> str:
        """Every write gives its rows a new xmin and a deletion lowers the count; of what has no xmin (views, foreign
        tables) nothing is known, so it always may have changed."""
        import psycopg

        where, values = "", {}
        if column is not None and start is not None and end is not None:
            where = f" where {identifier(column)} >= to_timestamp(%(start)s) - interval '1 day'"
            where += f" and {identifier(column)} < to_timestamp(%(end)s) + interval '1 day'"
            values = {"start": start / 1e6, "end": end / 1e6}
        sql = f"select count(*), coalesce(sum(xmin::text::bigint), 0), max(xmin::text::bigint) from {self.reference(table)}"
        try:
            with self._psycopg() as connection:
                return str(connection.execute(sql + where, values).fetchone())
        except (psycopg.errors.UndefinedColumn, psycopg.errors.FeatureNotSupported):
            return f"unknown {time.time_ns()}"
        except psycopg.Error as error:
            raise self._explain(error) from error

    def version(self, table: Table, *, anew: bool = False) -> str | None:
        if not self._warm():
            return None
        try:
            with self.read(version_sql(self.reference(table)), VERSION, time_limit=PATIENCE) as told:
                rows = [row for batch in told for row in batch.to_pylist()]
        except LapwingError:
            return None  # reading the table tells what is wrong
        return next((row["of"] + row["unwritten"] for row in rows if self._quiet.seems(row["unwritten"])), None)

    def expected_rows(self, table: Table, where: str) -> float | None:
        """As the server's own planner expects them."""
        planned = self._plans(f"SELECT 1 FROM {self.reference(table)} WHERE {where}")
        return float(planned[0][0]["Plan Rows"]) if planned else None

    def rows_cost_less(self, groups: Table, reads: Sequence[str]) -> bool:
        planned = [] if MOST == 1 else self._plans(groups.body, *reads)
        if not planned or min(seconds for _, seconds in planned) > FAR:
            return False
        plans = [plan for plan, _ in planned]
        return rows_cost_less(plans[0], groups.rows or 1, plans[1:], MOST, MANY)

    def _plans(self, *statements: str) -> list[tuple[Any, float]]:
        """The server's plans, each with the seconds it took; none where it can't tell, or not soon, as while somebody holds a
        lock on the table."""
        planned: list[tuple[Any, float]] = []
        if time.monotonic() < self._told_late or not self._warm():
            return planned
        for sql in statements:
            began = time.monotonic()
            try:
                with _Read(
                    self.name,
                    self._session,
                    f"EXPLAIN (FORMAT JSON) {sql}",
                    _PLAN,
                    time_limit=_PLAN_SECONDS,
                    options=_PLAIN,
                ) as told:
                    (plan,) = [one for batch in told for one in batch.column(0).to_pylist()]
                planned.append((json.loads(plan)[0]["Plan"], time.monotonic() - began))
            except TimeLimit:
                self._told_late = time.monotonic() + _LATE_SECONDS
                return []
            except (LapwingError, ValueError, LookupError):
                return []
        return planned

    def _warm(self) -> bool:
        """Whether a connection rests: making the first one takes as long as it takes, and is no sign of what is asked over it."""
        try:
            self._release(self._connect(), True)
        except LapwingError:
            return False
        return True

    def close(self) -> None:
        with suppress(queue.Empty):
            while True:
                self._pool.get_nowait().close()

    def reference(self, table: Table) -> str:
        return f"{identifier(table.schema or 'public')}.{identifier(table.name)}"

    def _psycopg(self) -> Any:
        import psycopg

        limit = int(self._time_limit * 1000)
        options = f"-c default_transaction_read_only=on -c statement_timeout={limit} -c timezone=UTC"
        began = time.monotonic()
        try:
            return psycopg.connect(self._dsn, autocommit=True, options=options, **self._patience())
        except psycopg.Error as error:
            raise self._refused(error, began) from error

    def _patience(self) -> dict[str, Any]:
        """The time limit for connecting, where the dsn has none."""
        from psycopg.conninfo import conninfo_to_dict

        return {"connect_timeout": conninfo_to_dict(self._dsn).get("connect_timeout", CONNECT_SECONDS)}

    def _look(self) -> tuple[Table, ...]:
        import psycopg

        try:
            with self._psycopg() as connection:
                rows = connection.execute(_COLUMNS, {"schemas": self._schemas}).fetchall()
                return self._tables_of(connection, rows)
        except psycopg.Error as error:
            raise self._explain(error) from error

    def _tables_of(self, connection: Any, rows: list[tuple[Any, ...]]) -> tuple[Table, ...]:
        columns: dict[tuple[str, str], list[Column]] = {}
        facts: dict[tuple[str, str], tuple[int, int | None, str]] = {}
        for schema, table, name, kind, nullable, count, size, comment, distinct in rows:
            scale = self._scale(connection, schema, table, name) if kind == "numeric" else None
            columns.setdefault((schema, table), []).append(column_of(name, kind, nullable, scale, distinct))
            facts[schema, table] = (count, size, comment)
        return tuple(
            Table(
                source=self.name,
                schema="" if schema == "public" else schema,
                name=table,
                columns=tuple(found),
                rows=facts[schema, table][0],
                bytes=facts[schema, table][1],
                description=facts[schema, table][2],
            )
            for (schema, table), found in columns.items()
        )

    def _scale(self, connection: Any, schema: str, table: str, column: str) -> int | None:
        """The largest scale in a numeric column that declares none; None where it takes too long to tell, or is more
        than 38 digits can hold."""
        import psycopg

        sql = f"select max(scale({identifier(column)})) from {identifier(schema)}.{identifier(table)}"
        try:
            connection.execute("set statement_timeout = 2000")
            (scale,) = connection.execute(sql).fetchone()
        except psycopg.Error:
            return None
        finally:
            connection.execute(f"set statement_timeout = {int(self._time_limit * 1000)}")
        return scale if scale is not None and scale <= 18 else None

    def _connect(self) -> Any:
        import adbc_driver_postgresql.dbapi as adbc
        import psycopg
        from psycopg.conninfo import make_conninfo

        with suppress(queue.Empty):
            return self._pool.get_nowait()
        began = time.monotonic()
        try:
            connection = adbc.connect(make_conninfo(self._dsn, **self._patience()), autocommit=True)
        except (adbc.Error, psycopg.Error) as error:
            raise self._refused(error, began) from error
        try:
            with connection.cursor() as cursor:
                cursor.execute("set default_transaction_read_only = on")
                cursor.execute("set timezone = 'UTC'")
                with suppress(adbc.Error):  # before PostgreSQL 14 there is none, and not on every system
                    cursor.execute(_LOOK_FOR_CLIENT)
        except adbc.Error as error:
            connection.close()
            raise self._explain(error) from error
        return connection

    def _session(self) -> AdbcSession:
        return _Session(self._connect, self._release, self._explain)

    def _release(self, connection: Any, healthy: bool) -> None:
        if healthy:
            self._pool.put(connection)
        else:
            connection.close()

    def _explain(self, error: Exception) -> LapwingError:
        found = explain(self.name, self._place, error)
        if isinstance(found, Passing) and found.down:
            self.close()  # what rests is as dead as what failed
        return found

    def _refused(self, error: Exception, began: float) -> LapwingError:
        """What came of connecting; whoever took long to refuse is not asked once more why."""
        state = refusal(self._dsn) if time.monotonic() - began < 1 else ""
        return explain(self.name, self._place, error, state=state, connecting=True)


SOURCE: Final = PostgresSource
