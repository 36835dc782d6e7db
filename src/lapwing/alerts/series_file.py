"""One series from a CSV file, in order of time, with what was odd about it in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.alerts.numerals import numbers_in
from lapwing.alerts.times import has_zone, seconds_in
from lapwing.model.problem import Place, WrongUse
from lapwing.sources.csv_columns import read_columns

Floats = npt.NDArray[np.float64]

TIMES = (
    "Times are ISO 8601, such as 2024-01-31 12:00 or 2024-01-31T12:00+01:00, or 31.1.2024, 31 Jan 2024, or seconds or "
    "milliseconds since 1970; of 1/2/2024 another day above twelve must tell which is the month."
)


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """All arrays are (rows,), sorted by time; rows of one time are in the file's order.

    `written`: the times as the file has them. `times`: seconds since 1970. `values`: nan where there is none; numerators
    where there are `denominators`. `notes`: sentences about what was odd.
    """

    written: list[str]
    times: Floats
    values: Floats
    denominators: Floats | None
    notes: tuple[str, ...]


def read_series(file: Path, *, time: str, value: str, denominator: str | None = None) -> Series:
    """Reads a series: columns `time` and `value`, or, for a ratio, its numerator as `value` and its denominator.

    Raises:
        WrongUse: no such file or column; no rows; a time or a value that is none, with its row.
    """
    table = read_columns(file, [time, value, *([denominator] if denominator else [])])
    if not table.num_rows:
        raise WrongUse.of("no-rows", f"{file.name} has no rows.", hint="A series has at least one.")
    written = [text or "" for text in table[time].to_pylist()]
    seconds = np.array(list(_all(file, time, written, seconds_in(written), f"is no time. {TIMES}")))
    values = numbers(file, value, table)
    denominators = numbers(file, denominator, table) if denominator else None
    order = np.argsort(seconds, kind="stable")
    notes = _notes(written, seconds, values, denominators)
    return Series(
        written=[written[at] for at in order.tolist()],
        times=seconds[order],
        values=values[order],
        denominators=None if denominators is None else denominators[order],
        notes=tuple(notes),
    )


def numbers(file: Path, column: str, table: pa.Table) -> Floats:
    """A column's numbers, nan where there is none.

    Raises:
        WrongUse: a value that is no number, with its row.
    """
    texts = [text or "" for text in table[column].to_pylist()]
    hint = (
        "is no number. Numbers are such as 1234.5. Which comma or point is the decimals' must be told by the column: 1,234 "
        "alone could be two numbers. Missing ones are empty."
    )
    return np.array(list(_all(file, column, texts, numbers_in(texts), hint)), np.float64)


def _all(file: Path, column: str, texts: list[str], found: Sequence[float | None], wrong: str) -> Iterator[float]:
    """What was found, where it was found for every row."""
    for row, (text, one) in enumerate(zip(texts, found, strict=True)):
        if one is None:
            says, _, hint = wrong.partition(". ")
            place = Place(str(file), key=f"row {row + 1}, {column}")
            raise WrongUse.of("unreadable-value", f"{text!r} {says}.", place=place, hint=hint)
        yield one


def _notes(written: list[str], seconds: Floats, values: Floats, denominators: Floats | None) -> Iterator[str]:
    rows = len(seconds)
    late = int((seconds < np.maximum.accumulate(seconds)).sum())
    if late:
        yield f"{_rows(late)} of {rows} came after a later time: sorted by time, and written so."
    same = rows - len(np.unique(seconds))
    if same:
        repeats = "repeats" if same == 1 else "repeat"
        yield f"{_rows(same)} of {rows} {repeats} the time of another: each was judged by itself."
    zones = {has_zone(text) for text in written}
    if {True, False} <= zones:
        yield "Some times have a zone and some have none: those without were taken for UTC."
    infinite = int(np.isinf(values).sum() + (0 if denominators is None else np.isinf(denominators).sum()))
    if infinite:
        yield f"{infinite} {'value is' if infinite == 1 else 'values are'} infinite: taken as missing."
    missing = ~np.isfinite(values)
    if denominators is not None:
        missing |= ~np.isfinite(denominators) | (denominators == 0)
    if missing.all():
        yield "There is no value at all: nothing was judged."
    elif missing.any():
        yield f"{_rows(int(missing.sum()))} of {rows} {'has' if missing.sum() == 1 else 'have'} no value: not judged."


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
