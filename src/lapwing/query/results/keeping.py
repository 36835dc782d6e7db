"""Keeps the rows of a statement while they are told. Who asked waits for none of it but the end of a small result: a large
one is written by a thread of its own, and given up where that falls behind. No fault of the disk is a fault of the
statement."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from lapwing.model.size import shown_size
from lapwing.query.results.entry import Facts, WriteOver, Writing
from lapwing.query.results.flight import Flight
from lapwing.query.results.shelf import Shelf
from lapwing.query.results.versions import Versions
from lapwing.sources.bill import cost_of
from lapwing.sql.run import Running

INLINE: Final = 1_000_000
"""Bytes of rows up to which a thread is not worth it."""
AHEAD: Final = 64_000_000
"""Bytes of rows that wait for the disk at most."""
_LONGEST_TEXT: Final = 2_000


@dataclass(slots=True)
class Fate:
    """What became of the question for a kept result, in words; `facts` of the one that was told. `sure`: its sources were
    asked for their versions."""

    says: str
    facts: Facts | None = None
    sure: bool = False


class Keeping:
    """A `Taker` that puts the rows on the shelf under `key`, if the versions `after` them are those `before` them, and
    tells those who follow its `flight`. `texts`: the statement's text may be written."""

    def __init__(
        self,
        shelf: Shelf,
        key: str,
        before: Versions,
        after: Callable[[], Versions],
        fate: Fate,
        flight: Flight,
        *,
        texts: bool,
    ) -> None:
        self._shelf, self._key, self._before, self._after = shelf, key, before, after
        self._fate, self._since, self._texts = fate, flight.since, texts
        self._began = time.monotonic()
        self._rows: queue.SimpleQueue[pa.RecordBatch | None] = queue.SimpleQueue()
        self._ahead = 0
        self._lock = threading.Lock()
        self._writing: Writing | None = None
        self._thread: threading.Thread | None = None
        self._why: str | None = None  # it is not kept
        self._flight = flight

    def take(self, batch: pa.RecordBatch) -> None:
        self._flight.moved = time.monotonic()
        if self._why is not None:
            return
        with self._lock:
            self._ahead += batch.nbytes
            ahead = self._ahead
        if ahead > AHEAD:
            self._why = "the disk was slower than who read"
            return
        self._rows.put(batch)
        if self._thread is None and ahead > INLINE:
            self._thread = threading.Thread(target=self._write, name=f"keep {self._key[:8]}", daemon=True)
            self._thread.start()

    def ended(self, running: Running) -> None:
        try:
            self._end(running)
        finally:
            self._flight.land()

    def _end(self, running: Running) -> None:
        done = running.progress().stage == "done"
        if not done:
            self._why = "it was not read to its end"
        self._rows.put(None)
        if self._thread is not None:
            self._thread.join()
        elif self._why is None:
            self._write()
        if self._why is None:
            self._put(running)
        if self._why is not None:
            if self._writing is not None:
                self._writing.drop()
            self._fate.says = f"Not kept: {self._why}."

    def _write(self) -> None:
        try:
            while (batch := self._rows.get()) is not None:
                if self._why is None:
                    if self._writing is None:
                        self._writing = self._shelf.write(batch.schema)
                    self._writing.write(batch)
                with self._lock:
                    self._ahead -= batch.nbytes
        except WriteOver:
            self._why = f"it is larger than {shown_size(self._shelf.largest)}, the most for one result"
        except (OSError, pa.ArrowException) as error:
            self._why = f"the disk did not take it ({error})"

    def _put(self, running: Running) -> None:
        after = self._after() if self._before.of is not None else self._before
        if after.of != self._before.of:
            self._why = after.why or "its tables were written meanwhile"
            return
        progress = running.progress()
        facts = Facts(
            text=running.plan.text[:_LONGEST_TEXT] if self._texts else "",
            since=self._since,
            versions=self._before.of,
            milliseconds=(time.monotonic() - self._began) * 1e3,
            rows=progress.rows,
            told_bytes=progress.bytes,
            billed=cost_of([scan.spent for scan in progress.scans]).bytes_billed,
        )
        try:
            writing = self._writing = self._writing or self._shelf.write(running.schema)
            self._shelf.put(self._key, writing, facts)
        except (OSError, pa.ArrowException, WriteOver) as error:
            self._why = f"the disk did not take it ({error})"
            return
        self._fate.says = "Kept for those who ask the same."
