"""The directory of a partition's version: which groups it holds and under which keys.

It is written beside the chunks, as Arrow, so that filters and groups are settled in memory and the store is asked for
exactly the chunks that the answer needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.cache.groups import Dictionary
from lapwing.cache.keys import chunk_key, directory_prefix, prefix_end, rollup_prefix
from lapwing.cache.predicate import And, In, Predicate
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.truth import Coded, Engine, coded, evaluate
from lapwing.model.problem import StoreError

Rows = npt.NDArray[np.intp]
Row = tuple[bytes, bytes]
"""Of the store."""

_KEY, _START = "$key", "$start"
_SLICE_ROWS = 8_000  # keys are below 480 bytes, and a value of the store below 8 MiB


class Column:
    """One dimension of a directory, with the rows of each value at hand. `numbers` are its values' in the rollup's
    `dictionary`."""

    def __init__(self, column: Coded, dictionary: Dictionary) -> None:
        self.coded = column
        self.numbers = dictionary.numbers(column.values)
        self._order: Rows | None = None
        self._borders: Rows | None = None

    def rows_of(self, values: Sequence[object]) -> Rows:
        """The rows that hold one of `values`, value after value."""
        if self._order is None or self._borders is None:
            order = np.argsort(self.coded.codes, kind="stable")
            numbers = np.arange(len(self.coded.values.list) + 1)
            self._borders = np.searchsorted(self.coded.codes[order], numbers)
            self._order = order
        places = (self.coded.values.place.get(value) for value in dict.fromkeys(values))
        parts = [self._order[self._borders[place] : self._borders[place + 1]] for place in places if place is not None]
        return np.concatenate(parts) if parts else np.empty(0, np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class Directory:
    """Row i is a chunk: its key, the moment it starts at, and its group's dimension values."""

    keys: Sequence[bytes]
    starts: npt.NDArray[np.int64]
    columns: dict[str, Column]

    def select(self, where: Predicate | None, engine: Engine) -> Rows:
        """The rows for which `where` is true."""
        if where is None:
            return np.arange(len(self.keys))
        parts = where.operands if isinstance(where, And) else (where,)
        listed = [part for part in parts if isinstance(part, In)]
        if listed:
            found = [self.columns[part.dimension].rows_of(part.values) for part in listed]
            best = min(range(len(listed)), key=lambda position: len(found[position]))
            rows, first = found[best], listed[best]
            parts = tuple(part for part in parts if part is not first)
        else:
            rows = np.arange(len(self.keys))
        if not parts or len(rows) == 0:
            return rows
        narrowed = {name: column.coded.take(rows) for name, column in self.columns.items()}
        return rows[evaluate(And(parts), narrowed, len(rows), engine)]


class DirectoryWriter:
    """Writes a directory while its version is written; holds no more than one row of the store."""

    def __init__(self, rollup: bytes, version: int) -> None:
        self._prefix = directory_prefix(rollup, version)
        self._waiting: list[pa.Table] = []
        self._rows = self._written = 0

    def add(self, dimensions: pa.Table | None, keys: Sequence[bytes], starts: Sequence[int]) -> Iterator[Row]:
        """Takes the next chunks: their dimensions (None: there are none), encoded values and moments. Gives the rows of the
        store that are full."""
        table = pa.table({_KEY: pa.array(keys, pa.binary()), _START: pa.array(starts, pa.int64())})
        if dimensions is not None:
            names, columns = dimensions.column_names, dimensions.columns
            table = pa.table([*columns, *table.columns], names=[*names, *table.column_names])
        self._waiting.append(table)
        self._rows += table.num_rows
        if self._rows >= _SLICE_ROWS:
            whole = pa.concat_tables(self._waiting)
            for offset in range(0, self._rows - _SLICE_ROWS + 1, _SLICE_ROWS):
                yield self._row(whole.slice(offset, _SLICE_ROWS))
            self._rows %= _SLICE_ROWS
            self._waiting = [whole.slice(whole.num_rows - self._rows)]

    def rest(self) -> Iterator[Row]:
        """What is left at the end."""
        if self._rows:
            yield self._row(pa.concat_tables(self._waiting))

    def _row(self, part: pa.Table) -> Row:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, part.schema) as writer:
            writer.write_table(part)
        self._written += 1
        return self._prefix + (self._written - 1).to_bytes(4, "big"), sink.getvalue().to_pybytes()


def load_directory(
    store: RollupStore, rollup: bytes, version: int, dictionaries: Mapping[str, Dictionary], keys: int
) -> Directory:
    """Reads a directory of `keys` rows; `dictionaries` are those of the rollup's dimensions.

    Raises:
        StoreError: it is damaged, or was removed meanwhile ("version-gone").
    """
    prefix = directory_prefix(rollup, version)
    try:
        parts = [pa.ipc.open_stream(value).read_all() for _, value in store.scan(prefix, prefix_end(prefix))]
        table = pa.concat_tables(parts) if parts else None
    except pa.ArrowInvalid as error:
        raise StoreError.of(
            "store-damaged", f"A directory of the rollup store is damaged: {error}.", hint="Build the rollup again."
        ) from error
    if table is None or table.num_rows != keys:
        raise version_gone()
    chunks = rollup_prefix(rollup, version)
    starts = np.asarray(table.column(_START).combine_chunks())
    encoded = table.column(_KEY).to_pylist()
    full = [chunk_key(chunks, values, start) for values, start in zip(encoded, starts.tolist(), strict=True)]
    return Directory(
        full, starts, {name: Column(coded(table.column(name)), dictionary) for name, dictionary in dictionaries.items()}
    )


def version_gone() -> StoreError:
    """The error of reading a version that was replaced and removed meanwhile; the reader takes the manifest again."""
    error = StoreError.of(
        "version-gone",
        "A part of a rollup is not in the store: it was removed, or has not arrived in this cluster.",
        hint="Ask again. If that does not help, run `lapwing build`, or remove the store and build it again.",
    )
    assert isinstance(error, StoreError)
    return error
