"""Chosen columns of one CSV file as text, without a project: for commands that are given a file."""

from __future__ import annotations

import csv
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from lapwing.model.names import nearest
from lapwing.model.problem import Place, WrongUse
from lapwing.sources.csv_dialect import broken_line, header, separator


def read_columns(file: Path, wanted: Sequence[str]) -> pa.Table:
    """The wanted columns, as text, all rows in the file's order; null where a value is empty and not quoted.

    Raises:
        WrongUse: the file can't be read, is no CSV, lacks a column or has it twice.
    """
    from pyarrow import csv as arrow_csv

    if not file.is_file():
        raise WrongUse.of("unreadable-file", f"There is no file {file}.", hint="Name a CSV file.")
    try:
        _check_text(file)
        names = [_found(file, header(file), name) for name in dict.fromkeys(wanted)]
        table = arrow_csv.read_csv(
            file,
            parse_options=arrow_csv.ParseOptions(delimiter=separator(file), newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=names,
                column_types={name: pa.string() for name in names},
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                null_values=[""],
            ),
        )
        return table.rename_columns(list(dict.fromkeys(wanted)))
    except (OSError, EOFError, csv.Error, pa.ArrowInvalid) as error:
        says = broken_line(file) if isinstance(error, pa.ArrowInvalid) else None
        raise WrongUse.of(
            "unreadable-file",
            f"{file} can't be read: {says or f'{error}.'}",
            hint="It must be a CSV file in UTF-8, with the columns' names in its first line.",
        ) from error


def _check_text(file: Path) -> None:
    with file.open("rb") as opened:
        if opened.read(2) in (BOM_UTF16_LE, BOM_UTF16_BE):
            raise WrongUse.of("unreadable-file", f"{file} is in UTF-16.", hint="Save it as UTF-8.")


def _found(file: Path, names: Sequence[str], wanted: str) -> str:
    """The column as the file has it, with blanks around its name or without."""
    if not names:
        raise WrongUse.of(
            "empty-file", f"{file} is empty.", hint="Its first line must name the columns, then follow rows."
        )
    found = [name for name in names if name == wanted] or [name for name in names if name.strip() == wanted]
    if not found:
        near = nearest(wanted, names)
        hint = None if near else f"It has {', '.join(names)}."
        message = f"{file.name} has no column {wanted}."
        raise WrongUse.of("unknown-column", message, place=Place(str(file), 1), nearest=near, hint=hint)
    if len(found) > 1:
        message = f"{file.name} has {len(found)} columns {wanted}."
        raise WrongUse.of("ambiguous-column", message, place=Place(str(file), 1), hint="Rename all but one.")
    return found[0]
