"""ClickHouse over HTTP: statements of its own dialect, rows as a stream of Arrow."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, ClassVar, Final

import pyarrow as pa

from lapwing.model.problem import LapwingError, SourceError
from lapwing.model.project import SourceConfig
from lapwing.sources.base import Capabilities, Column, Family, Operation, Source, Stream, Table
from lapwing.sources.clickhouse_session import connect, explain, failures, missing_extra, parameters, settings_of
from lapwing.sources.clickhouse_types import column_of, digits_of, transport
from lapwing.sources.engine import Engine
from lapwing.sources.quote import identifier, select
from lapwing.sources.streams import PumpedStream
from lapwing.states.dialects import dialect_of

# NaN is neither the greatest number there nor equal to itself, whole numbers overflow without a word, and a list with a null
# in it has no null for an answer.
_EXACT: Final = frozenset(Family) - {Family.FLOAT, Family.TIMESTAMP}
CAPABILITIES: Final = Capabilities(
    dialect="clickhouse",
    pushable={
        Operation.EQUAL: _EXACT,
        Operation.ORDER: _EXACT - {Family.BOOLEAN},
        Operation.IN: frozenset({Family.INTEGER, Family.TEXT}),
        Operation.IS_NULL: frozenset(Family),
        Operation.LIKE: frozenset({Family.TEXT}),
        Operation.PREFIX: frozenset({Family.TEXT}),
        Operation.LETTERS: frozenset({Family.TEXT}),
        Operation.AND_OR_NOT: _EXACT,
        Operation.LIMIT: frozenset(Family),
    },
    keys=20_000,
)
_SYSTEM: Final = "('system', 'information_schema', 'INFORMATION_SCHEMA')"
_COLUMNS: Final = """
SELECT c.database, c.table, c.name, c.type, t.total_rows, t.total_bytes, t.comment
FROM system.columns AS c JOIN system.tables AS t ON t.database = c.database AND t.name = c.table
WHERE {schemas} AND NOT t.is_temporary AND NOT startsWith(t.name, '.inner') AND c.default_kind != 'EPHEMERAL'
ORDER BY c.database, c.table, c.position
"""
_CATALOG_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 1
_TIMES: Final = ("DATE", "TIMESTAMP WITH TIME ZONE")
_DAY: Final = 86_400_000_000


class ClickHouseSource(Source):
    """See the module. The database of the dsn is left out of names. Statements may only read."""

    kind: ClassVar[str] = "clickhouse"

    def __init__(self, config: SourceConfig, engine: Engine | None = None) -> None:
        if config.dsn is None:
            raise SourceError.of("no-dsn", f"The source {config.name} has no dsn.", place=config.place)
        self.name, self._dsn, self._place = config.name, config.dsn, config.place
        self._schemas, self._time_limit = config.schemas, config.time_limit
        self.capabilities = CAPABILITIES
        self._opened: Any = None
        self._known: tuple[float, tuple[Table, ...]] | None = None
        self._kinds: dict[tuple[str, str, str], str] = {}
        self._lock = threading.RLock()

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
        return _ClickHouseStream(self.name, self._client, sql, columns, limit, self._explain)

    def scan_sql(
        self, table: Table, columns: tuple[Column, ...], where: str | None = None, limit: int | None = None
    ) -> str:
        wanted = [f"{self._transport(table, column)} AS {identifier(column.name)}" for column in columns]
        return select(wanted, self.placed(table), where, limit)

    def reference(self, table: Table) -> str:
        schema = table.schema or parameters(self._dsn, self._place)["database"]
        return f"{identifier(schema)}.{identifier(table.name)}"

    def mark(self, table: Table, column: str | None = None, start: int | None = None, end: int | None = None) -> str:
        """The number of rows and the sum of their hashes: parts are merged, and so are others, when no row is."""
        where = ""
        timed = next((one for one in table.columns if column is not None and one.name.lower() == column.lower()), None)
        if timed is not None and timed.type in _TIMES and start is not None and end is not None:
            low, high = (f"fromUnixTimestamp64Micro(toInt64({us}), 'UTC')" for us in (start - _DAY, end + _DAY))
            where = f" WHERE {identifier(timed.name)} >= {low} AND {identifier(timed.name)} < {high}"
        row = ", ".join(identifier(one.name) for one in table.columns)
        hashed = f"sum(cityHash64(formatRowNoNewline('TSV', {row})))"
        return str(self._rows(f"SELECT count(), {hashed} FROM {self.reference(table)}{where}")[0])

    def expected_rows(self, table: Table, where: str) -> float | None:
        """Counted, as long as that is quick."""
        with suppress(LapwingError):
            sql = f"SELECT count() FROM {self.reference(table)} WHERE {where}"
            return float(self._rows(f"{sql} SETTINGS max_execution_time = {_LOOK_SECONDS}")[0][0])
        return None

    def close(self) -> None:
        with self._lock:
            if self._opened is not None:
                self._opened.close()
            self._opened = self._known = None

    def _transport(self, table: Table, column: Column) -> str:
        key = (table.schema, table.name, column.name)
        if key not in self._kinds:
            self.tables()
        kind = self._kinds.get(key)
        if kind is None and table.body:  # an aggregate, whose moments have the digits of some column
            kind = {"DATE": "Date", "TIMESTAMP WITH TIME ZONE": f"DateTime64({self._digits(table)})"}.get(column.type)
        return identifier(column.name) if kind is None else transport(column.name, kind)

    def _digits(self, table: Table) -> int:
        """The most digits that a moment of the table's has."""
        kinds = (
            kind for (schema, name, _), kind in self._kinds.items() if (schema, name) == (table.schema, table.name)
        )
        return max((digits_of(kind) for kind in kinds), default=0)

    def _look(self) -> tuple[Table, ...]:
        database = parameters(self._dsn, self._place)["database"]
        text = dialect_of("clickhouse").literal
        names = ", ".join(text(name) for name in self._schemas or (database,))
        found: dict[tuple[str, str], Table] = {}
        for schema, name, column, kind, count, size, comment in self._rows(
            _COLUMNS.format(schemas=f"c.database IN ({names}) AND c.database NOT IN {_SYSTEM}")
        ):
            typed = column_of(column, kind)
            if typed is None:
                continue
            shown = "" if schema == database else schema
            table = found.get((shown, name)) or Table(
                source=self.name, schema=shown, name=name, columns=(), rows=count, bytes=size, description=comment
            )
            found[shown, name] = replace(table, columns=(*table.columns, typed))
            self._kinds[shown, name, column] = kind
        return tuple(found.values())

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        """A short answer, whole."""
        with self._explained():
            client = self._client()
            return [tuple(row) for row in client.query(sql, settings=settings_of(client, self._time_limit)).result_rows]

    def _client(self) -> Any:
        with self._lock:
            if self._opened is None:
                with self._explained():
                    self._opened = connect(parameters(self._dsn, self._place))
            return self._opened

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            known = failures()
        except ImportError as error:
            raise missing_extra(self._place) from error
        try:
            yield
        except known as error:
            raise self._explain(error) from error

    def _explain(self, error: Exception) -> LapwingError:
        return explain(self.name, self._place, error)


class _ClickHouseStream(PumpedStream):
    """A SELECT, under an id of ours by which the server is told to end it."""

    def __init__(
        self,
        source: str,
        client: Callable[[], Any],
        sql: str,
        columns: Sequence[Column],
        time_limit: float | None,
        explain_error: Callable[[Exception], LapwingError],
    ) -> None:
        self._client, self._sql, self._explain_error = client, sql, explain_error
        self._id = f"lapwing-{uuid.uuid4().hex}"
        super().__init__(source, columns, time_limit, stoppable=True)

    def _batches(self) -> Generator[pa.RecordBatch, None, None]:
        client = self._client()
        settings = {**settings_of(client, self._limit), "query_id": self._id}
        try:
            with (
                client.raw_stream(self._sql, settings=settings, fmt="ArrowStream") as answer,
                pa.ipc.open_stream(pa.PythonFile(answer, "r")) as batches,
            ):
                yield from batches
        except pa.ArrowException as error:
            raise SourceError.of(
                "source-stopped", f"{self._source} broke its answer off: {str(error).splitlines()[0]}."
            ) from error
        except failures() as error:
            raise self._explain_error(error) from error

    def _interrupt(self) -> None:
        with suppress(LapwingError, *failures()):
            self._client().command(f"KILL QUERY WHERE query_id = '{self._id}' ASYNC")


SOURCE: Final = ClickHouseSource
