"""A statement in the background of this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pyarrow as pa

from lapwing.model.failing import Caught
from lapwing.model.problem import Cancelled, LapwingError, NotFound
from lapwing.python.errors import told
from lapwing.python.way import Json, Rows
from lapwing.query.ask import SqlQuery
from lapwing.query.results.entry import Entry
from lapwing.query.results.later import Later
from lapwing.query.service import Lapwing
from lapwing.query.statement import SqlAnswer


class Background:
    """See `Task`. It begins at once, in a thread of its own."""

    def __init__(self, lapwing: Lapwing, asked: SqlQuery, query_id: str) -> None:
        """
        Raises:
            Refused: the project keeps no results.
        """
        lapwing.later.check()
        self.id = query_id
        self._lapwing, self._asked = lapwing, asked
        self._lock = threading.Lock()
        self._wanted, self._rows = True, 0
        self._answer: SqlAnswer | None = None
        self._error: LapwingError | None = None
        self._receipt: Json | None = None
        self._thread = threading.Thread(target=self._run, name=f"submitted {query_id}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        since = time.time()
        with Caught() as caught:  # told to who comes back
            answer = self._lapwing.run_sql(self._asked, self.id)
            with self._lock:
                self._answer, wanted = answer, self._wanted
            if not wanted:
                answer.running.cancel()
            self._lapwing.later.keep(answer.running, self._asked.text, since, self._count)
            self._receipt = answer.receipt().as_dict()
        error = caught.error
        if error is not None and not isinstance(error, LapwingError):
            error = LapwingError.of("unexpected", f"Lapwing stumbled: {type(error).__name__}: {error}.")
        self._error = error

    def _count(self, rows: int) -> None:
        self._rows = rows

    def look(self) -> Json:
        answer, error = self._answer, self._error
        if self._thread.is_alive():
            fraction = None if answer is None else answer.running.progress().fraction
            return {"state": "running", "rows": self._rows, "fraction": fraction}
        if error is None:
            return {"state": "done", "rows": self._rows, "fraction": 1.0}
        state = "cancelled" if isinstance(error, Cancelled) else "failed"
        return {"state": state, "rows": self._rows, "fraction": None}

    def wait(self, until: float | None) -> None:
        self._thread.join(None if until is None else max(0.0, until - time.monotonic()))

    def cancel(self) -> None:
        with self._lock:
            self._wanted, answer = False, self._answer
        if answer is not None:
            answer.running.cancel()

    def rows(self) -> Rows:
        with told():
            if self._error is not None:
                raise self._error
            return KeptRows(self.id, self._receipt, self._lapwing.later)

    def receipt(self) -> Json | None:
        with told():
            if self._error is not None:
                raise self._error
        return self._receipt


class KeptRows:
    """See `Rows`: those that were kept, read when they are asked for."""

    def __init__(self, query_id: str, receipt: Json | None, later: Later) -> None:
        self.id, self._receipt, self._entry = query_id, receipt, _entry(later, query_id)
        self.schema: pa.Schema = self._entry.schema()

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        with told():
            yield from self._entry

    def cancel(self) -> None:
        """They are there already."""

    def close(self) -> None:
        self._entry.close()

    def receipt(self) -> Json | None:
        return self._receipt

    def fraction(self) -> float | None:
        return None


def _entry(later: Later, query_id: str) -> Entry:
    found = later.get(query_id)
    if found is None:
        hint = "They are kept for an hour, less where the budget of results needs the room."
        raise NotFound.of("unknown-query", f"There are no rows of a query {query_id}.", hint=hint)
    return found
