"""Looks for values that meet conditions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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
_BESIDE = {
    Family.BOOLEAN: (),
    Family.INTEGER: ("v + 1", "v - 1"),
    Family.DECIMAL: ("v + 1", "v - 1"),
    Family.FLOAT: ("v + 1", "v - 1"),
    Family.TEXT: ("v || 'a'",),
    Family.DATE: ("v + 1", "v - 1", "v + 2", "v - 2"),
    Family.TIMESTAMP: ("v + INTERVAL 1 DAY", "v - INTERVAL 1 DAY", "v + INTERVAL 2 DAY", "v - INTERVAL 2 DAY"),
}
"""What else may do where a constant of a condition does not, by its value `v`."""


def witness(
    table: str, columns: Sequence[Column], conditions: Sequence[str], cursor: Cursor
) -> list[str | None] | None:
    """Values of `columns` as texts (None: NULL), of which all `conditions` over `table` are true: SQL of the engine. They are
    looked for among the constants in these and what is beside them; None if there is nothing or too much to try."""
    kinds = [(column, kind) for column in columns if (kind := family(column.type)) in _DEFAULTS and kind is not None]
    found = list(dict.fromkeys(_constants(conditions)))
    tries = prod(len(found) * (1 + len(_BESIDE[kind])) + 3 for _, kind in kinds)
    if len(kinds) < len(columns) or tries > MOST:
        return None
    tried = [_tried(column, kind, found) for column, kind in kinds]
    own = f"{table}values"  # no column is called so: no name in a statement begins like its stubs'
    texts = ", ".join(f"c{at}.t" for at in range(len(columns)))
    typed = ", ".join(f"CAST(c{at}.t AS {column.type})" for at, column in enumerate(columns))
    sides = ", ".join(f"({sql}) AS c{at}" for at, sql in enumerate(tried))
    names = ", ".join(identifier(column.name) for column in columns)
    met = " AND ".join(f"({one})" for one in conditions)
    try:
        rows = cursor.table(
            f"SELECT {own} FROM (SELECT [{texts}], {typed} FROM {sides}) AS {table}({own}, {names}) WHERE {met} LIMIT 1"
        )
    except LapwingError:
        return None
    return list(rows.column(0)[0].as_py()) if rows.num_rows else None


def _tried(column: Column, kind: Family, constants: Sequence[str]) -> str:
    """The query for the values of a column that are tried, as texts `t`."""
    own = ", ".join(literal(one) for one in (*constants, *_DEFAULTS[kind]))
    listed = f"SELECT TRY_CAST(unnest([{own}]) AS {column.type}) AS v"
    ways = " UNION ALL ".join(f"SELECT {way} AS v FROM own WHERE v IS NOT NULL" for way in ("v", *_BESIDE[kind]))
    return (
        f"WITH own AS MATERIALIZED ({listed}) SELECT DISTINCT CAST(TRY_CAST(v AS {column.type}) AS VARCHAR) AS t FROM ({ways})"
        " UNION ALL SELECT NULL"
    )


def _constants(conditions: Sequence[str]) -> Iterator[str]:
    for condition in conditions:
        for quoted, number in _LITERALS.findall(condition):
            text = quoted.replace("''", "'")
            yield from (number, f"-{number}") if number else (text, text.replace("%", "").replace("_", "a"))
