"""The manifest of a rollup: one row of the store that names what is published, replaced by compare-and-set.

A reader takes one manifest and reads only the versions it names, so an answer never mixes two builds. A builder reserves
its version here before it writes, so what an interrupted build left behind is known and can be removed.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from lapwing.cache.keys import manifest_prefix
from lapwing.model.problem import StoreError

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """A published stretch of time, half-open, UTC microseconds. `keys` and `cells` count groups and (group, bucket)
    pairs; `distinct` the values of each dimension; `mark` is the source's when it was built; `data_end` is how far the data
    reached then, `sealed` up to when it was complete, both within the partition; `built_at` is in seconds since 1970."""

    start: int
    end: int
    version: int
    keys: int
    cells: int
    bytes: int
    distinct: tuple[int, ...]
    built_at: float
    mark: str
    data_end: int
    sealed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Building:
    """A version that someone is writing. `owner` is `host/process/run`."""

    version: int
    start: int
    owner: str
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """A version that was replaced at `since` and is kept until no reader can hold it."""

    version: int
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`partitions` are sorted by start and do not overlap. `data_start` and `goal` are where the source's data began and
    ended when a build last began (None: there was none); a goal past `data_end` means that a build is under way or was
    interrupted."""

    rollup: str
    definition: str
    grain: int
    partitions: tuple[Partition, ...] = ()
    building: tuple[Building, ...] = ()
    retired: tuple[Retired, ...] = ()
    next_version: int = 1
    data_start: int | None = None
    goal: int | None = None
    changed_at: float = 0.0

    @property
    def data_end(self) -> int | None:
        """Where the published data ends: no gap lies before it."""
        chain = self._chain()
        return chain[-1].data_end if chain else None

    @property
    def data_until(self) -> int | None:
        """The moment before which all data is complete and published."""
        chain = self._chain()
        return next((p.sealed for p in chain if p.sealed < p.end), chain[-1].sealed) if chain else None

    def _chain(self) -> list[Partition]:
        """The partitions reached from the first one without a gap, neither in partitions nor in data."""
        chain: list[Partition] = []
        for partition in self.partitions:
            if chain and not chain[-1].data_end == chain[-1].end == partition.start:
                break
            chain.append(partition)
        return chain

    def partition(self, start: int) -> Partition | None:
        """The partition that begins at `start`."""
        return next((p for p in self.partitions if p.start == start), None)

    def overlapping(self, start: int, end: int) -> tuple[Partition, ...]:
        """The partitions that hold a part of `[start, end)`."""
        return tuple(p for p in self.partitions if p.start < end and p.end > start)

    def with_partition(self, partition: Partition, now: float) -> Manifest:
        """Publishes a partition in the place of what it overlaps; the versions replaced are retired."""
        gone = self.overlapping(partition.start, partition.end)
        kept = tuple(p for p in self.partitions if p not in gone)
        return replace(
            self,
            partitions=tuple(sorted((*kept, partition), key=lambda p: p.start)),
            building=tuple(b for b in self.building if b.version != partition.version),
            retired=(*self.retired, *(Retired(version=p.version, since=now) for p in gone if p.version)),
            changed_at=now,
        )


def rollup_id(rollup: str, definition: str) -> bytes:
    """The 8 bytes that stand for a rollup and its definition in keys."""
    return hashlib.sha256(f"{rollup}@{definition}".encode()).digest()[:8]


def key_of(rollup: str, definition: str) -> bytes:
    """The key of the manifest's row."""
    return manifest_prefix(rollup_id(rollup, definition))


def encode(manifest: Manifest) -> bytes:
    """The manifest as compact JSON. Equal manifests give equal bytes."""
    rows: dict[str, Any] = asdict(manifest)
    rows["partitions"] = [list(asdict(p).values()) for p in manifest.partitions]
    return json.dumps({"format": FORMAT, **rows}, separators=(",", ":"), ensure_ascii=False).encode()


def decode(row: bytes) -> Manifest:
    """Raises StoreError where the row is damaged or was written by a newer Lapwing."""
    try:
        read: dict[str, Any] = json.loads(row)
        if read.pop("format") > FORMAT:
            raise StoreError.of(
                "store-newer",
                "The rollup store was written by a newer Lapwing.",
                hint="Upgrade Lapwing, or point the project at another store and build again.",
            )
        names = [field.name for field in fields(Partition)]
        partitions = [dict(zip(names, values, strict=True)) for values in read.pop("partitions")]
        return Manifest(
            partitions=tuple(Partition(**{**p, "distinct": tuple(p["distinct"])}) for p in partitions),
            building=tuple(Building(**b) for b in read.pop("building")),
            retired=tuple(Retired(**r) for r in read.pop("retired")),
            **read,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError.of(
            "store-damaged",
            f"A manifest in the rollup store can't be read: {error}.",
            hint="Remove the store and run `lapwing build`; the sources hold everything in it.",
        ) from error
