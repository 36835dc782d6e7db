"""The files of an Iceberg table as its manifests tell them, and conditions in pyiceberg's words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

from lapwing.sources.lake import DataFile
from lapwing.sources.lake_filter import Compare, Condition, Constant, Either, Every, OneOf

_DAY_US: Final = 86_400_000_000


def data_files(tasks: Iterable[Any], field: Any | None) -> list[DataFile]:
    """The files of planned tasks; `field` is the time column's, whose stretch is told where the manifests do."""
    return [
        DataFile(
            key=" ".join((task.file.file_path, *sorted(one.file_path for one in task.delete_files))),
            path=task.file.file_path,
            rows=task.file.record_count,
            span=None if field is None else _span(task.file, field),
        )
        for task in tasks
    ]


def _span(file: Any, field: Any) -> tuple[int, int] | None:
    low, high = ((bounds or {}).get(field.field_id) for bounds in (file.lower_bounds, file.upper_bounds))
    if low is None or high is None:
        return None
    first, last = _moment(low, field.field_type), _moment(high, field.field_type)
    return None if first is None or last is None else (first, last)


def _moment(told: bytes, kind: Any) -> int | None:
    """A bound as microseconds. One of another width is that of a type which the column had before."""
    from pyiceberg import types

    value = int.from_bytes(told, "little", signed=True)
    if isinstance(kind, types.DateType) and len(told) == 4:
        return value * _DAY_US
    if isinstance(kind, types.TimestampType | types.TimestamptzType) and len(told) == 8:
        return value
    if isinstance(kind, types.TimestampNanoType | types.TimestamptzNanoType) and len(told) == 8:
        return value // 1_000
    return None


def row_filter(condition: Condition) -> Any:
    """The condition as an expression of pyiceberg's."""
    from pyiceberg import expressions as say

    match condition:
        case Compare(column, operator, value):
            compare = {"=": say.EqualTo, "<": say.LessThan, "<=": say.LessThanOrEqual, ">": say.GreaterThan}
            made: Any = compare.get(operator, say.GreaterThanOrEqual)
            return made(column, _literal(value))
        case OneOf(column, values):
            one_of: Any = say.In
            return one_of(column, [_literal(value) for value in values])
        case Every(parts):
            return say.And(*(row_filter(part) for part in parts))
        case Either(parts):
            return say.Or(*(row_filter(part) for part in parts))


def _literal(value: Constant) -> Any:
    """Moments as text, which pyiceberg reads as what the column is."""
    return value.isoformat() if isinstance(value, date | datetime) else value
