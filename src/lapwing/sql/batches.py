"""Batches of a result bounded by their bytes: wide rows come few at a time, narrow ones are gathered.

The engine can only be told a number of rows. Where rows may be wide (texts, lists) it is asked for few, which costs narrow
ones little once they are gathered; a batch of 8,192 texts of 50 KB is 400 MB, and each door makes a few of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Final

import pyarrow as pa

ROWS: Final = 8_192
"""Of a batch at most."""
SOON: Final = 0.05
"""Seconds after which what came is told, though more would be better."""
ASKED: Final = 2_048
"""Asked for at once: the engine holds rows until it has so many, for which a slow source may take long."""
FEW: Final = 512
"""Asked for at once where rows may be wide."""
BYTES: Final = 1 << 20
"""With so many no more are gathered."""
MOST: Final = 4 << 20
"""A batch of more is told in pieces: clients of gRPC refuse messages of 16 MB."""
_WIDEST: Final = 8 << 20


def rows_for(schema: pa.Schema) -> int:
    """How many rows at once the engine is asked for.

    >>> rows_for(pa.schema({"a": pa.int64()})), rows_for(pa.schema({"a": pa.int64(), "b": pa.string()}))
    (2048, 512)
    """
    width = 0
    for field in schema:
        if not (pa.types.is_primitive(field.type) or pa.types.is_decimal(field.type)):
            return FEW
        width += field.type.bit_width
    return max(FEW, min(ASKED, _WIDEST * 8 // max(1, width)))


def gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of up to `ROWS` rows and about `MOST` bytes, fewer where they are small or come slowly; the first
    ones are small, so that rows are seen early."""
    held: list[pa.RecordBatch] = []
    rows = size = 0
    most, until = 1, 0.0
    for batch in batches:
        held.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows >= most or size >= BYTES or time.monotonic() >= until:
            yield from _pieces(_joined(held))
            held, rows, size, most = [], 0, 0, min(ROWS, max(most, FEW) * 2)
            until = time.monotonic() + SOON
    if held:
        yield from _pieces(_joined(held))


def _joined(held: list[pa.RecordBatch]) -> pa.RecordBatch:
    return held[0] if len(held) == 1 else pa.concat_batches(held)


def _pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Of rows that are about as wide as each other."""
    step = max(1, batch.num_rows * MOST // max(MOST, batch.nbytes))
    for start in range(0, max(1, batch.num_rows), step):
        yield batch.slice(start, step)
