"""Rows of BigQuery as Arrow: of a table by the Storage Read API, of a statement by a job whose result is read."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

import pyarrow as pa

from lapwing.model.problem import LapwingError, SourceError
from lapwing.sources.base import Column, Spent
from lapwing.sources.bigquery_client import emulator, streams_at_once
from lapwing.sources.pump import Pump
from lapwing.sources.streams import AHEAD, PumpedStream

_CALL_SECONDS: Final = 30.0
_GRACE_SECONDS: Final = 5.0
_MOST_ROWS: Final = 65_536
_READS: Final = re.compile(r"\s*(SELECT|WITH)\b", re.IGNORECASE)


def retry(seconds: float = _CALL_SECONDS) -> Any:
    """Tries again what may be tried again: a server that is busy or away, for so long. Never a statement that failed."""
    import requests.exceptions
    from google.api_core import exceptions
    from google.api_core.retry import Retry, if_exception_type

    again = (
        exceptions.TooManyRequests,
        exceptions.BadGateway,
        exceptions.ServiceUnavailable,
        requests.exceptions.ConnectionError,
    )
    return Retry(predicate=if_exception_type(*again), initial=0.2, maximum=5.0, timeout=seconds)


def failures() -> tuple[type[Exception], ...]:
    """What the clients raise."""
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError

    return (GoogleAPIError, GoogleAuthError, OSError, pa.ArrowException)


class JobStream(PumpedStream):
    """A SELECT, run by a job. `config` is the job's; `explain_error` turns what the client raises into our errors."""

    def __init__(
        self,
        source: str,
        clients: Callable[[], tuple[Any, Any]],
        sql: str,
        columns: Sequence[Column],
        *,
        config: Callable[[], Any],
        time_limit: float | None,
        explain_error: Callable[[Exception], LapwingError],
    ) -> None:
        self._clients, self._sql, self._config, self._explain_error = clients, sql, config, explain_error
        self._job: Any = None
        self._lock = threading.Lock()
        super().__init__(source, columns, time_limit, stoppable=True)

    def _batches(self) -> Generator[pa.RecordBatch, None, None]:
        client, storage = self._clients()
        if not _READS.match(self._sql):
            raise SourceError.of("source-refused", f"{self._source} is only asked to SELECT.")
        try:
            job = client.query(
                self._sql,
                job_config=self._config(),
                retry=retry(),
                job_retry=None,
                timeout=_patience(self._limit),
            )
            with self._lock:
                self._job = job
            rows = job.result(retry=retry(), job_retry=None, timeout=_patience(self._limit))
            with self._lock:
                self._job = None
            self.spent = Spent(
                job=job.job_id,
                bytes_processed=job.total_bytes_processed or 0,
                bytes_billed=job.total_bytes_billed or 0,
                slot_ms=job.slot_millis or 0,
            )
            storage = None if emulator() else storage  # it keeps no results for its Storage Read API
            for batch in rows.to_arrow_iterable(bqstorage_client=storage, max_stream_count=streams_at_once()):
                yield from _cut(batch)
        except failures() as error:
            raise self._explain_error(error) from error
        finally:
            with self._lock:
                self._job = None

    def _interrupt(self) -> None:
        with self._lock:
            job = self._job
        if job is not None:
            with suppress(*failures()):
                job.cancel(retry=None, timeout=5)


class TableStream(PumpedStream):
    """Columns and rows of one table, without a job: a session of the Storage Read API, its streams side by side.

    `table` is projects/P/datasets/D/tables/T. `most`: bytes that may be scanned, None: any."""

    def __init__(
        self,
        source: str,
        storage: Callable[[], Any],
        table: str,
        columns: Sequence[Column],
        *,
        parent: str,
        where: str | None,
        limit: int | None,
        most: int | None,
        time_limit: float | None,
        explain_error: Callable[[Exception], LapwingError],
    ) -> None:
        self._storage, self._table, self._parent = storage, table, parent
        self._where, self._rows_wanted, self._most = where, limit, most
        self._explain_error = explain_error
        self._left = threading.Event()
        super().__init__(source, columns, time_limit, stoppable=True)

    def _batches(self) -> Generator[pa.RecordBatch, None, None]:
        storage = self._storage()
        pumps: list[Pump[pa.RecordBatch]] = []
        given = 0
        try:
            names = [column.name for column in self._columns]
            session = open_session(storage, self._parent, self._table, names, self._where, streams_at_once())
            check_bytes(self._source, session, self._most)
            self.spent = Spent(bytes_processed=int(session.estimated_total_bytes_scanned))
            pumps = [
                Pump(self._read(storage, session, one.name), ahead=AHEAD, interrupt=self._left.set, name=one.name)
                for one in session.streams
            ]
            for pump in pumps:
                while (batch := pump.take()) is not None:
                    yield batch.select(names) if names else batch
                    given += batch.num_rows
                    if self._rows_wanted is not None and given >= self._rows_wanted:
                        return
        except failures() as error:
            raise self._explain_error(error) from error
        finally:
            self._left.set()
            for pump in pumps:
                pump.stop()

    def _read(self, storage: Any, session: Any, stream: str) -> Generator[pa.RecordBatch, None, None]:
        try:
            for batch in read_stream(storage, session.arrow_schema.serialized_schema, stream):
                if self._left.is_set():
                    return
                yield batch
        except failures() as error:
            raise self._explain_error(error) from error

    def _interrupt(self) -> None:
        self._left.set()


def open_session(storage: Any, parent: str, table: str, names: Sequence[str], where: str | None, streams: int) -> Any:
    """A read session over these columns and rows of a table, of up to so many streams."""
    from google.cloud.bigquery_storage_v1.types import DataFormat, ReadSession

    options = ReadSession.TableReadOptions(selected_fields=list(names), row_restriction=where or "")
    wanted = ReadSession(table=table, data_format=DataFormat.ARROW, read_options=options)
    return storage.create_read_session(
        parent=parent, read_session=wanted, max_stream_count=streams, retry=retry(), timeout=_CALL_SECONDS
    )


def read_stream(storage: Any, serialized_schema: Any, stream: str) -> Iterator[pa.RecordBatch]:
    """The batches of one stream of a session with that schema; taken up where it broke off."""
    schema = pa.ipc.read_schema(pa.py_buffer(serialized_schema))
    for message in storage.read_rows(stream, retry=retry()):
        data = pa.py_buffer(message.arrow_record_batch.serialized_record_batch)
        if pa.ipc.read_message(data).type == "schema":  # the emulator sends each batch as a whole stream
            yield from pa.ipc.open_stream(data)
        else:
            yield pa.ipc.read_record_batch(data, schema)


def check_bytes(source: str, session: Any, most: int | None) -> None:
    """
    Raises:
        SourceError: the session would scan more than it may.
    """
    scanned = int(session.estimated_total_bytes_scanned)
    if most is not None and scanned > most:
        raise SourceError.of(
            "over-budget",
            f"{source} would read {scanned:,} bytes, and may read {most:,}.",
            hint="Ask for less time or fewer columns, or raise maximum_bytes_billed.",
        )


def _cut(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for low in range(0, batch.num_rows, _MOST_ROWS):
        yield batch.slice(low, _MOST_ROWS)


def _patience(limit: float | None) -> float | None:
    """How long one request may take: the reader's own limit comes first, and is told better."""
    return None if limit is None else limit + _GRACE_SECONDS
