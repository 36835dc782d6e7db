"""Which ranges of the store's keys hold and serve how much, whether one tablet can do that, and what helps where it can't."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lapwing.cache.keys import Value
from lapwing.model.problem import LapwingError, NotFound
from lapwing.model.size import shown_size
from lapwing.query.footprint import NODE_READS, USED

if TYPE_CHECKING:
    from lapwing.cache.definition import Definition
    from lapwing.cache.distribution import Share
    from lapwing.cache.runs import Run
    from lapwing.cache.traffic import Range, Reads
    from lapwing.query.service import Lapwing

TABLET_READS: Final = NODE_READS * USED
"""Rows a second of one tablet: a tablet is served by one node."""
NODE_WRITES: Final = 14_000
"""Rows of 1 kB that a node of Bigtable writes in a second, as Google documents it in November 2026."""
TABLET_WRITES: Final = NODE_WRITES * 1_000 * USED
"""Bytes a second of one tablet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HotRange:
    """The keys of a rollup that begin with one value of its first dimension (`dimension` None: all of a rollup without any).
    Shares are of the rows, bytes (about) and reads of all that was looked at; `peak` is rows a second read by one process,
    at most, in the last day."""

    rollup: str
    dimension: str | None
    value: Value
    keys: int
    bytes: int
    of_keys: float
    of_bytes: float
    of_reads: float
    peak: float

    @property
    def hot(self) -> bool:
        """Whether it was read faster than one tablet can serve."""
        return self.peak > TABLET_READS

    @property
    def name(self) -> str:
        return self.rollup if self.dimension is None else f"{self.rollup}, {self.dimension} = {self.value}"


def hot_ranges(lapwing: Lapwing, which: str | None) -> tuple[list[HotRange], list[str]]:
    """Of the rollups called `which` (a dataset, a rollup; None: all), ancestors included: those read most first, then the
    largest; and what could not be looked at, in words.

    Raises:
        NotFound: no rollup of that name.
    """
    from lapwing.cache.chosen import chosen

    shares: list[tuple[Definition, Share]] = []
    left: list[str] = []
    for dataset, rollups in chosen(lapwing.project, which).items():
        names = {f"{dataset}.{rollup.name}" for rollup in rollups}
        try:
            for definition in lapwing.cache.definitions(dataset):
                if definition.name in names or (definition.follows is not None and definition.follows.name in names):
                    shares += [(definition, share) for share in lapwing.cache.spread(definition)]
        except NotFound:
            raise
        except LapwingError as error:
            left.append(f"{dataset}: {error.problems[0].message}")
    return _ranked(shares, lapwing.cache.traffic.read()), left


def _ranked(shares: Sequence[tuple[Definition, Share]], reads: Mapping[Range, Reads]) -> list[HotRange]:
    known = [reads.get((definition.id, share.encoded)) for definition, share in shares]
    keys = sum(share.keys for _, share in shares) or 1
    size = sum(share.bytes for _, share in shares) or 1
    rows = sum(one.rows for one in known if one is not None) or 1.0
    found = [
        HotRange(
            rollup=definition.name,
            dimension=next(iter(definition.rollup.dimensions), None),
            value=share.value,
            keys=share.keys,
            bytes=share.bytes,
            of_keys=share.keys / keys,
            of_bytes=share.bytes / size,
            of_reads=0.0 if one is None else one.rows / rows,
            peak=0.0 if one is None else one.peak,
        )
        for (definition, share), one in zip(shares, known, strict=True)
    ]
    return sorted(found, key=lambda one: (-one.hot, -one.of_reads, -one.bytes, one.name))


def advice(found: Sequence[HotRange]) -> Iterator[str]:
    """What the ranges mean for Bigtable, in sentences."""
    limit = (
        f"{TABLET_READS:,.0f} rows a second (Google documents {NODE_READS:,} of 1 kB a node; planned with {USED:.0%})"
    )
    hot = [one for one in found if one.hot]
    if not hot:
        yield f"No range was read faster than what one tablet serves, {limit}."
        return
    for one in hot:
        yield f"{one.name} was read at {one.peak:,.0f} rows a second by one process; one tablet serves about {limit}."
        if one.dimension is None or one.keys < 2:
            yield (
                "It can't be cut into more tablets: ask for more of it at once, or let servers that only answer use another"
                " cluster."
            )
        elif one.of_reads < 0.5:
            yield "Bigtable cuts it into tablets within minutes, and moves them to other nodes: see that the cluster has some."
        else:
            yield (
                "Most reads go there. A coarser rollup, or one whose first dimension divides it, reads fewer rows for an answer;"
                " servers that only answer may use another cluster."
            )


def advice_on_writes(runs: Sequence[Run]) -> Iterator[str]:
    """Of rollups that a run wrote faster than one tablet takes: a version begins in one."""
    fastest: dict[str, float] = {}
    for run in runs:
        if run.built and run.seconds > 0:
            fastest[run.rollup] = max(fastest.get(run.rollup, 0.0), run.bytes / run.seconds)
    for rollup, rate in sorted(fastest.items()):
        if rate > TABLET_WRITES:
            yield (
                f"{rollup} was written at {shown_size(round(rate))} a second; what is new of a partition begins in one tablet,"
                f" which takes about {shown_size(round(TABLET_WRITES))} (Google documents {NODE_WRITES:,} rows of 1 kB a node;"
                f" planned with {USED:.0%}). Shorter partitions spread it, and flow_control slows it down until Bigtable has cut."
            )
