"""A prepared statement, and a portal: what a client has parsed, and what it reads of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import pyarrow as pa


class Kind(StrEnum):
    EMPTY = "empty"
    COMMAND = "command"
    CURSOR = "cursor"
    COPY = "copy"
    EXPLAIN = "explain"
    CATALOG = "catalog"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class Prepared:
    """`types` are the numbers of its parameters' types; `start` is where it begins in what the client sent, `sent`."""

    text: str
    kind: Kind
    types: tuple[int, ...] = ()
    sent: str = ""
    start: int = 0


class Reading(Protocol):
    """Rows under way."""

    @property
    def schema(self) -> pa.Schema: ...

    def next(self) -> pa.RecordBatch | None:
        """More rows; None at the end. Raises as the statement does."""

    def close(self) -> None:
        """Ends what runs. Harmless when done."""


@dataclass(slots=True, eq=False)
class Portal:
    """A statement with its values. `reading` is None until it runs, and of what has no rows; `rest` was read and is still to
    be sent. `tag` is what ends the rows; `held`: it outlives its transaction."""

    statement: Prepared
    literals: Sequence[str] = ()
    formats: Sequence[int] = ()
    reading: Reading | None = None
    rest: pa.RecordBatch | None = None
    ran: bool = False
    tag: str = "SELECT"
    held: bool = False

    def take(self, most: int | None) -> pa.RecordBatch | None:
        """Up to `most` rows; None at the end."""
        batch = self.rest
        if batch is None or not batch.num_rows:
            batch = None if self.reading is None else self.reading.next()
        if batch is None:
            self.rest = None
            return None
        taken = batch if most is None else batch.slice(0, most)
        self.rest = batch.slice(taken.num_rows) if taken.num_rows < batch.num_rows else None
        return taken

    def close(self) -> None:
        if self.reading is not None:
            self.reading.close()
