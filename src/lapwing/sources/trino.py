"""A catalog of a Trino cluster, through Trino's own client."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from lapwing.model.problem import LapwingError, SourceError
from lapwing.model.project import SourceConfig
from lapwing.sources.base import Capabilities, Column, Family, Operation, Source, Stream, Table
from lapwing.sources.engine import Engine
from lapwing.sources.quote import select, text
from lapwing.sources.trino_session import Statement, address_of, explain, failures
from lapwing.sources.trino_stream import TrinoStream
from lapwing.sources.trino_types import carried, column_of, transport
from lapwing.states.dialects import dialect_of

_EXACT: Final = frozenset(Family)
CAPABILITIES: Final = Capabilities(
    dialect="trino",
    optimizer=True,
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
    keys=10_000,
)
_CATALOG_SECONDS: Final = 30.0
_STATISTICS_SECONDS: Final = 600.0
_LOOK_SECONDS: Final = 5.0
_MOST_LOOKED_AT: Final = 100
"""Tables of which statistics are asked: each is a statement of its own."""
_AT_ONCE: Final = 8
_TIMES: Final = {"DATE": "DATE '{:%Y-%m-%d}'", "TIMESTAMP": "TIMESTAMP '{:%Y-%m-%d %H:%M:%S}'"} | {
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP '{:%Y-%m-%d %H:%M:%S} UTC'"
}

Name = tuple[str, str]
"""Schema and table, as the cluster calls them."""


@dataclass(frozen=True, slots=True)
class _Statistics:
    """`distinct` by the name of the column."""

    at: float
    rows: int | None = None
    distinct: Mapping[str, float] | None = None


class TrinoSource(Source):
    """See the module. Sessions are in UTC; the schema of the dsn is left out of names."""

    kind: ClassVar[str] = "trino"
    looks: ClassVar[bool] = True
    """Whether statistics are asked."""

    def __init__(self, config: SourceConfig, engine: Engine | None = None) -> None:
        if config.dsn is None:
            raise SourceError.of("no-dsn", f"The source {config.name} has no dsn.", place=config.place)
        self.name, self._config, self._place = config.name, config, config.place
        self._time_limit = config.time_limit
        self.capabilities = CAPABILITIES
        self._seen: tuple[float, tuple[Table, ...], dict[Name, dict[str, str]]] | None = None
        self._statistics: dict[Name, _Statistics] = {}
        self._lock = threading.Lock()

    def tables(self) -> tuple[Table, ...]:
        return self._known()[1]

    def forget(self) -> None:
        with self._lock:
            self._seen = None

    def read(self, sql: str, columns: tuple[Column, ...], *, time_limit: float | None = None) -> Stream:
        limit = time_limit if time_limit is not None else self._time_limit
        return TrinoStream(
            self.name, self._statement(sql, limit), columns, time_limit=limit, explain_error=self._explain
        )

    def scan_sql(
        self, table: Table, columns: tuple[Column, ...], where: str | None = None, limit: int | None = None
    ) -> str:
        kinds = self._known()[2].get(self._name(table), {})
        quote = dialect_of("trino").quote
        wanted = [f"{transport(one, kinds.get(one.name, ''))} AS {quote(one.name)}" for one in columns]
        return select(wanted, self.placed(table), where, limit)

    def reference(self, table: Table) -> str:
        quote = dialect_of("trino").quote
        return ".".join(map(quote, (self._catalog, *self._name(table))))

    def as_read(self, sql: str, columns: tuple[Column, ...]) -> str:
        quote = dialect_of("trino").quote
        wanted = (f"{carried(quote(one.name), one.type)} AS {quote(one.name)}" for one in columns)
        return f"SELECT {', '.join(wanted)} FROM ({sql})"

    def mark(self, table: Table, column: str | None = None, start: int | None = None, end: int | None = None) -> str:
        """The number of rows and Trino's checksum of them: the cluster keeps nothing of what changed, so it looks at the rows
        of that time."""
        given = {one.name.lower(): one for one in table.columns}
        kinds = self._known()[2].get(self._name(table), {})
        where = ""
        if column is not None and start is not None and end is not None and column.lower() in given:
            timed = given[column.lower()]
            if written := _TIMES.get(timed.type):
                name = dialect_of("trino").quote(timed.name)
                low, high = (written.format(_day(us, shift)) for us, shift in ((start, -1), (end, 1)))
                where = f" WHERE {name} >= {low} AND {name} < {high}"
        row = ", ".join(transport(one, kinds.get(one.name, "")) for one in table.columns)
        sql = f"SELECT count(*), to_hex(checksum(ROW({row}))) FROM {self.reference(table)}{where}"
        return str(self._ask(sql)[0])

    def close(self) -> None:
        """Nothing stays open between statements."""

    # -- the catalog

    @property
    def _catalog(self) -> str:
        address = address_of(str(self._config.dsn), self._place)
        if address.catalog is None:
            raise SourceError.of(
                "bad-dsn",
                f"The dsn of {self.name} names no catalog.",
                place=self._place,
                hint='Write "trino://user@host:8080/catalog".',
            )
        return address.catalog

    @property
    def _schema(self) -> str:
        return address_of(str(self._config.dsn), self._place).schema or ""

    def _name(self, table: Table) -> Name:
        return table.schema or self._schema, table.name

    def _known(self) -> tuple[float, tuple[Table, ...], dict[Name, dict[str, str]]]:
        with self._lock:
            if self._seen is None or time.monotonic() - self._seen[0] > _CATALOG_SECONDS:
                self._seen = (time.monotonic(), *self._look())
            return self._seen

    def _look(self) -> tuple[tuple[Table, ...], dict[Name, dict[str, str]]]:
        """The tables, and Trino's types of their columns."""
        own = self._schema
        shown = self._config.schemas or ((own,) if own else ())
        condition = f"IN ({', '.join(map(text, shown))})" if shown else "<> 'information_schema'"
        kinds: dict[Name, dict[str, str]] = {}
        columns: dict[Name, list[Column]] = {}
        for schema, table, name, kind, nullable in self._ask(
            "SELECT table_schema, table_name, column_name, data_type, is_nullable "
            f"FROM {dialect_of('trino').quote(self._catalog)}.information_schema.columns "
            f"WHERE table_schema {condition} ORDER BY table_schema, table_name, ordinal_position"
        ):
            kinds.setdefault((schema, table), {})[name] = kind
            columns.setdefault((schema, table), []).append(column_of(name, kind, nullable == "YES"))
        tables = [
            Table(source=self.name, schema="" if schema == own else schema, name=table, columns=tuple(each))
            for (schema, table), each in columns.items()
        ]
        if not self.looks or len(tables) > _MOST_LOOKED_AT:
            return tuple(tables), kinds
        with ThreadPoolExecutor(_AT_ONCE, f"look {self.name}") as pool:
            return tuple(pool.map(self._with_statistics, tables)), kinds

    def _with_statistics(self, table: Table) -> Table:
        name = self._name(table)
        known = self._statistics.get(name)
        if known is None or time.monotonic() - known.at > _STATISTICS_SECONDS:
            known = self._statistics[name] = self._looked(table)
        distinct = known.distinct or {}
        columns = tuple(replace(one, distinct=distinct.get(one.name)) for one in table.columns)
        return replace(table, columns=columns, rows=known.rows)

    def _looked(self, table: Table) -> _Statistics:
        """What the cluster knows of a table; nothing, where it does not tell quickly."""
        at = time.monotonic()
        try:
            told = self._ask(f"SHOW STATS FOR {self.reference(table)}", _LOOK_SECONDS)
        except LapwingError:
            return _Statistics(at)
        rows = next((row[4] for row in told if row[0] is None), None)
        distinct = {row[0]: float(row[2]) for row in told if row[0] is not None and row[2] is not None}
        return _Statistics(at, None if rows is None else int(float(rows)), distinct)

    # -- statements

    def _statement(self, sql: str, time_limit: float | None) -> Statement:
        return Statement(
            address_of(str(self._config.dsn), self._place), sql, self._config.session, time_limit=time_limit
        )

    def _ask(self, sql: str, time_limit: float | None = None) -> list[Any]:
        """All rows of a short answer."""
        statement = self._statement(sql, time_limit or self._time_limit)
        try:
            with closing(statement):
                return [row for page in statement.pages() for row in page]
        except failures() as error:
            raise self._explain(error) from error

    def _explain(self, error: Exception) -> LapwingError:
        return explain(self.name, self._place, error)


def _day(us: int, shift: int) -> datetime:
    """A moment moved by a day: zones differ by less."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us, days=shift)


SOURCE: Final = TrinoSource
