"""What Spark's Python workers do: the steps of `cache.distributed`, each on the rows of one group."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from lapwing.cache.builders.failures import told
from lapwing.cache.builders.patience import Patient
from lapwing.cache.builders.reading import TIME_LIMIT, partitions_of
from lapwing.cache.builders.wanted import Wanted, wanted
from lapwing.cache.distributed import Shard, blocks, write_rest, write_shard
from lapwing.cache.home import Job, home_of
from lapwing.cache.source_sql import GIVEN
from lapwing.cache.stretch import numbered
from lapwing.sources.base import Column
from lapwing.sources.streams import as_promised, schema_of

BLOCKS: Final = "member int, partition int, number int, block binary"
HEADS: Final = "member int, partition int, heads binary"
DONE: Final = "member int, partition int"
_INTS: Final = pa.int32()
Step = Callable[[pa.Table], pa.Table]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gathered:
    """What Spark's statement gives: its columns, and the text that makes states of them."""

    columns: tuple[Column, ...]
    text: str


def make_blocks(job: Job, gathered: Gathered) -> Step:
    """States of some groups, as Spark's SQL gave them, become blocks."""

    def step(rows: pa.Table) -> pa.Table:
        with told():
            home = home_of(job)
            home.check(job.order)
            schema = schema_of(gathered.columns)
            batches = [as_promised("spark", batch, gathered.columns, schema) for batch in rows.to_batches()]
            states = pa.Table.from_batches(batches, schema)
            running = home.sql.run(gathered.text, given={GIVEN: states}, time_limit=TIME_LIMIT)
            count = len(job.order.borders) - 1
            found = [
                (shard, block)
                for number, some in numbered(partitions_of(running, home.cancel), count)
                for shard, block in blocks(job.order, number, some)
            ]
        return pa.table(
            {
                "member": pa.array([shard.member for shard, _ in found], _INTS),
                "partition": pa.array([shard.partition for shard, _ in found], _INTS),
                "number": pa.array([shard.number for shard, _ in found], _INTS),
                "block": pa.array([block for _, block in found], pa.binary()),
            }
        )

    return step


def write_blocks(job: Job) -> Step:
    """All blocks of one shard become chunks in the store, and their heads."""

    def step(rows: pa.Table) -> pa.Table:
        member, partition, number = (rows.column(name)[0].as_py() for name in ("member", "partition", "number"))
        with told():
            home = home_of(job)
            store = Patient(home.store, home.cancel)
            if wanted(store, job, member, partition) is Wanted.THERE:
                store = store.reading()
            shard = Shard(member, partition, number)
            found = list(write_shard(store, job.order, shard, rows.column("block").to_pylist()))
        return _heads([(member, partition, heads) for heads in found])

    return step


def write_indexes(job: Job) -> Step:
    """All heads of one version become its index; then comes its receipt."""

    def step(rows: pa.Table) -> pa.Table:
        member, partition = (rows.column(name)[0].as_py() for name in ("member", "partition"))
        with told():
            home = home_of(job)
            store = Patient(home.store, home.cancel)
            if wanted(store, job, member, partition) is Wanted.YES:
                heads = [one for one in rows.column("heads").to_pylist() if one is not None]
                write_rest(store, job.order, member, partition, heads)
        return pa.table({"member": pa.array([member], _INTS), "partition": pa.array([partition], _INTS)})

    return step


def every_version(job: Job) -> pa.Table:
    """A row without heads for each version of the order: those without rows get an index and a receipt, too."""
    return _heads([(member, partition, None) for member, partition in _versions(job)])


def _versions(job: Job) -> Iterator[tuple[int, int]]:
    for member in range(len(job.order.members)):
        for partition in range(len(job.order.borders) - 1):
            yield member, partition


def _heads(rows: list[tuple[int, int, bytes | None]]) -> pa.Table:
    return pa.table(
        {
            "member": pa.array([row[0] for row in rows], _INTS),
            "partition": pa.array([row[1] for row in rows], _INTS),
            "heads": pa.array([row[2] for row in rows], pa.binary()),
        }
    )
