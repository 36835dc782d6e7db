"""A source that is tried again where that is safe, and that is left alone while it is down."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import ClassVar, Final, TypeVar

import pyarrow as pa

from lapwing.model.problem import Cancelled, LapwingError, TimeLimit
from lapwing.sources.base import Column, Source, Split, Stream, Table
from lapwing.sources.circuit import Circuit
from lapwing.sources.passing import Backoff, Passing, Tries
from lapwing.sources.patience import Unanswered, answered, patient
from lapwing.sources.streams import schema_of

T = TypeVar("T")
PATIENCE: Final = 2.0
"""Seconds in which a question about the source (its tables, say) is begun again, and for closing it."""


class Guarded(Source):
    """`inner` with a circuit and another try. What is no read or question is `inner`'s own."""

    kind: ClassVar[str] = "guarded"

    def __init__(self, inner: Source, circuit: Circuit | None = None, backoff: Backoff | None = None) -> None:
        self.inner = inner
        self.circuit = circuit or Circuit(inner.name)
        self._backoff = backoff or Backoff()
        self._listed: tuple[Table, ...] | None = None
        self.name, self.capabilities = inner.name, inner.capabilities
        # What is true of a kind of source is true of this one, whose kind is that of `inner`.
        vars(self).update(kind=inner.kind, marks_quickly=inner.marks_quickly, keeps_rows=inner.keeps_rows)

    def tables(self) -> tuple[Table, ...]:
        return self._asked(self._tables)

    def _tables(self) -> tuple[Table, ...]:
        found = self.inner.tables()
        if found is self._listed:  # remembered from before: the source was not asked
            self.circuit.left()
        else:
            self.circuit.succeeded()
        self._listed = found
        return found

    def forget(self) -> None:
        self.inner.forget()

    def broken(self) -> Mapping[str, LapwingError]:
        return answered(self.name, self.inner.broken)

    def read(self, sql: str, columns: tuple[Column, ...], *, time_limit: float | None = None) -> Stream:
        return self._stream(columns, time_limit, lambda left: self.inner.read(sql, columns, time_limit=left))

    def scan(
        self,
        table: Table,
        columns: tuple[Column, ...],
        where: str | None = None,
        limit: int | None = None,
        *,
        time_limit: float | None = None,
    ) -> Stream:
        return self._stream(
            columns, time_limit, lambda left: self.inner.scan(table, columns, where, limit, time_limit=left)
        )

    def _stream(
        self, columns: tuple[Column, ...], limit: float | None, begin: Callable[[float | None], Stream]
    ) -> Stream:
        return _GuardedStream(columns, begin, self.circuit, self._backoff.tries(limit))

    def scan_sql(
        self, table: Table, columns: tuple[Column, ...], where: str | None = None, limit: int | None = None
    ) -> str:
        return self.inner.scan_sql(table, columns, where, limit)

    def splits(
        self,
        table: Table,
        columns: tuple[Column, ...],
        *,
        where: str | None = None,
        time: tuple[str, int, int] | None = None,
        rows: int | None = None,
    ) -> tuple[Split, ...] | None:
        return self.inner.splits(table, columns, where=where, time=time, rows=rows)

    def read_split(self, split: Split, *, time_limit: float | None = None) -> Iterator[pa.RecordBatch]:
        return self.inner.read_split(split, time_limit=time_limit)

    def reference(self, table: Table) -> str:
        return self.inner.reference(table)

    def as_read(self, sql: str, columns: tuple[Column, ...]) -> str:
        return self.inner.as_read(sql, columns)

    def relation(self, table: Table) -> str:
        return self.inner.relation(table)

    def shown(self, table: Table) -> str:
        return self.inner.shown(table)

    def expected_rows(self, table: Table, where: str) -> float | None:
        return self._guessed(lambda: self.inner.expected_rows(table, where), None)

    def rows_cost_less(self, groups: Table, reads: Sequence[str]) -> bool:
        return self._guessed(lambda: self.inner.rows_cost_less(groups, reads), False)

    def most_rows(self, table: Table, where: str | None) -> int | None:
        return self._guessed(lambda: self.inner.most_rows(table, where), None)

    def estimate(self, sql: str) -> int | None:
        return self._asked(lambda: self._answered(self.inner.estimate(sql)))

    def mark(self, table: Table, column: str | None = None, start: int | None = None, end: int | None = None) -> str:
        return self._asked(lambda: self._answered(self.inner.mark(table, column, start, end)))

    def version(self, table: Table, *, anew: bool = False) -> str | None:
        return self._asked(lambda: self._perhaps_remembered(self.inner.version(table, anew=anew)))

    def placed(self, table: Table) -> str:
        return self.inner.placed(table)

    def close(self) -> None:
        """A question that hangs may hold what closing needs: then it is left as it is."""
        with suppress(Unanswered), patient(PATIENCE):
            answered(self.name, self.inner.close)

    def _guessed(self, question: Callable[[], T], otherwise: T) -> T:
        """What is good to know for planning; `otherwise`, where the source is left alone or says nothing."""
        if not self.circuit.closed:
            return otherwise
        try:
            return answered(self.name, question)
        except Unanswered:
            return otherwise

    def _perhaps_remembered(self, found: T) -> T:
        self.circuit.left()
        return found

    def _answered(self, found: T) -> T:
        self.circuit.succeeded()
        return found

    def _asked(self, question: Callable[[], T]) -> T:
        tries = self._backoff.tries(PATIENCE)
        while True:
            self.circuit.enter()
            try:
                return answered(self.name, question)
            except Unanswered:
                self.circuit.left()
                raise
            except Passing as error:
                self.circuit.failed(error)
                pause = tries.pause(error) if self.circuit.closed else None
                if pause is None:
                    raise tries.told(error) from error
                time.sleep(pause)
            except LapwingError:
                self.circuit.succeeded()
                raise


class _GuardedStream(Stream):
    """A read that begins again until the first of its rows was handed on."""

    def __init__(
        self, columns: tuple[Column, ...], begin: Callable[[float | None], Stream], circuit: Circuit, tries: Tries
    ) -> None:
        self.schema = schema_of(columns)
        self._begin, self._circuit, self._tries = begin, circuit, tries
        self._stream: Stream | None = None
        self._failed: Passing | None = None
        self._handed = False
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._attempt()

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        while True:
            try:
                yield from self._rows()
            except Passing as error:
                self._circuit.failed(error)
                self._again(error)
            except (Cancelled, TimeLimit):
                self._circuit.left()
                raise
            except LapwingError:
                self._circuit.succeeded()
                raise
            else:
                self._circuit.succeeded()
                return

    def _rows(self) -> Iterator[pa.RecordBatch]:
        if self._failed is not None:
            raise self._failed
        if self._stream is None:
            raise Cancelled.of("cancelled", "The read was cancelled.")
        for batch in self._stream:
            if not self._handed:
                self._handed = True
                self._circuit.succeeded()
            yield batch
        self.spent, self.connections = self._stream.spent, self._stream.connections

    def _again(self, error: Passing) -> None:
        """Waits, and begins the read anew; raises the error where that can't be."""
        pause = self._tries.pause(error) if self._circuit.closed and not self._handed else None
        if pause is None:
            raise self._tries.told(error) from error
        self.retries, self.trouble = self._tries.again, self._tries.why
        if self._stream is not None:
            self._stream.close()
        self._stopped.wait(pause)
        self._attempt()

    def _attempt(self) -> None:
        """
        Raises:
            Unavailable: the circuit is open.
        """
        with self._lock:
            self._stream, self._failed = None, None
            if self._stopped.is_set():
                return
            self._circuit.enter()
            try:
                self._stream = self._begin(self._tries.left)
            except Passing as error:
                self._failed = error
            except LapwingError:
                self._circuit.succeeded()
                raise

    def cancel(self) -> None:
        self._stopped.set()
        with self._lock:
            stream = self._stream
        if stream is not None:
            stream.cancel()

    def close(self) -> None:
        self._stopped.set()
        with self._lock:
            stream = self._stream
        if stream is not None:
            stream.close()
            self.spent = stream.spent
        if not self._handed:
            self._circuit.left()
