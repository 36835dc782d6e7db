"""Rows that scans read lately, for other statements that read the same: those of a dashboard join one small table again and
again, most of them at once.

Rows are taken only where the version of their table is now the one that it had before they were read. So nothing was
written in between, and they are never older than the data; they may be newer, as those of any read.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from lapwing.model.failing import OnError
from lapwing.model.problem import Cancelled
from lapwing.sources.base import Column, Stream
from lapwing.sources.streams import schema_of
from lapwing.sql.nodes import Scan

MOST: Final = 8 << 20
"""Bytes of the rows of one scan: tables that others are joined with are small."""
FEW: Final = 200_000
"""Rows, as expected, up to which a scan is worth waiting for."""
BUDGET: Final = 64 << 20
PATIENCE: Final = 1.0
"""Seconds to wait for rows that another statement reads: it may be told to someone slow."""
WIDE: Final = 16
"""Columns that are read for others, too, at most."""
_CHARGED: Final = frozenset({"bigquery"})
"""Kinds of sources that charge by columns: of these no others are read."""
_LOOK: Final = 0.02
_KEYS: Final = 1_000

_Key = tuple[str, str, str, int | None]
Columns = tuple[Column, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """Rows of a version of a table, under way for the statement `of`; `rows` once they are `over`, as far as they are for
    others."""

    of: object
    version: str
    columns: Columns
    rows: list[pa.RecordBatch] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def has(self, version: str, columns: Sequence[Column]) -> bool:
        return self.version == version and set(columns) <= set(self.columns)


class KeptScans:
    """Safe to use from several threads. Within its budget, those used last."""

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget, self._bytes = budget, 0
        self._kept: OrderedDict[_Key, Reading] = OrderedDict()
        self._flying: dict[_Key, Reading] = {}
        self._wanted: OrderedDict[_Key, Columns] = OrderedDict()
        self._lock = threading.Lock()

    def wanted(self, key: _Key, columns: Columns, there: Columns) -> Columns:
        """The columns, and those of the ones `there` that statements lately wanted of the same rows: so that one read serves a
        dashboard, whose statements look at different ones."""
        with self._lock:
            known = [column for column in self._wanted.pop(key, ()) if column in there]
            every = tuple(dict.fromkeys((*columns, *known)))
            self._wanted[key] = every if len(every) <= WIDE else columns
            while len(self._wanted) > _KEYS:
                self._wanted.popitem(last=False)
            return self._wanted[key]

    def board(self, key: _Key, asked: Reading, needed: Columns) -> Reading:
        """The rows of the columns `needed`, read or under way for another statement; else the reading that is `asked` for, which
        the caller is to make and to `land`."""
        with self._lock:
            for there in (self._kept.get(key), self._flying.get(key)):
                if there is None or not there.has(asked.version, needed):
                    continue
                if there.over.is_set():
                    self._kept.move_to_end(key)
                    return there
                if there.of is not asked.of:  # a statement that waits for itself may wait forever
                    return there
            self._flying.setdefault(key, asked)
            return asked

    def land(self, key: _Key, reading: Reading, *, keep: bool) -> None:
        """No more rows come; `keep`: these are all."""
        with self._lock:
            if self._flying.get(key) is reading:
                del self._flying[key]
            there = self._kept.get(key)
            if keep and not (there is not None and there.has(reading.version, reading.columns)):
                self._bytes += _size(reading) - _size(there)
                self._kept[key] = reading
                self._kept.move_to_end(key)
                while self._bytes > self._budget:
                    self._bytes -= _size(self._kept.popitem(last=False)[1])
            if not keep:
                reading.rows.clear()
            reading.over.set()


@dataclass(frozen=True, slots=True)
class Lately:
    """What one statement may take of them: `versions` are those that its tables, by their paths, had when it was asked."""

    scans: KeptScans
    versions: Mapping[str, str]

    def version(self, scan: Scan) -> str | None:
        """None of a scan whose rows are of more than its table, are read otherwise, or are many."""
        few = scan.rows is not None and scan.rows <= FEW
        # A key that the source finds by itself is asked of another table.
        others = scan.native or scan.whole or scan.table.joined or scan.keys
        return self.versions.get(scan.table.path) if few and scan.columns and not others else None


class Share:
    """One scan's part in it: its rows are those that another statement read, or are read, and left to others."""

    def __init__(self, lately: Lately, scan: Scan, where: str | None) -> None:
        self.kept = False
        self._lately, self._scan = lately, scan
        self._key: _Key = scan.table.path, scan.table.body, where or "", scan.limit
        self._names = [column.name for column in scan.columns]
        self._own: Reading | None = None
        self._bytes = 0

    def stream(self, read: Callable[[Columns], Stream]) -> Stream:
        """The rows; `read` asks the source for some columns. Each batch is to be `take`n."""
        scan, scans, version = self._scan, self._lately.scans, self._lately.version(self._scan)
        if version is None:
            return read(scan.columns)
        asked = Reading(self._lately, version, self._columns())
        reading = scans.board(self._key, asked, scan.columns)
        if reading is not asked:
            return _Awaited(self, reading, scan.columns, lambda: read(scan.columns))
        self._own = reading
        with OnError(lambda _: self.close()):
            return read(asked.columns)

    def take(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The next rows, with the scan's own columns."""
        if self._own is not None:
            self._own.rows.append(batch)
            self._bytes += batch.nbytes
            if self._bytes > MOST:
                self.close()
        return batch if batch.num_columns == len(self._names) else batch.select(self._names)

    def close(self, *, whole: bool = False) -> None:
        """No more rows come; `whole`: all did."""
        own, self._own = self._own, None
        if own is not None:
            self._lately.scans.land(self._key, own, keep=whole)

    def _columns(self) -> Columns:
        """Those to read: the scan's own, and those that others want."""
        scan = self._scan
        if scan.table.body or scan.kind in _CHARGED:
            return scan.columns
        return self._lately.scans.wanted(self._key, scan.columns, scan.table.columns)


class _Awaited(Stream):
    """Rows that another statement reads; should they not come, they are read."""

    def __init__(self, share: Share, reading: Reading, columns: Columns, read: Callable[[], Stream]) -> None:
        self.schema = schema_of(columns)
        self._share, self._reading, self._read = share, reading, read
        self._stream: Stream | None = None
        self._context = copy_context()  # it may be read in another thread
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for _ in range(round(PATIENCE / _LOOK)):
            if self._reading.over.wait(_LOOK) or self._stopped.is_set():
                break
        rows = list(self._reading.rows) if self._reading.over.is_set() else []
        if rows:
            self._share.kept = True
            names = self.schema.names
            yield from (batch.select(names) for batch in rows)
            return
        if self._stopped.is_set():
            raise Cancelled.of("cancelled", "The query was cancelled.")
        stream = self._context.run(self._read)
        with self._lock:
            self._stream = stream
        if self._stopped.is_set():
            stream.cancel()
        yield from stream

    def cancel(self) -> None:
        self._stopped.set()
        with self._lock:
            stream = self._stream
        if stream is not None:
            stream.cancel()

    def close(self) -> None:
        self._stopped.set()
        if self._stream is not None:
            self._stream.close()
            self.spent, self.retries, self.trouble = self._stream.spent, self._stream.retries, self._stream.trouble


def _size(reading: Reading | None) -> int:
    return 0 if reading is None else sum(batch.nbytes for batch in reading.rows)
