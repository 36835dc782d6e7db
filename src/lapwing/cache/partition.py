"""What a manifest says of a stretch of time: which version of it readers see, and which they saw before."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from operator import attrgetter
from typing import Any


class Cause(StrEnum):
    """Why a version became the one that readers see."""

    BUILT = "built"
    """The stretch was built for the first time."""
    EXTENDED = "extended"
    """It was not complete before, and its source changed."""
    RESTATED = "restated"
    """It was complete, and its source changed all the same."""
    REBUILT = "rebuilt"
    """It was asked for, though the source had not changed."""
    REPAIRED = "repaired"
    """What was there was in quarantine."""
    EMPTIED = "emptied"
    """The source has no rows there any more."""
    SETTLED = "settled"
    """The same data, known to be complete further on."""
    ROLLED_BACK = "rolled back"
    """Someone put an earlier version back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """A published stretch of time, half-open, UTC microseconds. `version` 0 holds no rows.

    `keys` and `cells` count groups and (group, bucket) pairs; `distinct` the values of each dimension; `mark` is the
    source's when it was built; `data_start` and `data_end` are how far the data reached then, `sealed` up to when it was
    complete, all within the partition. `built_at` and `since` are seconds since 1970: when the data was built, and when it
    became what readers see, by `builder` and for `cause`.

    `held` is the mark of a source against which someone put this version back: while the source has it, builds leave
    the partition alone. `quarantined` says why nobody may read it; the next build replaces it.
    """

    start: int
    end: int
    version: int
    keys: int
    cells: int
    bytes: int
    distinct: tuple[int, ...]
    built_at: float
    mark: str
    data_start: int
    data_end: int
    sealed: int
    since: float
    cause: Cause
    builder: str
    held: str | None = None
    quarantined: str | None = None

    def settled(self, mark: str) -> bool:
        """Whether a build has nothing to do here while the source has this mark."""
        return self.quarantined is None and mark in (self.mark, self.held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A partition as readers saw it from its `since` up to `until`."""

    partition: Partition
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Building:
    """Versions `first` to `first + count - 1`, which someone is writing for the adjacent partitions of `[start, end)`.
    `owner` is `host/process/start/run`; `since` when it began."""

    first: int
    count: int
    start: int
    end: int
    owner: str
    since: float

    @property
    def versions(self) -> range:
        return range(self.first, self.first + self.count)


_NAMES = tuple(field.name for field in fields(Partition))
_VALUES = attrgetter(*_NAMES)


def partition_row(partition: Partition) -> list[Any]:
    """The partition as JSON data."""
    return list(_VALUES(partition))


def partition_of(row: list[Any]) -> Partition:
    """What `partition_row` was given. Raises ValueError or TypeError where it is something else."""
    given = dict(zip(_NAMES, row, strict=True))
    given["distinct"] = tuple(given["distinct"])
    given["cause"] = Cause(given["cause"])
    return Partition(**given)
