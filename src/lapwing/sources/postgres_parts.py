"""A big table of PostgreSQL, read over several connections at once: ranges of its blocks, all of one snapshot.

One connection of a server runs in one process, which spends more on writing rows than we on reading them. The first
connection exports its snapshot and the others take it over, so that together they see what one statement would; a row
is in one block, and every connection takes the next range of blocks when it is done with one. What the server would find by
an index, or by processes of its own, is left to it as one statement.
"""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from typing import Any, ClassVar, Final

import pyarrow as pa

from lapwing.model.problem import LapwingError
from lapwing.sources.base import Column, Table
from lapwing.sources.quote import identifier, text
from lapwing.sources.streams import SMALL, AdbcSession, PumpedStream
from lapwing.sources.together import together

MANY = 300_000
"""Rows; fewer are there before other connections are ready."""
MOST: Final = min(4, os.cpu_count() or 1)
"""Connections of one read, and twice as many beyond the first of all reads of a source at once."""
_SHARE = 4
"""One of so many connections that the server has left is taken."""
_RANGES = 8
"""Ranges for each connection, so that none waits long for the last."""
_FEWER, _LONG = 2, 20_000
"""Ranges where a statement has so many letters: the server reads and plans it anew for each, and of 40,000 keys that takes
longer than to find their rows."""
_LEAST_BLOCKS, _MOST_BLOCKS = 500, 16_384
_TID_RANGES = 140_000
"""The server's version that finds a range of blocks without reading the others."""
_FACTS = """select pg_export_snapshot(), pg_relation_size({relation}::regclass) / current_setting('block_size')::int,
current_setting('server_version_num')::int, current_setting('max_connections')::int
- current_setting('superuser_reserved_connections')::int - (select sum(numbackends) from pg_stat_database)::int"""

_LARGE: Final = {"adbc.postgresql.batch_size_hint_bytes": str(1 << 20)}
"""Batches: of a range of blocks, which never takes long, more small ones would only be more work."""
_BEGIN: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

Select = Callable[[str | None], str]


class Spare:
    """How many connections beyond the first a source's reads may have all together."""

    def __init__(self, most: int = 2 * (MOST - 1)) -> None:
        self._left = most
        self._lock = threading.Lock()

    def take(self, wanted: int) -> int:
        """As many of those wanted as there are."""
        with self._lock:
            taken = max(0, min(wanted, self._left))
            self._left -= taken
            return taken

    def give(self, taken: int) -> None:
        with self._lock:
            self._left += taken


class PartsStream(PumpedStream):
    """The rows that `select` asks for (given one more condition, or None), in no order. Where the table can't be cut, or it
    would not pay, they come by one statement."""

    ahead: ClassVar[int] = SMALL

    def __init__(
        self,
        source: str,
        session: Callable[[], AdbcSession],
        table: Table,
        columns: Sequence[Column],
        select: Select,
        spare: Spare,
        *,
        time_limit: float | None,
    ) -> None:
        self._session, self._table, self._select, self._spare = session, table, select, spare
        self._open: list[AdbcSession] = []
        self._lock = threading.Lock()
        super().__init__(source, columns, time_limit, stoppable=True)

    def _batches(self) -> Generator[pa.RecordBatch, None, None]:
        first, cut = self._begun(), None
        try:
            cut = self._cut(first)
            if cut is not None:
                yield from self._together(first, *cut)
                _told(first, "COMMIT")
        finally:
            self._spare.give(cut[2] if cut else 0)
            self._end(first)
        if cut is None:
            alone = self._begun()
            try:
                yield from alone.batches(self._select(None))
            finally:
                self._end(alone)

    def _together(
        self, first: AdbcSession, snapshot: str, ranges: deque[str], extra: int
    ) -> Generator[pa.RecordBatch, None, None]:
        self.connections = 1 + extra
        helpers = [lambda: self._helped(snapshot, ranges)] * extra
        works = [lambda: self._read(first, ranges), *helpers]
        return together(works, ahead=SMALL, interrupt=self._interrupt, name=f"read {self._source}")

    def _cut(self, first: AdbcSession) -> tuple[str, deque[str], int] | None:
        """The snapshot of a transaction that has begun, conditions that cut the table, and how many connections shall help; None
        where one statement is as good."""
        try:
            if not self._pays(first):
                return None
            _told(first, _BEGIN)
            ((snapshot, blocks, version, left),) = _told(first, _FACTS.format(relation=text(self._relation())))
            ranges = ranges_of(blocks, _FEWER if len(self._select(None)) > _LONG else _RANGES)
            wanted = min(MOST - 1, left // _SHARE, len(ranges) - 1) if version >= _TID_RANGES else 0
            extra = self._spare.take(wanted)
            if not extra:
                _told(first, "COMMIT")
                return None
        except (LapwingError, ValueError, LookupError):
            return None  # a server that only speaks PostgreSQL's protocol, say
        return snapshot, ranges, extra

    def _relation(self) -> str:
        return f"{identifier(self._table.schema or 'public')}.{identifier(self._table.name)}"

    def _pays(self, first: AdbcSession) -> bool:
        """The server would read a heap from end to end, in one process, and send much of it."""
        ((said,),) = _told(first, f"EXPLAIN (FORMAT JSON, VERBOSE) {self._select(None)}")
        plan = json.loads(said)[0]["Plan"]
        whole = plan["Node Type"] == "Seq Scan" and plan["Plan Rows"] >= MANY
        # A view is read by the name of what it is made of, a parent with children by several nodes.
        return whole and (plan["Schema"], plan["Relation Name"]) == (self._table.schema or "public", self._table.name)

    def _helped(self, snapshot: str, ranges: deque[str]) -> Generator[pa.RecordBatch, None, None]:
        """What one more connection reads; where there is none to be had, the others read it."""
        try:
            session = self._begun()
        except LapwingError:
            return
        try:
            try:
                _told(session, _BEGIN)
                _told(session, f"SET TRANSACTION SNAPSHOT {text(snapshot)}")
            except LapwingError:
                return  # the first one may be done already
            yield from self._read(session, ranges)
            _told(session, "COMMIT")
        finally:
            self._end(session)

    def _read(self, session: AdbcSession, ranges: deque[str]) -> Generator[pa.RecordBatch, None, None]:
        with suppress(IndexError):
            while self._stopped is None:
                yield from session.batches(self._select(ranges.popleft()), _LARGE)

    def _begun(self) -> AdbcSession:
        session = self._session()
        with self._lock:
            self._open.append(session)
        return session

    def _end(self, session: AdbcSession) -> None:
        with self._lock:
            self._open.remove(session)
        session.close(reusable=self._stopped is None)

    def _interrupt(self) -> None:
        with self._lock:
            sessions = list(self._open)
        for session in sessions:
            session.cancel()


def ranges_of(blocks: int, each: int = _RANGES) -> deque[str]:
    """Conditions that cut a table of about so many blocks, `each` of them for a connection: each of its rows, those of blocks
    beyond included, has one.

    >>> list(ranges_of(1200))[-1]
    "ctid >= '(1000,0)'::tid"
    """
    step = max(_LEAST_BLOCKS, min(_MOST_BLOCKS, -(-blocks // (MOST * each))))
    starts = range(0, max(1, blocks), step)
    found = deque(f"ctid >= '({start},0)'::tid AND ctid < '({start + step},0)'::tid" for start in starts[:-1])
    found.append(f"ctid >= '({starts[-1]},0)'::tid")
    return found


def _told(session: AdbcSession, sql: str) -> list[tuple[Any, ...]]:
    """The rows of what is no plain SELECT."""
    batches = session.batches(sql, {"adbc.postgresql.use_copy": "false"})
    return [row for batch in batches for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)]
