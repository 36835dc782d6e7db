"""What the pipeline's workers do, as Beam's DoFns. Only this module and `pipeline` import Beam at their top; they are
imported when a pipeline is made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.metrics import Metrics

from lapwing.cache.builders.beam.tally import Tally, heads, heads_of
from lapwing.cache.builders.failures import at_work
from lapwing.cache.builders.patience import Patient
from lapwing.cache.builders.reading import check
from lapwing.cache.builders.wanted import Wanted, wanted
from lapwing.cache.distributed import Shard, write_rest, write_shard
from lapwing.cache.home import Job
from lapwing.cache.splits import Part, blocks_of

COUNTERS = "lapwing"
TALLIES = "tallies"
Key = tuple[int, int, int]
"""A shard: member, partition, number."""
Place = tuple[int, int]
"""A version: member, partition."""


class _Step(beam.DoFn):  # type: ignore[misc]
    """A step of a job."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._done = Metrics.counter(COUNTERS, type(self).__name__)


class ReadPart(_Step):
    """A part of the rows becomes blocks of states by shard, and a tally of them by version."""

    def process(self, part: Part) -> Iterator[Any]:
        tallies: dict[Place, Tally] = defaultdict(Tally)
        with at_work(self._job) as home:
            for shard, block in blocks_of(self._job.order, part, home):
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
        with at_work(self._job) as home:
            store = Patient(home.store, home.cancel)
            if wanted(store, self._job, member, partition) is Wanted.THERE:
                store = store.reading()  # done before, and perhaps published: nothing is to be written any more
            for block in write_shard(store, self._job.order, Shard(member, partition, number), came):
                yield (member, partition), heads(block)
            self._done.inc()
        yield (member, partition), tally.came()


class WriteRest(_Step):
    """All heads of a version become its index; then comes its receipt.

    Raises:
        Lost: not all blocks of the version have come.
    """

    def process(self, given: tuple[Place, Iterable[bytes]]) -> Iterator[Place]:
        (member, partition), of = given
        order = self._job.order
        with at_work(self._job) as home:
            check(home.cancel)  # before the tallies, which are short where something failed
            every = heads_of(of, order.members[member].definition.name)
            store = Patient(home.store, home.cancel)
            if wanted(store, self._job, member, partition) is Wanted.YES:
                write_rest(store, order, member, partition, every)
            self._done.inc()
        yield member, partition
