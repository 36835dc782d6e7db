"""Data that reaches too far in time, mostly by a few rows whose time stands for "none" or "for ever", such as 9999-12-31:
what is told where it stands in the way."""

from __future__ import annotations

from collections.abc import Sequence

from lapwing.cache.span import Span
from lapwing.model import calendar
from lapwing.model.dataset import Rollup
from lapwing.model.grain import Unit
from lapwing.model.problem import Problem, Refused, WrongUse
from lapwing.sql.bound import BoundDataset
from lapwing.sql.service import SqlService
from lapwing.sql.time import EARLIEST, LATEST, range_sql

MOST_PARTITIONS = 90_000
"""Of one rollup: 246 years of days. Each costs about a millisecond even when it is empty; and months until
9999-12-31 are still too many."""

_DAYS = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 30, Unit.QUARTER: 91, Unit.YEAR: 365}


def check_reach(sql: SqlService, bound: BoundDataset, rollups: Sequence[Rollup], span: Span, time_limit: float) -> None:
    """Raises Refused where the data reaches so far that the partitions of one of `rollups` would be far too many, or
    where it leaves the calendar."""
    for rollup in rollups:
        length = rollup.partition.fixed or _DAYS[rollup.partition.unit] * calendar.DAY
        count = (span.end - span.start) // length
        if calendar.covers(span.start, span.end) and count <= MOST_PARTITIONS:
            continue
        says = f"{_reach(sql, bound, time_limit)} That is about {count:,} partitions of one {rollup.partition}."
        hint = f"{_REMEDY}, or give the rollup {rollup.name} longer partitions."
        raise Refused(Problem("far-times", says, bound.dataset.time.place, hint=hint))


def far_times(sql: SqlService, bound: BoundDataset, time_limit: float) -> WrongUse:
    """For a question with a grain over all of a dataset's time."""
    says = f"{_reach(sql, bound, time_limit)} No calendar has buckets for all of that."
    return WrongUse(Problem("far-times", says, hint=f"Ask for a time with a start and an end. {_REMEDY}."))


_REMEDY = (
    "A time such as 9999-12-31 often stands for none: give the dataset an sql that leaves such rows out "
    "(where TIME < '2100-01-01') or has no time for them (nullif)"
)


def _reach(sql: SqlService, bound: BoundDataset, time_limit: float) -> str:
    """From when to when, as the column has it, and how many rows are far from our days."""
    column = bound.time_column
    old, late = range_sql(bound, None, EARLIEST), range_sql(bound, LATEST, None)
    table = sql.table(
        f"SELECT CAST(min({column}) AS VARCHAR) AS first, CAST(max({column}) AS VARCHAR) AS last, "
        f"count(CASE WHEN {old} THEN 1 END) AS old, count(CASE WHEN {late} THEN 1 END) AS late, "
        f"count({column}) AS rows FROM {bound.relation}",
        time_limit=time_limit,
    )
    found = table.to_pylist()[0]
    name = bound.dataset.name
    says = f"The times of {name} (column {bound.dataset.time.column}) run from {found['first']} to {found['last']}"
    if found["old"] or found["late"]:
        says += f"; of {found['rows']:,} rows, {found['old']:,} lie before 1900 and {found['late']:,} after 2099"
    return f"{says}."
