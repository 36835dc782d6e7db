"""The rows of one scan on their way into the engine. Each source reads in a thread of its own, so all work at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextvars import copy_context

import pyarrow as pa

from lapwing.model.problem import LapwingError, SourceError
from lapwing.sources.base import Column, Source, Spent, Stream
from lapwing.sources.bill import current
from lapwing.sources.streams import NoRows, schema_of
from lapwing.sql.lately import Lately, Share
from lapwing.sql.nodes import Scan

NOTHING = "1 = 0"
"""The condition of a scan none of whose rows can matter: its source is not asked at all."""


class Feed:
    """`rows` and `bytes` count what was taken, `whole` whether that was all; `error` is why the read failed, which the engine's
    own message would hide. `lately`: rows that other statements read."""

    def __init__(self, scan: Scan, source: Source, time_limit: float, lately: Lately | None = None) -> None:
        self.scan = scan
        self.rows = 0
        self.bytes = 0
        self.done = False
        self.whole = False
        self.error: LapwingError | None = None
        self._lately = lately
        self._share: Share | None = None
        self._source = source
        self._time_limit = time_limit
        self._stopped = False
        self._stream: Stream | None = None
        self._begun = threading.Event()
        self._lock = threading.Lock()
        self._bill = current()
        self._context = copy_context()  # the engine may begin the read, in a thread of its own

    def begin(self, conditions: Sequence[str] = ()) -> None:
        """Begins to read, if it has not. `conditions`, in the source's dialect, are added to the scan's own."""
        scan = self.scan
        where = " AND ".join(f"({one})" for one in (scan.where, *conditions) if one) or None
        with self._lock:
            if self._stream is not None or self._stopped or self.error is not None:
                return
            try:
                nothing = NoRows(scan.columns) if NOTHING in conditions else None
                self._stream = nothing or self._context.run(self._read, where)
            except Exception as error:  # noqa: BLE001 a driver's faults are of any kind
                self.error = self._told(error)
            finally:
                self._begun.set()

    def _read(self, where: str | None) -> Stream:
        if self._lately is not None:
            self._share = Share(self._lately, self.scan, where)
            return self._share.stream(lambda columns: self._asked(where, columns))
        return self._asked(where, self.scan.columns)

    def _asked(self, where: str | None, columns: tuple[Column, ...]) -> Stream:
        scan, limit = self.scan, self._time_limit
        if scan.whole:
            return self._source.read(scan.sql, columns, time_limit=limit)
        return self._source.scan(scan.table, columns, where, scan.limit, time_limit=limit)

    @property
    def spent(self) -> Spent | None:
        """What the read has cost, as far as the source has told."""
        stream = self._stream
        return None if stream is None else stream.spent

    @property
    def kept(self) -> bool:
        """Whether another statement had read its rows, so that its source was not asked."""
        return self._share is not None and self._share.kept

    @property
    def retries(self) -> tuple[int, str | None]:
        """How often the read was begun again, and what went wrong the last time before that."""
        stream = self._stream
        return (0, None) if stream is None else (stream.retries, stream.trouble)

    @property
    def connections(self) -> int:
        """Over how many of its source's connections it is read at once."""
        return 1 if self._stream is None else self._stream.connections

    def reader(self) -> pa.RecordBatchReader:
        """The rows as a stream that can be read once. A scan that the plan did not show is read only now, if at all."""
        return pa.RecordBatchReader.from_batches(schema_of(self.scan.columns), self._taken())

    def stop(self) -> None:
        """Ends the read at the source, from any thread."""
        with self._lock:
            self._stopped = True
            stream = self._stream
        self._begun.set()
        if stream is not None:
            stream.cancel()

    def close(self) -> None:
        """Waits until the source's connection is free again."""
        self.stop()
        if self._share is not None:
            self._share.close()
        if self._stream is not None:
            self._stream.close()
            if self._bill is not None:
                self._bill.add(self._stream.spent)

    def _taken(self) -> Iterator[pa.RecordBatch]:
        try:
            if not self.scan.used:
                self.begin()
            self._begun.wait()
            if self.error is not None:
                raise self.error
            if self._stream is None:
                raise OSError("the read was stopped")
            for wide in self._stream:
                batch = wide if self._share is None else self._share.take(wide)
                self.rows += batch.num_rows
                self.bytes += batch.nbytes
                yield batch
            self.whole = True
            if self._share is not None:
                self._share.close(whole=True)
        except Exception as error:
            if self._stopped:
                raise
            self.error = self._told(error)
            raise self.error from error
        finally:
            self.done = True

    def _told(self, error: Exception) -> LapwingError:
        if isinstance(error, LapwingError):
            return error
        return SourceError.of("source-failed", f"The source {self._source.name} failed: {error}")
