"""What Delta and Iceberg tables have in common: a table is a set of files at one version, which a log or a catalog names.

A lake has no engine of its own: its files are read here, those that can't hold a row of the question left out. Each read is
of one version, the latest when it begins.
"""

from __future__ import annotations

import hashlib
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final

import pyarrow as pa

from lapwing.model.problem import LapwingError, SourceError, TimeLimit
from lapwing.model.project import SourceConfig
from lapwing.sources.base import Capabilities, Column, Family, Operation, Source, Split, Stream, Table
from lapwing.sources.engine import Cursor, Engine
from lapwing.sources.lake_errors import explain, in_our_words, vanished
from lapwing.sources.lake_filter import Condition, condition_of
from lapwing.sources.lake_sql import FILTERED, filtered, tables_of
from lapwing.sources.lake_types import as_columns, column_of
from lapwing.sources.quote import identifier, select
from lapwing.sources.streams import PumpedStream, as_promised, schema_of

_EVERY: Final = frozenset(Family)
CAPABILITIES: Final = Capabilities(
    dialect="duckdb",
    statements=False,
    pushable=dict.fromkeys(Operation, _EVERY),  # what the files' readers can't do exactly is done by the engine, here
    keys=50_000,
)
_CATALOG_SECONDS: Final = 60.0
DAY: Final = 86_400_000_000
"""Allowed on both sides of a stretch of time: a wall clock may be that far from UTC."""
SPLIT_ROWS: Final = 1_000_000

Name = tuple[str, str]
"""Schema and name of a table."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of a table. `key` is another whenever its rows may be: it names the deletes that belong to it, too. `span` are
    the least and the greatest value of the time column that was asked about (microseconds), None where unknown."""

    key: str
    path: str
    rows: int | None
    span: tuple[int, int] | None = None

    def may_hold(self, start: int | None, end: int | None) -> bool:
        """Whether it may have rows with start <= time < end."""
        if self.span is None:
            return True
        low, high = self.span
        return (end is None or low < end + DAY) and (start is None or high >= start - DAY)


class Snapshot(ABC):
    """A table at one version; it never changes, and can be read by several threads at once."""

    mark: str
    """Another for every version."""
    version: str
    """What `LakeSource._at` finds it by, anywhere."""
    schema: pa.Schema
    rows: int | None
    bytes: int | None
    description: str = ""

    @abstractmethod
    def files(self, column: str | None = None) -> Sequence[DataFile] | None:
        """Its files, with what they cover of a time column; None where they can't be read one by one."""

    def most(self, condition: Condition) -> int | None:
        """The rows of its files that may hold one which the condition is true of; None where that is not told."""
        return None

    @abstractmethod
    def read(
        self, names: Sequence[str], condition: Condition | None, paths: Collection[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """The rows that `condition` is true of, all without one; of these files alone, with `paths`. Batches have the columns
        `names`, of the types of `schema` or such as can be cast to them."""


class LakeSource(Source):
    """See the module. Whatever a library raises leaves it as a SourceError that names the table."""

    marks_quickly: ClassVar[bool] = True

    def __init__(self, config: SourceConfig, engine: Engine) -> None:
        self.name, self._config, self._place, self._engine = config.name, config, config.place, engine
        self._time_limit = config.time_limit
        self.capabilities = CAPABILITIES
        self._seen: tuple[float, dict[Name, Table | LapwingError]] | None = None
        self._lock = threading.Lock()

    @abstractmethod
    def _names(self) -> list[Name]:
        """The tables there are."""

    @abstractmethod
    def _latest(self, name: Name) -> Snapshot:
        """The table as it is now."""

    @abstractmethod
    def _at(self, name: Name, version: str) -> Snapshot:
        """The table as it was at a version."""

    def tables(self) -> tuple[Table, ...]:
        found = self._tables().values()
        broken = [one for one in found if isinstance(one, LapwingError)]
        if broken and len(broken) == len(found):
            raise SourceError(*(problem for error in broken for problem in error.problems))
        return tuple(one for one in found if isinstance(one, Table))

    def broken(self) -> Mapping[str, LapwingError]:
        return {name: one for (_, name), one in self._tables().items() if isinstance(one, LapwingError)}

    def scan(
        self,
        table: Table,
        columns: tuple[Column, ...],
        where: str | None = None,
        limit: int | None = None,
        *,
        time_limit: float | None = None,
    ) -> Stream:
        return _LakeStream(
            self, columns, time_limit, lambda stream: self._scanned(table, columns, where, limit, stream)
        )

    def forget(self) -> None:
        with self._lock:
            self._seen = None

    def read(self, sql: str, columns: tuple[Column, ...], *, time_limit: float | None = None) -> Stream:
        return _LakeStream(self, columns, time_limit, lambda stream: self._asked(sql, stream), stoppable=True)

    def scan_sql(
        self, table: Table, columns: tuple[Column, ...], where: str | None = None, limit: int | None = None
    ) -> str:
        return select([identifier(column.name) for column in columns], self.reference(table), where, limit)

    def reference(self, table: Table) -> str:
        return f"{identifier(table.schema)}.{identifier(table.name)}" if table.schema else identifier(table.name)

    def splits(
        self,
        table: Table,
        columns: tuple[Column, ...],
        *,
        where: str | None = None,
        time: tuple[str, int, int] | None = None,
        rows: int | None = None,
    ) -> tuple[Split, ...] | None:
        """Some files of one version each."""
        name = (table.schema, table.name)
        with self._explained(name):
            snapshot = self._latest(name)
            files = snapshot.files(time[0] if time else None)
        if files is None or not columns:
            return None
        kept = [one for one in files if time is None or one.may_hold(time[1], time[2])]
        return tuple(
            Split(
                source=self.name,
                table=table.name,
                columns=columns,
                what=(table.schema, snapshot.version, tuple(one.path for one in group)),
                rows=None if any(one.rows is None for one in group) else sum(one.rows or 0 for one in group),
                times=_cover(group),
            )
            for group in _grouped(kept, rows or SPLIT_ROWS)
        )

    def read_split(self, split: Split, *, time_limit: float | None = None) -> Iterator[pa.RecordBatch]:
        schema, version, paths = split.what
        assert isinstance(paths, tuple)
        name = (str(schema), split.table)
        until = None if time_limit is None else time.monotonic() + time_limit
        promised = schema_of(split.columns)
        with self._explained(name):
            snapshot = self._at(name, str(version))
            for batch in self._plain(snapshot, name, split.columns, None, frozenset(paths)):
                yield as_promised(self.name, batch, split.columns, promised)
                if until is not None and time.monotonic() > until:
                    raise TimeLimit.of("time-limit", f"{self.name} did not send its part in {time_limit:g} s.")

    def most_rows(self, table: Table, where: str | None) -> int | None:
        name = (table.schema, table.name)
        condition, _ = condition_of(where, table.columns)
        try:
            with self._explained(name):
                snapshot = self._latest(name)
                return snapshot.rows if condition is None else snapshot.most(condition)
        except LapwingError:
            return None

    def mark(self, table: Table, column: str | None = None, start: int | None = None, end: int | None = None) -> str:
        """The version; of a stretch of time the files that may hold rows of it, which one version tells of the next."""
        name = (table.schema, table.name)
        with self._explained(name):
            snapshot = self._latest(name)
            files = None if column is None else snapshot.files(column)
        if files is None:
            return snapshot.mark
        keys = sorted(one.key for one in files if one.may_hold(start, end))
        return hashlib.sha256("\n".join((str(snapshot.schema), *keys)).encode()).hexdigest()

    def close(self) -> None:
        with self._lock:
            self._seen = None

    # -- how it is read

    def _cursor(self) -> Cursor:
        return self._engine.cursor()

    def _scanned(
        self, table: Table, columns: tuple[Column, ...], where: str | None, limit: int | None, stream: _LakeStream
    ) -> Generator[pa.RecordBatch, None, None]:
        """The files' readers do what they can of the condition; where they can't do all of it, the engine does it again."""
        name = (table.schema, table.name)
        condition, whole = condition_of(where, table.columns)
        needed = columns if whole else filtered(where, columns, table.columns)
        with self._explained(name):
            rows = self._plain(self._latest(name), name, needed, condition, None)
            if whole:
                yield from _at_most(rows, limit)
                return
            given = pa.RecordBatchReader.from_batches(schema_of(needed), self._promised(rows, needed))
            text = select([identifier(column.name) for column in columns], FILTERED, where, limit)
            yield from stream.by_engine(text, {FILTERED: given})

    def _asked(self, sql: str, stream: _LakeStream) -> Generator[pa.RecordBatch, None, None]:
        known = {name: table for name, table in self._tables().items() if isinstance(table, Table)}
        text, asked = tables_of(sql, self.name, {self.reference(table): table for table in known.values()})
        given = {}
        for alias, table in asked.items():
            name = (table.schema, table.name)
            with self._explained(name):
                rows = self._plain(self._latest(name), name, table.columns, None, None)
            given[alias] = pa.RecordBatchReader.from_batches(
                schema_of(table.columns), self._promised(rows, table.columns)
            )
        yield from stream.by_engine(text, given)

    def _promised(
        self, rows: Iterator[pa.RecordBatch], columns: tuple[Column, ...]
    ) -> Generator[pa.RecordBatch, None, None]:
        schema = schema_of(columns)
        for batch in rows:
            yield as_promised(self.name, batch, columns, schema)

    def _plain(
        self,
        snapshot: Snapshot,
        name: Name,
        columns: tuple[Column, ...],
        condition: Condition | None,
        paths: Collection[str] | None,
    ) -> Iterator[pa.RecordBatch]:
        gone = [column.name for column in columns if snapshot.schema.get_field_index(column.name) < 0]
        if gone:
            raise SourceError.of(
                "source-changed",
                f"{self._shown(name)} has no column {gone[0]} any more.",
                place=self._place,
                hint="Run `lapwing check` to see what is there now.",
            )
        with self._explained(name):
            for batch in snapshot.read([column.name for column in columns], condition, paths):
                yield as_columns(batch, columns, snapshot.schema)

    def _explained(self, name: Name) -> AbstractContextManager[None]:
        return in_our_words(partial(explain, self._shown(name), self._place))

    def _shown(self, name: Name) -> str:
        return ".".join(part for part in (self.name, *name) if part)

    # -- the catalog

    def _tables(self) -> dict[Name, Table | LapwingError]:
        with self._lock:
            seen = self._seen
        if seen is None or time.monotonic() - seen[0] > self._keeps:
            seen = (time.monotonic(), {name: self._look(name) for name in self._listed()})
            with self._lock:
                self._seen = seen
        return seen[1]

    @property
    def _keeps(self) -> float:
        """Seconds for which the list of tables is kept: none, where looking again costs nothing."""
        return 0.0 if self._config.path is not None else _CATALOG_SECONDS

    def _listed(self) -> list[Name]:
        with self._explained(("", "")):
            return self._names()

    def _look(self, name: Name) -> Table | LapwingError:
        try:
            with self._explained(name):
                snapshot = self._latest(name)
        except LapwingError as error:
            return error
        return Table(
            source=self.name,
            schema=name[0],
            name=name[1],
            columns=tuple(column_of(field) for field in snapshot.schema),
            rows=snapshot.rows,
            bytes=snapshot.bytes,
            description=snapshot.description,
        )

    def _vanished(self, name: Name) -> LapwingError:
        return vanished(self._shown(name), self._place)


class _LakeStream(PumpedStream):
    """A read of a lake. What the engine does of it is broken off at once; files that are being read end with their next
    batch."""

    def __init__(
        self,
        source: LakeSource,
        columns: tuple[Column, ...],
        time_limit: float | None,
        begin: object,
        *,
        stoppable: bool = False,
    ) -> None:
        self._lake, self._begin = source, begin
        self._running: Cursor | None = None
        limit = time_limit if time_limit is not None else source._time_limit
        super().__init__(source.name, columns, limit, stoppable=stoppable)

    def by_engine(self, sql: str, given: Mapping[str, pa.RecordBatchReader]) -> Generator[pa.RecordBatch, None, None]:
        """What the engine makes of these rows."""
        with self._lake._cursor() as cursor:
            for name, rows in given.items():
                cursor.register(name, rows)
            self._running = cursor
            yield from cursor.reader(sql)

    def _batches(self) -> Generator[pa.RecordBatch, None, None]:
        assert callable(self._begin)
        yield from self._begin(self)

    def _interrupt(self) -> None:
        if self._running is not None:
            self._running.interrupt()


def _at_most(rows: Iterator[pa.RecordBatch], limit: int | None) -> Iterator[pa.RecordBatch]:
    left = limit
    for batch in rows:
        yield batch if left is None else batch.slice(0, left)
        left = None if left is None else left - batch.num_rows
        if left is not None and left <= 0:
            return


def _grouped(files: Sequence[DataFile], rows: int) -> Iterator[list[DataFile]]:
    waiting: list[DataFile] = []
    for file in files:
        waiting.append(file)
        if any(one.rows is None for one in waiting) or sum(one.rows or 0 for one in waiting) >= rows:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _cover(files: Sequence[DataFile]) -> tuple[int, int] | None:
    spans = [one.span for one in files if one.span is not None]
    if not spans or len(spans) < len(files):
        return None
    return min(low for low, _ in spans) - DAY, max(high for _, high in spans) + DAY
