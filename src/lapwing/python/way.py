"""What both ways of asking (a project in this process, a server) give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A statement and how it is to be answered; see `Connection.sql`."""

    text: str
    zone: str | None
    time_limit: float
    query_id: str
    max_age: str | None
    no_cache: bool


class Rows(Protocol):
    """A statement under way: its rows once, in one thread. `cancel` may be called from any."""

    id: str
    schema: pa.Schema

    def __iter__(self) -> Iterator[pa.RecordBatch]: ...
    def cancel(self) -> None: ...
    def close(self) -> None: ...
    def receipt(self) -> Json | None:
        """How it was answered, once all rows are read; None where that is not told."""

    def fraction(self) -> float | None:
        """The share of work done, where it is known."""


class Task(Protocol):
    """A statement that runs on by itself. Safe from several threads."""

    id: str

    def look(self) -> Json:
        """Its `state` (running, done, failed, cancelled), how many `rows` there are by now, and the `fraction` of work done,
        where it is known."""

    def wait(self, until: float | None) -> None:
        """Returns when it has ended, or at that moment of `time.monotonic`."""

    def cancel(self) -> None: ...
    def rows(self) -> Rows:
        """Those of one that is done. Raises as it failed."""

    def receipt(self) -> Json | None:
        """How one that is done was answered. Raises as it failed."""


class Way(Protocol):
    """Where questions are answered. All raise PEP 249's errors."""

    def run(self, asked: Asked) -> Rows: ...
    def cancel(self, query_id: str) -> None:
        """Stops a statement, from any thread; harmless when it has ended."""

    def submit(self, asked: Asked, priority: str) -> Task: ...
    def submitted(self, query_id: str) -> Task: ...
    def explain(self, text: str, zone: str | None) -> str: ...
    def query(self, body: Mapping[str, Any]) -> tuple[pa.Table, Json]:
        """Answers a metric query that has the keys of `POST /api/query`; its table and its receipt."""

    def explain_query(self, body: Mapping[str, Any]) -> Json: ...
    def tables(self) -> list[Json]:
        """See `Connection.tables`."""

    def close(self) -> None: ...
