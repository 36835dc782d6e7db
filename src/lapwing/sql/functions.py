"""What the engine says of its own functions: which aggregate, how long a value of them holds, and which may be called."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from lapwing.sources.clock import CLOCKS

if TYPE_CHECKING:
    from lapwing.sources.engine import Cursor


@dataclass(frozen=True, slots=True)
class Functions:
    """Names in small letters: `aggregates`; `steady` ones, which give the same for the same values throughout a statement;
    `passing` ones, which may give another in the next statement, such as now(); `refused` ones, which no statement may call."""

    aggregates: frozenset[str]
    steady: frozenset[str]
    passing: frozenset[str]
    refused: frozenset[str]

    def passing_of(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of the names whose values depend on when, or how often, they are asked for."""
        return tuple(sorted(self.passing.intersection(names)))

    def passes(self, text: str) -> bool:
        """Whether an expression of the engine may call one of those."""
        return not self.passing.isdisjoint(_WORD.findall(text.lower()))


_WORD = re.compile(r"\w+")
SAMPLE = "using sample"
"""What stands among a statement's names where it takes a sample of rows, which is another each time."""
_PASSING = CLOCKS | {SAMPLE, "reservoir_quantile"}  # the last draws its own sample


@cache
def allowed() -> frozenset[str]:
    """Those that were looked at and reach nothing; a line that begins with `# ` is a comment."""
    text = files("lapwing.sql").joinpath("allowed_functions.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("# ") for word in line.split())


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
    names = frozenset(name for name, *_ in rows)
    return Functions(aggregates, names - unsteady, frozenset(passing), names - allowed())
