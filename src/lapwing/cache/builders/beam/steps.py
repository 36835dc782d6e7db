"""What the pipeline's workers do, as Beam's DoFns. Only this module and `pipeline` import Beam at their top; they are
imported when a pipeline is made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.metrics import Metrics

from lapwing.cache.builders.beam.tally import Tally, heads, heads_of
from lapwing.cache.builders.failures import told
from lapwing.cache.builders.patience import Patient
from lapwing.cache.builders.wanted import Wanted, wanted
from lapwing.cache.distributed import Shard, write_rest, write_shard
from lapwing.cache.home import Home, Job, home_of
from lapwing.cache.splits import Part, blocks_of

COUNTERS = "lapwing"
TALLIES = "tallies"
Key = tuple[int, int, int]
"""A shard: member, partition, number."""
Place = tuple[int, int]
"""A version: member, partition."""


class _Step(beam.DoFn):  # type: ignore[misc]
    """A step of a job; its worker's home is found, or opened, when the first element comes."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._done = Metrics.counter(COUNTERS, type(self).__name__)

    def home(self) -> Home:
        return home_of(self._job)


class ReadPart(_Step):
    """A part of the rows becomes blocks of states by shard, and a tally of them by version."""

    def process(self, part: Part) -> Iterator[Any]:
        tallies: dict[Place, Tally] = defaultdict(Tally)
        with told():
            for shard, block in blocks_of(self._job.order, part, self.home()):
                tallies[shard.member, shard.partition].add(block)
                yield (shard.member, shard.partition, shard.number), block
            self._done.inc()
        for place, tally in tallies.items():
            yield beam.pvalue.TaggedOutput(TALLIES, (place, tally.sent()))


class WriteShard(_Step):
    """All blocks of a shard become chunks in the store, and their heads."""

    def process(self, given: tuple[Key, Iterable[bytes]]) -> Iterator[tuple[Place, bytes]]:
        (member, partition, number), of = given
        came, tally = list(of), Tally()
        for block in came:
            tally.add(block)
        yield (member, partition), tally.came()
        with told():
            home, order = self.home(), self._job.order
            store = Patient(home.store, home.cancel)
            if wanted(store, self._job, member, partition) is Wanted.THERE:
                store = store.reading()  # done before, and perhaps published: nothing is to be written any more
            for block in write_shard(store, order, Shard(member, partition, number), came):
                yield (member, partition), heads(block)
            self._done.inc()


class WriteRest(_Step):
    """All heads of a version become its index; then comes its receipt.

    Raises:
        Lost: not all blocks of the version have come.
    """

    def process(self, given: tuple[Place, Iterable[bytes]]) -> Iterator[Place]:
        (member, partition), of = given
        name = self._job.order.members[member].definition.name
        every = heads_of(of, name)
        with told():
            home, order = self.home(), self._job.order
            store = Patient(home.store, home.cancel)
            if wanted(store, self._job, member, partition) is Wanted.YES:
                write_rest(store, order, member, partition, every)
            self._done.inc()
        yield member, partition
