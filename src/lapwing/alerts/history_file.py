"""What a slice search needs, from a CSV file: leaves over the moments up to one, with what was odd about it in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lapwing.alerts.series_file import numbers
from lapwing.alerts.slicing.leaves import Floats, History, Ints
from lapwing.alerts.times import seconds_in
from lapwing.alerts.told_apart import measures
from lapwing.model.problem import Place, WrongUse
from lapwing.sources.csv_columns import read_columns
from lapwing.sources.csv_dialect import header

MOST_VALUES = 1000
"""A column of more values than this is taken for a number or an identifier, unless it is named as a dimension."""
MOST_CELLS = 100_000_000
"""Leaves times moments that are held at most: 0.8 GB for a column."""
LARGEST = 1e60
"""Products of a few sums of them are numbers still."""
Coded = tuple[tuple[str | None, ...], Ints]
"""The values of a column in order, and each row's place among them."""
_TAKEN_IN = "--dimensions takes it in."


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Names of columns. `denominator`: then `value` is the numerator of a ratio. No `dimensions`: all other columns."""

    time: str
    value: str
    denominator: str | None = None
    dimensions: tuple[str, ...] | None = None


def read_history(file: Path, columns: Columns, at: str) -> tuple[History, tuple[str, ...]]:
    """Leaves over all moments up to `at`, which is the last, and sentences about what was odd.

    Raises:
        WrongUse: no such file or column; a time or a value that is none, or negative; no rows at `at`, or none before it;
        no column to split by.
    """
    taken = [columns.time, columns.value, *([columns.denominator] if columns.denominator else [])]
    _check_names(file, columns, taken)
    names = columns.dimensions
    if names is None:
        names = tuple(name for name in (header(file) if file.is_file() else []) if name.strip() not in taken)
    table = read_columns(file, [*taken, *names])
    rows, when, moments = _until(file, columns.time, table[columns.time], at)
    notes: list[str] = []
    ratio = columns.denominator is not None
    amounts = _amounts(file, columns.value, table, notes, of_ratio=ratio)[rows]
    weights = _amounts(file, columns.denominator, table, notes, of_ratio=True)[rows] if columns.denominator else None
    coded = {name: _coded(table[name], rows) for name in names}
    if columns.dimensions is None:
        coded = _dimensions(coded, when, notes)
    constant = [name for name, (values, _) in coded.items() if len(values) < 2]
    if constant:
        notes.append(
            f"{_listed(constant)} {'has' if len(constant) == 1 else 'have'} one value only: no use to split by."
        )
    if len(constant) == len(coded):
        says = f"{file.name} has nothing to split by: no column beside time and values has two values or more."
        raise WrongUse.of(
            "no-dimensions", says, hint="Add a column such as country or device, or name it in --dimensions."
        )
    if weights is not None and (above := int((amounts > weights).sum())):
        notes.append(f"{_rows(above)} with more {columns.value} than {columns.denominator}: taken as amounts per unit.")
    leaf, codes = _leaves([code for _, code in coded.values()])
    if codes.shape[1] * len(moments) > MOST_CELLS:
        says = f"{codes.shape[1]:,} combinations of values at {len(moments):,} moments are too many."
        raise WrongUse.of("too-many-leaves", says, hint="Name fewer columns in --dimensions, or cut the file's past.")
    shape = (codes.shape[1], len(moments))
    history = History(
        dimensions=tuple(coded),
        values=tuple(values for values, _ in coded.values()),
        codes=codes,
        moments=moments,
        amounts=_summed(leaf, when, amounts, shape),
        weights=None if weights is None else _summed(leaf, when, weights, shape),
    )
    return history, tuple(notes)


def _dimensions(coded: dict[str, Coded], when: Ints, notes: list[str]) -> dict[str, Coded]:
    """Those of all other columns that are some."""
    measured = measures(coded, when)
    large = [name for name, (values, _) in coded.items() if len(values) > MOST_VALUES and name not in measured]
    notes += [f"{name} is a number that differs from moment to moment: left out. {_TAKEN_IN}" for name in measured]
    notes += [f"{name} has {len(coded[name][0])} values: left out. {_TAKEN_IN}" for name in large]
    return {name: one for name, one in coded.items() if name not in (*measured, *large)}


def _check_names(file: Path, columns: Columns, measures: Sequence[str]) -> None:
    if len(set(measures)) < len(measures):
        says = "Time and values are columns of their own: one is named twice."
        raise WrongUse.of("wrong-arguments", says, place=Place(str(file)), hint="Name another column for one of them.")
    for name in columns.dimensions or ():
        if name in measures:
            says = f"{name} is the time or a value: it can't be a dimension, too."
            raise WrongUse.of("wrong-dimension", says, place=Place(str(file)), hint="Leave it out of --dimensions.")


def _until(file: Path, column: str, texts: pa.ChunkedArray, at: str) -> tuple[Ints, Ints, tuple[str, ...]]:
    """The rows up to `at`, their moments' numbers, and the moments as written."""
    encoded = pc.dictionary_encode(pc.fill_null(texts, "")).combine_chunks()
    written = encoded.dictionary.to_pylist()
    code = encoded.indices.to_numpy()
    *read, asked = seconds_in([*written, at])
    if asked is None:
        hint = "Give it as the file has it, such as 2024-01-31 12:00, or as seconds since 1970."
        raise WrongUse.of("unreadable-time", f"{at!r} is no time.", hint=hint)
    seconds = np.empty(len(written))
    for place, (text, found) in enumerate(zip(written, read, strict=True)):
        if found is None:
            row = int(np.argmax(code == place)) + 1
            where = Place(str(file), key=f"row {row}, {column}")
            raise WrongUse.of("unreadable-value", f"{text!r} is no time.", place=where, hint="Mend or remove the row.")
        seconds[place] = found
    if not len(written):
        raise WrongUse.of("no-rows", f"{file.name} has no rows.", hint="There must be some at --at, and some before.")
    if asked not in seconds:
        near = written[int(np.argmin(np.abs(seconds - asked)))]
        raise WrongUse.of("no-rows", f"{file.name} has no rows at {at}.", hint=f"The nearest moment is {near}.")
    if not (seconds < asked).any():
        later = np.unique(seconds)[1:2]
        hint = "There must be rows of earlier moments to compare with."
        if len(later):
            hint += f" The first moment that has some is {written[int(np.argmax(seconds == later[0]))]}."
        raise WrongUse.of("no-baseline", f"{file.name} has no rows before {at}.", hint=hint)
    rows = np.flatnonzero(seconds[code] <= asked)
    _, first, when = np.unique(seconds[code[rows]], return_index=True, return_inverse=True)
    return rows, when.reshape(-1), tuple(written[code[rows[place]]] for place in first)


def _amounts(file: Path, column: str, table: pa.Table, notes: list[str], *, of_ratio: bool) -> Floats:
    """A column's numbers; none counts as 0."""
    try:
        found = pc.cast(table[column], pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        found = numbers(file, column, table)
    missing = ~np.isfinite(found)
    if missing.any():
        notes.append(f"{_rows(int(missing.sum()))} without a {column}: taken as 0.")
    found = np.where(missing, 0.0, found)
    if (np.abs(found) > LARGEST).any():
        row = int(np.argmax(np.abs(found) > LARGEST))
        where = Place(str(file), key=f"row {row + 1}, {column}")
        hint = f"Numbers of up to {LARGEST:g} can be explained: write them in a larger unit."
        raise WrongUse.of("too-large", f"{found[row]:g} is too large.", place=where, hint=hint)
    if of_ratio and (found < 0).any():
        row = int(np.argmax(found < 0))
        where = Place(str(file), key=f"row {row + 1}, {column}")
        hint = "Numerators and denominators can't be negative: explain the numerator by itself, with --value."
        raise WrongUse.of("negative-value", f"{found[row]:g} is negative.", place=where, hint=hint)
    return found


def _coded(texts: pa.ChunkedArray, rows: Ints) -> Coded:
    """A dimension's values in order, null last, and each row's place among them."""
    encoded = pc.dictionary_encode(texts.take(pa.array(rows)), null_encoding="encode").combine_chunks()
    values = encoded.dictionary.to_pylist()
    order = sorted(range(len(values)), key=lambda place: (values[place] is None, values[place] or ""))
    places = np.empty(len(values), np.int64)
    places[order] = np.arange(len(values))
    return tuple(values[place] for place in order), places[encoded.indices.to_numpy()]


def _leaves(codes: Sequence[Ints]) -> tuple[Ints, Ints]:
    """Each row's leaf, and (dimensions, leaves) the leaves' codes, in order."""
    leaf = np.zeros(len(codes[0]), np.int64)
    for code in codes:
        _, leaf = np.unique(leaf * (int(code.max()) + 1) + code, return_inverse=True)
        leaf = leaf.reshape(-1)
    _, first = np.unique(leaf, return_index=True)
    return leaf, np.stack([code[first] for code in codes])


def _summed(leaf: Ints, when: Ints, amounts: Floats, shape: tuple[int, int]) -> Floats:
    found: Floats = np.bincount(leaf * shape[1] + when, amounts, shape[0] * shape[1]).astype(np.float64)
    return found.reshape(shape)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
