"""Rows as an aligned table: figures whole and to the right, null told from empty text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa

from lapwing.server.encode.cells import json_rows
from lapwing.server.encode.columnar import dumps
from lapwing.server.encode.types import is_number

_LOOKED_AT = 1_000
_NARROWEST = 8
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def table_lines(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], *, width: int | None = None, bold: bool = False
) -> Iterator[str]:
    """The lines of the table. Widths are those of the first thousand rows; with `width` long texts are cut to fit, figures
    never are."""
    rows = (row for batch in batches for row in _texts(batch))
    first = [row for row, _ in zip(rows, range(_LOOKED_AT), strict=False)] if _LOOKED_AT else []
    right = [is_number(field.type) for field in schema]
    widths = [max(_cells(name), *(_cells(row[i]) for row in first), 1) for i, name in enumerate(schema.names)]
    if width is not None:
        widths = _fitted(widths, right, width)
    header = _line(schema.names, widths, right)
    yield f"\x1b[1m{header}\x1b[0m" if bold else header
    yield "  ".join("─" * each for each in widths)
    for row in first:
        yield _line(row, widths, right)
    for row in rows:
        yield _line(row, widths, right)


def _texts(batch: pa.RecordBatch) -> Iterator[list[str]]:
    for row in json_rows(batch):
        yield [_text(value) for value in row]


def _text(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else str(value) if isinstance(value, int | float) else dumps(value).decode()
    return text if text.isprintable() else "".join(_ESCAPES.get(c, c if c.isprintable() else "�") for c in text)


def _cells(text: str) -> int:
    """How many places of a terminal the text takes."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


def _fitted(widths: Sequence[int], right: Sequence[bool], width: int) -> list[int]:
    """Takes from the widest texts until the line fits, or all texts are narrow."""
    out = list(widths)
    texts = [i for i, number in enumerate(right) if not number]
    while texts and sum(out) + 2 * (len(out) - 1) > width:
        widest = max(texts, key=lambda i: out[i])
        if out[widest] <= _NARROWEST:
            break
        out[widest] -= 1
    return out


def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    cells = [_cell(text, width, number) for text, width, number in zip(row, widths, right, strict=True)]
    return "  ".join(cells).rstrip()


def _cell(text: str, width: int, number: bool) -> str:
    taken = _cells(text)
    if taken > width and not number:
        cut = ""
        for character in text:
            if _cells(cut + character) > width - 1:
                break
            cut += character
        text = cut + "…"
        taken = _cells(text)
    space = " " * max(0, width - taken)
    return space + text if number else text + space
