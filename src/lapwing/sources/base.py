"""The contract of a source: where data lives, told to the planner in one shape.

One file for each kind of source implements `Source`; one contract suite runs on all of them. A source lists its tables,
says what it may be asked (capabilities), and runs SQL of its own dialect to a stream of Arrow batches that can be
cancelled and has a time limit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import ClassVar, Self

import pyarrow as pa

from lapwing.model.problem import LapwingError


@dataclass(frozen=True, slots=True)
class Column:
    """`type` is the engine's (DuckDB's) name, such as BIGINT, DECIMAL(12,2), VARCHAR, TIMESTAMP WITH TIME ZONE: what the
    planner sees and what `read` delivers. `exact_text` is False where the source compares this text otherwise than by
    bytes even when asked to. `distinct` is about how many different values it has, by the source's own statistics; None
    where it has none."""

    name: str
    type: str
    nullable: bool = True
    exact_text: bool = True
    distinct: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` and `bytes` are estimates, None where unknown. `body`: not the table's own rows but those of this SELECT over
    it, in the source's dialect, and over those `joined` with it (their paths)."""

    source: str
    schema: str
    name: str
    columns: tuple[Column, ...]
    rows: int | None = None
    bytes: int | None = None
    description: str = ""
    body: str = ""
    joined: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The short name in the namespace: the schema is left out where it is the source's default."""
        return f"{self.source}.{self.name}" if self.schema == "" else f"{self.source}.{self.schema}.{self.name}"


class Operation(StrEnum):
    """What a scan may contain. A source's capability table names, for each operation, the type families it answers
    exactly as the engine would."""

    EQUAL = "equal"
    ORDER = "order"  # <, <=, >, >=, between
    IN = "in"
    IS_NULL = "is null"
    LIKE = "like"
    PREFIX = "prefix"
    LETTERS = "letters"  # substring and left, by constant numbers
    AND_OR_NOT = "and/or/not"
    ARITHMETIC = "arithmetic"
    LIMIT = "limit"


class Family(StrEnum):
    """Types as capability tables see them."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    TEXT = "text"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIMESTAMPTZ = "timestamptz"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What may be pushed. `native`: the engine reads this source itself (`Source.relation`), so everything may.
    `statements`: it has an engine of its own, which builds states where the rows are; without one they are read.
    `pushable` maps an operation to the families it is exact for; what is absent stays in the engine. `keys` is the most
    values that a column may be compared with in one statement. `optimizer`: it orders joins by what they cost and takes
    conditions into derived tables, so it may be asked to join. `looked_at_again`: a row may
    meet a condition there that it does not meet in the engine, as values are not held to their column's type."""

    dialect: str
    native: bool = False
    statements: bool = True
    keys: int = 0
    optimizer: bool = False
    looked_at_again: bool = False
    pushable: Mapping[Operation, frozenset[Family]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a source did for one read and what it charges: the id of its job there (None: it was none), bytes processed and
    billed, and milliseconds of its slots."""

    job: str | None = None
    bytes_processed: int = 0
    bytes_billed: int = 0
    slot_ms: int = 0


class Stream(ABC):
    """A running read. It has begun, and works a few batches ahead of who takes them. Iterating gives record batches of
    `schema`; closing (or leaving the `with`) frees the connection.

    Errors surface while iterating, as `SourceError`, `TimeLimit` or `Cancelled`. At its time limit and on cancel the
    reader is released in any case. A source that can't break a statement off is left to end it by itself, unread.
    """

    schema: pa.Schema
    spent: Spent | None = None
    """What the read has cost, once it has ended, where the source tells."""
    retries: int = 0
    """How often it was begun again."""
    trouble: str | None = None
    """What went wrong the last time before that."""
    connections: int = 1
    """How many of the source's connections it is read over at once."""

    @abstractmethod
    def __iter__(self) -> Iterator[pa.RecordBatch]: ...

    @abstractmethod
    def cancel(self) -> None:
        """Stops the read at the source, from any thread; the reader then gets `Cancelled`. Harmless when done."""

    @abstractmethod
    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A part of a table's rows, to be read by whoever gets it, on any machine that has the source; it can be pickled. Only
    its source knows what `what` means. `rows` is an estimate, and `times` are the least and the greatest time that a row
    of it can have (microseconds, with a margin for zones); None where unknown."""

    source: str
    table: str
    columns: tuple[Column, ...]
    what: tuple[object, ...]
    rows: int | None = None
    times: tuple[int, int] | None = None


class Source(ABC):
    """One configured source, made of its configuration and the engine. Safe to use from several threads. Opening is lazy:
    an unreachable source hurts only those who ask it."""

    kind: ClassVar[str]
    marks_quickly: ClassVar[bool] = False
    """`mark` reads no rows: an answer may wait for it."""
    keeps_rows: ClassVar[bool] = True
    """What it had it still has, unless someone changed it: what was built of it can be built again."""
    name: str
    capabilities: Capabilities

    @abstractmethod
    def tables(self) -> tuple[Table, ...]:
        """All tables and views with columns and estimates. Cached until the source changed.

        Raises:
            SourceError: it does not answer (never with the password in the text).
        """

    def forget(self) -> None:  # noqa: B027  a source that sees when its tables change remembers nothing that is not so
        """What is remembered of its tables is not taken for true any more."""

    def broken(self) -> Mapping[str, LapwingError]:
        """By their names, what would be tables but can't be read, and why; `tables` leaves them out, so that they hurt
        only those who ask for them. Raises as `tables` does."""
        return {}

    @abstractmethod
    def read(self, sql: str, columns: tuple[Column, ...], *, time_limit: float | None = None) -> Stream:
        """Runs a SELECT of the source's own dialect whose result has `columns`, in that order, and streams it as Arrow
        with exactly these types (`sources.types.arrow_type`)."""

    @abstractmethod
    def scan_sql(
        self, table: Table, columns: tuple[Column, ...], where: str | None = None, limit: int | None = None
    ) -> str:
        """The SELECT for `columns` of `table`, in the source's dialect and written so that `read` can restore each type
        exactly. `where` is text of the source's dialect."""

    def splits(
        self,
        table: Table,
        columns: tuple[Column, ...],
        *,
        where: str | None = None,
        time: tuple[str, int, int] | None = None,
        rows: int | None = None,
    ) -> tuple[Split, ...] | None:
        """The table's rows in parts of about `rows`, for workers to read side by side; None where the source can't cut it so
        that each row is in exactly one. Parts without a row that `where` (in the source's dialect) is true of, or whose
        `time` column is in `[start, end)` (column, start, end: microseconds), may be left out; which rows of a part these
        are is for the reader to look."""
        return None

    def read_split(self, split: Split, *, time_limit: float | None = None) -> Iterator[pa.RecordBatch]:
        """The rows of a part: `split.columns` with exactly their types.

        Raises:
            SourceError: it does not answer; or its rows are others than when it was cut ("source-changed").
        """
        raise TypeError(f"{split.source}.{split.table}: a source of kind {self.kind} gives no splits")

    def scan(
        self,
        table: Table,
        columns: tuple[Column, ...],
        where: str | None = None,
        limit: int | None = None,
        *,
        time_limit: float | None = None,
    ) -> Stream:
        """Streams what `scan_sql` asks for; a source may have a quicker way than its SQL. At least `limit` rows where there
        are as many."""
        return self.read(self.scan_sql(table, columns, where, limit), columns, time_limit=time_limit)

    def reference(self, table: Table) -> str:
        """The table in a FROM of the source's own dialect."""
        raise TypeError(f"{table.path}: a source of kind {self.kind} is asked no SQL of its own")

    def placed(self, table: Table) -> str:
        """What stands in a FROM for the table's rows, or for those of its `body`."""
        return f"({table.body}) AS lapwing_made" if table.body else self.reference(table)

    def as_read(self, sql: str, columns: tuple[Column, ...]) -> str:
        """A SELECT of the source's dialect that gives `columns` as plain values, written so that `read` takes it."""
        return sql

    def relation(self, table: Table) -> str:
        """Native sources: the text that stands for the table in the engine's FROM, such as read_parquet([...])."""
        raise TypeError(f"{table.path}: a source of kind {self.kind} is not read by the engine itself")

    def shown(self, table: Table) -> str:
        """`relation` as people are told it."""
        return self.relation(table)

    def expected_rows(self, table: Table, where: str) -> float | None:
        """About how many rows of the table a condition in the source's dialect (of a native source: in the engine's) is true
        of, by the source's statistics or by looking at some; None where it can't be told quickly. Never raises for what
        the source says: it is a guess for planning."""
        return None

    def rows_cost_less(self, groups: Table, reads: Sequence[str]) -> bool:
        """Whether the rows that `reads` ask for are all here sooner than the groups that the `body` of a table makes of them,
        about as many as it has `rows`; all are SELECTs of the source's dialect. False where it can't be told quickly."""
        return False

    def most_rows(self, table: Table, where: str | None) -> int | None:
        """The rows of those files of a table that may hold one which a condition in the source's dialect is true of; None where
        a table is no files, or nothing is told of them. Never raises for what the source says."""
        return None

    def estimate(self, sql: str) -> int | None:
        """The bytes that a SELECT of the source's dialect would read and be billed for, found without running it; None
        where the source does not charge by bytes.

        Raises:
            SourceError: it would not run.
        """
        return None

    @abstractmethod
    def mark(self, table: Table, column: str | None = None, start: int | None = None, end: int | None = None) -> str:
        """What changes whenever the table's rows with `start <= column < end` may have (microseconds; all rows without
        them): compared for equality by incremental builds. Cheap."""

    def version(self, table: Table, *, anew: bool = False) -> str | None:
        """What no other rows of the table ever had: while it stays, an answer from them stays right. Found without reading
        rows; None where it can't be told, which may be for now only. `anew`: nothing that was remembered is taken for it.

        Raises:
            SourceError: it does not answer.
        """
        return self.mark(table) if self.marks_quickly else None

    @abstractmethod
    def close(self) -> None: ...
