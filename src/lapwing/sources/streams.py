"""Streams that sources give: batches of exactly the promised types, from the engine or from an ADBC driver."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import pyarrow as pa

from lapwing.model.problem import Cancelled, LapwingError, SourceError, TimeLimit
from lapwing.sources.base import Column, Stream
from lapwing.sources.engine import Cursor
from lapwing.sources.types import arrow_type, convert


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


class EngineStream(Stream):
    """A SELECT that the engine itself runs over a native source."""

    def __init__(self, source: str, cursor: Cursor, sql: str, columns: Sequence[Column]) -> None:
        self.schema = schema_of(columns)
        self._source, self._cursor, self._columns = source, cursor, columns
        try:
            self._batches = cursor.reader(sql)
        except LapwingError:
            cursor.close()
            raise

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            yield as_promised(self._source, batch, self._columns, self.schema)

    def cancel(self) -> None:
        self._cursor.interrupt()

    def close(self) -> None:
        self._batches.close()
        self._cursor.close()


class AdbcStream(Stream):
    """A SELECT that an ADBC driver runs.

    `release` takes the connection back, told whether it may be used again. `explain_error` turns the driver's errors into
    ours. `skip` rows at the beginning only carried types.
    """

    def __init__(
        self,
        source: str,
        connection: Any,
        sql: str,
        columns: Sequence[Column],
        *,
        time_limit: float | None,
        release: Callable[[Any, bool], None],
        explain_error: Callable[[Exception], LapwingError],
        options: dict[str, str] | None = None,
        skip: int = 0,
    ) -> None:
        self.schema = schema_of(columns)
        self._source, self._connection, self._columns, self._skip = source, connection, columns, skip
        self._release, self._explain_error, self._limit = release, explain_error, time_limit
        self._stopped: str | None = None
        self._closed = False
        self._cursor = connection.cursor()
        self._timer = threading.Timer(time_limit, self._stop, ["time"]) if time_limit else None
        if self._timer:
            self._timer.daemon = True
            self._timer.start()
        try:
            if options:
                self._cursor.adbc_statement.set_options(**options)
            self._cursor.execute(sql)
            self._reader = self._cursor.fetch_record_batch()
        except (OSError, pa.ArrowException, connection.Error) as error:
            self.close(healthy=False)
            raise self._mapped(error) from error

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        skip = self._skip
        while True:
            if self._stopped:
                raise self._mapped(None)
            try:
                batch = self._reader.read_next_batch()
            except StopIteration:
                return
            except (OSError, pa.ArrowException, self._connection.Error) as error:
                self.close(healthy=False)
                raise self._mapped(error) from error
            rows = batch.slice(skip)
            skip = max(0, skip - batch.num_rows)
            if rows.num_rows:
                yield as_promised(self._source, rows, self._columns, self.schema)

    def cancel(self) -> None:
        self._stop("cancel")

    def _stop(self, why: str) -> None:
        if not self._closed and self._stopped is None:
            self._stopped = why
            with suppress(OSError, pa.ArrowException, self._connection.Error):
                self._cursor.adbc_cancel()

    def _mapped(self, error: Exception | None) -> LapwingError:
        if self._stopped == "time":
            return TimeLimit.of(
                "time-limit",
                f"{self._source} did not finish in {self._limit:g} s and was stopped.",
                hint="Narrow the question, or raise the source's time_limit.",
            )
        if self._stopped or error is None:
            return Cancelled.of("cancelled", f"The read of {self._source} was cancelled.")
        return self._explain_error(error)

    def close(self, healthy: bool = True) -> None:
        if self._closed:
            return
        self._closed = True
        if self._timer:
            self._timer.cancel()
        with suppress(OSError, pa.ArrowException, self._connection.Error):
            self._cursor.close()
        self._release(self._connection, healthy and self._stopped is None)
