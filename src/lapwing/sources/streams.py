"""Streams that sources give: batches of exactly the promised types, from the engine or from an ADBC driver."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from typing import Any, ClassVar

import pyarrow as pa

from lapwing.model.problem import Cancelled, LapwingError, SourceError, TimeLimit
from lapwing.sources.base import Column, Stream
from lapwing.sources.engine import Cursor
from lapwing.sources.pump import Pump
from lapwing.sources.types import arrow_type, convert

AHEAD = 8  # batches read before they are taken: enough to overlap, few enough to bound memory
SMALL = 64  # of small ones
ROWS = 8_192
BYTES = 1 << 20
"""Of a batch; what comes in larger ones stays so."""


def schema_of(columns: Sequence[Column]) -> pa.Schema:
    """The schema in which `columns` travel."""
    return pa.schema([(column.name, arrow_type(column.type)) for column in columns])


def as_promised(source: str, batch: pa.RecordBatch, columns: Sequence[Column], schema: pa.Schema) -> pa.RecordBatch:
    """The batch with each column as its promised type.

    Raises:
        SourceError: a value has no place in its column's type.
    """
    arrays: list[pa.Array] = []
    for index, column in enumerate(columns):
        try:
            arrays.append(convert(batch.column(index), column.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise SourceError.of(
                "bad-value",
                f"{source} sent a value of {column.name} that is no {column.type}: {str(error).splitlines()[0]}.",
                hint="Mend the value, or read the column as text in the dataset's sql.",
            ) from error
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


class NoRows(Stream):
    """A read of nothing."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.schema = schema_of(columns)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return iter(())

    def cancel(self) -> None:
        """Nothing runs."""

    def close(self) -> None:
        """Nothing is open."""


class PumpedStream(Stream):
    """A read that a thread of its own does, a few batches ahead; who takes them is released at the time limit and on
    cancel, whatever the driver does meanwhile."""

    ahead: ClassVar[int] = AHEAD

    def __init__(self, source: str, columns: Sequence[Column], time_limit: float | None, *, stoppable: bool) -> None:
        self.schema = schema_of(columns)
        self._source, self._columns, self._limit = source, columns, time_limit
        self._stopped: LapwingError | None = None
        interrupt = self._interrupt if stoppable else None
        self._pump = Pump(self._promised(), ahead=self.ahead, interrupt=interrupt, name=f"read {source}")
        self._timer = threading.Timer(time_limit, self._expire) if time_limit else None
        if self._timer:
            self._timer.daemon = True
            self._timer.start()

    @abstractmethod
    def _batches(self) -> Generator[pa.RecordBatch, None, None]:
        """The read itself: opens what it needs, gives what the source sends, closes what it opened."""

    @abstractmethod
    def _interrupt(self) -> None:
        """Breaks off what `_batches` does, from another thread; called again until it has ended."""

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        while self._stopped is None and (batch := self._pump.take()) is not None:
            yield self._with_what_waits(batch)
        if self._stopped is not None:
            raise self._stopped

    def _with_what_waits(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Small batches are joined where there are several: a source is read in small ones, so that nobody waits for rows that
        are here, and who is slower than it takes them in larger ones, which cost less."""
        held, rows, size = [batch], batch.num_rows, batch.nbytes
        while rows < ROWS and size < BYTES and (more := self._pump.ready()) is not None:
            held.append(more)
            rows, size = rows + more.num_rows, size + more.nbytes
        return batch if len(held) == 1 else pa.concat_batches(held)

    def cancel(self) -> None:
        self._stop(Cancelled.of("cancelled", f"The read of {self._source} was cancelled."))

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._pump.wait()

    def _expire(self) -> None:
        self._stop(
            TimeLimit.of(
                "time-limit",
                f"{self._source} did not finish in {self._limit:g} s and was stopped.",
                hint="Narrow the question, or raise the time limit.",
            )
        )

    def _stop(self, why: LapwingError) -> None:
        if self._stopped is None:
            self._stopped = why
        self._pump.stop()

    def _promised(self) -> Generator[pa.RecordBatch, None, None]:
        for batch in self._batches():
            yield as_promised(self._source, batch, self._columns, self.schema)


class EngineStream(PumpedStream):
    """A SELECT that the engine itself runs over a native source."""

    def __init__(
        self, source: str, cursor: Cursor, sql: str, columns: Sequence[Column], *, time_limit: float | None
    ) -> None:
        self._cursor, self._sql = cursor, sql
        super().__init__(source, columns, time_limit, stoppable=True)

    def _batches(self) -> Generator[pa.RecordBatch, None, None]:
        with self._cursor as cursor:
            yield from cursor.reader(self._sql)

    def _interrupt(self) -> None:
        self._cursor.interrupt()


class AdbcSession:
    """A connection of an ADBC driver, as long as one read has it.

    `connect` gives a connection and `release` takes it back, told whether it may be used again. `explain_error` turns the
    driver's errors into ours.
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        release: Callable[[Any, bool], None],
        explain_error: Callable[[Exception], LapwingError],
    ) -> None:
        self._release, self._explain_error = release, explain_error
        self._connection = connect()
        self._cursor: Any = None
        self._healthy = True
        self._lock = threading.Lock()

    def batches(self, sql: str, options: dict[str, str] | None = None) -> Generator[pa.RecordBatch, None, None]:
        """The rows of a statement; `options` are the driver's."""
        connection, healthy = self._connection, self._healthy
        self._healthy = False  # one that was left before its end is of no more use
        try:
            cursor = self._cursor = connection.cursor()
            if options:
                cursor.adbc_statement.set_options(**options)
            cursor.execute(sql)
            yield from cursor._results.reader  # as fetch_record_batch, but its errors have the server's codes
            self._healthy = healthy
        except (OSError, pa.ArrowException, connection.Error) as error:
            raise self._explain_error(error) from error
        finally:
            with self._lock:  # a cancel must not meet a closed statement
                if self._cursor is not None:
                    with suppress(OSError, pa.ArrowException, connection.Error):
                        self._cursor.close()
                self._cursor = None

    def cancel(self) -> None:
        """Breaks off what runs, from any thread."""
        import adbc_driver_manager as adbc

        with self._lock:
            if self._cursor is not None:
                with suppress(OSError, adbc.Error):
                    self._cursor.adbc_cancel()

    def close(self, *, reusable: bool) -> None:
        """Gives the connection back."""
        self._release(self._connection, self._healthy and reusable)


class AdbcStream(PumpedStream):
    """A SELECT that an ADBC driver runs.

    `session` connects. `skip` rows at the beginning only carried types. `stoppable`: whether the driver can break a statement
    off; one that can't goes on by itself until its next batch.
    """

    def __init__(
        self,
        source: str,
        session: Callable[[], AdbcSession],
        sql: str,
        columns: Sequence[Column],
        *,
        time_limit: float | None,
        options: dict[str, str] | None = None,
        skip: int = 0,
        stoppable: bool = True,
    ) -> None:
        self._begin, self._sql, self._options, self._skip = session, sql, options, skip
        self._session: AdbcSession | None = None
        super().__init__(source, columns, time_limit, stoppable=stoppable)

    def _batches(self) -> Generator[pa.RecordBatch, None, None]:
        session, skip = self._begin(), self._skip
        self._session = session
        try:
            for batch in session.batches(self._sql, self._options):
                rows = batch.slice(skip)
                skip = max(0, skip - batch.num_rows)
                if rows.num_rows:
                    yield rows
        finally:
            # After a cancel, which may arrive late, the next statement would be the one that is stopped.
            session.close(reusable=self._stopped is None)

    def _interrupt(self) -> None:
        if self._session is not None:
            self._session.cancel()
