"""Whether two answers are the same: row by row, and in the order that the statement asks for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import sqlglot
from sqlglot import exp

Row = tuple[object, ...]


def differs(ours: pa.Table, right: pa.Table, text: str) -> str | None:
    """What is different, None if nothing is. Rows are the same as a bag, numbers to 9 digits; where the statement's ORDER BY
    is by columns of its result, these come in the same order too, and all of a row where it is by every one."""
    one, other = _rows(ours), _rows(right)
    if len(one) != len(other):
        return f"{len(one):,} rows in the place of {len(other):,}"
    wrong = _unlike(sorted(one, key=_sorted), sorted(other, key=_sorted))
    keys = ordered_by(text, ours.column_names)
    return wrong or _unlike(_only(one, keys), _only(other, keys))


def ordered_by(text: str, columns: Sequence[str]) -> tuple[int, ...]:
    """The columns of the result by which its rows come, as far as they are columns of it: those behind another are not."""
    tree = sqlglot.parse_one(text, read="duckdb")
    order = tree.args.get("order")
    names = [name.lower() for name in columns]
    shown = [one.unalias() for one in tree.selects] if isinstance(tree, exp.Select) else []
    found: list[int] = []
    for key in order.expressions if order is not None else ():
        if key.this.is_int:
            found.append(int(key.this.name) - 1)
        elif isinstance(key.this, exp.Column) and not key.this.table and names.count(key.this.name.lower()) == 1:
            found.append(names.index(key.this.name.lower()))
        elif key.this in shown:
            found.append(shown.index(key.this))
        else:
            break
    return tuple(found)


def _rows(table: pa.Table) -> list[Row]:
    columns = [[_plain(value) for value in column.to_pylist()] for column in table.columns]
    return list(zip(*columns, strict=True))


def _only(rows: Sequence[Row], columns: Sequence[int]) -> list[Row]:
    return [tuple(row[column] for column in columns) for row in rows]


def _plain(value: object) -> object:
    """A value in the one form that all contenders' have: their types for numbers and texts differ."""
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, datetime) and value.time() == datetime.min.time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _sorted(row: Row) -> tuple[str, ...]:
    return tuple(f"{value:.6g}" if isinstance(value, float) else repr(value) for value in row)


def _unlike(one: Sequence[Row], other: Sequence[Row]) -> str | None:
    pair = next((pair for pair in zip(one, other, strict=True) if not _alike(*pair)), None)
    return f"{pair[0]} in the place of {pair[1]}" if pair else None


def _alike(one: Row, other: Row) -> bool:
    return all(
        math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) if isinstance(a, float) and isinstance(b, float) else a == b
        for a, b in zip(one, other, strict=True)
    )
