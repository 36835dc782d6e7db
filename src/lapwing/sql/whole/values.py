"""Values of a statement that an engine elsewhere is to run: their text there, and what is known of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from lapwing.sources.base import Family
from lapwing.sources.types import decimal_of, family
from lapwing.sql.capability import No

WHOLE: Final = frozenset({Family.INTEGER, Family.DECIMAL})
NUMBERS: Final = WHOLE | {Family.FLOAT}
TIMES: Final = frozenset({Family.DATE, Family.TIMESTAMP})
# sqlglot keeps meaning in arguments; a node with one that is not listed is not understood.
_ARGUMENTS: Final[Mapping[type[exp.Expr], frozenset[str]]] = {
    exp.Like: frozenset({"this", "expression", "negate"}),
    exp.In: frozenset({"this", "expressions", "query"}),
    exp.Between: frozenset({"this", "low", "high"}),
    exp.Cast: frozenset({"this", "to"}),
    exp.Literal: frozenset({"this", "is_string"}),
    exp.Column: frozenset({"this", "table"}),
    exp.Coalesce: frozenset({"this", "expressions"}),
    exp.Case: frozenset({"this", "ifs", "default"}),
    exp.If: frozenset({"this", "true", "false"}),
    exp.Count: frozenset({"this", "big_int"}),
    exp.Div: frozenset({"this", "expression", "typed", "safe"}),
    exp.DPipe: frozenset({"this", "expression", "safe"}),
    exp.Substring: frozenset({"this", "start", "length"}),
    exp.TimestampTrunc: frozenset({"this", "unit"}),
    exp.DateTrunc: frozenset({"this", "unit"}),
    exp.Window: frozenset({"this", "partition_by", "order", "over"}),
}
_PLAIN: Final = frozenset({"this", "expression"})


@dataclass(frozen=True, slots=True)
class Value:
    """SQL of the engine elsewhere, with its family (None: NULL). `scale`: digits behind the point, where it is a decimal and they
    are known. `numbers`: a float that is never NaN."""

    sql: str
    family: Family | None
    scale: int | None = None
    numbers: bool = False


Scope = Mapping[str, Mapping[str, Value | None]]
"""By the name of a table in the statement, its columns; None: one that is not the same there."""


def column_value(quote: Callable[[str], str], table: str, name: str, engine_type: str) -> Value | None:
    """The value of a column of a table; None where its type is not followed here."""
    kind = family(engine_type)
    if kind is None or engine_type == "FLOAT":
        return None
    decimal = decimal_of(engine_type) or ((19, 0) if kind is Family.INTEGER else None)
    return Value(f"{quote(table)}.{quote(name)}", kind, decimal[1] if decimal else None)


def strict(node: exp.Expr) -> None:
    """
    Raises:
        No: it has an argument that is not understood.
    """
    hidden = {key for key, value in node.args.items() if value} - _ARGUMENTS.get(type(node), _PLAIN)
    if hidden:
        raise No(f"{kind_of(node)} with {', '.join(sorted(hidden))} is not written for it")


def kind_of(node: exp.Expr) -> str:
    """What a node is, in words a person knows."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).lower()
