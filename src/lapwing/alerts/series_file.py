"""One series from a CSV file, in order of time, with what was odd about it in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.alerts.times import has_zone, seconds_of
from lapwing.model.problem import Place, WrongUse
from lapwing.sources.csv_columns import read_columns

Floats = npt.NDArray[np.float64]

_MISSING = frozenset({"", "null", "none", "nan", "na", "n/a", "nil", "-"})
_TIMES = (
    "Times are ISO 8601, such as 2024-01-31 12:00 or 2024-01-31T12:00+01:00, or seconds or milliseconds since 1970."
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
    seconds = np.array(list(_read(file, time, written, _time, f"is no time. {_TIMES}")))
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
    hint = "is no number. Numbers have a point for decimals and no separators, such as 1234.5; missing ones are empty."
    return np.array(list(_read(file, column, texts, _number, hint)), np.float64)


def _read(
    file: Path, column: str, texts: list[str], read: Callable[[str], float | None], wrong: str
) -> Iterator[float]:
    for row, text in enumerate(texts):
        found = read(text)
        if found is None:
            says, _, hint = wrong.partition(". ")
            place = Place(str(file), key=f"row {row + 1}, {column}")
            raise WrongUse.of("unreadable-value", f"{text!r} {says}.", place=place, hint=hint)
        yield found


def _time(text: str) -> float | None:
    return seconds_of(text)


def _number(text: str) -> float | None:
    """nan: there is none."""
    if text.strip().casefold() in _MISSING:
        return math.nan
    try:
        return float(text)
    except ValueError:
        return None


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
