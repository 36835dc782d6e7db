"""The manifest of a rollup: what is published, as one immutable whole behind one row of the store.

A reader takes one manifest and reads only the versions it names, so an answer never mixes two builds. The row is replaced
by compare-and-set. It names **leaves** of adjacent partitions: those at work lie in the row itself, the others in rows
of their own that are never changed, only replaced by others. So a change costs as much for a million partitions as for a
hundred, and a reader that knows most leaves already fetches the few it does not.

A builder reserves its versions here before it writes, so what an interrupted build left behind is known and can be removed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lapwing.cache.leaf import Leaf, publish
from lapwing.cache.partition import Building, Partition, Past

Range = tuple[int, int]
"""Versions from the first to the last, both included."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Manifest:
    """`leaves` are in order and do not overlap. `data_start` and `goal` are where the source's data began and ended when a
    build last began (None: there was none); a goal past `data_end` means that a build is under way or was interrupted.
    `removing` are versions that nobody may begin to read, and whose rows are to be removed. `edition` counts the changes
    that readers see."""

    rollup: str
    definition: str
    grain: int
    leaves: tuple[Leaf, ...] = ()
    building: tuple[Building, ...] = ()
    removing: tuple[Range, ...] = ()
    next_version: int = 1
    data_start: int | None = None
    goal: int | None = None
    changed_at: float = 0.0
    edition: int = 0

    @property
    def partitions(self) -> tuple[Partition, ...]:
        """All of them, sorted by start."""
        return tuple(partition for leaf in self.leaves for partition in leaf.partitions)

    @property
    def data_end(self) -> int | None:
        """Where the published data ends: no gap lies before it."""
        chain = self._chain()
        return chain[-1].summary.data_end if chain else None

    @property
    def data_until(self) -> int | None:
        """The moment before which all data is complete and published."""
        chain = [leaf.summary for leaf in self._chain()]
        return next((one.sealed for one in chain if one.sealed < one.end), chain[-1].sealed) if chain else None

    def _chain(self) -> list[Leaf]:
        """The leaves reached from the first one without a gap, neither in partitions nor in data."""
        chain: list[Leaf] = []
        for leaf in self.leaves:
            if chain and not (chain[-1].summary.whole and chain[-1].summary.end == leaf.summary.start):
                break
            chain.append(leaf)
        return chain

    def partition(self, start: int) -> Partition | None:
        """The partition that begins at `start`."""
        return self.leaves[self._place(start)].partition(start) if self.leaves else None

    def history(self, start: int) -> tuple[Past, ...]:
        """What readers saw before of the partition that begins at `start`, as far as it is kept, oldest first."""
        return self.leaves[self._place(start)].history(start) if self.leaves else ()

    def overlapping(self, start: int, end: int) -> tuple[Partition, ...]:
        """The partitions that hold a part of `[start, end)` and may be read."""
        found = [p for leaf in self._leaves(start, end) for p in leaf.overlapping(start, end)]
        return tuple(p for p in found if p.quarantined is None)

    def quarantined(self, start: int, end: int) -> tuple[Partition, ...]:
        """Those that may not."""
        found = (p for leaf in self._leaves(start, end) for p in leaf.overlapping(start, end))
        return tuple(p for p in found if p.quarantined is not None)

    def being_built(self, start: int, end: int, by_others_than: str) -> Building | None:
        """Who else is writing a part of `[start, end)`."""
        others = (b for b in self.building if b.start < end and b.end > start and b.owner != by_others_than)
        return next(others, None)

    def with_partitions(self, partitions: Iterable[Partition], now: float) -> Manifest:
        """Publishes partitions in the place of those with the same start, which become their past. `since` is set here."""
        new: dict[int, list[Partition]] = {}
        for partition in partitions:
            new.setdefault(self._place(partition.start), []).append(partition)
        leaves = list(self.leaves)
        for place in sorted(new, reverse=True):
            leaves[place : place + 1] = publish(leaves[place] if leaves else None, new[place], now)
        return replace(
            self,
            leaves=tuple(leaves),
            building=tuple(_without(self.building, {p.version: p.end for of in new.values() for p in of})),
            changed_at=now,
            edition=self.edition + 1,
        )

    def with_leaf(self, start: int, leaves: Sequence[Leaf], now: float) -> Manifest:
        """`leaves` in the place of the one that holds the partition that begins at `start`."""
        place = self._place(start)
        changed = (*self.leaves[:place], *leaves, *self.leaves[place + 1 :])
        return replace(self, leaves=changed, changed_at=now, edition=self.edition + 1)

    def leaf(self, start: int) -> Leaf:
        """The one that holds the partition that begins at `start`."""
        return self.leaves[self._place(start)]

    def known_at(self, moment: float) -> Manifest:
        """The manifest as readers saw it at `moment` (seconds since 1970), as far as that is remembered."""
        leaves = tuple(leaf for one in self.leaves if (leaf := one.known_at(moment)) is not None)
        starts = (p.data_start for leaf in leaves for p in leaf.partitions if p.version)
        ends = (p.data_end for leaf in reversed(leaves) for p in reversed(leaf.partitions) if p.version)
        return replace(self, leaves=leaves, data_start=next(starts, None), goal=next(ends, None), building=())

    def forgotten(self, start: int, end: int, moment: float) -> float | None:
        """Since when all that readers saw of `[start, end)` is remembered, where that is after `moment`."""
        found = (leaf.forgotten(start, end, moment) for leaf in self._leaves(start, end))
        return max((since for since in found if since is not None), default=None)

    def _place(self, start: int) -> int:
        """Where the leaf is that has, or would have, the partition that begins at `start`."""
        return max(0, bisect_right(self.leaves, start, key=lambda leaf: leaf.summary.start) - 1)

    def _leaves(self, start: int, end: int) -> tuple[Leaf, ...]:
        return self.leaves[self._place(start) : bisect_right(self.leaves, end - 1, key=lambda leaf: leaf.summary.start)]


def _without(building: Iterable[Building], ends: Mapping[int, int]) -> Iterator[Building]:
    """The reservations that are left when versions of them are published, which happens in their order. `ends` are where
    the partitions of the versions end."""
    for one in building:
        done = sum(version in ends for version in one.versions)
        if done == 0:
            yield one
        elif done < one.count:
            yield replace(one, first=one.first + done, count=one.count - done, start=ends[one.first + done - 1])
