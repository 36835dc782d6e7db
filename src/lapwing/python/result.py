"""What an answer gives: its rows as Arrow, pandas or polars, and its receipt."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pyarrow as pa

from lapwing.model.problem import Problem
from lapwing.python.bar import watched
from lapwing.python.errors import InterfaceError, NotSupportedError, interface
from lapwing.python.way import Json, Rows


class Result:
    """The rows of one answer. `reader` and iteration give them as they come, once; `arrow`, `df` and `pl` all of them, as
    often as wanted."""

    def __init__(self, rows: Rows | None, table: pa.Table | None, receipt: Json | None, progress: bool) -> None:
        self._rows, self._table, self._receipt, self._progress = rows, table, receipt, progress
        self._begun = False

    @property
    def schema(self) -> pa.Schema:
        if self._table is not None:
            return self._table.schema
        assert self._rows is not None
        return self._rows.schema

    def reader(self) -> pa.RecordBatchReader:
        """The rows as a stream; so much memory as one batch has.

        Raises:
            InterfaceError: they were streamed already.
        """
        return pa.RecordBatchReader.from_batches(self.schema, iter(self))

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        if self._table is not None:
            return iter(self._table.to_batches())
        if self._begun:
            raise interface("already-read", "The rows were streamed already.", "Ask again, or begin with .arrow().")
        self._begun = True
        assert self._rows is not None
        return iter(self._rows)

    def arrow(self) -> pa.Table:
        if self._table is None:
            batches = iter(self)
            assert self._rows is not None
            with watched(self._rows.fraction, self._progress):
                self._table = pa.Table.from_batches(list(batches), self._rows.schema)
        return self._table

    def df(self) -> Any:
        """A pandas DataFrame."""
        _library("pandas")
        return self.arrow().to_pandas()

    def pl(self) -> Any:
        """A polars DataFrame."""
        return _library("polars").from_arrow(self.arrow())

    @property
    def receipt(self) -> Json:
        """How it was answered, as `docs/how-it-works.md` tells; reads all rows first.

        Raises:
            NotSupportedError: it came from a server as SQL's rows, which bring none.
        """
        if self._receipt is None and self._rows is not None:
            if not self._begun:
                self.arrow()
            self._receipt = self._rows.receipt()
        if self._receipt is None:
            hint = "Ask with .query(...), or open the project's folder."
            raise NotSupportedError(Problem("no-receipt", "Rows of SQL come from a server without one.", hint=hint))
        return self._receipt

    def cancel(self) -> None:
        """Stops it at its sources; from any thread."""
        if self._rows is not None:
            self._rows.cancel()

    def close(self) -> None:
        if self._rows is not None:
            self._rows.close()


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        problem = Problem("missing-library", f"{name} is not installed here.", hint=f"pip install {name}, or .arrow().")
        raise InterfaceError(problem) from error
