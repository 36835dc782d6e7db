"""Rows under way: of a table that is all there, and of a statement that runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pyarrow as pa

from lapwing.model.failing import OnError
from lapwing.model.problem import LapwingError
from lapwing.query.ask import SqlQuery
from lapwing.query.service import Lapwing
from lapwing.query.statement import SqlAnswer
from lapwing.server.queries import Queries
from lapwing.server.turns import Turns
from lapwing.sql.text import Edited
from lapwing.sql.wrong import at_home

ROWS = 4096
"""So many are sent at once, fewer where they are wide."""
BYTES = 1 << 20
"""About so many of a batch are made into messages at once, which takes several times as many for a moment."""


class TableReading:
    """A table's rows."""

    def __init__(self, table: pa.Table) -> None:
        self.schema = table.schema
        self._batches = iter(table.to_batches(ROWS))

    def next(self) -> pa.RecordBatch | None:
        return next(self._batches, None)

    def close(self) -> None:
        """Nothing runs."""


class QueryReading:
    """A statement over the sources, listed among the server's and in one of its places while it runs; `who` asks. It has a
    turn while it is planned and while a batch is fetched, so that one whose client takes its time keeps no thread.

    Raises:
        LapwingError: as `Lapwing.run_sql`, in the places of the text as the client sent it.
    """

    def __init__(
        self,
        text: Edited,
        query: SqlQuery,
        *,
        lapwing: Lapwing,
        queries: Queries,
        turns: Turns,
        who: str,
        begun: Callable[[str], None],
    ) -> None:
        self._text, self._queries, self._turns = text, queries, turns
        self._query = queries.begin(text.original, who=who, door="postgres")
        begun(self._query.id)
        self._answer: SqlAnswer | None = None
        with self._watched():
            left = queries.wait(self._query, query.wishes.time_limit)
            with turns.turn():
                queries.start(self._query)
                asked = replace(query, who=who, wishes=replace(query.wishes, time_limit=left))
                self._answer = lapwing.run_sql(asked, self._query.id)
                queries.attach(self._query, self._answer.running)
        self.schema: pa.Schema = self._answer.running.schema
        self._batches = self._pieces(iter(self._answer.running))

    def next(self) -> pa.RecordBatch | None:
        with self._watched():
            batch = next(self._batches, None)
        if batch is None:
            self._queries.end(self._query)
            self.close()
        return batch

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """An error ends the statement, and is told in the places of the client's text."""
        try:
            with OnError(self._broke_off):
                yield
        except LapwingError as error:
            raise at_home(error, self._text) from error

    def _broke_off(self, error: BaseException) -> None:
        self._queries.end(self._query, error)
        self.close()

    def _pieces(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        while True:
            with self._turns.turn():
                batch = next(batches, None)
            if batch is None:
                return
            step = max(1, min(ROWS, BYTES * batch.num_rows // max(1, batch.nbytes)))
            for start in range(0, batch.num_rows, step):
                piece = batch.slice(start, step)
                self._query.rows += piece.num_rows
                yield piece

    def close(self) -> None:
        """Ends what runs; the statement is then one that was cancelled, unless it had ended."""
        if self._answer is not None and self._query.state == "running":
            self._queries.cancel(self._query.id)
            self._queries.end(self._query)
        if self._answer is not None:
            self._answer.running.close()
