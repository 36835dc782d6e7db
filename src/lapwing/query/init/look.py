"""Measures tables: how many rows, how many different values, from when to when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from lapwing.model.problem import LapwingError
from lapwing.sources.base import Column, Family, Table
from lapwing.sources.types import family
from lapwing.sql.service import SqlService

SAMPLE = 200_000
"""So many rows are looked at for numbers of values; times are looked at whole."""
MOST_COLUMNS = 200
_TIMES = (Family.TIMESTAMPTZ, Family.TIMESTAMP, Family.DATE)
_NUMBERS = (Family.INTEGER, Family.DECIMAL, Family.FLOAT)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnLook:
    """`distinct` and `nulls` count in the sample (`distinct` about). `low` and `high` are of numbers, `first` and `last`
    of times. `text_time`: text that reads as a time."""

    name: str
    family: Family | None
    type: str
    distinct: int
    nulls: int
    low: float | None = None
    high: float | None = None
    first: datetime | None = None
    last: datetime | None = None
    text_time: bool = False
    whole_hours: bool = False

    @property
    def is_time(self) -> bool:
        return self.family in _TIMES or self.text_time


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLook:
    """`path` is the table's name in SQL, `rows` all of them, `sampled` those looked at."""

    path: str
    table: Table
    rows: int
    sampled: int
    columns: tuple[ColumnLook, ...]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


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
    families = [family(column.type) for column in columns]
    parts = ["count(*)"]
    for column, kind in zip(columns, families, strict=True):
        parts += _measured(column, kind)
    sample = ", ".join(quoted(column.name) for column in columns)
    found = _row(sql, f"select {', '.join(parts)} from (select {sample} from {path} limit {SAMPLE})")
    rows = found[0] if found[0] < SAMPLE else _row(sql, f"select count(*) from {path}")[0]
    looks = [
        _column(column, kind, found[0], found[1 + 6 * i : 7 + 6 * i])
        for i, (column, kind) in enumerate(zip(columns, families, strict=True))
    ]
    looks = [_timed(sql, path, one) for one in looks]
    return TableLook(path=path, table=table, rows=rows, sampled=found[0], columns=tuple(looks))


def _measured(column: Column, kind: Family | None) -> list[str]:
    """Six expressions: distinct, non-null, low, high, non-null as a time, all on the hour."""
    name = quoted(column.name)
    number = f"cast({name} as double)" if kind in _NUMBERS else "null"
    as_time = f"count(try_cast({name} as timestamp))" if kind is Family.TEXT else "0"
    hourly = "null"
    if kind in (Family.TIMESTAMP, Family.TIMESTAMPTZ):
        hourly = f"bool_and(date_trunc('hour', {name}) = {name})"
    distinct = f"approx_count_distinct({name})" if kind else "0"
    return [distinct, f"count({name})", f"min({number})", f"max({number})", as_time, hourly]


def _column(column: Column, kind: Family | None, rows: int, found: list[Any]) -> ColumnLook:
    distinct, known, low, high, as_time, hourly = found
    return ColumnLook(
        name=column.name,
        family=kind,
        type=column.type,
        distinct=min(int(distinct), known),
        nulls=rows - known,
        low=low,
        high=high,
        text_time=bool(known and as_time == known and distinct > 1),
        whole_hours=bool(hourly) or kind is Family.DATE,
    )


def _timed(sql: SqlService, path: str, one: ColumnLook) -> ColumnLook:
    """With the first and the last moment, where it is a time."""
    if not one.is_time:
        return one
    name = f"try_cast({quoted(one.name)} as timestamp)" if one.text_time else quoted(one.name)
    try:
        first, last = _row(sql, f"select min({name}), max({name}) from {path}")
    except LapwingError:  # such as infinity, which has no place in the calendar
        first = last = None
    return ColumnLook(
        name=one.name,
        family=one.family,
        type=one.type,
        distinct=one.distinct,
        nulls=one.nulls,
        first=_moment(first),
        last=_moment(last),
        text_time=one.text_time,
        whole_hours=one.whole_hours,
    )


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return datetime(value.year, value.month, value.day) if isinstance(value, date) else None  # noqa: DTZ001 - wall clock


def _row(sql: SqlService, text: str) -> list[Any]:
    table = sql.table(text, zone="UTC", time_limit=120.0)
    return [column[0].as_py() for column in table.columns]
