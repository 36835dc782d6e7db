"""The SQL statements that run now and those that ran lately: to watch them and to cancel them."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from lapwing.model.names import nearest
from lapwing.model.problem import Cancelled, Conflict, LapwingError, NotFound, TimeLimit
from lapwing.model.receipt import Receipt
from lapwing.server.admission import Admission, Priority, Ticket
from lapwing.sql.nodes import Plan
from lapwing.sql.run import Progress as RunProgress
from lapwing.sql.run import Running

State = Literal["running", "done", "failed", "cancelled"]
KEPT = 200
UNFELT = 0.05
"""Seconds of waiting that are not taken off a time limit."""
LOOK = 0.5
"""Seconds between two looks whether a client that waits is still there."""


class Progress(Protocol):
    """How far a statement has come; `sql.run.Progress` is one."""

    @property
    def stage(self) -> str: ...
    @property
    def rows(self) -> int: ...
    @property
    def bytes(self) -> int: ...
    @property
    def fraction(self) -> float | None: ...


class Stoppable(Protocol):
    """A running statement, as much of it as is needed here."""

    def progress(self) -> Progress: ...
    def cancel(self) -> None: ...


@dataclass(slots=True, eq=False)
class Query:
    """One statement's life. `rows` counts what was delivered; `who` asks, by `door` (http, postgres, ...); `waited` seconds
    for its place; `plan` and how far it came are of its last look. `kept`: its rows are those of a result kept then.
    `error` is what it failed with; `receipt` how a detached one was answered, once it is done."""

    id: str
    text: str
    who: str = "unknown"
    door: str = "http"
    priority: Priority = "interactive"
    state: State = "running"
    rows: int = 0
    truncated: bool = False
    running: Stoppable | None = None
    wanted: bool = True
    started: float = field(default_factory=time.monotonic)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    waited: float = 0.0
    ended: float | None = None
    ticket: Ticket | None = None
    wake: Callable[[], None] | None = None
    plan: Plan | None = None
    progress: RunProgress | None = None
    code: str | None = None
    error: LapwingError | None = None
    kept: str | None = None
    receipt: Receipt | None = None
    last: dict[str, Any] = field(default_factory=lambda: {"stage": "waiting", "bytes": 0, "fraction": None})

    @property
    def milliseconds(self) -> float:
        return ((self.ended or time.monotonic()) - self.started) * 1e3

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; reads the progress of a running statement."""
        if self.state == "running":
            self.look()
        stage = self.last["stage"] if self.state == "running" else self.state
        return {
            "id": self.id,
            "state": self.state,
            "text": self.text,
            "who": self.who,
            "door": self.door,
            "priority": self.priority,
            "began": self.began.isoformat(timespec="milliseconds"),
            "rows": self.rows,
            "truncated": self.truncated,
            **self.last,
            "stage": stage,
            "position": None,
            "code": self.code,
            "waited": round(self.waited * 1e3, 3),
            "milliseconds": round(self.milliseconds, 3),
        }

    def look(self) -> None:
        """Notes how far it has come."""
        running = self.running
        if running is None:
            return
        now = running.progress()
        self.last = {"stage": now.stage, "bytes": now.bytes, "fraction": now.fraction}
        if isinstance(running, Running) and isinstance(now, RunProgress):
            self.plan, self.progress, self.kept = running.plan, now, running.kept


class Queries:
    """All that run, and the last `KEPT` that ended. Safe from several threads. A door calls begin, then waits for its place
    (`wait` in a thread of its own, `turn` in an event loop), then start, attach, end. `note` is told of each that ended."""

    def __init__(self, admission: Admission | None = None, note: Callable[[Query], None] | None = None) -> None:
        self.admission = admission or Admission()
        self.note = note
        self._all: OrderedDict[str, Query] = OrderedDict()
        self._lock = threading.Lock()

    def begin(
        self,
        text: str,
        wanted_id: str | None = None,
        *,
        who: str = "unknown",
        door: str = "http",
        priority: Priority = "interactive",
    ) -> Query:
        """
        Raises:
            Conflict: a statement of that id runs or ran.
        """
        query = Query(wanted_id or uuid.uuid4().hex[:16], text, who, door, priority)
        with self._lock:
            if query.id in self._all:
                raise Conflict.of("query-exists", f"There already is a query {query.id}.", hint="Take another id.")
            self._all[query.id] = query
            ended = [one.id for one in self._all.values() if one.state != "running"]
            for old in ended[: max(0, len(self._all) - KEPT)]:
                del self._all[old]
        return query

    def wait(self, query: Query, limit: float) -> float:
        """Blocks until it may run; the seconds that are then left of its time limit.

        Raises:
            TooMany: there is no room to wait. TimeLimit: it waited `limit` seconds. Cancelled: nobody wants it any more.
        """
        woken = threading.Event()
        self._queue(query, woken.set)
        woken.wait(limit)
        return self._admitted(query, limit)

    async def turn(self, query: Query, limit: float, gone: Callable[[], Awaitable[bool]]) -> float:
        """The same in an event loop; a client that is `gone` cancels it. Raises as `wait` does."""
        loop, woken = asyncio.get_running_loop(), asyncio.Event()
        self._queue(query, lambda: _call(loop, woken.set))
        until = loop.time() + limit
        while not woken.is_set() and loop.time() < until:
            try:
                await asyncio.wait_for(woken.wait(), min(LOOK, max(0.0, until - loop.time())))
            except TimeoutError:
                if await gone():
                    self.cancel(query.id)
        return self._admitted(query, limit)

    def _queue(self, query: Query, wake: Callable[[], None]) -> None:
        query.wake = wake  # first: a cancel between the two must not be missed
        query.ticket = self.admission.ask(query.who, query.priority, wake)
        if not query.wanted:
            wake()

    def _admitted(self, query: Query, limit: float) -> float:
        query.waited = time.monotonic() - query.started
        self._wanted(query)
        assert query.ticket is not None
        if not query.ticket.running:
            says = f"The statement waited its {limit:g} seconds for others to end, and did not begin."
            raise TimeLimit.of("time-limit", says, hint="Raise the time limit, or ask when less is asked.")
        return limit if query.waited < UNFELT else max(0.001, round(limit - query.waited, 3))

    def _wanted(self, query: Query) -> None:
        if not query.wanted:
            raise Cancelled.of("cancelled", "The query was cancelled.")

    def documents(self) -> list[dict[str, Any]]:
        """All as JSON, the latest first, with the position of those that wait."""
        places = self.admission.waiting()
        return [self._placed(query, places) for query in self.recent()]

    def document(self, query: Query) -> dict[str, Any]:
        """One as JSON."""
        return self._placed(query, self.admission.waiting())

    def _placed(self, query: Query, places: dict[Ticket, int]) -> dict[str, Any]:
        told = query.as_dict()
        if query.state == "running" and query.ticket is not None:
            told["position"] = places.get(query.ticket)
        return told

    def start(self, query: Query) -> None:
        """Its turn has come.

        Raises:
            Cancelled: meanwhile nobody wants it.
        """
        with self._lock:
            self._wanted(query)
            query.last = {**query.last, "stage": "planning"}

    def attach(self, query: Query, running: Stoppable) -> None:
        """The statement runs now; if it was cancelled while it was planned, it is stopped."""
        with self._lock:
            query.running = running
            wanted = query.wanted
        if not wanted:
            running.cancel()

    def end(self, query: Query, error: BaseException | None = None) -> None:
        """Notes how the statement ended; the first time counts."""
        with self._lock:
            if query.state != "running":
                return
            query.look()
            query.ended = time.monotonic()
            if error is None:
                query.state = "done"
            else:
                query.state = "cancelled" if isinstance(error, Cancelled) or not query.wanted else "failed"
                query.error = error if isinstance(error, LapwingError) else None
                query.code = error.problems[0].code if isinstance(error, LapwingError) else "unexpected"
            query.running = None
        if query.ticket is not None:
            self.admission.leave(query.ticket)
        if self.note is not None:
            self.note(query)

    def get(self, query_id: str) -> Query:
        """
        Raises:
            NotFound: unknown, or ended so long ago that it is forgotten.
        """
        with self._lock:
            found = self._all.get(query_id)
            if found is None:
                raise NotFound.of(
                    "unknown-query", f"There is no query {query_id}.", nearest=nearest(query_id, self._all)
                )
            return found

    def known(self, query_id: str) -> Query | None:
        """The same, or None."""
        with self._lock:
            return self._all.get(query_id)

    def recent(self) -> list[Query]:
        """The latest first."""
        with self._lock:
            return list(reversed(self._all.values()))

    def cancel(self, query_id: str) -> Query:
        """Asks the statement to stop; harmless when it has ended."""
        query = self.get(query_id)
        with self._lock:
            query.wanted = False
            running, wake = query.running, query.wake
        if wake is not None:
            wake()
        if running is not None:
            running.cancel()
        return query

    def cancel_all(self) -> None:
        for query in self.recent():
            if query.state == "running":
                try:
                    self.cancel(query.id)
                except LapwingError:
                    continue  # it ended meanwhile


def _call(loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> None:
    """From any thread; a loop that has ended waits for nothing."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(wake)
