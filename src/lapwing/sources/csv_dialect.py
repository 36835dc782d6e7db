"""How a CSV file is read: as RFC 4180 says, with the separator of its first line.

The engine would guess all of it, and where lines are broken its guess may be to leave out the header and every line that
does not fit: fewer rows without a word. So nothing is left to guess but types.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Literal, Protocol, cast

from lapwing.sources.quote import text

SEPARATORS = ",;\t|"


class Openable(Protocol):
    """A `pathlib.Path`, or a file of a source."""

    @property
    def name(self) -> str: ...

    def open(self, mode: Literal["rb"]) -> IO[bytes]: ...


def options(file: Openable) -> str:
    """What follows the file's name in read_csv(...)."""
    return f"delim = {text(separator(file))}, quote = '\"', escape = '\"', skip = 0"


def separator(file: Openable) -> str:
    """The sign that stands most often outside of quotes in the first line that is no comment; a comma if there is none."""
    with _lines(file) as lines:
        first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    outside = "".join(first.split('"')[::2])
    return max(SEPARATORS, key=outside.count)


def header(file: Openable) -> list[str]:
    """The columns' names: the values of the first line; none in an empty file."""
    with _lines(file) as lines:
        return next(csv.reader(lines, delimiter=separator(file)), [])


def broken_line(file: Openable) -> str | None:
    """The first line that has not as many values as the first one, in words."""
    with _lines(file) as lines:
        reader = csv.reader(lines, delimiter=separator(file))
        width = None
        try:
            for values in reader:
                width = width or len(values)
                if values and len(values) != width:
                    return f"line {reader.line_num} of {file.name} has {len(values)} values, the first line {width}."
        except csv.Error as error:
            return f"line {reader.line_num} of {file.name}: {error}."
    return None


@contextmanager
def _lines(file: Openable) -> Iterator[IO[str]]:
    """Text as UTF-8 without its mark; what is none is told by the engine."""
    with file.open("rb") as raw:
        plain: IO[bytes] = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if file.name.lower().endswith(".gz") else raw
        with io.TextIOWrapper(plain, encoding="utf-8-sig", errors="replace", newline="") as lines:
            yield lines
