"""How the rows of a rollup are spread over a store: by the values of its first dimension, by which its keys begin."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from lapwing.cache.definition import Definition
from lapwing.cache.directory import Directory
from lapwing.cache.keys import Value, encode_values
from lapwing.cache.partition import Partition

MOST_KEYS: Final = 4_000_000
"""Keys whose values are counted, of one rollup: some seconds, and a few hundred megabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Of one value (None where the rollup has no dimensions, too), in all versions that readers see: `keys`, and about so
    many `bytes`. `encoded`: how keys hold it."""

    value: Value
    encoded: bytes
    keys: int
    bytes: int


def spread(
    definition: Definition,
    partitions: Sequence[Partition],
    directory: Callable[[Partition], Directory],
    most: int = MOST_KEYS,
) -> tuple[Share, ...]:
    """The shares, the largest first. Bytes are those of each partition, divided as its keys are. Directories of the latest
    partitions are read, up to `most` keys; earlier partitions are taken to be like these.

    Raises:
        StoreError: a directory can't be read.
    """
    first = next(iter(definition.rollup.dimensions), None)
    keys: dict[Value, float] = {}
    sizes: dict[Value, float] = {}
    left = most
    unread: list[Partition] = []
    for partition in reversed([one for one in partitions if one.keys]):
        if first is not None and keys and partition.keys > left:
            unread.append(partition)
            continue
        left -= partition.keys
        for value, count in _counted(partition, first, directory):
            keys[value] = keys.get(value, 0.0) + count
            sizes[value] = sizes.get(value, 0.0) + partition.bytes * count / partition.keys
    more_keys, more_bytes = (sum(getattr(one, name) for one in unread) for name in ("keys", "bytes"))
    every_key, every_byte = sum(keys.values()) or 1, sum(sizes.values()) or 1
    shares = (
        Share(
            value=value,
            encoded=b"" if first is None else encode_values([value]),
            keys=round(count * (1 + more_keys / every_key)),
            bytes=round(sizes[value] * (1 + more_bytes / every_byte)),
        )
        for value, count in keys.items()
    )
    return tuple(sorted(shares, key=lambda one: (-one.bytes, one.encoded)))


def _counted(
    partition: Partition, first: str | None, directory: Callable[[Partition], Directory]
) -> Iterable[tuple[Any, int]]:
    """How many keys each value has."""
    if first is None:
        return [(None, partition.keys)]
    column = directory(partition).columns[first].coded
    return zip(column.values.list, np.bincount(column.codes, minlength=len(column.values.list)).tolist(), strict=True)
