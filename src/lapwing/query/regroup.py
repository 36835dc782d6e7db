"""Groups by expressions over dimensions, such as upper(origin): the groups of the dimensions whose keys are equal become one,
by merging their states, so that ratios, distinct counts and quantiles are those of the rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lapwing.cache.frame import StateFrame
from lapwing.model.problem import WrongUse
from lapwing.sources.quote import identifier
from lapwing.states.base import State

PLACE = "place of the group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Regroup:
    """Of the dimensions that are read `kept` stay as they are; `made` are names of keys with their SQL over dimensions."""

    kept: tuple[str, ...]
    made: tuple[tuple[str, str], ...]

    @property
    def by(self) -> tuple[str, ...]:
        return (*self.kept, *(name for name, _ in self.made))

    def statement(self, table: str) -> str:
        """The SELECT of the keys of each group in `table`, which has the dimensions and `PLACE`."""
        kept = [identifier(name) for name in self.kept]
        made = [f"{text} AS {identifier(name)}" for name, text in self.made]
        return f"SELECT {', '.join([*kept, *made, identifier(PLACE)])} FROM {table}"


def regrouped(
    frame: StateFrame, regroup: Regroup, states: Mapping[str, State], select: Callable[[str, pa.Table], pa.Table]
) -> StateFrame:
    """The frame in the groups of `regroup`. `select` runs a statement over `given.groups`.

    Raises:
        WrongUse: a key is of a type that has no order, as lists.
    """
    numbers = pa.array(np.arange(frame.groups.num_rows, dtype=np.int64))
    keys = select(regroup.statement("given.groups"), frame.groups.append_column(PLACE, numbers))
    keys = keys.sort_by(PLACE).select(regroup.by)
    for field in keys.schema:
        if pa.types.is_nested(field.type):
            says = f"Groups can't be of {field.type}, which a key of the statement gives."
            raise WrongUse.of("group-type", says, hint="Write an expression that gives a text or a number.")
    if not len(frame.group):
        return replace(frame, groups=keys)
    groups, place = _distinct(keys)
    group = place[frame.group]
    order = np.lexsort((frame.bucket, group))
    group, bucket = group[order], frame.bucket[order]
    first = np.ones(len(group), np.bool_)
    first[1:] = (group[1:] != group[:-1]) | (bucket[1:] != bucket[:-1])
    starts = np.flatnonzero(first)
    merged = {name: states[name].merge(states[name].take(of, order), starts) for name, of in frame.states.items()}
    return StateFrame(groups=groups, group=group[starts], bucket=bucket[starts], states=merged)


def _distinct(keys: pa.Table) -> tuple[pa.Table, npt.NDArray[np.int32]]:
    """The distinct rows in their order, nulls last, and the place there of each row."""
    names: Sequence[tuple[str, str]] = [(name, "ascending") for name in keys.column_names]
    order = pc.sort_indices(keys, sort_keys=names).to_numpy()
    ordered = keys.take(pa.array(order))
    new = np.ones(len(order), np.bool_)
    new[1:] = False
    for column in ordered.combine_chunks().columns:
        values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        one, two = values[:-1], values[1:]
        differs = pc.fill_null(pc.not_equal(one, two), pc.xor(one.is_null(), two.is_null()))
        new[1:] |= differs.to_numpy(zero_copy_only=False)
    place = np.empty(len(order), np.int32)
    place[order] = np.cumsum(new, dtype=np.int32) - 1
    return ordered.take(pa.array(np.flatnonzero(new))), place
