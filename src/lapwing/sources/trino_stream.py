"""Rows of Trino as Arrow: the cluster gives pages as they are asked for, so that no more than some are held."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

import pyarrow as pa

from lapwing.model.problem import LapwingError, SourceError
from lapwing.sources.base import Column
from lapwing.sources.streams import PumpedStream
from lapwing.sources.trino_session import Rows, Statement, failures
from lapwing.sources.trino_types import column_array


class TrinoStream(PumpedStream):
    """A SELECT, as a statement that has not begun."""

    def __init__(
        self,
        source: str,
        statement: Statement,
        columns: Sequence[Column],
        *,
        time_limit: float | None,
        explain_error: Callable[[Exception], LapwingError],
    ) -> None:
        self._statement, self._explain_error = statement, explain_error
        super().__init__(source, columns, time_limit, stoppable=True)

    def _batches(self) -> Generator[pa.RecordBatch, None, None]:
        try:
            for rows in self._statement.pages():
                yield self._batch(rows)
        except failures() as error:
            raise self._explain_error(error) from error
        finally:
            self._statement.close()

    def _batch(self, rows: Rows) -> pa.RecordBatch:
        if not self._columns:  # nothing but the number of rows is asked
            return pa.RecordBatch.from_struct_array(pa.array([{}] * len(rows), pa.struct([])))
        arrays = []
        for column, values in zip(self._columns, zip(*rows, strict=True), strict=True):
            try:
                arrays.append(column_array(values, column.type))
            except (pa.ArrowException, ValueError) as error:
                raise SourceError.of(
                    "bad-value",
                    f"{self._source} sent a value of {column.name} that is no {column.type}: {str(error).splitlines()[0]}.",
                    hint="Mend the value, or read the column as text in the dataset's sql.",
                ) from error
        return pa.RecordBatch.from_arrays(arrays, names=[column.name for column in self._columns])

    def _interrupt(self) -> None:
        self._statement.cancel()
