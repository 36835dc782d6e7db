"""Rows of MariaDB as Arrow: the server sends them as they are taken, so that no more than some batches are held."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from typing import Any, ClassVar

import pyarrow as pa

from lapwing.model.problem import LapwingError, SourceError
from lapwing.sources.base import Column
from lapwing.sources.mariadb_types import column_array
from lapwing.sources.streams import SMALL, PumpedStream

_ROWS = 512


class MariaDBStream(PumpedStream):
    """A SELECT. `connect` gives a connection and `release` takes it back, told whether it may be used again; `kill` ends
    what a connection of that number runs."""

    ahead: ClassVar[int] = SMALL

    def __init__(
        self,
        source: str,
        connect: Callable[[], Any],
        sql: str,
        columns: Sequence[Column],
        *,
        time_limit: float | None,
        release: Callable[[Any, bool], None],
        kill: Callable[[int], None],
        explain_error: Callable[[Exception], LapwingError],
    ) -> None:
        self._connect, self._sql, self._release = connect, sql, release
        self._kill, self._explain_error = kill, explain_error
        self._running: int | None = None
        self._lock = threading.Lock()
        super().__init__(source, columns, time_limit, stoppable=True)

    def _batches(self) -> Generator[pa.RecordBatch, None, None]:
        import pymysql
        from pymysql.cursors import SSCursor

        connection = self._connect()
        cursor: Any = SSCursor(connection)
        healthy = False
        try:
            with self._lock:
                self._running = connection.thread_id()
            cursor.execute(self._sql)
            while rows := cursor.fetchmany(_ROWS):
                yield self._batch(rows)
            cursor.close()
            healthy = True
        except (pymysql.Error, OSError) as error:
            raise self._explain_error(error) from error
        finally:
            with self._lock:  # a kill must not meet the next statement of the connection
                self._running = None
            healthy = healthy and self._stopped is None
            if not healthy:
                _forget_rest(cursor)
            self._release(connection, healthy)

    def _batch(self, rows: Sequence[tuple[str | bytes | None, ...]]) -> pa.RecordBatch:
        arrays = []
        for column, values in zip(self._columns, zip(*rows, strict=True), strict=False):
            try:
                arrays.append(column_array(values, column.type))
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                raise SourceError.of(
                    "bad-value",
                    f"{self._source} sent a value of {column.name} that is no {column.type}: {str(error).splitlines()[0]}.",
                    hint="Mend the value, or read the column as text in the dataset's sql.",
                ) from error
        if not arrays:  # nothing but the number of rows is asked
            return pa.RecordBatch.from_struct_array(pa.array([{}] * len(rows), pa.struct([])))
        return pa.RecordBatch.from_arrays(arrays, names=[column.name for column in self._columns])

    def _interrupt(self) -> None:
        with self._lock:
            if self._running is not None:
                with suppress(LapwingError):
                    self._kill(self._running)


def _forget_rest(cursor: Any) -> None:
    """The driver reads what is left of a result when it is dropped, which may be hours of rows; the connection ends
    instead."""
    result = cursor._result
    if result is not None:
        result.unbuffered_active = False
        result.connection = None
    cursor.connection = None
