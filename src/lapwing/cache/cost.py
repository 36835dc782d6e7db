"""What it costs a source to be asked for a stretch of a dataset's time, about."""

from __future__ import annotations

from dataclasses import dataclass

from lapwing.cache.definition import Definition
from lapwing.cache.manifest import Manifest
from lapwing.cache.marks import Marks
from lapwing.cache.partition import Partition
from lapwing.model.problem import LapwingError


@dataclass(frozen=True, slots=True)
class Cost:
    """Rows and bytes that the source reads."""

    rows: float
    bytes: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.rows + other.rows, self.bytes + other.bytes)

    def times(self, share: float) -> Cost:
        return Cost(self.rows * share, self.bytes * share)


NOTHING = Cost(0, 0)


def cost(marks: Marks, definition: Definition, manifest: Manifest, partition: Partition) -> tuple[Cost, Cost]:
    """Of all of a partition's time, by the source's own estimates: the part that is less for less time, and what is read
    whole whatever the time (tables without it, that others are joined to). What no source knows is taken for a row of a
    hundred bytes a cell."""
    timed, fixed = NOTHING, NOTHING
    start, end = manifest.data_start, manifest.goal
    share = 1.0
    if start is not None and end is not None and end > start:
        share = max(0, min(partition.end, end) - max(partition.start, start)) / (end - start)
    try:
        tables = marks.tables(definition.bound)
    except LapwingError:
        return Cost(partition.cells, 100 * partition.cells), NOTHING
    for table, by_time in tables:
        rows = table.rows if table.rows is not None else partition.cells
        of = Cost(rows, table.bytes if table.bytes is not None else 100 * rows)
        if by_time:
            timed += of.times(share) if table.rows is not None else of
        else:
            fixed += of
    return timed, fixed
