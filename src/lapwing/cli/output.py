"""Rows to the terminal, a pipe or a file."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from lapwing.model.problem import LapwingError, WrongUse

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("table", "csv", "json", "parquet", "arrow")
_BINARY = ("parquet", "arrow")
_ENDINGS = {".csv": "csv", ".json": "json", ".parquet": "parquet", ".arrow": "arrow", ".txt": "table"}


def arguments(parser: ArgumentParser) -> None:
    """The flags that say how and where rows are written."""
    parser.add_argument("--format", choices=FORMATS, help="default: table, or what the ending of --out says")
    parser.add_argument("--out", metavar="FILE", help="write to a file; it appears when it is whole")


def format_of(options: Namespace) -> str:
    """The format that is meant.

    Raises:
        WrongUse: it can't be told from the file's ending.
    """
    if options.format:
        return str(options.format)
    if options.out and options.out != "-":
        ending = Path(options.out).suffix.lower()
        if ending not in _ENDINGS:
            hint = f"Name it: --format {', '.join(FORMATS)}."
            raise WrongUse.of("unknown-format", f"The ending of {options.out} does not tell a format.", hint=hint)
        return _ENDINGS[ending]
    return "json" if options.json else "table"


def write_rows(schema: pa.Schema, batches: Iterable[pa.RecordBatch], form: str, out: str | None) -> int:
    """Writes all rows as they come, and gives their number.

    Raises:
        WrongUse: a binary format on a terminal. LapwingError: the file can't be written; whatever `batches` raises, and
        then the file is not there (or is as it was).
    """
    counted = _Counted(batches)
    to_stdout = out in (None, "-")
    if to_stdout and form in _BINARY and sys.stdout.isatty():
        raise WrongUse.of(
            "binary-terminal", f"{form} is not for terminals.", hint=f"Add --out FILE.{form}, or pipe it."
        )
    if to_stdout:
        _write(sys.stdout.buffer, schema, counted, form, width=_width())
        sys.stdout.buffer.flush()
    else:
        assert out is not None
        with whole_file(Path(out)) as file:
            _write(file, schema, counted, form, width=None)
    return counted.rows


class _Counted:
    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self._batches = batches
        self.rows = 0

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            self.rows += batch.num_rows
            yield batch


def _write(file: IO[bytes], schema: pa.Schema, batches: Iterable[pa.RecordBatch], form: str, width: int | None) -> None:
    if form == "table":
        from lapwing.cli.table import table_lines

        for line in table_lines(schema, batches, width=width, bold=width is not None):
            file.write(line.encode() + b"\n")
        return
    from lapwing.server.encode.stream import Format, encode

    for data in encode(schema, batches, Format(form)):
        file.write(data)


def _width() -> int | None:
    """The terminal's width; None in a pipe, where nothing is cut."""
    return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else None


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that takes its name when it is whole; after an error nothing of it is left.

    Raises:
        LapwingError: the folder is not there, or not ours to write; the disk is full.
    """
    part = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        says = f"{path} can't be written: {error.strerror or error}."
        raise LapwingError.of(
            "cannot-write", says, hint="Look at its folder, its rights and the disk's space."
        ) from error
    finally:
        if part.is_file():
            part.unlink()


def write_json(data: Any) -> None:
    """One JSON document on stdout."""
    from lapwing.server.encode.columnar import dumps

    sys.stdout.buffer.write(dumps(data) + b"\n")
    sys.stdout.buffer.flush()
