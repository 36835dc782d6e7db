"""What of time a manifest holds, what of it is complete, and what reading a part of it costs."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from lapwing.cache.definition import Definition
from lapwing.cache.manifest import Manifest
from lapwing.cache.partition import Partition
from lapwing.cache.times import EVER, Stretches, both, inward, one, union
from lapwing.cache.write import MOST_BUCKETS

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

KEY_COST, BYTE_COST = 2.0, 0.001
"""Microseconds to read one key and to unpack one byte, about; `benchmarks.route` measures them. Only their ratio counts."""


class Cover:
    """A rollup as it is in the store: its partitions that may be read. Immutable."""

    def __init__(
        self, definition: Definition, manifest: Manifest, partitions: tuple[Partition, ...] | None = None
    ) -> None:
        self.definition = definition
        self.manifest = manifest
        self.partitions = manifest.overlapping(-EVER, EVER) if partitions is None else partitions
        self._reach: dict[tuple[int | None, int | None], Stretches] = {}

    @cached_property
    def complete(self) -> Stretches:
        """The time of which all data is there."""
        rows = [(p.start, min(p.end, p.sealed)) for p in self.partitions]
        return union(np.array(rows, np.int64).reshape(-1, 2))

    @cached_property
    def known(self) -> Stretches:
        """The time of which it knows all: that before its data included."""
        if self.manifest.goal is None:
            return one(0, 0)
        if self.manifest.data_start is None:
            return self.complete
        return union(np.concatenate((self.complete, one(-EVER, self.manifest.data_start))))

    def reach(self, since: int | None, goal: int | None) -> Stretches:
        """The time for which it may answer, where the data is known to lie between `since` and `goal`. One that was built
        to the goal answers for all that it holds and for what follows, of which nobody knows more; others only for what is
        complete in them. Likewise for what lies before the data."""
        found = self._reach.get((since, goal))
        if found is None:
            self._reach.clear()
            found = self._reach[since, goal] = self._reaching(since, goal)
        return found

    def _reaching(self, since: int | None, goal: int | None) -> Stretches:
        if not self.partitions:
            return one(0, 0)
        first, last, manifest = self.partitions[0], self.partitions[-1], self.manifest
        to_the_goal = goal is None or (manifest.goal is not None and last.data_end >= goal)
        if not to_the_goal:
            rows = [self.complete]
        else:
            held = np.array([(p.start, p.data_end) for p in self.partitions], np.int64)
            rows = [held, one(last.data_end if goal is None else min(goal, last.data_end), EVER)]
        if since is None or (manifest.data_start is not None and first.start <= manifest.data_start <= since):
            rows.append(one(-EVER, first.start))
        return union(np.concatenate(rows))

    def spans(self, start: int, end: int, since: int | None, goal: int | None) -> bool:
        """Whether it may answer for all of `[start, end)`, which begins and ends with buckets of its own."""
        reach = self.reach(since, goal)
        grain = self.definition.grain
        at = int(np.searchsorted(reach[:, 0], start, side="right")) - 1
        return at >= 0 and int(reach[at, 1]) // grain * grain >= end

    @cached_property
    def _borders(self) -> tuple[Ints, Ints, Ints]:
        """Where partitions start and end, and in how many chunks of time each is kept."""
        starts = np.array([p.start for p in self.partitions], np.int64)
        ends = np.array([p.end for p in self.partitions], np.int64)
        return starts, ends, np.maximum(1, -(-(ends - starts) // self._chunk))

    @property
    def _chunk(self) -> int:
        return MOST_BUCKETS * self.definition.grain

    @cached_property
    def _sizes(self) -> tuple[Floats, Floats]:
        """Keys and bytes before each partition, and of all."""
        keys = np.array([0, *(p.keys for p in self.partitions)], np.float64)
        sizes = np.array([0, *(p.bytes for p in self.partitions)], np.float64)
        return np.cumsum(keys), np.cumsum(sizes)

    @cached_property
    def density(self) -> float:
        """Cost of a day, about."""
        keys, sizes = self._sizes
        starts, ends, _ = self._borders
        days = max(1.0, float((ends - starts).sum()) / 86_400e6)
        return float(keys[-1] * KEY_COST + sizes[-1] * BYTE_COST) / days

    @cached_property
    def _lists(self) -> tuple[list[int], list[int], list[float]]:
        """Where partitions start and end, and what it costs to read those before each: for few moments quicker than
        arrays."""
        starts, ends, _ = self._borders
        keys, sizes = self._sizes
        return starts.tolist(), ends.tolist(), (keys * KEY_COST + sizes * BYTE_COST).tolist()

    def cost(self, start: int, end: int) -> float:
        """Microseconds to read `[start, end)`."""
        starts, ends, total = self._lists
        first, last = bisect_right(ends, start), bisect_left(starts, end) - 1
        if last < first:
            return 0.0
        found = total[last + 1] - total[first]
        if start > starts[first]:
            found -= (total[first + 1] - total[first]) * self._outside(
                start - starts[first], ends[first] - starts[first]
            )
        if end < ends[last]:
            found -= (total[last + 1] - total[last]) * self._outside(ends[last] - end, ends[last] - starts[last])
        return found

    def _outside(self, left_out: int, partition: int) -> float:
        """Which part of a partition's chunks lies wholly in what is left out of it."""
        return (left_out // self._chunk) / max(1, -(-partition // self._chunk))

    def touched(self, starts: Ints, ends: Ints) -> tuple[float, float]:
        """Keys and bytes to read for the stretches, each chunk of time once."""
        if not self.partitions:
            return 0.0, 0.0
        low, high = self.before(starts), self.until(ends)
        # A chunk that two stretches share is counted with the first.
        low[:, 1:] = np.maximum(low[:, 1:], high[:, :-1])
        total = np.maximum(high - low, 0.0).sum(axis=1)
        return float(total[0]), float(total[1])

    def until(self, moments: Ints) -> Floats:
        """Keys (row 0) and bytes (row 1) of the chunks that begin before each moment."""
        return self._counted(moments, np.searchsorted(self._borders[0], moments, side="left") - 1, up=True)

    def before(self, moments: Ints) -> Floats:
        """Keys and bytes of the chunks that end at or before each moment."""
        return self._counted(moments, np.searchsorted(self._borders[0], moments, side="right") - 1, up=False)

    def _counted(self, moments: Ints, place: npt.NDArray[np.intp], *, up: bool) -> Floats:
        starts, ends, chunks = self._borders
        at = np.maximum(place, 0)
        passed = (np.minimum(moments, ends[at]) - starts[at]) / self._chunk
        share = np.clip((np.ceil(passed) if up else np.floor(passed)) / chunks[at], 0.0, 1.0)
        share = np.where(moments >= ends[at], 1.0, share) * (place >= 0)
        return np.stack([total[at] + share * (total[at + 1] - total[at]) for total in self._sizes])

    def share(self, listed: Sequence[tuple[str, int]]) -> float:
        """About which part of the keys a filter leaves that has so many values of each of these dimensions."""
        if not listed or not self.partitions or not (distinct := self.partitions[-1].distinct):
            return 1.0
        places = [self.definition.rollup.dimensions.index(dimension) for dimension, _ in listed]
        shares = (min(1.0, count / max(distinct[at], 1)) for at, (_, count) in zip(places, listed, strict=True))
        return math.prod(shares)


@dataclass(frozen=True, slots=True, eq=False)
class Usable:
    """A rollup and the time for which it can answer the buckets that were asked. `share` is the part of its keys that
    the filter leaves."""

    cover: Cover
    stretches: Stretches
    share: float

    def cost(self, stretches: Stretches) -> tuple[float, float, float]:
        """Of reading these stretches: keys, bytes, and microseconds."""
        keys, sizes = self.cover.touched(stretches[:, 0], stretches[:, 1])
        keys, sizes = keys * self.share, sizes * self.share
        return keys, sizes, keys * KEY_COST + sizes * BYTE_COST


def usable(reach: Stretches, grain: int, edges: Ints, *, aligned: bool) -> Stretches:
    """The part of `reach` that lies in whole buckets of `grain` none of which crosses one of `edges`. `aligned`: all edges
    are borders of such buckets."""
    window = one(int(edges[0]), int(edges[-1]))
    inner = both(window, inward(reach, grain))
    if aligned:
        return inner
    starts, ends = -(-edges[:-1] // grain) * grain, edges[1:] // grain * grain
    return both(inner, union(np.column_stack((starts, ends))))
