"""Checks a bound dataset: its time, its measures' types, and that its joins have one row for each key."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import TYPE_CHECKING

from lapwing.model.checks.tables import parts
from lapwing.model.dataset import Join, Measure
from lapwing.model.problem import LapwingError, Place, Problem
from lapwing.sources.quote import identifier
from lapwing.sql.bound import BoundDataset
from lapwing.sql.time import is_naive, is_time

if TYPE_CHECKING:
    from lapwing.sql.service import SqlService

KEY_TIME_LIMIT = 20.0


def check_dataset(bound: BoundDataset, service: SqlService, wrong: Container[Place | None] = ()) -> list[Problem]:
    """Every problem of a dataset whose names and expressions are right; what stands at a place in `wrong` is not, and
    left alone."""
    dataset = bound.dataset
    found = [] if dataset.time.place in wrong or not bound.time_type else [*time_problems(bound)]
    measures = [one for one in dataset.measures.values() if one.place not in wrong and _is_bound(one, bound)]
    joins = [one for one in dataset.joins.values() if one.place not in wrong]
    followed = _followed(bound, measures, service)
    return [*found, *_changes(bound, service), *_measures(bound, measures), *followed, *_joins(joins, service)]


def _changes(bound: BoundDataset, service: SqlService) -> Iterator[Problem]:
    """A column that is not there, or a query that is none."""
    changes = bound.dataset.changes
    if changes is None:
        return
    text = f"SELECT max({bound.dataset.name}.{changes.column}) AS newest FROM {bound.relation}"
    if changes.sql is not None:
        some = "timestamptz '2000-01-01'"
        text = changes.sql.replace("{start}", some).replace("{end}", some)
    try:
        service.plan(text)
    except LapwingError as error:
        yield from (Problem(one.code, one.message, changes.place, one.nearest, one.hint) for one in error.problems)


def _is_bound(measure: Measure, bound: BoundDataset) -> bool:
    return measure.argument is None or bound.arguments[measure.name] is not None


def time_problems(bound: BoundDataset) -> Iterator[Problem]:
    """What is wrong with the type of a dataset's time."""
    dataset = bound.dataset
    column, kind = dataset.time.column, bound.time_type
    if not is_time(kind):
        yield Problem("time-type", f"The time column {column} is {kind}, which is no time.", dataset.time.place)
    elif is_naive(kind) and kind != "DATE" and dataset.time.zone is None:
        yield Problem(
            "time-zone-missing",
            f"The time column {column} is {kind}: a wall clock, of an unknown zone.",
            dataset.time.place,
            hint="Write time: {column: ..., timezone: Europe/Berlin} (or UTC).",
        )


def _measures(bound: BoundDataset, measures: Iterable[Measure]) -> Iterator[Problem]:
    from lapwing.states import state_for

    for measure in measures:
        try:
            state_for(measure, bound.arguments[measure.name])
        except LapwingError as error:
            for problem in error.problems:
                yield Problem(problem.code, problem.message, measure.place, problem.nearest, problem.hint)


def _followed(bound: BoundDataset, measures: Iterable[Measure], service: SqlService) -> Iterator[Problem]:
    """What is wrong with the keys of conversions, or with the rows that they lead to."""
    for measure in measures:
        try:
            service.followed(bound, (measure.name,))
        except LapwingError as error:
            yield from error.problems


def _joins(joins: Iterable[Join], service: SqlService) -> Iterator[Problem]:
    """A key found twice on the joined side would count rows of the dataset twice."""
    for join in joins:
        keys = ", ".join(identifier(right) for _, right in join.on)
        known = " AND ".join(f"{identifier(right)} IS NOT NULL" for _, right in join.on)
        table = ".".join(identifier(part.strip('"')) for part in parts(join.table))
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
