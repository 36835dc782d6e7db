"""Hashes of what definitions mean.

Labels, descriptions, positions and the order of keys do not count; everything that may change a number does. What was
made under one hash (a rollup, a monitor's history) is never mixed with what was made under another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import assert_never

from lapwing.model.dataset import Dataset, Dimension, Followed, Measure, Metric, Rollup
from lapwing.model.duration import Span
from lapwing.model.expression import Binary, Call, Expression, MeasureRef, Number
from lapwing.model.monitor import Monitor
from lapwing.model.stretch import Stretch

Meaning = object
"""JSON data."""

_FORMAT = 1  # of the meaning's own layout: raise it when what a definition says is read differently


def rollup_hash(dataset: Dataset, rollup: Rollup) -> str:
    """16 hex digits over what the rollup's states mean: the rows (table or SQL, time, joins), its dimensions in key
    order, its measures, grain and partition."""
    return _digest(
        {
            "rows": _rows(dataset),
            "dimensions": [_dimension(dataset.dimensions[name]) for name in rollup.dimensions],
            "measures": {name: _measure(dataset.measures[name]) for name in rollup.measures},
            "grain": str(rollup.grain),
            "partition": str(rollup.partition),
        }
    )


def dataset_hash(dataset: Dataset) -> str:
    """16 hex digits over all that the dataset's name stands for, rollups aside."""
    return _digest(
        {
            "rows": _rows(dataset),
            "dimensions": {name: _dimension(dimension) for name, dimension in dataset.dimensions.items()},
            "measures": {name: _measure(measure) for name, measure in dataset.measures.items()},
            "metrics": {name: _metric(metric, dataset, None) for name, metric in dataset.metrics.items()},
            "complete_after": dataset.complete_after.total_seconds(),
        }
    )


def metric_hash(dataset: Dataset, metric: Metric, datasets: Mapping[str, Dataset] | None = None) -> str:
    """16 hex digits over what the metric means, down to the rows; the names of measures on the way do not count. Measures
    of other datasets count in full where `datasets` has them, else by name."""
    return _digest(_metric(metric, dataset, datasets))


def monitor_hash(
    monitor: Monitor, dataset: Dataset, metric: Metric, datasets: Mapping[str, Dataset] | None = None
) -> str:
    """16 hex digits over what is watched and how."""
    names = {*monitor.by, *(name for name, _ in monitor.slice)}
    every = monitor.every
    if every is not None:
        names |= set(dataset.dimensions)
    return _digest(
        {
            "metric": _metric(metric, dataset, datasets),
            "dimensions": {name: _dimension(dataset.dimensions[name]) for name in names if name in dataset.dimensions},
            "grain": str(monitor.grain),
            "by": sorted(monitor.by),
            "slice": dict(monitor.slice),
            "sensitivity": float(monitor.sensitivity),
            "min_change": None if monitor.min_change is None else float(monitor.min_change),
            **({} if every is None else {"every": [every.depth, float(every.support)]}),
        }
    )


def _digest(meaning: Meaning) -> str:
    text = json.dumps([_FORMAT, meaning], sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _rows(dataset: Dataset) -> Meaning:
    # The dataset's name is in: expressions may qualify columns with it.
    return {
        "name": dataset.name,
        "table": dataset.table,
        "sql": None if dataset.sql is None else dataset.sql.strip(),
        "time": [dataset.time.column, dataset.time.zone],
        "joins": {name: [join.table, sorted([a, b] for a, b in join.on)] for name, join in dataset.joins.items()},
    }


def _dimension(dimension: Dimension) -> Meaning:
    return [dimension.name, dimension.sql.strip()]


def _measure(measure: Measure) -> Meaning:
    return {
        "aggregation": str(measure.aggregation),
        "argument": None if measure.argument is None else measure.argument.strip(),
        "where": None if measure.where is None else measure.where.strip(),
        "parameter": None if measure.parameter is None else float(measure.parameter),
        **({} if measure.followed is None else {"followed": _followed(measure.followed)}),
    }


def _followed(followed: Followed) -> Meaning:
    rows = followed.rows
    return {
        "rows": _rows(rows),
        "which": [_measure(measure) for measure in rows.measures.values()],
        "keys": sorted([own.strip(), rows.dimensions[key].sql.strip()] for own, key in followed.keys),
        "within": followed.within.total_seconds(),
        "later": followed.later,
    }


def _metric(metric: Metric, dataset: Dataset, datasets: Mapping[str, Dataset] | None) -> Meaning:
    known = {**(datasets or {}), dataset.name: dataset}
    return {
        "expression": _expression(metric.expression, dataset, known),
        "value": None if metric.value is None else float(metric.value),
        "currency": metric.currency,
    }


def _expression(expression: Expression, home: Dataset, datasets: Mapping[str, Dataset]) -> Meaning:
    match expression:
        case MeasureRef(dataset, name, stretch):
            over = [] if stretch is None else [_stretch(stretch)]
            if dataset not in datasets:
                return ["measure", dataset, name, *over]
            measure = datasets[dataset].measures[name]
            fill = None if measure.fill is None else float(measure.fill)
            return ["measure", _rows(datasets[dataset]), _measure(measure), fill, *over]
        case Number(value):
            return ["number", float(value) if abs(value) < 2**53 else str(value)]
        case Binary(operator, left, right):
            return [operator, _expression(left, home, datasets), _expression(right, home, datasets)]
        case Call(function, arguments):
            return [function, *(_expression(argument, home, datasets) for argument in arguments)]
    assert_never(expression)


def _stretch(stretch: Stretch) -> Meaning:
    window = stretch.window
    return {
        "back": [_span(span) for span in stretch.back],
        "window": None
        if window is None
        else [window.long and _span(window.long), None if window.to_date is None else str(window.to_date)],
    }


def _span(span: Span) -> Meaning:
    return [span.months, span.days, span.time.total_seconds()]
