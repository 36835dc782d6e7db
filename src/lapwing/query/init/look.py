"""Measures tables: how many rows, how many different values, from when to when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from lapwing.model.problem import LapwingError
from lapwing.query.init.names import quoted
from lapwing.query.init.reads import Reading, enum_reading, number_readings, text_readings
from lapwing.sources.base import Column, Family, Table
from lapwing.sources.types import family
from lapwing.sql.service import SqlService

SAMPLE = 200_000
"""So many rows are looked at for numbers of values; times are looked at whole."""
GLANCE = 1_000
"""So many rows are tried with every reading; what holds there is tried on the sample."""
MOST_COLUMNS = 200
EARLIEST, LATEST = "1900-01-01", "2200-01-01"
"""Times beyond stand for something else: unknown, or for ever."""
_TIMES = (Family.TIMESTAMPTZ, Family.TIMESTAMP, Family.DATE)
_NUMBERS = (Family.INTEGER, Family.DECIMAL, Family.FLOAT)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnLook:
    """`distinct` and `nulls` count in the sample (`distinct` about). `low` and `high` are of numbers, `first` and `last`
    of times; `outside` counts the times that are none (such as infinity). `reading`: how it is read where its type does
    not say what it is; `family` is that of what is read."""

    name: str
    family: Family | None
    type: str
    distinct: int
    nulls: int
    low: float | None = None
    high: float | None = None
    first: datetime | None = None
    last: datetime | None = None
    outside: int = 0
    reading: Reading | None = None
    whole_hours: bool = False

    @property
    def is_time(self) -> bool:
        return self.family in _TIMES

    @property
    def is_number(self) -> bool:
        return self.family in _NUMBERS

    @property
    def sql(self) -> str:
        """Its value as SQL."""
        return self.reading.sql if self.reading else quoted(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLook:
    """`path` is the table's name in SQL, `rows` all of them, `sampled` those looked at."""

    path: str
    table: Table
    rows: int
    sampled: int
    columns: tuple[ColumnLook, ...]


def sql_path(table: Table) -> str:
    """The table's name in statements, quoted."""
    parts = [table.source, *([table.schema] if table.schema else []), table.name]
    return ".".join(quoted(part) for part in parts)


def look(sql: SqlService, table: Table) -> TableLook:
    """
    Raises:
        SourceError: the table can't be read.
    """
    path = sql_path(table)
    columns = table.columns[:MOST_COLUMNS]
    families = [_family(column) for column in columns]
    parts = ["count(*)"]
    for column, kind in zip(columns, families, strict=True):
        parts += _measured(column, kind)
    found = _row(sql, f"select {', '.join(parts)} from {_sample(path, columns, SAMPLE)}")
    rows = found[0] if found[0] < SAMPLE else _row(sql, f"select count(*) from {path}")[0]
    looks = [
        _column(column, kind, found[0], found[1 + 5 * i : 6 + 5 * i])
        for i, (column, kind) in enumerate(zip(columns, families, strict=True))
    ]
    looks = [_timed(sql, path, one) for one in _read(sql, path, columns, looks)]
    return TableLook(path=path, table=table, rows=rows, sampled=found[0], columns=tuple(looks))


def _family(column: Column) -> Family | None:
    return Family.TEXT if column.type.startswith("ENUM") else family(column.type)


def _sample(path: str, columns: Sequence[Column], rows: int) -> str:
    names = ", ".join(quoted(column.name) for column in columns)
    return f"(select {names} from {path} limit {rows})"


def _measured(column: Column, kind: Family | None) -> list[str]:
    """Five expressions: distinct, non-null, low, high, all on the hour."""
    name = quoted(column.name)
    number = f"cast({name} as double)" if kind in _NUMBERS else "null"
    hourly = "null"
    if kind in (Family.TIMESTAMP, Family.TIMESTAMPTZ):
        hourly = f"bool_and(date_trunc('hour', {name}) = {name})"
    distinct = f"approx_count_distinct({name})" if kind else "0"
    return [distinct, f"count({name})", f"min({number})", f"max({number})", hourly]


def _column(column: Column, kind: Family | None, rows: int, found: list[Any]) -> ColumnLook:
    distinct, known, low, high, hourly = found
    return ColumnLook(
        name=column.name,
        family=kind,
        type=column.type,
        distinct=min(int(distinct), known),
        nulls=rows - known,
        low=low,
        high=high,
        whole_hours=bool(hourly) or kind is Family.DATE,
    )


def _read(sql: SqlService, path: str, columns: Sequence[Column], looks: list[ColumnLook]) -> list[ColumnLook]:
    """With the reading of those columns that hold something else than their type says."""
    likely = [(one.name, reading) for one in looks for reading in _readings(one)]
    for rows in (GLANCE, SAMPLE):
        if not likely:
            break
        tests = ", ".join(f"count({reading.test}) = count({quoted(name)})" for name, reading in likely)
        holds = _row(sql, f"select {tests} from {_sample(path, columns, rows)}")
        likely = [one for one, held in zip(likely, holds, strict=True) if held]
    best: dict[str, Reading] = {}
    for name, reading in likely:
        best.setdefault(name, reading)
    return [_as_read(one, best[one.name]) if one.name in best else one for one in looks]


def _as_read(one: ColumnLook, reading: Reading) -> ColumnLook:
    return replace(one, reading=reading, family=reading.family, whole_hours=reading.family is Family.DATE)


def _readings(one: ColumnLook) -> list[Reading]:
    if one.type.startswith("ENUM"):
        return [enum_reading(one.name)]
    if one.family is Family.TEXT and one.distinct > 1:
        return list(text_readings(one.name))
    if one.family in (Family.INTEGER, Family.FLOAT) and one.low is not None and one.high is not None:
        return list(number_readings(one.name, one.family, one.low, one.high))
    return []


def _timed(sql: SqlService, path: str, one: ColumnLook) -> ColumnLook:
    """With the first and the last moment, where it is a time."""
    if not one.is_time:
        return one
    within = f"{one.sql} >= '{EARLIEST}' and {one.sql} < '{LATEST}'"
    asked = f"min({one.sql}) filter ({within}), max({one.sql}) filter ({within}), count(*) filter (not ({within}))"
    try:
        first, last, outside = _row(sql, f"select {asked} from {path}")
    except LapwingError:  # a value later than the sample can't be read so, or has no place in any calendar
        return replace(one, reading=None, family=family(one.type)) if one.reading else one
    return replace(one, first=_moment(first), last=_moment(last), outside=outside)


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return datetime(value.year, value.month, value.day) if isinstance(value, date) else None  # noqa: DTZ001 - wall clock


def _row(sql: SqlService, text: str) -> list[Any]:
    table = sql.table(text, zone="UTC", time_limit=120.0)
    return [column[0].as_py() for column in table.columns]
