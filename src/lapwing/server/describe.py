"""The project and its data as JSON-ready descriptions: for the catalog's routes and for `lapwing catalog`."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from lapwing.cache.auditing import Coverage
from lapwing.cache.incident import HINT, Incident
from lapwing.model.calendar import utc_iso
from lapwing.model.dataset import Aggregation, Dataset, Dimension, Metric
from lapwing.model.expression import Binary, Expression, MeasureRef, Number, measures
from lapwing.model.hashing import metric_hash
from lapwing.model.problem import LapwingError
from lapwing.query.described import columns_listed, dataset_columns
from lapwing.query.service import Lapwing
from lapwing.server.describe_rollups import rollup_entry
from lapwing.sources.base import Table
from lapwing.sources.patience import patient

TITLES = ("name", "label", "title")  # columns that name what their row's key stands for
_LISTING = 20.0
"""Seconds for what one source has."""
ADDITIVE = (Aggregation.COUNT, Aggregation.SUM)


def metrics(lapwing: Lapwing, following: Collection[str] = ()) -> list[dict[str, Any]]:
    """Every metric; `following` are the qualified names of those watched."""
    return [
        metric_entry(lapwing, dataset, metric, f"{dataset.name}.{metric.name}" in following)
        for dataset in lapwing.project.datasets.values()
        for metric in dataset.metrics.values()
    ]


def metric_entry(lapwing: Lapwing, dataset: Dataset, metric: Metric, following: bool) -> dict[str, Any]:
    project, shown, place = lapwing.project, metric.shown, metric.place
    file = Path(place.file) if place.file else None
    if file is not None and file.is_absolute() and file.is_relative_to(project.root):
        file = file.relative_to(project.root)
    return {
        "name": f"{dataset.name}.{metric.name}",
        "short": metric.name,
        "dataset": dataset.name,
        "label": shown.label,
        "description": shown.description,
        "kind": str(metric.kind),
        "unit": shown.unit,
        "format": shown.format,
        "better": None if shown.better is None else str(shown.better),
        "value": metric.value,
        "currency": metric.currency or None,
        "additive": additive(lapwing, metric.expression),
        "dimensions": shared_dimensions(lapwing, dataset, metric),
        "following": following,
        "definition": {
            "text": metric.text,
            "file": str(file) if file else None,
            "line": place.line,
            "hash": metric_hash(dataset, metric, project.datasets),
        },
        "owner": shown.owner or dataset.shown.owner or None,
        "tags": list(metric.tags),
    }


def additive(lapwing: Lapwing, expression: Expression) -> bool:
    """Whether values of parts add up to the value of the whole."""
    match expression:
        case MeasureRef(dataset, measure):
            return lapwing.project.datasets[dataset].measures[measure].aggregation in ADDITIVE
        case Binary("+" | "-", left, right):
            return additive(lapwing, left) and additive(lapwing, right)
        case Binary("*", Number(), other) | Binary("*", other, Number()) | Binary("/", other, Number()):
            return additive(lapwing, other)
        case _:
            return False


def shared_dimensions(lapwing: Lapwing, dataset: Dataset, metric: Metric) -> list[dict[str, str | None]]:
    """The dimensions that all datasets of the metric have."""
    used = {reference.dataset for reference in measures(metric.expression)}
    others = [lapwing.project.datasets[name] for name in used]
    return [
        {"name": name, "label": dimension.shown.label, "names": named_by(dataset, dimension)}
        for name, dimension in dataset.dimensions.items()
        if all(name in other.dimensions for other in others)
    ]


def named_by(dataset: Dataset, dimension: Dimension) -> str | None:
    """The dimension whose values this one only names: it is the name in a table joined by that dimension's column."""
    joined, _, column = dimension.sql.partition(".")
    join = dataset.joins.get(joined)
    if join is None or column not in TITLES or len(join.on) != 1:
        return None
    key = join.on[0][0]
    return next((other.name for other in dataset.dimensions.values() if other.sql == key), None)


def source_entries(lapwing: Lapwing) -> tuple[list[dict[str, Any]], list[Table]]:
    """Each source with its state, and the tables of those that answer."""
    entries: list[dict[str, Any]] = []
    found: list[Table] = []
    for name, source in lapwing.sources.items():
        entry: dict[str, Any] = {"name": name, "type": source.kind, "state": "ok", "tables": 0}
        try:
            with patient(_LISTING):
                tables = source.tables()
            entry["tables"] = len(tables)
            found += tables
        except LapwingError as error:
            entry |= {"state": "failed", "problem": error.problems[0].as_dict()}
        entries.append(entry)
    for name, circuit in lapwing.sources.circuits().items():
        next(entry for entry in entries if entry["name"] == name)["circuit"] = circuit.state
    return entries, found


def table_entry(lapwing: Lapwing, table: Table) -> dict[str, Any]:
    columns = columns_listed(table)
    path = lapwing.sql.catalog.short(table)
    sizes = {"rows": table.rows, "bytes": table.bytes}
    return {"path": path, "source": table.source, **sizes, "columns": columns, "description": table.description}


def dataset_entry(lapwing: Lapwing, dataset: Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "label": dataset.shown.label,
        "description": dataset.shown.description,
        "owner": dataset.shown.owner,
        "table": dataset.table,
        "time": dataset.time.column,
        "dimensions": list(dataset.dimensions),
        "metrics": list(dataset.metrics),
        "columns": dataset_columns(lapwing, dataset),
        "data_until": data_until(lapwing, dataset.name),
    }


def data_until(lapwing: Lapwing, dataset: str) -> str | None:
    """Until when the dataset is complete, ISO; None where that is not known now."""
    try:
        until = lapwing.cache.data_until(dataset)
    except LapwingError:
        return None
    return None if until is None else utc_iso(until)


def incident_entry(one: Incident) -> dict[str, Any]:
    """Where a rollup was found to differ from its source."""
    host, _, process = one.builder.partition("/")
    return {
        "id": one.id,
        "state": one.state,
        "rollup": one.rollup,
        "start": utc_iso(one.start),
        "end": utc_iso(one.end),
        "says": one.says,
        "hint": HINT if one.resolved is None else None,
        "version": one.version,
        "builder": f"{host}/{process.partition('/')[0]}",
        "built_at": _iso(one.built_at),
        "source_mark": one.mark,
        "looked_at": {
            "start": utc_iso(one.slice.start),
            "end": utc_iso(one.slice.end),
            "part": one.slice.part,
            "parts": one.slice.parts,
        },
        "cells": one.cells,
        "differing": one.differing,
        "differences": [
            {
                "measure": of.measure,
                "group": of.group,
                "start": utc_iso(of.start),
                "end": utc_iso(of.end),
                "kept": of.kept,
                "source": of.source,
                "says": of.says,
            }
            for of in one.differences
        ],
        "times": one.times,
        "opened": _iso(one.opened),
        "seen": _iso(one.seen),
        "resolved": _iso(one.resolved),
        "resolution": one.resolution,
    }


def coverage_entry(one: Coverage) -> dict[str, Any]:
    """How much of a rollup was compared with its source."""
    return {
        "rollup": one.rollup,
        "partitions": one.partitions,
        "looked": one.looked,
        "equal": one.equal,
        "oldest": _iso(one.oldest),
    }


def _iso(seconds: float | None) -> str | None:
    return None if seconds is None else utc_iso(round(seconds * 1e3) * 1_000)


def catalog(lapwing: Lapwing, following: Collection[str] = ()) -> dict[str, Any]:
    """Everything there is; a source that does not answer is told beside the rest."""
    sources, tables = source_entries(lapwing)
    return {
        "sources": sources,
        "tables": [table_entry(lapwing, table) for table in tables],
        "datasets": [dataset_entry(lapwing, dataset) for dataset in lapwing.project.datasets.values()],
        "metrics": metrics(lapwing, following),
        "rollups": [rollup_entry(status) for status in lapwing.cache.status(check=False)],
    }
