"""A by-product: the states that an answer from the source left behind, and which later questions they answer.

It is a small rollup that nobody declared. It holds the asked measures by the asked dimensions, in the asked buckets, of the
rows that the asked filter left. So it answers whoever asks for no more than that: a part of its measures, dimensions and
time, in buckets made of whole ones of its own (in whichever zone), with a filter that says all that its own says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.cache.arrow_states import group_codes
from lapwing.cache.filter import to_sql
from lapwing.cache.fold import fold
from lapwing.cache.frame import StateFrame, without_empty_groups
from lapwing.cache.predicate import And, In, Predicate, Value, dimensions
from lapwing.cache.request import StateRequest
from lapwing.cache.truth import Engine, coded, evaluate
from lapwing.states.base import State

Listed = tuple[str, tuple[Value, ...]]
"""A dimension, and the values of which it has one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ByProduct:
    """`meaning` stands for the dataset as it was defined and bound. `conditions` are what its filter asks for, all of them,
    as SQL, and as a list where it is one. `edges` are its borders. `mark` is the source's, of its time, at `as_of` (seconds
    since 1970) or just before; the data then lay in `span`, and all before `until` was complete. `cost` is what it took to
    compute, in milliseconds; `digest` its states'; `bytes` its size in the store, `rows` its states."""

    id: bytes
    meaning: bytes
    measures: tuple[str, ...]
    by: tuple[str, ...]
    conditions: Mapping[str, Listed | None]
    edges: npt.NDArray[np.int64]
    mark: str
    digest: str
    as_of: float
    span: tuple[int, int]
    until: int
    cost: float
    bytes: int
    rows: int

    @property
    def start(self) -> int:
        return int(self.edges[0])

    @property
    def end(self) -> int:
        return int(self.edges[-1])

    def rest(self, question: Question) -> Predicate | None:
        """What is left to filter by for a question that it answers as far as names and the filter go; None where it does
        not."""
        if not (question.measures <= set(self.measures) and question.by <= set(self.by)):
            return None
        if any(not _said(text, listed, question.conditions) for text, listed in self.conditions.items()):
            return None
        left = tuple(one for text, one in question.conditions.items() if text not in self.conditions)
        named = {name for one in left for name in dimensions(one)}
        return And(left) if named <= set(self.by) else None

    def inside(self, edges: npt.NDArray[np.int64]) -> bool:
        """Whether all of the asked time is its own."""
        return self.start <= int(edges[0]) and int(edges[-1]) <= self.end

    def fits(self, edges: npt.NDArray[np.int64], span: tuple[int, int]) -> bool:
        """Whether the asked buckets are made of whole ones of its own, where the data now has `span`: beyond that there is
        nothing."""
        if (int(edges[0]) < self.start and span[0] < self.start) or (int(edges[-1]) > self.end and span[1] > self.end):
            return False
        own = edges[(edges >= self.start) & (edges <= self.end)]
        return bool((self.edges[np.searchsorted(self.edges, own)] == own).all())


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What of a request decides whether a by-product answers it."""

    measures: frozenset[str]
    by: frozenset[str]
    conditions: Mapping[str, Predicate]

    @classmethod
    def of(cls, request: StateRequest) -> Question:
        return cls(frozenset(request.measures), frozenset(request.by), conditions(request.where))


def conditions(where: Predicate | None) -> dict[str, Predicate]:
    """What a filter asks for, all of it, by its SQL."""
    parts = () if where is None else where.operands if isinstance(where, And) else (where,)
    return {to_sql(part): part for part in parts}


def listed(part: Predicate) -> Listed | None:
    """A condition as a list of values."""
    return (part.dimension, part.values) if isinstance(part, In) else None


def _said(text: str, one: Listed | None, asked: Mapping[str, Predicate]) -> bool:
    """Whether what is asked has this condition, or a narrower list of the same dimension's values."""
    if text in asked:
        return True
    return one is not None and any(
        isinstance(part, In) and part.dimension == one[0] and set(part.values) <= set(one[1]) for part in asked.values()
    )


def folded(
    frame: StateFrame,
    held: npt.NDArray[np.int64],
    request: StateRequest,
    rest: Predicate,
    states: Mapping[str, State],
    engine: Engine,
) -> StateFrame:
    """The answer to a request out of a by-product's frame, whose buckets have the borders `held`."""
    groups = frame.groups
    columns = {name: coded(groups.column(name)) for name in dict.fromkeys(dimensions(rest))}
    chosen = evaluate(rest, columns, groups.num_rows, engine)
    place = np.full(groups.num_rows, -1, np.int64)
    left = groups if chosen.all() else groups.filter(pa.array(chosen))
    found, place[chosen] = group_codes(left, request.by)
    bucket = np.searchsorted(request.edges, held[frame.bucket], side="right").astype(np.int64) - 1
    group = place[frame.group]
    count = len(request.edges) - 1
    rows = np.flatnonzero((group >= 0) & (bucket >= 0) & (bucket < count))
    taken = {name: state.take(frame.states[name], rows) for name, state in states.items()}
    merged = fold(group[rows], bucket[rows], taken, states, count)
    return without_empty_groups(
        StateFrame(groups=found, group=merged.group, bucket=merged.bucket, states=merged.states)
    )


def names_of(measures: Sequence[str]) -> tuple[str, ...]:
    """Each once."""
    return tuple(dict.fromkeys(measures))
