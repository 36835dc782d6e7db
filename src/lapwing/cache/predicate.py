"""Filters over dimensions as a small frozen tree, with SQL's three-valued logic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class In:
    """`dimension` equals one of `values` (none of them null)."""

    dimension: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    dimension: str
    operator: Literal["<", "<=", ">", ">="]
    value: Value


@dataclass(frozen=True, slots=True)
class IsNull:
    dimension: str


@dataclass(frozen=True, slots=True)
class Sql:
    """Anything else: an SQL condition over `dimensions`, evaluated by the engine on the distinct values."""

    text: str
    dimensions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    operand: Predicate


@dataclass(frozen=True, slots=True)
class And:
    operands: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Or:
    operands: tuple[Predicate, ...]


Predicate = In | Compare | IsNull | Sql | Not | And | Or


def dimensions(predicate: Predicate) -> Iterator[str]:
    """The dimensions a predicate names, with repeats."""
    match predicate:
        case In(name, _) | Compare(name, _, _) | IsNull(name):
            yield name
        case Sql(_, names):
            yield from names
        case Not(operand):
            yield from dimensions(operand)
        case And(operands) | Or(operands):
            for operand in operands:
                yield from dimensions(operand)


def listed(predicate: Predicate | None) -> tuple[tuple[str, int], ...]:
    """From how many values of which dimensions a filter chooses, as far as it is plain lists of them."""
    parts = predicate.operands if isinstance(predicate, And) else (predicate,)
    return tuple((part.dimension, len(part.values)) for part in parts if isinstance(part, In))
