"""Record batches as DataRow messages, a column at a time: a batch's bytes are joined by Arrow, not row by row in Python."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pygwire.messages import FieldDescription, RowDescription

from lapwing.server.postgres.binary import binary_of, fixed
from lapwing.server.postgres.text import text_of
from lapwing.server.postgres.types import modifier, of_field


def description(schema: pa.Schema, formats: Sequence[int]) -> RowDescription:
    """What the columns are called, of which type and in which format; `formats` as in `format_of`."""
    fields = []
    for number, field in enumerate(schema):
        kind = of_field(field)
        fields.append(
            FieldDescription(
                name=field.name.replace("\0", ""),
                type_oid=kind.oid,
                type_size=kind.size,
                type_modifier=modifier(field.type),
                format_code=format_of(formats, number),
            )
        )
    return RowDescription(fields)


def format_of(formats: Sequence[int], number: int) -> int:
    """The format of a column or parameter: one for all, one each, or text where nothing is said.

    >>> format_of([], 3), format_of([1], 3), format_of([0, 0, 0, 1], 3)
    (0, 1, 1)
    """
    return formats[0] if len(formats) == 1 else formats[number] if number < len(formats) else 0


def data_rows(batch: pa.RecordBatch, formats: Sequence[int]) -> bytes:
    """The rows of a batch as they go over the wire: for each D, its length, the number of columns, and each value after its
    length, which is -1 for null."""
    count = batch.num_rows
    if not batch.num_columns:
        empty: bytes = (b"D" + (6).to_bytes(4, "big") + b"\0\0") * count
        return empty
    parts: list[pa.Array] = []
    lengths = np.full(count, 6 + 4 * batch.num_columns, dtype=np.int64)
    for number, array in enumerate(batch.columns):
        kind = of_field(batch.schema.field(number))
        values = binary_of(array, kind) if format_of(formats, number) else text_of(array)
        sizes = pc.binary_length(values).fill_null(-1).to_numpy(zero_copy_only=False)
        lengths += np.maximum(sizes, 0)
        parts += [fixed(sizes.astype(">i4")), values.fill_null(b"") if values.null_count else values]
    head = np.zeros(count, dtype=[("D", "S1"), ("length", ">u4"), ("columns", ">u2")])
    head["D"], head["length"], head["columns"] = b"D", lengths, batch.num_columns
    joined = pc.binary_join_element_wise(fixed(head), *parts, b"")
    begin, end = joined.offset, joined.offset + len(joined)
    offsets = np.frombuffer(joined.buffers()[1], dtype=np.int32)
    first, last = int(offsets[begin]), int(offsets[end])
    data: bytes = joined.buffers()[2].slice(first, last - first).to_pybytes()
    return data
