"""When the partitions of rollups were compared with the source, kept in the store; and how often they were read, in memory:
what is to be looked at next follows from both."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from lapwing.cache.keys import looks_prefix, moment_key, prefix_end
from lapwing.cache.partition import Partition
from lapwing.cache.stores.base import RollupStore

_FORMAT: Final = 1
_NEVER: Final = 365 * 86_400.0
"""Seconds since it was looked at, as far as the choice goes, of what never was."""
_MOST_STRETCHES: Final = 4_096


@dataclass(frozen=True, slots=True)
class Looked:
    """A partition's version was looked at, at `at` (seconds since 1970), with an `outcome`."""

    version: int
    at: float
    outcome: str


class Looks:
    """The records of one store. Safe to use from several threads and processes; the last to write is right."""

    def __init__(self, store: RollupStore) -> None:
        self._store = store

    def of(self, rollup: bytes) -> dict[int, Looked]:
        """By the start of the partition.

        Raises:
            StoreError: the store can't be read.
        """
        prefix = looks_prefix(rollup)
        rows = self._store.scan(prefix, prefix_end(prefix))
        found = ((int.from_bytes(key[len(prefix) :], "big") - (1 << 63), _decode(row)) for key, row in rows)
        return {start: one for start, one in found if one is not None}

    def note(self, rollup: bytes, start: int, looked: Looked) -> None:
        """Raises StoreError where there is no room."""
        row = json.dumps([_FORMAT, looked.version, round(looked.at, 3), looked.outcome]).encode()
        self._store.put([(looks_prefix(rollup) + moment_key(start), row)])


def _decode(row: bytes) -> Looked | None:
    try:
        form, version, at, outcome = json.loads(row)
    except ValueError:
        return None
    return Looked(version, at, outcome) if form == _FORMAT else None


class Reads:
    """How often stretches of rollups were read by this process, the longer ago the less. Costs an answer a microsecond."""

    def __init__(self) -> None:
        self._counts: dict[tuple[bytes, int, int], float] = {}

    def note(self, rollup: bytes, start: int, end: int) -> None:
        """An answer read `[start, end)` of a rollup."""
        key = (rollup, start, end)
        counts = self._counts
        counts[key] = counts.get(key, 0.0) + 1.0
        if len(counts) > _MOST_STRETCHES:
            self._counts = {one: count / 2 for one, count in list(counts.items()) if count >= 2}

    def of(self, rollup: bytes, partitions: Iterable[Partition]) -> Iterator[float]:
        """About how often each of the partitions was read."""
        stretches = [(low, high, count) for (of, low, high), count in list(self._counts.items()) if of == rollup]
        for one in partitions:
            yield sum(count for low, high, count in stretches if low < one.end and one.start < high)


def weight(partition: Partition, looked: Looked | None, reads: float, now: float) -> float:
    """How much a partition is to be looked at: the longer ago its version was, and the more it is read."""
    age = _NEVER if looked is None or looked.version != partition.version else max(now - looked.at, 1.0)
    return age * (1.0 + math.sqrt(reads))


def drawn(weights: Mapping[int, float], chance: random.Random) -> list[int]:
    """The numbers in an order drawn at random, each the likelier to come early the more it weighs (Efraimidis and Spirakis,
    "Weighted random sampling with a reservoir" (2006))."""
    return sorted(weights, key=lambda one: math.log(1.0 - chance.random()) / weights[one], reverse=True)
