"""Whether Lapwing answers as plain DuckDB does: names, types, rows, or the kind of error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb
import pyarrow as pa

from lapwing.model.problem import LapwingError
from lapwing.sources.engine import map_error
from lapwing.sql.nodes import Plan
from lapwing.sql.service import SqlService


@dataclass(frozen=True)
class Answer:
    """The columns' names, types, and types in Arrow; the rows, each written out; or the code of an error."""

    columns: tuple[tuple[str, ...], ...] = ()
    rows: tuple[str, ...] = ()
    error: str | None = None
    says: str = ""

    def differs(self, wanted: Answer, ordered: bool) -> str | None:
        """In words; None where it does not."""
        if self.error or wanted.error:
            if self.error == wanted.error:
                return None
            return f"{self.error or 'rows'} ({self.says}), not {wanted.error or 'rows'} ({wanted.says})"
        if self.columns != wanted.columns:
            return f"columns {_other(self.columns, wanted.columns)}"
        if self.rows == wanted.rows if ordered else Counter(self.rows) == Counter(wanted.rows):
            return None
        if Counter(self.rows) == Counter(wanted.rows):
            return f"the order {self.rows[:8]}, not {wanted.rows[:8]}"
        return f"rows {_other(self.rows, wanted.rows)}"


def _other(got: tuple[object, ...], wanted: tuple[object, ...]) -> str:
    more, less = Counter(got) - Counter(wanted), Counter(wanted) - Counter(got)
    return f"{list(more.elements())[:4]}, not {list(less.elements())[:4]}"


def plain(truth: duckdb.DuckDBPyConnection, text: str, zone: str) -> Answer:
    """What plain DuckDB answers."""
    try:
        truth.execute(f"set TimeZone = '{zone}'").fetchall()
        asked = truth.sql(text)
        rows = asked.to_arrow_table()
        return Answer(_columns(rows, map(str, asked.types)), _rows(rows))
    except (duckdb.Error, pa.ArrowException) as error:
        return _wrong(map_error(error))


def ours(sql: SqlService, text: str, zone: str) -> tuple[Answer, Plan | None]:
    """What Lapwing answers, and how."""
    try:
        with sql.run(text, zone=zone) as running:
            rows = pa.Table.from_batches(list(running), running.schema)
            return Answer(_columns(rows, running.plan.types), _rows(rows)), running.plan
    except LapwingError as error:
        return _wrong(error), None


_WRONG = (
    "unknown-column",
    "unknown-name",
    "unknown-function",
    "unknown-type",
    "unknown-table",
    "wrong-statement",
    "wrong-type",
)
"""Codes for a statement that is wrong in itself: Lapwing tells them apart more finely than the engine does."""


def _wrong(error: LapwingError) -> Answer:
    problem = error.problems[0]
    return Answer(error="wrong" if problem.code in _WRONG else problem.code, says=problem.message.splitlines()[0])


def _columns(rows: pa.Table, types: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(zip(rows.schema.names, types, map(str, rows.schema.types), strict=True))


def _rows(table: pa.Table) -> tuple[str, ...]:
    return tuple(", ".join(map(_written, row)) for row in zip(*map(_values, table), strict=True))


def _values(column: pa.ChunkedArray) -> list[object]:
    try:
        return list(column.to_pylist())
    except (OverflowError, ValueError):  # Python's years are 1 to 9999
        return list(column.cast(pa.int32() if pa.types.is_date(column.type) else pa.int64()).to_pylist())


def _written(value: object) -> str:
    """A value so that others of its type look otherwise."""
    return "null" if value is None else str(value) if isinstance(value, (str, Decimal, date)) else repr(value)
