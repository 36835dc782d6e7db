"""Parquet files in parts for many workers: some row groups of one file each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any

import pyarrow as pa

from lapwing.model.problem import LapwingError, SourceError
from lapwing.sources.base import Column, Split, Table
from lapwing.sources.disks import Disk
from lapwing.sources.file_sets import StoredFile
from lapwing.sources.parquet_footers import DAY, ParquetFooters
from lapwing.sources.types import convert, has_arrow_type

ROWS = 1_000_000


def parquet_splits(
    table: Table,
    files: Sequence[StoredFile],
    footers: ParquetFooters,
    columns: tuple[Column, ...],
    time: tuple[str, int, int] | None,
    rows: int,
) -> tuple[Split, ...] | None:
    """The parts, in the order of the files; None where a column is of a type that does not travel as itself, or lies in
    the names of folders."""
    names = {name.lower() for file in files for name in footers.names(file)}
    if not all(has_arrow_type(column.type) and column.name.lower() in names for column in columns):
        return None
    found: list[Split] = []
    for file in files:
        waiting: list[int] = []
        size, spans = 0, list[tuple[int, int] | None]()
        for group, count, span in footers.groups(file, time[0] if time else None):
            if time and span and not (span[0] < time[2] + DAY and span[1] >= time[1] - DAY):
                continue
            waiting.append(group)
            spans.append(span)
            size += count
            if size >= rows:
                found.append(_split(table, file, columns, waiting, size, spans))
                waiting, size, spans = [], 0, []
        if waiting:
            found.append(_split(table, file, columns, waiting, size, spans))
    return tuple(found)


def _split(
    table: Table,
    file: StoredFile,
    columns: tuple[Column, ...],
    groups: Sequence[int],
    rows: int,
    spans: Sequence[tuple[int, int] | None],
) -> Split:
    known = [span for span in spans if span is not None]
    whole = len(known) == len(spans)
    return Split(
        source=table.source,
        table=table.name,
        columns=columns,
        what=(str(file.path), file.size, file.written, tuple(groups)),
        rows=rows,
        times=(min(low for low, _ in known) - DAY, max(high for _, high in known) + DAY) if known and whole else None,
    )


def read_parquet_split(split: Split, disk: Disk) -> Iterator[pa.RecordBatch]:
    """The rows of a part. Columns that this file lacks are null.

    Raises:
        SourceError: the file is not the one that was cut, or can't be read.
    """
    import pyarrow.parquet as pq

    name, size, written, groups = split.what
    assert isinstance(groups, tuple)
    file = PurePath(str(name))
    try:
        with disk.explained(), pq.ParquetFile(str(name), filesystem=_unchanged(split, disk, size, written)) as opened:
            own = {field.lower(): field for field in opened.schema_arrow.names}
            present = [own[column.name.lower()] for column in split.columns if column.name.lower() in own]
            for batch in opened.iter_batches(1 << 17, row_groups=list(groups), columns=present):
                yield _as_asked(split, batch, own)
    except FileNotFoundError as error:
        raise _changed(split, file) from error
    except (OSError, pa.ArrowException) as error:
        raise SourceError.of(
            "source-failed", f"{file.name} of {split.source}.{split.table} can't be read: {error}"
        ) from error


def _unchanged(split: Split, disk: Disk, size: object, written: object) -> Any:
    """The file system, once the file in it is known to be the one that was cut."""
    files = disk.filesystem()
    (info,) = files.get_file_info([str(split.what[0])])
    if (info.size, info.mtime_ns) != (size, written):
        raise _changed(split, PurePath(str(split.what[0])))
    return files


def _as_asked(split: Split, batch: pa.RecordBatch, own: dict[str, str]) -> pa.RecordBatch:
    arrays = []
    for column in split.columns:
        name = own.get(column.name.lower())
        array = pa.nulls(batch.num_rows) if name is None else batch.column(name)
        arrays.append(convert(array, column.type))
    return pa.RecordBatch.from_arrays(arrays, names=[column.name for column in split.columns])


def _changed(split: Split, file: PurePath) -> LapwingError:
    return SourceError.of(
        "source-changed",
        f"{file.name} of {split.source}.{split.table} was changed or removed after the build had been planned.",
        hint="Build again; nothing of this was published.",
    )
