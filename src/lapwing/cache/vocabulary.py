"""The vocabulary of a version: the texts of each dimension in the order of their lower case, for pickers and search.

A row of the store holds some hundred of them, under the last one's lower case: the first row at or after a prefix is where
the texts that begin with it begin, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lapwing.cache.definition import Definition
from lapwing.cache.keys import prefix_end, vocabulary_prefix
from lapwing.cache.partition import Partition
from lapwing.cache.stores.base import RollupStore
from lapwing.model.problem import StoreError

_TEXTS: Final = 512
_LEAST_ROWS: Final = 200_000
_KEY_BYTES: Final = 200
"""Of a lower-case text in a key; longer ones begin alike there, and so do prefixes."""


class Distinct:
    """The distinct values of a version's dimensions, gathered while it is written."""

    def __init__(self, names: Sequence[str]) -> None:
        self._waiting: dict[str, list[pa.Array]] = {name: [] for name in names}
        self._rows = 0
        self._most = _LEAST_ROWS

    def add(self, dimensions: pa.Table) -> None:
        """Takes the dimensions of the next chunks."""
        for name, parts in self._waiting.items():
            parts.extend(dimensions.column(name).chunks)
        self._rows += dimensions.num_rows
        if self._rows > self._most:
            kept = self.values()
            self._waiting = {name: [values] for name, values in kept.items()}
            self._rows = max(map(len, kept.values()), default=0)
            self._most = max(_LEAST_ROWS, 2 * self._rows)

    def values(self) -> dict[str, pa.Array]:
        """Each dimension's, in no order."""
        return {name: pc.unique(pa.chunked_array(parts)) for name, parts in self._waiting.items() if parts}


def vocabulary_rows(
    definition: Definition, version: int, distinct: Mapping[str, pa.Array]
) -> Iterator[tuple[bytes, bytes]]:
    """The rows of the store for the dimensions' distinct values; those that are no texts have none."""
    for number, name in enumerate(definition.rollup.dimensions):
        if name not in distinct or definition.bound.dimensions[name] != "VARCHAR":
            continue
        prefix = vocabulary_prefix(definition.id, version, number)
        texts = _sorted(distinct[name].drop_null())
        for place, offset in enumerate(range(0, len(texts), _TEXTS)):
            block = texts.slice(offset, _TEXTS)
            last = pc.utf8_lower(block.slice(len(block) - 1))[0].as_py().encode()
            yield prefix + _ordered(last) + b"\0\0" + place.to_bytes(4, "big"), _packed(block)


def texts_of(
    store: RollupStore, definition: Definition, partitions: Iterable[Partition], dimension: str, prefix: str, limit: int
) -> list[str]:
    """The first `limit` texts of a dimension that begin with `prefix`, letters' case aside, in the order of their lower
    case.

    Raises:
        StoreError: damaged.
    """
    number = definition.rollup.dimensions.index(dimension)
    lower: str = pc.utf8_lower(pa.scalar(prefix)).as_py()
    found = [
        texts
        for partition in partitions
        for texts in _of_version(store, vocabulary_prefix(definition.id, partition.version, number), lower, limit)
    ]
    texts = pc.unique(pa.concat_arrays(found)) if found else pa.array([], pa.string())
    return list(_sorted(texts).slice(0, limit).to_pylist())


def _of_version(store: RollupStore, rows: bytes, prefix: str, limit: int) -> Iterator[pa.Array]:
    left = limit
    for _, value in store.scan(rows + _ordered(prefix.encode()), prefix_end(rows)):
        texts = _unpacked(value)
        lower = pc.utf8_lower(texts)
        matches = texts.filter(pc.starts_with(lower, prefix))
        yield matches.slice(0, left)
        left -= len(matches)
        last = lower[len(lower) - 1].as_py()
        if left <= 0 or (last > prefix and not last.startswith(prefix)):
            return


def _ordered(text: bytes) -> bytes:
    """The beginning of a text in a key: what ends it, two zero bytes, sorts before all that can go on."""
    return text[:_KEY_BYTES].replace(b"\0", b"\0\xff")


def _sorted(texts: pa.Array) -> pa.Array:
    table = pa.table({"lower": pc.utf8_lower(texts), "text": texts})
    order = pc.sort_indices(table, sort_keys=[("lower", "ascending"), ("text", "ascending")])
    return texts.take(order)


def _packed(texts: pa.Array) -> bytes:
    """Lengths, then the bytes of all."""
    data = b"".join(text.encode() for text in texts.to_pylist())
    lengths = np.asarray(pc.binary_length(texts)).astype("<u4")
    return len(texts).to_bytes(4, "little") + lengths.tobytes() + data


def _unpacked(value: bytes) -> pa.Array:
    try:
        count = int.from_bytes(value[:4], "little")
        offsets = np.zeros(count + 1, np.int32)
        np.cumsum(np.frombuffer(value, "<u4", count, 4), out=offsets[1:])
        texts = pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(value[4 + 4 * count :]))
        texts.validate(full=True)
        return texts
    except (ValueError, OverflowError) as error:
        raise StoreError.of(
            "store-damaged", f"A vocabulary of the rollup store is damaged: {error}.", hint="Build the rollup again."
        ) from error
