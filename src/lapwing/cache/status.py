"""What is in the store, rollup by rollup: for the Cache page, the catalog and the command line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from lapwing.cache.definition import Definition
from lapwing.cache.manifest import Manifest
from lapwing.cache.marks import Marks
from lapwing.cache.partition import Partition
from lapwing.model.dataset import Rollup
from lapwing.model.duration import exactly
from lapwing.model.problem import LapwingError


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionStatus:
    """`stale`: the source has changed since; None where it could not be asked. `past`: versions kept that readers no
    longer see. `quarantined`: why nobody reads it until it is built again."""

    start: int
    end: int
    version: int
    keys: int
    cells: int
    bytes: int
    built_at: float
    mark: str
    stale: bool | None
    past: int = 0
    quarantined: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """How a promise is kept. `promised` is in seconds, None where nothing is promised. `as_of`: the rollup has all that its
    source had at that moment (seconds since 1970); None: that is not known. `late_by`: seconds over the promise, None
    where it is kept, or where `as_of` is not known."""

    promised: float | None = None
    as_of: float | None = None
    late_by: float | None = None

    @property
    def promise(self) -> str | None:
        """As it is written in the model."""
        return None if self.promised is None else exactly(timedelta(seconds=self.promised))

    @property
    def late(self) -> bool:
        return self.promised is not None and (self.as_of is None or self.late_by is not None)


NOT_PROMISED = Fresh()


def fresh_of(rollup: Rollup, as_of: float | None, now: float) -> Fresh:
    """How fresh a rollup is `now`."""
    promised = None if rollup.freshness is None else rollup.freshness.total_seconds()
    over = 0.0 if promised is None or as_of is None else now - as_of - promised
    return Fresh(promised=promised, as_of=as_of, late_by=over if over > 0 else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RollupStatus:
    """Times are UTC microseconds, `built_at` seconds since 1970. `stale`: a build has work to do. `refused` says why the
    rollup can't be kept as it is defined. `follows` names the rollup that an ancestor is folded from, `says` what it is good
    for."""

    name: str
    dataset: str
    rollup: str
    grain: str
    dimensions: tuple[str, ...]
    measures: tuple[str, ...]
    partitions: tuple[PartitionStatus, ...] = ()
    keys: int = 0
    cells: int = 0
    bytes: int = 0
    built_at: float | None = None
    data_start: int | None = None
    data_end: int | None = None
    data_until: int | None = None
    stale: bool = True
    refused: str | None = None
    follows: str | None = None
    says: str | None = None
    fresh: Fresh = NOT_PROMISED


def status_of(
    definition: Definition,
    manifest: Manifest,
    marks: Marks | None,
    *,
    fresh: Fresh = NOT_PROMISED,
    ancestor: tuple[str, str] | None = None,
) -> RollupStatus:
    """`marks` None: the sources are not asked whether they changed. `ancestor`: the rollup that it follows from, and why it
    was chosen; what does not follow any more is in quarantine in its manifest."""
    partitions = tuple(_partition(definition, manifest, partition, marks) for partition in manifest.partitions)
    follows, says = ancestor or (None, None)
    if manifest.goal is None:
        complete = manifest.changed_at > 0  # a build has looked, and found no rows
    else:
        complete = manifest.data_end is not None and manifest.data_end >= manifest.goal
    return RollupStatus(
        name=definition.name,
        dataset=definition.bound.dataset.name,
        rollup=definition.rollup.name,
        grain=str(definition.rollup.grain),
        dimensions=definition.rollup.dimensions,
        measures=definition.rollup.measures,
        partitions=partitions,
        keys=sum(p.keys for p in partitions),
        cells=sum(p.cells for p in partitions),
        bytes=sum(p.bytes for p in partitions),
        built_at=max((p.built_at for p in partitions), default=None),
        data_start=manifest.data_start,
        data_end=manifest.data_end,
        data_until=manifest.data_until,
        stale=not complete or any(p.stale or (follows and p.quarantined) for p in partitions),
        follows=follows,
        says=says,
        fresh=fresh,
    )


def _partition(
    definition: Definition, manifest: Manifest, partition: Partition, marks: Marks | None
) -> PartitionStatus:
    stale: bool | None = None
    if marks is not None:
        try:
            stale = not partition.settled(marks.mark(definition.bound, partition.start, partition.end))
        except LapwingError:
            stale = None  # the source does not answer: not known, and not this page's problem
    return PartitionStatus(
        start=partition.start,
        end=partition.end,
        version=partition.version,
        keys=partition.keys,
        cells=partition.cells,
        bytes=partition.bytes,
        built_at=partition.built_at,
        mark=partition.mark,
        stale=stale,
        past=len({one.partition.version for one in manifest.history(partition.start)} - {partition.version}),
        quarantined=partition.quarantined,
    )
