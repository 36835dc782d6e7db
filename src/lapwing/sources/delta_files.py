"""Which files of a Delta table may hold rows of a question, by what its log tells of them: the values of partitions, and the
least and the greatest value of each column."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from lapwing.sources.lake_filter import Compare, Condition, Constant, Either, Every, OneOf

_MILLISECOND: Final = 1_000  # logs keep moments no finer, and cut the rest off


def may_match(condition: Condition, actions: pa.Table) -> pa.Array:
    """For each file, whether it may hold a row that the condition is true of; files of which nothing is told may."""
    match condition:
        case Compare(column, operator, value):
            return _compared(actions, column, operator, value)
        case OneOf(column, values):
            return _both(
                _compared(actions, column, ">=", min(values)),
                _compared(actions, column, "<=", max(values)),
            )
        case Every(parts):
            found = may_match(parts[0], actions)
            for part in parts[1:]:
                found = _both(found, may_match(part, actions))
            return found
        case Either(parts):
            found = may_match(parts[0], actions)
            for part in parts[1:]:
                found = pc.or_(found, may_match(part, actions))
            return found


def span_of(actions: pa.Table, column: str) -> list[tuple[int, int] | None]:
    """For each file the least and the greatest moment of a time column (microseconds), None where they are not told."""
    low, high = _bounds(actions, column)
    if low is None or high is None or not pa.types.is_temporal(low.type) or pa.types.is_time(low.type):
        return [None] * actions.num_rows
    ends = [_microseconds(one).to_pylist() for one in (low, high)]
    return [
        None if first is None or last is None else (first, last + _MILLISECOND)
        for first, last in zip(*ends, strict=True)
    ]


def _compared(actions: pa.Table, column: str, operator: str, value: Constant) -> pa.Array:
    low, high = _bounds(actions, column)
    everything = pa.array([True] * actions.num_rows, pa.bool_())
    if low is None or high is None:
        return everything
    found = everything
    if operator in ("=", "<", "<="):
        compare = pc.less if operator == "<" else pc.less_equal
        found = _both(found, compare(low, pa.scalar(value, low.type)))
    if operator in ("=", ">", ">="):
        least = pa.scalar(_a_little_less(value), high.type)
        found = _both(found, pc.greater_equal(high, least) if operator != ">" else pc.greater(high, least))
    return found


def _a_little_less(value: Constant) -> Constant:
    return value - timedelta(microseconds=_MILLISECOND) if isinstance(value, datetime) else value


def _bounds(actions: pa.Table, column: str) -> tuple[pa.ChunkedArray | None, pa.ChunkedArray | None]:
    """The least and the greatest values by file; None where they are not told, or may have been rounded: the log is JSON,
    whose numbers may have lost digits of a decimal, and floats are compared otherwise."""
    names = actions.schema.names
    if f"partition.{column}" in names:
        values = actions.column(f"partition.{column}")
        return (values, values) if not pa.types.is_floating(values.type) else (None, None)
    if f"min.{column}" not in names or f"max.{column}" not in names:
        return None, None
    low, high = actions.column(f"min.{column}"), actions.column(f"max.{column}")
    exact = pa.types.is_integer(low.type) or pa.types.is_temporal(low.type) or pa.types.is_string(low.type)
    return (low, high) if exact else (None, None)


def _both(one: pa.Array, other: pa.Array) -> pa.Array:
    """What is not known may be."""
    return pc.and_(pc.fill_null(one, True), pc.fill_null(other, True))


def _microseconds(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_date(values.type):
        values = pc.cast(values, pa.timestamp("us"))
    zone = values.type.tz if pa.types.is_timestamp(values.type) else None
    return pc.cast(pc.cast(values, pa.timestamp("us", zone)), pa.int64())
