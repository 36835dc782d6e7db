"""Runs a plan: sources are read at once, each in a thread; the user's statement runs over what they send."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from lapwing.model.problem import Cancelled, LapwingError, Problem, Refused, TimeLimit
from lapwing.model.project import ResultLimit
from lapwing.model.size import shown_size
from lapwing.sources.base import Source, Spent, Stream
from lapwing.sources.breakable import NAG
from lapwing.sql.again import Again
from lapwing.sql.batches import gathered, rows_for
from lapwing.sql.feed import Feed
from lapwing.sql.lately import Lately
from lapwing.sql.nodes import Plan, Scan
from lapwing.sql.reduce.held import HeldFeed
from lapwing.sql.reduce.values import Reduction
from lapwing.sql.wrong import at_home

if TYPE_CHECKING:
    from lapwing.sources.engine import Cursor, Engine


_LEAVING = 2.0
"""Seconds for who waits for rows to be told that none come, and for what read them to end."""


@dataclass(frozen=True, slots=True)
class ScanProgress:
    """What one scan has read. Native scans are read inside the engine and are not listed. `retries`: how often it was begun
    again, the last time because of `trouble`. `connections`: over how many of them its source is read at once. `kept`: its rows
    are those that another statement read lately, and its source was not asked."""

    id: str
    rows: int
    bytes: int
    done: bool
    spent: Spent | None = None
    retries: int = 0
    trouble: str | None = None
    connections: int = 1
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """`stage` is planned, running, done, failed or cancelled; `rows` and `bytes` are the result's, as far as it was
    taken; `fraction` is the engine's guess of its share of work done, None where it has none."""

    stage: str
    rows: int
    bytes: int
    fraction: float | None
    scans: tuple[ScanProgress, ...]


class Taker(Protocol):
    """Who looks on while a statement's rows are told, in the thread that takes them; it never raises."""

    def take(self, batch: pa.RecordBatch) -> None:
        """The next rows, before they are told."""

    def ended(self, running: Running) -> None:
        """No more come: all that there are if its stage is done, else it failed or was left."""


class Running(Stream):
    """A statement under way. Reading begins at once; rows come while iterating, in one thread, once. `cancel` may be
    called from any thread. It ends by itself after `time_limit` seconds, whoever is slow. Should it fail before its first
    row, it goes on with the plan that `again` has. `taker` is given all its rows, too; `learn`, once all is done, how many
    rows the scans had that were read to their end, by their ids. `lately`: rows that other statements read."""

    limit = ResultLimit()
    """What its result may have; of one that has more, no batch that goes beyond it is told."""
    asked_limit: float | None = None
    """The time limit as it was asked, where its time began to count before it was planned."""
    kept: str | None = None
    """When the rows were read, where they are those that were kept of an answer before (UTC ISO 8601)."""

    def __init__(
        self,
        plan: Plan,
        *,
        engine: Engine,
        sources: Mapping[str, Source],
        given: Mapping[str, pa.Table],
        time_limit: float,
        query_id: str,
        taker: Taker | None = None,
        again: Again | None = None,
        learn: Callable[[Plan, Mapping[str, int]], None] | None = None,
        lately: Lately | None = None,
    ) -> None:
        self.id = query_id
        self.schema = plan.schema
        self.started = time.monotonic()
        self.milliseconds: float | None = None
        self._given = given
        self._taker = taker
        self._stage = "planned"
        self._rows = 0
        self._bytes = 0
        self._stop: LapwingError | None = None
        self._working = False  # somebody waits for the next rows
        self._lock = threading.Lock()
        self._finished, self._released = threading.Event(), threading.Event()
        self._engine, self._sources, self._again, self._learn = engine, sources, again, learn
        self._lately = lately
        self._context = copy_context()  # who takes the rows may do so in another
        self._limit = time_limit
        self._timer = threading.Timer(time_limit, self._expire)
        self._timer.daemon = True
        self._timer.start()
        self._take(plan)

    def _take(self, plan: Plan) -> None:
        """Begins to read what the plan needs."""
        self.plan = plan
        self._cursor: Cursor = self._engine.cursor(plan.zone, watched=True)
        self._cursor.leave = self.cancel
        self._cursor.stop_clock(plan.moment, plan.passing)
        self._feeds = {
            scan.id: self._feed(scan) for scan in plan.scans if (scan.held or not scan.native) and scan.shares is None
        }
        self._reduction = Reduction(plan, self._feeds, self._sources, self._another)
        self._reduction.start()

    def _feed(self, scan: Scan) -> Feed:
        source = self._sources[scan.table.source]
        if scan.held:
            return HeldFeed(scan, source, self._limit, self._another)
        return Feed(scan, source, self._limit, self._lately)

    def _another(self) -> Cursor:
        return self._engine.cursor(self.plan.zone)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            self._check()
            self._stage, self._working = "running", True
            for batch in self._batches():
                self._check()
                self._rows += batch.num_rows
                self._bytes += batch.nbytes
                self._within()
                named = batch.rename_columns(self.schema.names)
                if self._taker is not None:
                    self._taker.take(named)
                self._working = False
                yield named
                self._working = True
            self._check()
            self._stage = "done"
            if self._learn is not None:
                self._learn(self.plan, {key: feed.rows for key, feed in self._feeds.items() if feed.whole})
        except (LapwingError, pa.ArrowException, OSError) as error:
            self._stage = "cancelled" if isinstance(self._stop, Cancelled) else "failed"
            raise self._cause(error) from error
        finally:
            self.close()

    def _batches(self) -> Iterator[pa.RecordBatch]:
        try:
            self._register()
            yield from gathered(self._cursor.reader(self.plan.residual.sql, rows_for(self.schema)))
        except (LapwingError, pa.ArrowException, OSError) as error:
            if self._again is None or self._rows or self._stop is not None:
                raise
            failed = {feed.scan.table.source for feed in self._feeds.values() if feed.error is not None}
            try:
                plan = self._context.run(self._again.plan, self.plan, self._cause(error), failed)
            except LapwingError as told:
                self._stop = self._stop or told  # it tells more than what failed
                raise
            if plan is None:
                raise
        else:
            return
        self._release()
        self._lately = None  # what is there now may be of other versions
        self._context.run(self._take, plan)
        self._check()
        yield from self._batches()

    @property
    def stage(self) -> str:
        """That of its `progress`."""
        return self._stage

    def _within(self) -> None:
        """
        Raises:
            Refused: the result is larger than it may be.
        """
        most = self.limit
        if most.rows is not None and self._rows > most.rows:
            says = f"The result has more than {most.rows:,} rows, which is the most that it may."
        elif most.bytes is not None and self._bytes > most.bytes:
            says = f"The result is larger than {shown_size(most.bytes)}, which is the most that it may be."
        else:
            return
        hint = "Ask for less by LIMIT, conditions or GROUP BY, or raise maximum_rows and maximum_bytes, or result_limits in "
        raise Refused.of("result-too-large", says, hint=f"{hint}lapwing.yaml.")

    def cancel(self) -> None:
        self._halt(Cancelled.of("cancelled", "The statement was cancelled."))

    def close(self) -> None:
        """Ends what still runs and frees connections. Harmless when done."""
        with self._lock:
            if self._finished.is_set():
                return
            self._finished.set()
        self._timer.cancel()
        self.milliseconds = (time.monotonic() - self.started) * 1e3
        if self._stage in ("planned", "running"):
            self._stage = "cancelled"  # left before its end
        try:
            self._release()
        finally:
            self._released.set()
        if self._taker is not None:
            self._taker.ended(self)

    def end(self) -> None:
        """Cancels and closes it, from any thread, once who waits for its rows has been told; nothing of it works then."""
        self.cancel()
        if self._working:
            self._finished.wait(_LEAVING)
        self.close()
        self._released.wait(_LEAVING)  # another thread may be at it

    def _release(self) -> None:
        for feed in self._feeds.values():
            feed.stop()
        self._reduction.close()
        self._cursor.close()
        for feed in self._feeds.values():
            feed.close()

    def _interrupt(self) -> None:
        self._cursor.interrupt()
        self._reduction.stop()

    def _fraction(self) -> float | None:
        return self._cursor.progress()

    def progress(self) -> Progress:
        """How far it is; from any thread."""
        fraction = 1.0 if self._stage == "done" else None
        if self._stage == "running" and not self._finished.is_set():
            fraction = self._fraction()
        scans = tuple(
            ScanProgress(key, feed.rows, feed.bytes, feed.done, feed.spent, *feed.retries, feed.connections, feed.kept)
            for key, feed in self._feeds.items()
        )
        return Progress(self._stage, self._rows, self._bytes, fraction, scans)

    def _register(self) -> None:
        """Hands the engine what the statement reads. Rows that may be scanned again are collected first, many of them by the
        engine, which keeps within its memory."""
        for name, table_name in self.plan.given.items():
            self._cursor.register(name, self._given[table_name])
        stored: dict[str, str] = {}
        many = {scan.id for scan in self.plan.scans if scan.many}
        for name, scan_id in self.plan.feeds.items():
            if scan_id in stored:
                self._cursor.view(name, stored[scan_id])
                continue
            rows = self._reduction.rows(scan_id)
            if scan_id in many and isinstance(rows, pa.RecordBatchReader):
                self._cursor.store(name, rows)
                stored[scan_id] = name
            elif rows is None:
                self._cursor.view(name, self._feeds[scan_id].scan.sql)
            else:
                self._cursor.register(name, rows, self._feeds[scan_id].scan.rows)

    def _expire(self) -> None:
        self._halt(
            TimeLimit.of(
                "time-limit",
                f"The statement took longer than its {self.asked_limit or self._limit:g} seconds and was stopped.",
                hint="Ask for less time or fewer rows, or raise the time limit.",
            )
        )

    def _halt(self, why: LapwingError) -> None:
        with self._lock:
            if self._finished.is_set() or self._stop is not None:
                return
            self._stop = why
        for feed in self._feeds.values():
            feed.stop()
        threading.Thread(target=self._nag, name=f"stop {self.id}", daemon=True).start()

    def _nag(self) -> None:
        """An interrupt between two steps of the engine is forgotten by it, so it is repeated until all has ended. A
        statement nobody iterates is closed here."""
        while True:
            with self._lock:
                if self._finished.is_set():
                    return
                if self._stage == "running":
                    self._interrupt()
            if self._stage == "planned":
                self._stage = "cancelled" if isinstance(self._stop, Cancelled) else "failed"
                self.close()
                return
            self._finished.wait(NAG)

    def _check(self) -> None:
        if self._stop is not None:
            raise self._stop

    def _cause(self, error: Exception) -> LapwingError:
        """Why it ended: what stopped it, else what failed at a source, else the engine's own error."""
        if self._stop is not None:
            return self._stop
        failed = [feed.error for feed in self._feeds.values() if feed.error is not None]
        if failed:
            return failed[0]
        if isinstance(error, LapwingError):
            return at_home(error, self.plan.residual.edited)
        return LapwingError(Problem("engine-failed", f"The engine failed: {error}"))
