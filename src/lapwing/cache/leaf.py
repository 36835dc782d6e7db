"""A leaf of a manifest: some hundred adjacent partitions with their past, decoded only when they are looked at."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from lapwing.cache.partition import Cause, Partition, Past, partition_of, partition_row
from lapwing.model.problem import LapwingError, StoreError

MOST_PARTITIONS = 256
_MOST_RECORDS = 2_048


@dataclass(frozen=True, slots=True)
class Summary:
    """What is known of a leaf without looking into it. `data_end` and `sealed` are of the partitions reached from the
    first one without a gap; `whole`: these are all, and none lies behind them within the leaf. `past` counts versions that
    readers no longer see, `latest` is when the leaf last changed what they see."""

    start: int
    end: int
    count: int
    data_end: int
    sealed: int
    whole: bool
    past: int
    latest: float


class Leaf:
    """Immutable. `token` names the row of the store that holds it; None: it lies in the manifest's own row."""

    def __init__(self, summary: Summary, body: bytes | list[Any], token: bytes | None = None) -> None:
        self.summary = summary
        self.token = token
        self._body = body

    @classmethod
    def of(cls, partitions: Sequence[Partition], past: Sequence[Past]) -> Leaf:
        """A leaf of partitions (at least one), sorted by start, and their past, sorted by start and time."""
        body = [
            [partition_row(partition) for partition in partitions],
            [[one.until, partition_row(one.partition)] for one in past],
        ]
        return cls(_summary(partitions, past), body)

    def with_token(self, token: bytes) -> Leaf:
        """The same leaf, to be kept in a row of its own."""
        return Leaf(self.summary, self._body, token)

    @cached_property
    def _decoded(self) -> tuple[tuple[Partition, ...], tuple[Past, ...]]:
        try:
            partitions, past = self.body
            return (
                tuple(partition_of(row) for row in partitions),
                tuple(Past(partition=partition_of(row), until=until) for until, row in past),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(error) from error

    @property
    def partitions(self) -> tuple[Partition, ...]:
        return self._decoded[0]

    @property
    def past(self) -> tuple[Past, ...]:
        return self._decoded[1] if self.summary.past else ()

    @property
    def body(self) -> list[Any]:
        """The leaf as JSON data. Raises ValueError where its row is no JSON."""
        if isinstance(self._body, bytes):
            return list(json.loads(self._body))
        return self._body

    @cached_property
    def _starts(self) -> list[int]:
        return [partition.start for partition in self.partitions]

    def partition(self, start: int) -> Partition | None:
        """The partition that begins at `start`."""
        place = bisect_left(self._starts, start)
        found = self.partitions[place : place + 1]
        return found[0] if found and found[0].start == start else None

    def overlapping(self, start: int, end: int) -> tuple[Partition, ...]:
        """The partitions that hold a part of `[start, end)`."""
        if start <= self.summary.start and self.summary.end <= end:
            return self.partitions
        low = max(0, bisect_left(self._starts, start + 1) - 1)
        return tuple(p for p in self.partitions[low : bisect_left(self._starts, end)] if p.end > start)

    def history(self, start: int) -> tuple[Past, ...]:
        """What readers saw of the partition that begins at `start`, oldest first."""
        return tuple(one for one in self.past if one.partition.start == start)

    def known_at(self, moment: float) -> Leaf | None:
        """The leaf as readers saw it at `moment` (seconds since 1970); None where there was nothing."""
        if self.summary.latest <= moment:
            return self
        then = [one.partition for one in self.past if one.partition.since <= moment < one.until]
        seen = sorted((*then, *(p for p in self.partitions if p.since <= moment)), key=lambda p: p.start)
        return Leaf.of(seen, ()) if seen else None

    def forgotten(self, start: int, end: int, moment: float) -> float | None:
        """Since when all that readers saw of `[start, end)` is remembered, where that is after `moment`."""
        if self.summary.latest <= moment:
            return None
        earliest = {p.start: p for p in self.overlapping(start, end)}
        for one in reversed(self.past):
            if one.partition.start in earliest:
                earliest[one.partition.start] = one.partition
        return max((p.since for p in earliest.values() if p.since > moment and p.cause != Cause.BUILT), default=None)


def damaged(error: Exception) -> LapwingError:
    """Of a manifest, or a leaf of it, that makes no sense."""
    return StoreError.of(
        "store-damaged",
        f"A manifest in the rollup store can't be read: {error}.",
        hint="Remove the store and run `lapwing build`; the sources hold everything in it.",
    )


def publish(leaf: Leaf | None, new: Iterable[Partition], now: float) -> list[Leaf]:
    """The leaf, or what it is split into, with `new` partitions in the place of those with the same start."""
    partitions = {p.start: p for p in leaf.partitions} if leaf else {}
    past = list(leaf.past) if leaf else []
    for one in new:
        old = partitions.get(one.start)
        since = now if old is None else max(now, old.since + 1e-6)  # clocks may be set back
        partitions[one.start] = replace(one, since=since)
        if old is not None:
            past.append(Past(partition=old, until=since))
    leaves = split([partitions[start] for start in sorted(partitions)], past)
    same = leaf is not None and leaves[0].partitions == leaf.partitions and leaves[0].past == leaf.past
    return [leaf, *leaves[1:]] if leaf and same else leaves


def split(partitions: Sequence[Partition], past: Sequence[Past]) -> list[Leaf]:
    """Leaves of a good size. What follows a full one gets a leaf of its own, so that the full one stays as it is."""
    past = sorted(past, key=lambda one: (one.partition.start, one.until))
    most = max(1, min(MOST_PARTITIONS, _MOST_RECORDS * len(partitions) // (len(partitions) + len(past) or 1)))
    leaves = []
    for place in range(0, len(partitions), most):
        part = partitions[place : place + most]
        own = {partition.start for partition in part}
        leaves.append(Leaf.of(part, [one for one in past if one.partition.start in own]))
    return leaves


def _summary(partitions: Sequence[Partition], past: Sequence[Past]) -> Summary:
    chain: list[Partition] = []
    for partition in partitions:
        if chain and not chain[-1].data_end == chain[-1].end == partition.start:
            break
        chain.append(partition)
    last = partitions[-1]
    return Summary(
        start=partitions[0].start,
        end=last.end,
        count=len(partitions),
        data_end=chain[-1].data_end,
        sealed=next((p.sealed for p in chain if p.sealed < p.end), chain[-1].sealed),
        whole=len(chain) == len(partitions) and last.data_end == last.end,
        past=len(past),
        latest=max(partition.since for partition in partitions),
    )
