"""Reads one scan in a thread of its own, so that all sources work at once, and hands its batches to the engine."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

import pyarrow as pa

from lapwing.model.problem import LapwingError, SourceError
from lapwing.sources.base import Source, Stream
from lapwing.sources.types import arrow_type
from lapwing.sql.nodes import Scan

AHEAD = 8  # batches read before the engine takes them: enough to overlap, few enough to bound memory
PATIENCE = 0.1  # seconds between looks at whether anyone still wants the rows


class Feed:
    """The rows of one scan on their way into the engine. `rows` and `bytes` count what has arrived; `error` is why it
    failed, which the engine's own message would hide."""

    def __init__(self, scan: Scan, source: Source, time_limit: float) -> None:
        self.scan = scan
        self.rows = 0
        self.bytes = 0
        self.done = False
        self.error: LapwingError | None = None
        self._source = source
        self._time_limit = time_limit
        self._batches: queue.Queue[pa.RecordBatch | None] = queue.Queue(AHEAD)
        self._stopped = threading.Event()
        self._stream: Stream | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to read, if it has not."""
        with self._lock:
            if self._thread is None and not self._stopped.is_set():
                self._thread = threading.Thread(target=self._read, name=f"scan {self.scan.id}", daemon=True)
                self._thread.start()

    def reader(self) -> pa.RecordBatchReader:
        """The rows as a stream that can be read once; a scan nobody asks for is not read."""
        return pa.RecordBatchReader.from_batches(self.schema, self._taken())

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([pa.field(column.name, arrow_type(column.type)) for column in self.scan.columns])

    def stop(self) -> None:
        """Ends the read at the source, from any thread."""
        self._stopped.set()
        with self._lock:
            stream = self._stream
        if stream is not None and not self.done:
            stream.cancel()

    def join(self) -> None:
        """Waits until the source's connection is free again."""
        if self._thread is not None:
            self._thread.join()

    def _read(self) -> None:
        try:
            stream = self._source.read(self.scan.sql, self.scan.columns, time_limit=self._time_limit)
            with stream:
                with self._lock:
                    self._stream = stream
                for batch in stream:
                    self.rows += batch.num_rows
                    self.bytes += batch.nbytes
                    if not self._put(batch):
                        break
        except LapwingError as error:
            if not self._stopped.is_set():
                self.error = error
        except (pa.ArrowException, OSError, ValueError) as error:
            # What a source let through: the reader of the result must hear of it rather than wait for rows.
            if not self._stopped.is_set():
                self.error = SourceError.of("source-failed", f"The source {self._source.name} failed: {error}")
        finally:
            self.done = True
            self._put(None)

    def _put(self, batch: pa.RecordBatch | None) -> bool:
        """False when nobody wants rows any more."""
        while not self._stopped.is_set():
            try:
                self._batches.put(batch, timeout=PATIENCE)
            except queue.Full:
                continue
            return True
        return False

    def _taken(self) -> Iterator[pa.RecordBatch]:
        self.start()
        while True:
            try:
                batch = self._batches.get(timeout=PATIENCE)
            except queue.Empty:
                if self._stopped.is_set():
                    raise OSError("the read was stopped") from None
                continue
            if batch is None:
                if self.error is not None:
                    raise OSError(str(self.error))
                return
            yield batch
