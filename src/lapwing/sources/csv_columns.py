"""Chosen columns of one CSV file as text, without a project: for commands that are given a file."""

from __future__ import annotations

import csv
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
        _check(file, header(file), wanted)
        return arrow_csv.read_csv(
            file,
            parse_options=arrow_csv.ParseOptions(delimiter=separator(file), newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=list(dict.fromkeys(wanted)),
                column_types={name: pa.string() for name in wanted},
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                null_values=[""],
            ),
        )
    except (OSError, EOFError, csv.Error, pa.ArrowInvalid) as error:
        says = broken_line(file) if isinstance(error, pa.ArrowInvalid) else None
        raise WrongUse.of(
            "unreadable-file",
            f"{file} can't be read: {says or f'{error}.'}",
            hint="It must be a CSV file in UTF-8, with the columns' names in its first line.",
        ) from error


def _check(file: Path, names: Sequence[str], wanted: Sequence[str]) -> None:
    if not names:
        raise WrongUse.of(
            "empty-file", f"{file} is empty.", hint="Its first line must name the columns, then follow rows."
        )
    for name in wanted:
        if name not in names:
            near = nearest(name, names)
            hint = None if near else f"It has {', '.join(names)}."
            message = f"{file.name} has no column {name}."
            raise WrongUse.of("unknown-column", message, place=Place(str(file), 1), nearest=near, hint=hint)
        if names.count(name) > 1:
            message = f"{file.name} has {names.count(name)} columns {name}."
            raise WrongUse.of("ambiguous-column", message, place=Place(str(file), 1), hint="Rename all but one.")
