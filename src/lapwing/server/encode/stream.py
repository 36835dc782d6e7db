"""Record batches as a stream of bytes in one of the formats, the first bytes before the last batch is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Any

import orjson
import pyarrow as pa

from lapwing.server.encode.cells import json_rows, unique_names
from lapwing.server.encode.flat import Texts, csv_lacks, parquet_lacks


class Format(StrEnum):
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
    ARROW = "arrow"


MEDIA_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSON: "application/json",
    Format.PARQUET: "application/vnd.apache.parquet",
    Format.ARROW: "application/vnd.apache.arrow.stream",
}

_OpenWriter = Callable[[Any, pa.Schema], Any]


def encode(schema: pa.Schema, batches: Iterable[pa.RecordBatch], form: Format) -> Iterator[bytes]:
    """The batches as `form`; an error of the batches surfaces while iterating."""
    match form:
        case Format.JSON:
            return _json(schema, batches)
        case Format.CSV:
            return _flattened(Texts(schema, csv_lacks), batches, _csv_writer)
        case Format.ARROW:
            return _through(schema, batches, pa.ipc.new_stream)
        case Format.PARQUET:
            return _flattened(Texts(schema, parquet_lacks), batches, _parquet_writer)


def _csv_writer(sink: Any, schema: pa.Schema) -> Any:
    from pyarrow import csv

    return csv.CSVWriter(sink, schema, write_options=csv.WriteOptions(quoting_style="needed"))


def _parquet_writer(sink: Any, schema: pa.Schema) -> Any:
    from pyarrow import parquet

    return parquet.ParquetWriter(sink, schema)


class _Buffer:
    """A sink to be emptied between batches, so that nothing is kept."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """The bytes stay to be taken."""

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def _flattened(texts: Texts, batches: Iterable[pa.RecordBatch], open_writer: _OpenWriter) -> Iterator[bytes]:
    return _through(texts.schema, map(texts.of, batches), open_writer)


def _through(schema: pa.Schema, batches: Iterable[pa.RecordBatch], open_writer: _OpenWriter) -> Iterator[bytes]:
    buffer = _Buffer()
    writer = open_writer(pa.PythonFile(buffer, mode="w"), schema)
    for batch in batches:
        writer.write_batch(batch)
        if data := buffer.take():
            yield data
    writer.close()
    if data := buffer.take():
        yield data


def _json(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    names = unique_names(schema.names)
    start = b"[\n"
    for batch in batches:
        rows = json_rows(batch)
        if rows:
            yield start + b",\n".join(orjson.dumps(dict(zip(names, row, strict=True))) for row in rows)
            start = b",\n"
    yield b"[]\n" if start == b"[\n" else b"\n]\n"
