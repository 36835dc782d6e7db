"""Two frames of the same request, one from a rollup and one from the source: where they differ, with both numbers."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.cache.arrow_states import group_codes, no_dimensions
from lapwing.cache.frame import StateFrame
from lapwing.cache.request import StateRequest
from lapwing.model.problem import LapwingError
from lapwing.states.base import Columns, State

Ints = npt.NDArray[np.int64]
Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]
"""What JSON can hold; integers beyond 53 bits, decimals, times and what is no number are texts."""

MOST_SHOWN = 5
_EXACT = 1 << 53


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A cell whose state is another one at the source: the measure, the group's values by dimension, the bucket's stretch,
    and the value on both sides. `says` tells where the values are alike and the states are not, or a side has no cell."""

    measure: str
    group: Mapping[str, Plain]
    start: int
    end: int
    kept: Plain
    source: Plain
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Of `cells` on either side `differing` differ; `shown` are the first differences."""

    cells: int
    differing: int
    shown: tuple[Difference, ...]


def compare(request: StateRequest, states: Mapping[str, State], kept: StateFrame, source: StateFrame) -> Compared:
    """What differs between the cells of a rollup and those of the source."""
    groups, cells = _cells(request, kept, source)
    both, left, right = np.intersect1d(*cells, assume_unique=True, return_indices=True)
    wrong: dict[str, Ints] = {}
    for name, state in states.items():
        same = state.same(state.take(kept.states[name], left), state.take(source.states[name], right))
        wrong[name] = both[~same]
    alone = np.setxor1d(*cells, assume_unique=True)
    differing = np.unique(np.concatenate([alone, *wrong.values()]))
    found = [(int(cell), name) for name, of in wrong.items() for cell in of[:MOST_SHOWN]]
    found += [(int(cell), name) for cell in alone[:MOST_SHOWN] for name in states]
    shown = tuple(_told(request, states, groups, cells, (kept, source), *one) for one in sorted(found)[:MOST_SHOWN])
    return Compared(cells=len(both) + len(alone), differing=len(differing), shown=shown)


def _cells(request: StateRequest, kept: StateFrame, source: StateFrame) -> tuple[pa.Table, tuple[Ints, Ints]]:
    """The groups of both sides, and a number for each cell of each, the same for the same group and bucket."""
    buckets = len(request.edges) - 1
    sides = (kept, source)
    if request.by:
        schema = source.groups.schema
        groups, code = group_codes(pa.concat_tables([side.groups.cast(schema) for side in sides]), request.by)
    else:
        groups, code = no_dimensions(), np.zeros(2, np.int64)
    first = kept.groups.num_rows if request.by else 1
    codes = (code[:first], code[first:])
    left, right = (of[side.group] * buckets + side.bucket for of, side in zip(codes, sides, strict=True))
    return groups, (left, right)


def _told(
    request: StateRequest,
    states: Mapping[str, State],
    groups: pa.Table,
    cells: tuple[Ints, Ints],
    sides: tuple[StateFrame, StateFrame],
    cell: int,
    name: str,
) -> Difference:
    group, bucket = divmod(cell, len(request.edges) - 1)
    values: list[Plain] = []
    says = ""
    for side, of, where in zip(sides, cells, ("The rollup", "The source"), strict=True):
        place = np.flatnonzero(of == cell)
        if len(place):
            values.append(_final(states[name], states[name].take(side.states[name], place)))
        else:
            values.append(None)
            says = f"{where} has no such cell."
    if not says and values[0] == values[1]:
        says = "The values are alike; the states that they are made of are not."
    row = groups.slice(group, 1).to_pylist()[0] if request.by else {}
    return Difference(
        measure=name,
        group={dimension: plain(value) for dimension, value in row.items()},
        start=int(request.edges[bucket]),
        end=int(request.edges[bucket + 1]),
        kept=values[0],
        source=values[1],
        says=says,
    )


def _final(state: State, columns: Columns) -> Plain:
    """The value of a state; why there is none where a wrong state has none."""
    try:
        return plain(state.final(columns)[0].as_py())
    except LapwingError as error:
        return error.problems[0].message
    except (ArithmeticError, ValueError, pa.ArrowException) as error:
        return f"no value ({type(error).__name__})"


def plain(value: object) -> Plain:
    """A value of Arrow's as JSON has it."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if abs(value) < _EXACT else str(value)
        case float():
            return value if math.isfinite(value) else str(value)
        case Decimal():
            return str(value)
        case dt.date() | dt.time():
            return value.isoformat()
        case dict():
            return {str(key): plain(one) for key, one in value.items()}
        case list():
            return [plain(one) for one in value]
    return str(value)
