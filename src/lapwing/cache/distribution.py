"""How the rows of a rollup are spread over a store: by the values of its first dimension, by which its keys begin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapwing.cache.definition import Definition
from lapwing.cache.directory import Directory
from lapwing.cache.keys import Value, encode_values
from lapwing.cache.partition import Partition


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Of one value (None where the rollup has no dimensions, too), in all versions that readers see: `keys`, and about so
    many `bytes`. `encoded`: how keys hold it."""

    value: Value
    encoded: bytes
    keys: int
    bytes: int


def spread(
    definition: Definition, partitions: Iterable[Partition], directory: Callable[[Partition], Directory]
) -> tuple[Share, ...]:
    """The shares, the largest first. Bytes are those of each partition, divided as its keys are.

    Raises:
        StoreError: a directory can't be read.
    """
    first = next(iter(definition.rollup.dimensions), None)
    keys: dict[Value, int] = {}
    sizes: dict[Value, float] = {}
    for partition in partitions:
        if not partition.keys:
            continue
        values: list[Any] = [None]
        counts = np.array([partition.keys])
        if first is not None:
            column = directory(partition).columns[first].coded
            values = column.values.list
            counts = np.bincount(column.codes, minlength=len(values))
        for value, count in zip(values, counts.tolist(), strict=True):
            keys[value] = keys.get(value, 0) + count
            sizes[value] = sizes.get(value, 0.0) + partition.bytes * count / partition.keys
    shares = (
        Share(
            value=value, encoded=b"" if first is None else encode_values([value]), keys=count, bytes=round(sizes[value])
        )
        for value, count in keys.items()
    )
    return tuple(sorted(shares, key=lambda one: (-one.bytes, one.encoded)))
