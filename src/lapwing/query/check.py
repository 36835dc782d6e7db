"""Checks that metrics can be reckoned with the values that their measures turn out to have."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from lapwing.model.expression import MeasureRef, measures
from lapwing.model.problem import LapwingError, Problem
from lapwing.model.project import Project
from lapwing.query.evaluate import evaluate
from lapwing.query.grid import laid
from lapwing.sql.bound import BoundDataset
from lapwing.sql.service import SqlService
from lapwing.states import state_for


def metric_problems(project: Project, sql: SqlService) -> Iterator[Problem]:
    """Every metric whose expression is tried on no rows and fails; what has no type for other reasons is left alone."""
    values: dict[MeasureRef, pa.Array] = {}
    for dataset in project.datasets.values():
        try:
            bound = sql.bind(dataset)
        except LapwingError:
            continue
        yield from _measures(bound, values)
    for dataset in project.datasets.values():
        for metric in dataset.metrics.values():
            refs = {ref: MeasureRef(ref.dataset, ref.measure) for ref in measures(metric.expression)}
            if metric.name in dataset.measures or not all(plain in values for plain in refs.values()):
                continue
            try:
                evaluate(metric.expression, {ref: values[plain] for ref, plain in refs.items()}, 0)
            except LapwingError as error:
                yield from (Problem(p.code, p.message, metric.place, p.nearest, p.hint) for p in error.problems)


def _measures(bound: BoundDataset, values: dict[MeasureRef, pa.Array]) -> Iterator[Problem]:
    for measure in bound.dataset.measures.values():
        try:
            state = state_for(measure, bound.arguments[measure.name])
        except LapwingError:
            continue  # told with the data's other problems
        try:
            nothing = laid(state.empty(0), state, measure, np.zeros(0, np.int64), np.ones(1, np.bool_))
            values[MeasureRef(bound.dataset.name, measure.name)] = nothing
        except LapwingError as error:
            yield from error.problems
