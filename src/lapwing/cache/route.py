"""How a request is answered: by one rollup, by several that share its time (or its measures), the rest by the source.

Each moment of each measure has one owner, so that nothing is counted twice. A rollup serves whole buckets of its own that
no asked border crosses; where none can, the time stays `open`, for the source. Of several ways the cheapest by estimated
keys and bytes is taken; the source is asked for what is left only, never in the place of a rollup.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from lapwing.cache.cover import Cover, Usable, usable
from lapwing.cache.definition import Definition
from lapwing.cache.partition import Partition
from lapwing.cache.predicate import listed
from lapwing.cache.request import StateRequest
from lapwing.cache.shape import Shape
from lapwing.cache.shelf import Row, Shelf, row_of
from lapwing.cache.tile import PIECE_COST, Tiling, tile
from lapwing.cache.times import Stretches, length, one

_LOOKED_AT = 8
_REMEMBERED = 256
WORTH_PLANNING = 1_000.0
"""Microseconds that one rollup has to cost before it is tried whether several cost less."""
_WORTH = 0.8
"""Several rollups answer in the place of one where they cost less than this part of it."""

Fresh = Callable[[Sequence[Cover]], Row]
"""Leaves of covers what is fresh enough, and says between which moments the data lies."""


@dataclass(frozen=True, eq=False)
class Part:
    """What one rollup serves. `keys`, `bytes` and `cost` (microseconds) are estimates. Remembered with its way, so what it
    works out is worked out once."""

    cover: Cover
    measures: tuple[str, ...]
    stretches: Stretches
    keys: float
    bytes: float
    cost: float

    @property
    def definition(self) -> Definition:
        return self.cover.definition

    @cached_property
    def partitions(self) -> tuple[Partition, ...]:
        """Those that hold a part of the stretches."""
        low, high = int(self.stretches[0, 0]), int(self.stretches[-1, 1])
        return tuple(p for p in self.cover.manifest.overlapping(low, high) if p.end > low and self._meets(p))

    @cached_property
    def versions(self) -> tuple[str, ...]:
        """Those of the partitions."""
        return tuple(f"{partition.version}" for partition in self.partitions)

    @cached_property
    def built_at(self) -> float | None:
        """When the oldest of the partitions was built, in seconds since 1970; None without any."""
        return min((partition.built_at for partition in self.partitions), default=None)

    def _meets(self, partition: Partition) -> bool:
        after = int(np.searchsorted(self.stretches[:, 1], partition.start, side="right"))
        return after < len(self.stretches) and int(self.stretches[after, 0]) < partition.end


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """`open` says for which measures which time no rollup serves. `row` is what was to choose from."""

    parts: tuple[Part, ...]
    open: tuple[tuple[tuple[str, ...], Stretches], ...]
    row: Row

    @property
    def cost(self) -> float:
        return sum(part.cost for part in self.parts)

    @property
    def open_time(self) -> int:
        """How long is open, in microseconds, over all measures."""
        return sum(len(measures) * length(stretches) for measures, stretches in self.open)


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What of a request decides on the way: its borders, and from how many values of which dimensions it chooses."""

    edges: npt.NDArray[np.int64]
    listed: tuple[tuple[str, int], ...]

    @property
    def span(self) -> tuple[int, int]:
        return int(self.edges[0]), int(self.edges[-1])


def find(request: StateRequest, shape: Shape, shelf: Shelf, fresh: Fresh | None = None) -> Route:
    """The way to answer. What is kept is looked at again until nothing that the way rests on has changed meanwhile.

    Raises:
        StoreError: the store can't be read.
    """
    asked = _Asked(request.edges, listed(request.where))
    row = shelf.row(shape, now=fresh is not None)
    if fresh is not None:
        row = fresh(row.covers)
    found = _remembered(asked, shape.measures, row)
    if fresh is None and shelf.trusts(shape) and (found.open or _changed(found, shelf)):
        row = shelf.row(shape, now=True)
        found = _remembered(asked, shape.measures, row)
    if found.open and len(shape.measures) > 1 and shape.some:
        covers = [*row.covers, *shelf.covers(shape.some)]
        split = _split(asked, shape.measures, fresh(covers) if fresh else row_of(covers))
        if split is not None and split.open_time < found.open_time:
            return split
    return found


def _remembered(asked: _Asked, measures: tuple[str, ...], row: Row) -> Route:
    """The way as it was found for the last question that differs in values alone."""
    key = (measures, asked.listed, asked.edges.tobytes())
    found = row.ways.get(key)
    if not isinstance(found, Route):
        if len(row.ways) >= _REMEMBERED:
            row.ways.clear()
        found = row.ways[key] = _find(asked, measures, row)
    return found


def _changed(found: Route, shelf: Shelf) -> bool:
    definitions = [part.definition for part in found.parts]
    return shelf.covers(definitions) != [part.cover for part in found.parts]


def _find(asked: _Asked, measures: tuple[str, ...], row: Row) -> Route:
    """All measures from the same rollups."""
    start, end = asked.span
    aligned: dict[int, bool] = {}
    alone: list[tuple[float, Cover]] = []
    others: list[Cover] = []
    for cover in row.covers:
        if _aligned(cover, asked, aligned) and cover.spans(start, end, row.since, row.goal):
            alone.append((cover.cost(start, end) * cover.share(asked.listed), cover))
            if len(alone) == _LOOKED_AT:
                break
        else:
            others.append(cover)
    longest = int((asked.edges[1:] - asked.edges[:-1]).max()) if others else 0
    others = [cover for cover in others if cover.definition.grain <= longest]  # a coarser one fits into no asked bucket
    if not alone:
        # The cheapest, and those that reach the furthest.
        rest = [found for cover in others if len((found := _usable(cover, row, asked, aligned)).stretches)]
        chosen = rest[:_LOOKED_AT] + sorted(rest[_LOOKED_AT:], key=lambda one: -length(one.stretches))[:_LOOKED_AT]
        return _routed(chosen, tile(start, end, chosen), measures, row)
    cost, best = min(alone, key=lambda one: one[0])
    whole = Usable(best, one(start, end), best.share(asked.listed))
    cheaper = [cover for cover in others if cover.density < best.density * _WORTH][: _LOOKED_AT - 1]
    if cheaper and cost > WORTH_PLANNING:
        several = [whole, *(_usable(cover, row, asked, aligned) for cover in cheaper)]
        tiling = tile(start, end, several)
        if tiling.cost < _WORTH * (cost + PIECE_COST):
            return _routed(several, tiling, measures, row)
    return _routed([whole], Tiling(((0, whole.stretches),), one(0, 0), cost), measures, row)


def _aligned(cover: Cover, asked: _Asked, known: dict[int, bool]) -> bool:
    grain = cover.definition.grain
    found = known.get(grain)
    if found is None:
        found = known[grain] = not (asked.edges % grain).any()
    return found


def _usable(cover: Cover, row: Row, asked: _Asked, aligned: dict[int, bool]) -> Usable:
    reach, as_they_are = cover.reach(row.since, row.goal), _aligned(cover, asked, aligned)
    stretches = usable(reach, cover.definition.grain, asked.edges, aligned=as_they_are)
    return Usable(cover, stretches, cover.share(asked.listed))


def _routed(rollups: Sequence[Usable], tiling: Tiling, measures: tuple[str, ...], row: Row) -> Route:
    parts = []
    for number, stretches in tiling.parts:
        keys, sizes, cost = rollups[number].cost(stretches)
        parts.append(Part(rollups[number].cover, measures, stretches, keys, sizes, cost + PIECE_COST))
    return Route(tuple(parts), ((measures, tiling.open),) if len(tiling.open) else (), row)


def _split(asked: _Asked, measures: tuple[str, ...], row: Row) -> Route | None:
    """Different measures from different rollups: those that keep the most of what is left first. None where a measure is
    kept by none, so that the source has to be asked in any case."""
    left = list(measures)
    parts: list[Part] = []
    opened: list[tuple[tuple[str, ...], Stretches]] = []
    while left:
        kept = [tuple(name for name in left if name in cover.definition.states) for cover in row.covers]
        most = max(kept, key=len, default=())
        if not most:
            return None
        covers = [cover for cover, names in zip(row.covers, kept, strict=True) if set(most) <= set(names)]
        found = _find(asked, most, Row(tuple(covers), row.since, row.goal))
        parts += found.parts
        opened += found.open
        left = [name for name in left if name not in most]
    return Route(tuple(parts), tuple(opened), row)


def spanning(request: StateRequest) -> npt.NDArray[np.int64]:
    """All of the asked time, as one stretch."""
    return one(int(request.edges[0]), int(request.edges[-1]))
