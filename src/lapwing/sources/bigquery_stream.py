"""Rows of BigQuery as Arrow: of a table by the Storage Read API, of a statement by a job whose result is read."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

import pyarrow as pa

from lapwing.model.problem import LapwingError, SourceError
from lapwing.sources.base import Column, Spent
from lapwing.sources.bigquery_client import emulator, streams_at_once
from lapwing.sources.bill import over_budget
from lapwing.sources.pump import Pump
from lapwing.sources.streams import AHEAD, PumpedStream

_CALL_SECONDS: Final = 30.0
_BUSY_SECONDS: Final = 15.0
_GRACE_SECONDS: Final = 5.0
_UNREACHABLE_SECONDS: Final = 3.0
_MOST_ROWS: Final = 65_536
_READS: Final = re.compile(r"\s*(SELECT|WITH)\b", re.IGNORECASE)


def retry() -> Any:
    """Tries again what may be tried again: a server that is busy or away, for some seconds; one that can't be reached at all only
    for a moment, as then it is the network that is missing. Never a statement that failed."""
    import requests.exceptions
    from google.api_core import exceptions
    from google.api_core.retry import Retry

    busy = (exceptions.TooManyRequests, exceptions.BadGateway, exceptions.ServiceUnavailable)
    began = time.monotonic()

    def again(error: Exception) -> bool:
        if isinstance(error, requests.exceptions.ConnectionError):
            return time.monotonic() - began < _UNREACHABLE_SECONDS
        used_up = any(
            one.get("reason") == "quotaExceeded" for one in getattr(error, "errors", ()) if isinstance(one, dict)
        )
        return isinstance(error, busy) and not used_up

    return Retry(predicate=again, initial=0.2, maximum=5.0, timeout=_BUSY_SECONDS)


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
        self._left = threading.Event()
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
            if emulator():  # it keeps no results for its Storage Read API
                for batch in rows.to_arrow_iterable(bqstorage_client=None):
                    yield from _cut(batch)
                return
            kept = job.destination.to_bqstorage()
            session = open_session(storage, f"projects/{job.project}", kept, (), None, _streams_for(self._sql))
            yield from side_by_side(storage, session, self._left, self._explain_error)
        except failures() as error:
            raise self._explain_error(error) from error
        finally:
            with self._lock:
                self._job = None

    def _interrupt(self) -> None:
        self._left.set()
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
        given = 0
        try:
            names = [column.name for column in self._columns]
            session = open_session(storage, self._parent, self._table, names, self._where, streams_at_once())
            check_bytes(self._source, session, self._most)
            scanned = int(session.estimated_total_bytes_scanned)
            self.spent = Spent(bytes_processed=scanned, bytes_billed=scanned)
            for batch in side_by_side(storage, session, self._left, self._explain_error):
                yield batch.select(names)
                given += batch.num_rows
                if self._rows_wanted is not None and given >= self._rows_wanted:
                    return
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


def side_by_side(
    storage: Any, session: Any, left: threading.Event, explain_error: Callable[[Exception], LapwingError]
) -> Iterator[pa.RecordBatch]:
    """The batches of all streams of a session, read at once; it ends soon after `left` is set, and sets it at its end."""

    def read(stream: str) -> Generator[pa.RecordBatch, None, None]:
        try:
            for batch in read_stream(storage, session.arrow_schema.serialized_schema, stream):
                if left.is_set():
                    return
                yield batch
        except failures() as error:
            raise explain_error(error) from error

    pumps = [Pump(read(one.name), ahead=AHEAD, interrupt=left.set, name=one.name) for one in session.streams]
    try:
        for pump in pumps:
            while (batch := pump.take()) is not None:
                yield batch
    finally:
        left.set()
        for pump in pumps:
            pump.stop()


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
        raise over_budget(source, scanned, most)


def _streams_for(sql: str) -> int:
    """Rows of an ORDER BY keep their order in one stream alone."""
    return 1 if re.search(r"\bORDER\s+BY\b", sql, re.IGNORECASE) else streams_at_once()


def _cut(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for low in range(0, batch.num_rows, _MOST_ROWS):
        yield batch.slice(low, _MOST_ROWS)


def _patience(limit: float | None) -> float | None:
    """How long one request may take: the reader's own limit comes first, and is told better."""
    return None if limit is None else limit + _GRACE_SECONDS
