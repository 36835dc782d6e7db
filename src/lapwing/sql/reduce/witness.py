"""Looks for values that meet conditions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from math import prod
from typing import TYPE_CHECKING

from lapwing.model.problem import LapwingError
from lapwing.sources.base import Column, Family
from lapwing.sources.quote import identifier
from lapwing.sources.quote import text as literal
from lapwing.sources.types import family

if TYPE_CHECKING:
    from lapwing.sources.engine import Cursor

MOST = 10_000
"""Combinations that are tried."""
_LITERALS = re.compile(r"'((?:[^']|'')*)'|\b(\d+(?:\.\d+)?)\b")
_DEFAULTS = {
    Family.BOOLEAN: ("true", "false"),
    Family.INTEGER: ("0", "1"),
    Family.DECIMAL: ("0", "1"),
    Family.FLOAT: ("0", "1"),
    Family.TEXT: ("", "a"),
    Family.DATE: ("2000-01-01",),
    Family.TIMESTAMP: ("2000-01-01",),
}

Asked = tuple[Sequence[Column], Sequence[str]]
"""Columns, and conditions that name no others: SQL of the engine."""


def witness(asked: Sequence[Asked], cursor: Cursor) -> list[list[str | None] | None]:
    """Of each, values of the columns as texts (None: NULL) of which all conditions are true. They are looked for among the
    constants in these and what is beside them; None if there is nothing or too much to try."""
    queries = [_query(columns, conditions) for columns, conditions in asked]
    known = [query for query in queries if query is not None]
    try:
        rows = cursor.table(f"SELECT {', '.join(f'({query})' for query in known)}") if known else None
    except LapwingError:
        rows = None
    values = iter([] if rows is None else [column[0].as_py() for column in rows.columns])
    return [None if query is None else next(values, None) for query in queries]


def _query(columns: Sequence[Column], conditions: Sequence[str]) -> str | None:
    """Gives a list of texts; None if there is too much to try."""
    kinds = [(column, kind) for column in columns if (kind := family(column.type)) in _DEFAULTS and kind is not None]
    found = list(dict.fromkeys(_constants(conditions)))
    tried = [(column, _tried(kind, found)) for column, kind in kinds]
    if len(kinds) < len(columns) or prod(len(texts) for _, texts in tried) > MOST:
        return None
    sides = ", ".join(_side(column, texts) for column, texts in tried)
    made = ", ".join(f"CAST({identifier(column.name)} AS VARCHAR)" for column in columns)
    met = " AND ".join(f"({one})" for one in conditions)
    return f"SELECT [{made}] FROM {sides} WHERE {met} LIMIT 1"


def _side(column: Column, texts: Sequence[str]) -> str:
    listed = ", ".join(f"({literal(one)})" for one in texts)
    return f"(SELECT TRY_CAST(t AS {column.type}) AS {identifier(column.name)} FROM (VALUES {listed}, (NULL)) x(t))"


def _tried(kind: Family, constants: Sequence[str]) -> list[str]:
    """Constants, and what is beside them."""
    found = [*constants, *_DEFAULTS[kind]]
    for one in constants:
        with suppress(ValueError, ArithmeticError):
            found += _beside(kind, one)
    return list(dict.fromkeys(found))


def _beside(kind: Family, text: str) -> Iterator[str]:
    if kind is Family.TEXT:
        yield f"{text}a"
    elif kind in (Family.DATE, Family.TIMESTAMP):
        for days in (1, -1, 2, -2):
            yield str(datetime.fromisoformat(text) + timedelta(days=days))
    elif kind is not Family.BOOLEAN:
        yield from (str(Decimal(text) + 1), str(Decimal(text) - 1))


def _constants(conditions: Sequence[str]) -> Iterator[str]:
    for condition in conditions:
        for quoted, number in _LITERALS.findall(condition):
            text = quoted.replace("''", "'")
            yield from (number, f"-{number}") if number else (text, text.replace("%", "").replace("_", "a"))
