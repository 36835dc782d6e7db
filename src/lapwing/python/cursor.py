"""PEP 249's cursor."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from lapwing.python.errors import interface
from lapwing.python.result import Result

if TYPE_CHECKING:
    from lapwing.python.connection import Connection

Row = tuple[Any, ...]


class Cursor:
    """One statement at a time; rows are fetched as they come."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._result: Result | None = None
        self._rows: Iterator[Row] = iter(())
        self._beginning: str | None = None
        """The id of a statement of which nothing has come yet."""
        self._wanted = True
        self._closed = False

    @property
    def description(self) -> list[tuple[str, pa.DataType, None, None, None, None, bool]] | None:
        """Name, Arrow type (which equals one of STRING, NUMBER, ...) and whether it may be null, of each column; None before a
        statement."""
        if self._result is None:
            return None
        return [(field.name, field.type, None, None, None, None, field.nullable) for field in self._result.schema]

    @property
    def rowcount(self) -> int:
        """-1: how many come is not known before."""
        return -1

    def execute(self, operation: str, parameters: Sequence[Any] = (), *, time_limit: float | None = None) -> Cursor:
        """Runs a SELECT; `parameters` are the values of its ? or $N."""
        self._check()
        self._end()
        self._beginning, self._wanted = uuid.uuid4().hex[:16], True
        try:
            self._result = self.connection.sql(operation, parameters, time_limit=time_limit, query_id=self._beginning)
        finally:
            self._beginning = None
        if not self._wanted:
            self._result.cancel()
        self._rows = itertools.chain.from_iterable(_rows(batch) for batch in self._result)
        return self

    def executemany(self, operation: str, parameters: Sequence[Sequence[Any]]) -> Cursor:
        """PEP 249 has it for writing; here the last one's rows remain."""
        for values in parameters:
            self.execute(operation, values)
        return self

    def fetchone(self) -> Row | None:
        self._asked()
        return next(self._rows, None)

    def fetchmany(self, size: int | None = None) -> list[Row]:
        self._asked()
        return list(itertools.islice(self._rows, self.arraysize if size is None else size))

    def fetchall(self) -> list[Row]:
        self._asked()
        return list(self._rows)

    def __iter__(self) -> Iterator[Row]:
        self._asked()
        return self

    def __next__(self) -> Row:
        self._asked()
        return next(self._rows)

    def next(self) -> Row:
        """PEP 249's older name."""
        return next(self)

    def cancel(self) -> None:
        """Stops the statement, from any thread."""
        self._wanted = False  # of one that is still being planned this is all there is to say
        result, beginning = self._result, self._beginning
        if result is not None:
            result.cancel()
        elif beginning is not None:
            self.connection.cancel(beginning)

    def close(self) -> None:
        self._end()
        self._closed = True

    def setinputsizes(self, sizes: Sequence[Any]) -> None:
        """PEP 249 allows it to do nothing."""

    def setoutputsize(self, size: int, column: int | None = None) -> None:
        """PEP 249 allows it to do nothing."""

    def _end(self) -> None:
        if self._result is not None:
            self._result.close()
        self._result, self._rows = None, iter(())

    def _check(self) -> None:
        if self._closed:
            raise interface("closed", "The cursor is closed.")
        self.connection.check()

    def _asked(self) -> None:
        self._check()
        if self._result is None:
            raise interface("nothing-asked", "There is nothing to fetch.", "Call execute first.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _rows(batch: pa.RecordBatch) -> Iterator[Row]:
    columns = [column.to_pylist() for column in batch.columns]
    return zip(*columns, strict=True)
