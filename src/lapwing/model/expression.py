"""What a metric is made of: arithmetic over measures, as a small frozen tree.

A metric of any kind (simple, ratio, derived) is compiled to this tree when the project is read, with every reference
resolved to a measure. So the query room evaluates one thing, over whole arrays, after states were merged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Operator = Literal["+", "-", "*", "/"]
Function = Literal["coalesce", "nullif", "abs", "greatest", "least"]


@dataclass(frozen=True, slots=True)
class MeasureRef:
    """The final value of a measure of a dataset."""

    dataset: str
    measure: str


@dataclass(frozen=True, slots=True)
class Number:
    value: int | float


@dataclass(frozen=True, slots=True)
class Binary:
    """Division gives a double, and null where the divisor is 0. Null in, null out."""

    operator: Operator
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Call:
    """`greatest` and `least` skip nulls, as in PostgreSQL."""

    function: Function
    arguments: tuple[Expression, ...]


Expression = MeasureRef | Number | Binary | Call


def measures(expression: Expression) -> Iterator[MeasureRef]:
    """The measures an expression refers to, in order, with repeats."""
    match expression:
        case MeasureRef():
            yield expression
        case Binary(_, left, right):
            yield from measures(left)
            yield from measures(right)
        case Call(_, arguments):
            for argument in arguments:
                yield from measures(argument)
        case Number():
            pass
