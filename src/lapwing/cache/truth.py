"""Evaluates a `Predicate` over columns of dimension values, with SQL's three-valued logic.

Columns come as codes into distinct values: each comparison is made once for each distinct value, then spread by numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import assert_never

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.cache.predicate import And, Compare, In, IsNull, Not, Or, Predicate, Sql, Value

Mask = npt.NDArray[np.bool_]
Engine = Callable[[str, pa.Table], pa.ChunkedArray]
"""Evaluates an SQL condition on each row of a table: true, false or null, in the table's order."""
_NAN = float("nan")


class Values:
    """The distinct values of a column, None being null; `arrow` holds them with their exact type."""

    def __init__(self, arrow: pa.Array) -> None:
        self.arrow = arrow
        self.list: list[object] = [plain(value) for value in arrow.to_pylist()]

    @cached_property
    def place(self) -> dict[object, int]:
        """Where each value is."""
        return {value: position for position, value in enumerate(self.list)}

    @cached_property
    def known(self) -> Mask:
        """Which values are not null."""
        return np.array([value is not None for value in self.list], np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A column: row i holds `values.list[codes[i]]`."""

    codes: npt.NDArray[np.int32]
    values: Values

    def take(self, rows: npt.NDArray[np.intp]) -> Coded:
        """The column of these rows alone."""
        return Coded(self.codes[rows], self.values)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Neither true nor false is unknown."""

    true: Mask
    false: Mask


def coded(column: pa.Array | pa.ChunkedArray) -> Coded:
    """An Arrow column as codes."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = whole.dictionary_encode(null_encoding="encode")
    return Coded(np.asarray(encoded.indices).astype(np.int32, copy=False), Values(encoded.dictionary))


def plain(value: object) -> object:
    """The value itself; all NaN become one object, so that dictionaries find it."""
    return _NAN if value != value else value


def evaluate(predicate: Predicate, columns: Mapping[str, Coded], rows: int, engine: Engine | None = None) -> Mask:
    """Which of the `rows` rows the condition is true for. `engine` is needed where the predicate holds plain SQL."""
    return truth(predicate, columns, rows, engine).true


def truth(predicate: Predicate, columns: Mapping[str, Coded], rows: int, engine: Engine | None = None) -> Truth:
    """What the condition is for each row."""
    match predicate:
        case In(name, values):
            return _spread(columns[name], _is_in(columns[name].values, values))
        case Compare(name, operator, value):
            return _spread(columns[name], _compared(columns[name].values.list, operator, value))
        case IsNull(name):
            known = columns[name].values.known[columns[name].codes]
            return Truth(~known, known)
        case Sql(text, names):
            return _by_engine(text, [(name, columns[name]) for name in names], rows, engine)
        case Not(operand):
            inner = truth(operand, columns, rows, engine)
            return Truth(inner.false, inner.true)
        case And(operands):
            parts = [truth(operand, columns, rows, engine) for operand in operands]
            return Truth(_all([p.true for p in parts], rows), ~_all([~p.false for p in parts], rows))
        case Or(operands):
            parts = [truth(operand, columns, rows, engine) for operand in operands]
            return Truth(~_all([~p.true for p in parts], rows), _all([p.false for p in parts], rows))
    assert_never(predicate)


def _all(masks: list[Mask], rows: int) -> Mask:
    return np.logical_and.reduce(masks) if masks else np.ones(rows, np.bool_)


def _spread(column: Coded, of_values: Mask) -> Truth:
    known = column.values.known
    return Truth((known & of_values)[column.codes], (known & ~of_values)[column.codes])


def _is_in(values: Values, wanted: Sequence[Value]) -> Mask:
    found = np.zeros(len(values.list), np.bool_)
    for value in wanted:
        if (place := values.place.get(value)) is not None:
            found[place] = True
    return found


def _compared(values: Sequence[object], operator: str, limit: Value) -> Mask:
    """Text by code points, which is the order of its UTF-8 bytes and so the engine's."""
    if limit is None:
        return np.zeros(len(values), np.bool_)
    low, equal = operator.startswith("<"), operator.endswith("=")

    def holds(value: object) -> bool:
        if value is None:
            return False
        if value == limit:
            return equal
        less: bool = value < limit  # type: ignore[operator]  # the parser admits only literals of the column's type
        return less == low

    return np.array([holds(value) for value in values], np.bool_)


def _by_engine(text: str, columns: list[tuple[str, Coded]], rows: int, engine: Engine | None) -> Truth:
    """Asks the engine once for each distinct tuple of the columns named; a condition on no column is asked once."""
    if engine is None:
        raise ValueError(f"an engine is needed to evaluate {text}")
    code = np.zeros(rows, np.int64)
    for _, column in columns:
        code = code * max(len(column.values.list), 1) + column.codes
    distinct, place = np.unique(code, return_inverse=True)
    table: dict[str, pa.Array] = {}
    rest = distinct
    for name, column in reversed(columns):
        size = max(len(column.values.list), 1)
        table[name] = column.values.arrow.take(pa.array(rest % size))
        rest = rest // size
    if not table:
        table["$row"] = pa.array(np.zeros(len(distinct), np.int8))
    answer = engine(text, pa.table(table)).combine_chunks()
    true = np.asarray(answer.fill_null(False))
    false = ~np.asarray(answer.fill_null(True))
    return Truth(true[place], false[place])
