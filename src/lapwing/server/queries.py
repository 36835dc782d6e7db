"""The SQL statements that run now and those that ran lately: to watch them and to cancel them."""

from __future__ import annotations

import threading
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from lapwing.model.names import nearest
from lapwing.model.problem import Cancelled, Conflict, LapwingError, NotFound

State = Literal["running", "done", "failed", "cancelled"]
KEPT = 200


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
    """One statement's life. `rows` counts what was delivered."""

    id: str
    text: str
    state: State = "running"
    rows: int = 0
    running: Stoppable | None = None
    wanted: bool = True
    started: float = field(default_factory=time.monotonic)
    ended: float | None = None
    last: dict[str, Any] = field(default_factory=lambda: {"stage": "waiting", "bytes": 0, "fraction": None})

    @property
    def milliseconds(self) -> float:
        return ((self.ended or time.monotonic()) - self.started) * 1e3

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; reads the progress of a running statement."""
        running = self.running
        if running is not None and self.state == "running":
            now = running.progress()
            self.last = {"stage": now.stage, "bytes": now.bytes, "fraction": now.fraction}
        stage = self.last["stage"] if self.state == "running" else self.state
        known = {"id": self.id, "state": self.state, "text": self.text, "rows": self.rows}
        return {**known, **self.last, "stage": stage, "milliseconds": round(self.milliseconds, 3)}


class Queries:
    """All that run, and the last `KEPT` that ended. Safe from several threads."""

    def __init__(self) -> None:
        self._all: OrderedDict[str, Query] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, text: str, wanted_id: str | None = None) -> Query:
        """
        Raises:
            Conflict: a statement of that id runs or ran.
        """
        query = Query(wanted_id or uuid.uuid4().hex[:16], text)
        with self._lock:
            if query.id in self._all:
                raise Conflict.of("query-exists", f"There already is a query {query.id}.", hint="Take another id.")
            self._all[query.id] = query
            ended = [one.id for one in self._all.values() if one.state != "running"]
            for old in ended[: max(0, len(self._all) - KEPT)]:
                del self._all[old]
        return query

    def start(self, query: Query) -> None:
        """Its turn has come.

        Raises:
            Cancelled: meanwhile nobody wants it.
        """
        with self._lock:
            if not query.wanted:
                raise Cancelled.of("cancelled", "The query was cancelled.")
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
            query.ended = time.monotonic()
            if error is None:
                query.state = "done"
            else:
                query.state = "cancelled" if isinstance(error, Cancelled) or not query.wanted else "failed"
            query.running = None

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

    def recent(self) -> list[Query]:
        """The latest first."""
        with self._lock:
            return list(reversed(self._all.values()))

    def cancel(self, query_id: str) -> Query:
        """Asks the statement to stop; harmless when it has ended."""
        query = self.get(query_id)
        with self._lock:
            query.wanted = False
            running = query.running
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
