"""Statements that run on when their client goes away. Their rows are kept among the results on disk, to be fetched later."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

import pyarrow as pa
import structlog

from lapwing.model.failing import Caught
from lapwing.model.problem import Conflict, NotFound, TooMany
from lapwing.query.ask import SqlQuery
from lapwing.query.results.entry import Entry
from lapwing.query.results.later import KEEP
from lapwing.query.service import Lapwing
from lapwing.server.queries import Queries, Query
from lapwing.server.unforeseen import known

MOST: Final = 100
"""Statements that wait or run at once."""
_log = structlog.get_logger("lapwing.server")


class Detached:
    """Each runs in a thread of its own, in one of the server's places like all others. Safe from several threads."""

    def __init__(self, lapwing: Lapwing, queries: Queries) -> None:
        self._lapwing, self._queries = lapwing, queries
        self._running = threading.BoundedSemaphore(MOST)

    def submit(self, query: Query, asked: SqlQuery) -> None:
        """Begins to run `asked`, which has been begun as `query`.

        Raises:
            Refused: the project keeps no results. TooMany: so many wait already.
        """
        self._lapwing.later.check()
        if not self._running.acquire(blocking=False):
            says = f"{MOST} detached statements wait or run already."
            raise TooMany.of("too-many", says, hint="Ask again when some have ended.")
        threading.Thread(target=self._run, args=(query, asked), name=f"detached {query.id}", daemon=True).start()

    def _run(self, query: Query, asked: SqlQuery) -> None:
        with Caught() as caught:  # whoever comes back is told
            self._answer(query, asked)
        self._queries.end(query, None if caught.error is None else known(caught.error, door="detached"))
        self._running.release()

    def _answer(self, query: Query, asked: SqlQuery) -> None:
        left = self._queries.wait(query, asked.wishes.time_limit)
        self._queries.start(query)
        since = time.time()
        answer = self._lapwing.run_sql(replace(asked, wishes=replace(asked.wishes, time_limit=left)), query.id)
        self._queries.attach(query, answer.running)
        self._lapwing.later.keep(answer.running, query.text, since, partial(setattr, query, "rows"))
        query.receipt = answer.receipt()

    def rows(self, query_id: str) -> Entry:
        """The rows of one that is done, to be read once or closed.

        Raises:
            Conflict: it still runs. LapwingError: it failed, as it did. NotFound: there is none, or its rows are gone.
        """
        entry = self._lapwing.later.get(query_id)
        if entry is not None:
            return entry
        query = self._queries.known(query_id)
        if query is not None and query.state == "running":
            hint = f"GET /api/queries/{query_id}/events tells when it ends."
            raise Conflict.of("still-running", f"The query {query_id} still runs.", hint=hint)
        if query is not None and query.error is not None:
            raise query.error
        says = f"There are no rows of a query {query_id}."
        hint = f"Those of detached ones are kept for {KEEP / 60:g} minutes, less where the budget of results needs the room."
        raise NotFound.of("unknown-query", says, hint=hint)


def page(entry: Entry, offset: int, limit: int) -> Iterator[pa.RecordBatch]:
    """Rows `offset` and after, `limit` at most."""
    for batch in entry:
        part = batch.slice(min(offset, batch.num_rows), limit)
        offset, limit = max(0, offset - batch.num_rows), limit - part.num_rows
        if part.num_rows:
            yield part
        if limit <= 0:
            return
