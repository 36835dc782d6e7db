"""The table of an answer: groups and buckets, and each metric's value in every one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from lapwing.cache.answer import Answered
from lapwing.cache.frame import StateFrame
from lapwing.model.dataset import Dataset
from lapwing.model.expression import MeasureRef
from lapwing.model.problem import Refused
from lapwing.query.ask import MetricQuery
from lapwing.query.evaluate import evaluate
from lapwing.query.gather import Gathered, used_alone
from lapwing.query.grid import Grid, grid_of, values
from lapwing.query.meet import Place, meet
from lapwing.query.order import ordered
from lapwing.query.reading import Times
from lapwing.query.regroup import regrouped
from lapwing.query.resolve import Buckets, Resolved
from lapwing.query.stretches import Known
from lapwing.states.base import State

Select = Callable[[str, pa.Table], pa.Table]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """What was read of one dataset: one of `reads` for each of the `times`' readings."""

    dataset: Dataset
    states: Mapping[str, State]
    times: Times
    reads: Sequence[Answered]
    known: Known


def table_of(
    query: MetricQuery, resolved: Resolved, step: Buckets, parts: Mapping[str, Part], select: Select
) -> pa.Table:
    """The dimensions, then "time" where a grain was asked, then the metrics. `select` runs a statement over `given.groups`.

    Raises:
        Refused: it would be too large, or a value has no meaning.
    """
    frames = {
        name: [
            used_alone(read.frame, at, part.states) for read, at in zip(part.reads, part.times.readings, strict=True)
        ]
        for name, part in parts.items()
    }
    if query.regroup is not None:
        for name, part in parts.items():
            frames[name] = [regrouped(frame, query.regroup, part.states, select) for frame in frames[name]]
        query = replace(query, by=query.regroup.by)
    groups, places = meet([frame.groups for of in frames.values() for frame in of])
    grid = grid_of(groups, len(step.times))
    left = iter(places)
    cells: dict[MeasureRef, pa.Array] = {}
    for name, part in parts.items():
        cells.update(_cells(name, part, frames[name], [next(left) for _ in frames[name]], grid))
    columns = _keys(grid, query, resolved, step)
    for name, (_, metric) in resolved.metrics.items():
        columns[name] = evaluate(metric.expression, cells, grid.rows)
    return _ordered(pa.table(columns), query)


def _cells(
    name: str, part: Part, frames: Sequence[StateFrame], places: Sequence[Place], grid: Grid
) -> Iterator[tuple[MeasureRef, pa.Array]]:
    """The value of each measure over each stretch of time asked."""
    if part.times.plain:
        taken = next(iter(part.times.taken.values()))
        complete = taken.complete(part.known)
        found = values(frames[0], part.states, part.dataset.measures, grid, places[0], complete)
        yield from ((MeasureRef(name, measure), array) for measure, array in found.items())
        return
    gathered = Gathered(part.times.readings, frames, places, grid)
    for ref, time in part.times.taken.items():
        yield ref, gathered.value(part.dataset.measures[ref.measure], part.states[ref.measure], time, part.known)


def _keys(grid: Grid, query: MetricQuery, resolved: Resolved, step: Buckets) -> dict[str, pa.Array]:
    rows = np.repeat(np.arange(grid.groups.num_rows, dtype=np.int32), grid.buckets) if grid.buckets > 1 else None
    columns: dict[str, pa.Array] = {}
    for name in query.by:
        column = grid.groups.column(name)
        columns[name] = column if rows is None else column.take(pa.array(rows))
    if query.grain:
        if "time" in columns:
            raise Refused.of("time-taken", "A dimension called time hides the time of the buckets.", hint="Rename it.")
        times = pa.array(np.tile(step.times, grid.groups.num_rows))
        columns["time"] = times.view(pa.timestamp("us", tz=resolved.zone))
    return columns


def _ordered(table: pa.Table, query: MetricQuery) -> pa.Table:
    keys = [(order.name, "descending" if order.descending else "ascending") for order in query.order]
    named = {order.name for order in query.order}
    ties = [(name, "ascending") for name in (*query.by, *(["time"] if query.grain else [])) if name not in named]
    return ordered(table, [*keys, *ties] if keys else [], query.limit)
