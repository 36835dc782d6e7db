"""How a CSV file is read: as RFC 4180 says, with the separator of its first line.

The engine would guess all of it, and where lines are broken its guess may be to leave out the header and every line that
does not fit: fewer rows without a word. So nothing is left to guess but types.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from lapwing.sources.quote import text

SEPARATORS = ",;\t|"


def options(file: Path) -> str:
    """What follows the file's name in read_csv(...)."""
    return f"delim = {text(separator(file))}, quote = '\"', escape = '\"', skip = 0"


def separator(file: Path) -> str:
    """The sign that stands most often outside of quotes in the first line that is no comment; a comma if there is none."""
    with _lines(file) as lines:
        first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    outside = "".join(first.split('"')[::2])
    return max(SEPARATORS, key=outside.count)


def header(file: Path) -> list[str]:
    """The columns' names: the values of the first line; none in an empty file."""
    with _lines(file) as lines:
        return next(csv.reader(lines, delimiter=separator(file)), [])


def broken_line(file: Path) -> str | None:
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
def _lines(file: Path) -> Iterator[IO[str]]:
    """Text as UTF-8 without its mark; what is none is told by the engine."""
    if file.name.lower().endswith(".gz"):
        with gzip.open(file, "rt", encoding="utf-8-sig", errors="replace", newline="") as lines:
            yield lines
    else:
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            yield lines
