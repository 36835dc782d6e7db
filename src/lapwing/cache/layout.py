"""Where the states of measures lie in a chunk: which measures share one, and the order of the columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lapwing.sql.bound import BoundDataset
from lapwing.states.base import State


@dataclass(frozen=True, slots=True)
class Stored:
    """A column of a chunk. `of` is the place of the column whose numbers say how many entries of this one each of its
    rows has; None: it has one number a row."""

    dtype: str
    of: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """`columns` in the order of the chunk, those with one number a row first, so that they are found without the others.
    `places` are those of each kept measure's columns, in the order of `State.columns`."""

    columns: tuple[Stored, ...]
    places: Mapping[str, tuple[int, ...]]


def owners(bound: BoundDataset, states: Mapping[str, State]) -> dict[str, str]:
    """For each measure the first one with the same state: a sum and a mean of one column, or its quantiles, are kept
    once."""
    first: dict[object, str] = {}
    found: dict[str, str] = {}
    for name, state in states.items():
        # The same SQL of the same rows makes the same state, whatever is made of it in the end.
        family = "sum" if state.kind == "mean" else "variance" if state.kind == "stddev" else state.kind
        key = (
            family,
            bound.argument_sql[name],
            bound.arguments[name],
            bound.filters[name],
            None if bound.dataset.measures[name].followed is None else name,
            state.columns,
            state.detail,
        )
        found[name] = first.setdefault(key, name)
    return found


def layout_of(kept: Mapping[str, State]) -> Layout:
    """The layout of the states of `kept` measures."""
    every = [(name, column) for name, state in kept.items() for column in state.columns]
    order = sorted(every, key=lambda one: one[1].of is not None)
    place = {(name, column.suffix): number for number, (name, column) in enumerate(order)}
    columns = tuple(Stored(c.dtype, None if c.of is None else place[name, c.of]) for name, c in order)
    places = {name: tuple(place[name, column.suffix] for column in state.columns) for name, state in kept.items()}
    return Layout(columns, places)
