"""Checks a bound dataset: its time, its measures' types, and that its joins have one row for each key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lapwing.model.problem import LapwingError, Problem
from lapwing.sources.quote import identifier
from lapwing.sql.bound import BoundDataset
from lapwing.sql.time import is_naive, is_time

if TYPE_CHECKING:
    from lapwing.sql.service import SqlService

KEY_TIME_LIMIT = 20.0


def check_dataset(bound: BoundDataset, service: SqlService) -> list[Problem]:
    """Every problem of a dataset whose names and expressions are right."""
    return [*_time(bound), *_measures(bound), *_joins(bound, service)]


def _time(bound: BoundDataset) -> Iterator[Problem]:
    dataset = bound.dataset
    column, kind = dataset.time.column, bound.time_type
    if not is_time(kind):
        yield Problem("time-type", f"The time column {column} is {kind}, which is no time.", dataset.place)
    elif is_naive(kind) and kind != "DATE" and dataset.time.zone is None:
        yield Problem(
            "time-zone-missing",
            f"The time column {column} is {kind}: a wall clock, of an unknown zone.",
            dataset.place,
            hint="Write time: {column: ..., timezone: Europe/Berlin} (or UTC).",
        )


def _measures(bound: BoundDataset) -> Iterator[Problem]:
    from lapwing.states import state_for

    for measure in bound.dataset.measures.values():
        try:
            state_for(measure, bound.arguments[measure.name])
        except LapwingError as error:
            for problem in error.problems:
                yield Problem(problem.code, problem.message, measure.place, problem.nearest, problem.hint)


def _joins(bound: BoundDataset, service: SqlService) -> Iterator[Problem]:
    """A key found twice on the joined side would count rows of the dataset twice."""
    for join in bound.dataset.joins.values():
        keys = ", ".join(identifier(right) for _, right in join.on)
        known = " AND ".join(f"{identifier(right)} IS NOT NULL" for _, right in join.on)
        table = ".".join(identifier(part.strip('"')) for part in join.table.split("."))
        text = f"SELECT {keys}, count(*) AS n FROM {table} WHERE {known} GROUP BY {keys} HAVING count(*) > 1 LIMIT 1"
        try:
            found = service.table(text, time_limit=KEY_TIME_LIMIT).to_pylist()
        except LapwingError as error:
            yield from (Problem(one.code, one.message, join.place, one.nearest, one.hint) for one in error.problems)
            continue
        if found:
            *values, count = found[0].values()
            written = ", ".join(str(value) for value in values)
            yield Problem(
                "join-key-not-unique",
                f"The join {join.name} is not many-to-one: {join.table} has the key {written} {count} times.",
                join.place,
                hint="Rows would be counted more than once. Join on a unique key.",
            )
