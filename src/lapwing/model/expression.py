"""What a metric is made of: arithmetic over measures, as a small frozen tree.

A metric of any kind is compiled to this tree when the project is read, with every reference resolved to a measure and
the stretch of time that it is taken over. So the query room evaluates one thing, over whole arrays, after states were
merged: a cumulative metric is its expression over measures of a window, a change the arithmetic of now and then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from lapwing.model.duration import Span
from lapwing.model.stretch import Stretch, Window

Operator = Literal["+", "-", "*", "/"]
Function = Literal["coalesce", "nullif", "abs", "greatest", "least"]
Comparison = Literal["percent", "difference", "ratio"]


@dataclass(frozen=True, slots=True)
class MeasureRef:
    """The final value of a measure of a dataset over the bucket, or over another `stretch` of time."""

    dataset: str
    measure: str
    stretch: Stretch | None = None


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


def within(expression: Expression, window: Window) -> Expression:
    """The expression over a window instead of the bucket: the states of its measures are merged, then it is evaluated. Its
    measures are taken over their bucket so far."""
    return _each(expression, lambda measure: replace(measure, stretch=Stretch(window=window)))


def change(expression: Expression, against: Span, comparison: Comparison) -> Expression:
    """The expression now against its value in the bucket moved back by `against`. A percentage is of the size of what was
    then, so that its sign says which way it went; over 0 it is null."""

    def back(measure: MeasureRef) -> MeasureRef:
        stretch = measure.stretch or Stretch()
        return replace(measure, stretch=replace(stretch, back=(against, *stretch.back)))

    then = _each(expression, back)
    match comparison:
        case "difference":
            return Binary("-", expression, then)
        case "ratio":
            return Binary("/", expression, then)
        case "percent":
            return Binary("/", Binary("-", expression, then), Call("abs", (then,)))


def _each(expression: Expression, to: Callable[[MeasureRef], MeasureRef]) -> Expression:
    """The same tree over other measures."""
    match expression:
        case MeasureRef():
            return to(expression)
        case Binary(operator, left, right):
            return Binary(operator, _each(left, to), _each(right, to))
        case Call(function, arguments):
            return Call(function, tuple(_each(argument, to) for argument in arguments))
        case Number():
            return expression
