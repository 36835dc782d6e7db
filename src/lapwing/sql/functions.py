"""What the engine says of its own functions: which aggregate, and how long a value of them holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lapwing.sources.engine import Cursor


@dataclass(frozen=True, slots=True)
class Functions:
    """Names in small letters: `aggregates`; `steady` ones, which give the same for the same values throughout a statement;
    `passing` ones, which may give another in the next statement, such as now()."""

    aggregates: frozenset[str]
    steady: frozenset[str]
    passing: frozenset[str]

    def passing_of(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of the names whose values depend on when, or how often, they are asked for."""
        return tuple(sorted(self.passing.intersection(names)))


SAMPLE = "using sample"
"""What stands among a statement's names where it takes a sample of rows, which is another each time."""
# The first five are written without parentheses, and three of them are not in the engine's list; of `age` the one that
# takes a single moment compares it with today's; the last draws its own sample.
_PASSING = frozenset(
    {
        "current_date",
        "current_time",
        "current_timestamp",
        "localtime",
        "localtimestamp",
        SAMPLE,
        "age",
        "reservoir_quantile",
    }
)
_WORD = re.compile(r"\w+")


def functions_of(cursor: Cursor) -> Functions:
    """The engine's own list. What only depends on the session's zone holds as long as the zone does; a macro passes where
    a name in it does."""
    rows = cursor.execute(
        "SELECT DISTINCT lower(function_name), function_type, stability, len(parameters), lower(macro_definition)"
        " FROM duckdb_functions()"
    )
    aggregates = frozenset(name for name, kind, *_ in rows if kind == "aggregate")
    unsteady = {name for name, kind, stability, *_ in rows if kind != "scalar" or stability == "VOLATILE"}
    passing = _PASSING | {
        name
        for name, _, stability, given, _ in rows
        if stability == "VOLATILE" or (stability == "CONSISTENT_WITHIN_QUERY" and not given)
    }
    macros = {name: frozenset(_WORD.findall(text)) for name, _, _, _, text in rows if text}
    while more := {name for name, words in macros.items() if name not in passing and not passing.isdisjoint(words)}:
        passing |= more
    return Functions(aggregates, frozenset(name for name, *_ in rows) - unsteady, frozenset(passing))
