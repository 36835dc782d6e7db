"""Cells and heads as bytes, on their way from one worker of a build to another.

A block is Arrow's stream format of what has a value a row (dimensions, times, keys), and the states packed as a chunk is,
with its checksum, in the schema's metadata: all columns of all states, whatever they are.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from lapwing.cache.arrow_states import int64
from lapwing.cache.cells import Cells
from lapwing.cache.chunk import MOST_ROWS, pack
from lapwing.cache.definition import Definition
from lapwing.cache.slab import arrays_of
from lapwing.cache.unpack import unpack
from lapwing.cache.write import Heads
from lapwing.states.base import Columns

MOST = MOST_ROWS
"""The most rows of a block."""

_BUCKET, _KEY, _START = "$bucket", "$key", "$start"
_STATES, _CELLS, _BYTES = b"states", b"cells", b"bytes"


def cells_block(definition: Definition, cells: Cells) -> bytes:
    """Up to MOST cells."""
    table = _with(cells.dimensions, {_BUCKET: pa.array(cells.bucket)})
    return _packed(definition, table, cells.states, len(cells.bucket), {})


def cells_of_block(definition: Definition, block: bytes) -> Cells:
    """What `cells_block` was given.

    Raises:
        StoreError: damaged.
    """
    table, states = _unpacked(definition, block)
    return Cells(
        dimensions=table.select(list(definition.rollup.dimensions)), bucket=int64(table.column(_BUCKET)), states=states
    )


def heads_block(definition: Definition, heads: Heads) -> bytes:
    """Up to MOST heads."""
    own = {_KEY: pa.array(heads.keys, pa.binary()), _START: pa.array(heads.starts, pa.int64())}
    counts = {_CELLS: str(heads.cells).encode(), _BYTES: str(heads.bytes).encode()}
    return _packed(definition, _with(heads.dimensions, own), heads.states, len(heads.keys), counts)


def heads_of_block(definition: Definition, block: bytes) -> Heads:
    """What `heads_block` was given.

    Raises:
        StoreError: damaged.
    """
    table, states = _unpacked(definition, block)
    counts = table.schema.metadata
    return Heads(
        dimensions=table.select(list(definition.rollup.dimensions)),
        keys=table.column(_KEY).to_pylist(),
        starts=table.column(_START).to_pylist(),
        states=states,
        cells=int(counts[_CELLS]),
        bytes=int(counts[_BYTES]),
    )


def _with(dimensions: pa.Table, own: Mapping[str, pa.Array]) -> pa.Table:
    """A table without columns has no rows, so it can't take one."""
    columns = {name: dimensions.column(name) for name in dimensions.column_names}
    return pa.table({**columns, **own})


def _packed(
    definition: Definition, table: pa.Table, states: Mapping[str, Columns], rows: int, counts: Mapping[bytes, bytes]
) -> bytes:
    compact = {name: state.compact(states[name]) for name, state in definition.kept.items()}
    packed = pack(np.arange(rows), definition.layout.columns, arrays_of(definition, compact))
    table = table.replace_schema_metadata({_STATES: packed, **counts})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    block: bytes = sink.getvalue().to_pybytes()
    return block


def _unpacked(definition: Definition, block: bytes) -> tuple[pa.Table, dict[str, Columns]]:
    table = pa.ipc.open_stream(block).read_all()
    found = unpack([table.schema.metadata[_STATES]], definition.layout.columns)
    return table, {
        name: {
            column.suffix: found.columns[place]
            for column, place in zip(state.columns, definition.layout.places[name], strict=True)
        }
        for name, state in definition.kept.items()
    }
