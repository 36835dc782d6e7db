"""Timestamps as ISO 8601 text, whole columns at once."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds


def with_iso_times(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with timestamps as text: 2013-02-08T05:00:00-05:00 in the column's zone, without an offset where it has
    none; fractions of a second only where there are any."""
    arrays = [_iso(array) if kinds.is_timestamp(array.type) else array for array in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def iso_schema(schema: pa.Schema) -> pa.Schema:
    """The schema that `with_iso_times` gives."""
    return pa.schema([pa.field(f.name, pa.string() if kinds.is_timestamp(f.type) else f.type) for f in schema])


def _iso(array: pa.Array) -> pa.Array:
    zoned = array.type.tz is not None
    text = pc.strftime(array, format="%Y-%m-%dT%H:%M:%S%z" if zoned else "%Y-%m-%dT%H:%M:%S")
    text = pc.replace_substring_regex(text, r"\.0+($|[+-])", r"\1")
    return pc.replace_substring_regex(text, r"([+-]\d\d)(\d\d)$", r"\1:\2") if zoned else text
