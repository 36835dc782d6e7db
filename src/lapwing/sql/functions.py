"""What the engine says of its own functions: which aggregate, and how long a value of them holds."""

from __future__ import annotations

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

    def lasting(self, names: Iterable[str]) -> bool:
        """Whether nothing that is called so depends on when, or how often, it is asked."""
        return self.passing.isdisjoint(names)


def functions_of(cursor: Cursor) -> Functions:
    """The engine's own list."""
    rows = cursor.execute("SELECT DISTINCT lower(function_name), function_type, stability FROM duckdb_functions()")
    aggregates = frozenset(name for name, kind, _ in rows if kind == "aggregate")
    unsteady = {name for name, kind, stability in rows if kind != "scalar" or stability == "VOLATILE"}
    passing = {name for name, kind, stability in rows if kind == "macro" or (stability or "CONSISTENT") != "CONSISTENT"}
    # These are written without parentheses, and the last three are not in the list.
    passing |= {"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}
    return Functions(aggregates, frozenset(name for name, *_ in rows) - unsteady, frozenset(passing))
