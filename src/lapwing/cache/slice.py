"""A part of a partition that is looked at: some of its buckets, and of its groups those that a hash picks."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import numpy as np

from lapwing.cache.definition import Definition
from lapwing.cache.entries_sql import quote
from lapwing.cache.partition import Partition
from lapwing.cache.predicate import Sql
from lapwing.cache.request import StateRequest
from lapwing.cache.write import MOST_BUCKETS

_MOST_BUCKETS = 16 * MOST_BUCKETS


@dataclass(frozen=True, slots=True)
class Slice:
    """The buckets of `[start, end)` (UTC microseconds) and, of `parts` parts of all groups, number `part`. The hash says of
    a group that the rollup lacks where it belongs, too, so what is missing is found like what is wrong."""

    start: int
    end: int
    part: int = 0
    parts: int = 1

    def holds(self, other: Slice) -> bool:
        """Whether nothing of `other` lies outside."""
        within = self.start <= other.start and other.end <= self.end
        return within and (self.parts == 1 or (self.part, self.parts) == (other.part, other.parts))

    def request(self, definition: Definition) -> StateRequest:
        """Everything that the rollup holds there, cell by cell."""
        names, grain = definition.rollup.dimensions, definition.grain
        edges = np.append(np.arange(self.start, self.end, grain), self.end)
        text = f"hash({', '.join(map(quote, names))}) % {self.parts} = {self.part}"
        return StateRequest(
            bound=definition.bound,
            measures=tuple(definition.states),
            by=names,
            where=Sql(text, names) if self.parts > 1 else None,
            edges=edges,
        )


def whole(partition: Partition) -> Slice:
    """All of it."""
    return Slice(partition.start, partition.end)


def some(definition: Definition, partition: Partition, share: float, most_cells: int, chance: random.Random) -> Slice:
    """A slice at random of about `share` of a partition's time and at most about `most_cells` of its cells; all of it where
    that is little enough."""
    grain = definition.grain
    buckets = -(-(partition.end - partition.start) // grain)
    size = max(1, min(buckets, _MOST_BUCKETS, int(buckets * share)))
    parts = _parts(definition, partition, size / buckets, most_cells)
    low = partition.start + chance.randint(0, buckets - size) * grain
    return Slice(low, min(partition.end, low + size * grain), chance.randrange(parts), parts)


def every(definition: Definition, partition: Partition, most_cells: int) -> list[Slice]:
    """Slices that are all of a partition together."""
    step = _MOST_BUCKETS * definition.grain
    starts = range(partition.start, partition.end, step)
    parts = _parts(definition, partition, 1 / len(starts), most_cells)
    return [Slice(low, min(partition.end, low + step), part, parts) for low in starts for part in range(parts)]


def _parts(definition: Definition, partition: Partition, share: float, most_cells: int) -> int:
    if not definition.rollup.dimensions:
        return 1
    return max(1, min(partition.keys, math.ceil(partition.cells * share / most_cells)))
