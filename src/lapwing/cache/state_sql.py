"""Lapwing SQL for states of measures by dimensions and UTC buckets.

The builder and the direct way to the source share this one text, so both give the same states.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from lapwing.cache.entries_sql import column_name, quote, with_entries
from lapwing.sql.bound import BoundDataset
from lapwing.sql.followed import BoundFollowed
from lapwing.sql.time import DAY, epoch_sql, range_sql
from lapwing.states.base import EntriesSql, Rows, State
from lapwing.states.by_time import ByTime
from lapwing.states.dialects import dialect_of

BUCKET = "$bucket"
"""Column of the result: the bucket's start in UTC microseconds, or its number where `Buckets.edges` is set. Names with a
dollar sign can't clash with dimensions."""

PARTITION = "$partition"
"""Column of the result: the number of the partition, where `partitions` are given."""

_TIME = '"$time"'
_MOST_LITERALS = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """How rows fall into buckets: by floor to `step` microseconds counted from 1970, else into the stretches between
    `edges`."""

    start: int
    end: int
    step: int | None
    edges: npt.NDArray[np.int64] | None = None


def buckets_of(edges: npt.NDArray[np.int64]) -> Buckets:
    """The cheapest way to group by `edges`: by the largest step that divides them all, unless that makes far more
    groups than were asked."""
    start, end = int(edges[0]), int(edges[-1])
    if len(edges) == 2:
        return Buckets(start, end, None, edges)
    step = int(np.gcd.reduce(edges)) or end - start
    if (end - start) // step > 100 * len(edges) and len(edges) <= _MOST_LITERALS:
        return Buckets(start, end, None, edges)
    return Buckets(start, end, step)


def state_sql(
    bound: BoundDataset,
    states: Mapping[str, State],
    by: Sequence[str],
    buckets: Buckets,
    *,
    where: str | None = None,
    where_dimensions: Sequence[str] = (),
    partitions: Sequence[int] = (),
    followed: Mapping[str, BoundFollowed] = MappingProxyType({}),
) -> str:
    """One SELECT whose result has the dimensions `by`, BUCKET, and each state's columns; one row for each group that
    occurs (null is a value like any other).

    `where` is a condition over the names of `where_dimensions`. `partitions` are the borders of adjacent ones: the result
    then begins with PARTITION and is sorted by it, the dimensions, and the bucket. `followed` are the further conditions of
    measures that have them.

    Raises:
        Refused: a state that the engine can't build exactly.
    """
    inner = [f"{bound.expressions[name]} AS {quote(name)}" for name in dict.fromkeys((*by, *where_dimensions))]
    timed = any(isinstance(state, ByTime) for state in states.values())
    inner.append(f"{_epoch(bound, buckets, partitions, timed)} AS {_TIME}")
    built: list[str] = []
    entries: dict[str, EntriesSql] = {}
    joins, after = _joins(bound, buckets, {name: followed[name] for name in states if name in followed})
    for position, (name, state) in enumerate(states.items()):
        argument, kept = bound.argument_sql[name], bound.filters[name]
        if name in after:
            kept = after[name] if kept is None else f"({kept}\n) AND {after[name]}"
        if argument is not None:
            inner.append(f'{argument} AS "$argument{position}"')
        if kept is not None:
            inner.append(f'{kept} AS "$filter{position}"')
        rows = Rows(
            None if argument is None else f'"$argument{position}"',
            None if kept is None else f'"$filter{position}"',
            _TIME,
        )
        built += [
            f"{text} AS {quote(column_name(name, suffix))}"
            for text, suffix in zip(state.sql(rows, "duckdb"), state.built, strict=True)
        ]
        own = state.entries_sql(rows, "duckdb")
        if own is not None:
            entries[name] = own
    keys = {quote(name): quote(name) for name in by}
    if partitions:
        keys = {quote(PARTITION): choice_sql(_TIME, partitions), **keys}
    keys[quote(BUCKET)] = _bucket(buckets)
    kept_groups = f"\nWHERE {where}" if where else ""
    relation = "\n".join([bound.relation, *joins])
    source = f"SELECT {', '.join(inner)}\n  FROM {relation}\n  WHERE {range_sql(bound, buckets.start, buckets.end)}"
    if entries:
        return with_entries(source, kept_groups, keys, built, entries, ordered=bool(partitions))
    grouping = ", ".join(str(position + 1) for position in range(len(keys)))
    shown = ", ".join([*(text if text == name else f"{text} AS {name}" for name, text in keys.items()), *built])
    return f"SELECT {shown}\nFROM ({source}) AS rows_of_time{kept_groups}\nGROUP BY {grouping}" + (
        f"\nORDER BY {grouping}" if partitions else ""
    )


def _joins(
    bound: BoundDataset, buckets: Buckets, followed: Mapping[str, BoundFollowed]
) -> tuple[list[str], dict[str, str]]:
    """The joins behind the relation, one for all measures with the same, and the condition of each measure."""
    made: list[tuple[BoundFollowed, tuple[str, str]]] = []
    conditions: dict[str, str] = {}
    for name, one in followed.items():
        known = next((text for other, text in made if other == one), None)
        if known is None:
            known = one.join(bound, quote(f"$after{len(made)}"), buckets.start, buckets.end)
            made.append((one, known))
        conditions[name] = known[1]
    return [join for _, (join, _) in made], conditions


def span_sql(bound: BoundDataset) -> str:
    """A SELECT of the first and the last moment in the data, in the raw time column's own terms: exact to a
    daylight-saving fold, which `epoch_span` widens."""
    column = bound.time_column
    return f"SELECT min({column}) AS first, max({column}) AS last FROM {bound.relation}"


def epoch_span_sql(bound: BoundDataset, first: int, last: int) -> str:
    """A SELECT of the first and the last moment of the data in UTC microseconds, where `span_sql` said `first` and `last`.
    No zone moves a clock by two days, so only rows that close to them are looked at, with the offsets of those days."""
    column, kind, zone = bound.time_column, bound.time_type, bound.dataset.time.zone
    local = epoch_sql(column, kind, None)
    near = 2 * DAY
    low = epoch_sql(column, kind, zone, first - near, first + near)
    high = epoch_sql(column, kind, zone, last - near, last + near)
    return (
        f"SELECT min(CASE WHEN {local} < {first + near} THEN {low} END) AS first, "
        f"max(CASE WHEN {local} > {last - near} THEN {high} END) AS last FROM {bound.relation}"
    )


def _epoch(bound: BoundDataset, buckets: Buckets, partitions: Sequence[int], timed: bool) -> str:
    if buckets.edges is not None and len(buckets.edges) == 2 and not partitions and not timed:
        return "0"  # one bucket holds every row
    return epoch_sql(bound.time_column, bound.time_type, bound.dataset.time.zone, buckets.start, buckets.end)


def _bucket(buckets: Buckets) -> str:
    if buckets.edges is not None:
        return choice_sql(_TIME, [int(edge) for edge in buckets.edges])
    assert buckets.step is not None
    return dialect_of("duckdb").floored(_TIME, buckets.step)


def choice_sql(time: str, edges: Sequence[int], dialect: str = "duckdb") -> str:
    """The number of the stretch between edges that a time is in, as a balanced tree of comparisons."""
    engine = dialect_of(dialect)

    def between(low: int, high: int) -> str:
        if high - low == 1:
            return engine.number(low)
        middle = (low + high) // 2
        below, above = between(low, middle), between(middle, high)
        return f"CASE WHEN {time} < {edges[middle]} THEN {below} ELSE {above} END"

    return between(0, len(edges) - 1)
