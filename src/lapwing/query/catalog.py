"""What there is: sources, tables, datasets, metrics and rollups, as JSON-ready data for pages, the terminal and search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lapwing.model import calendar
from lapwing.model.dataset import Dataset, Metric
from lapwing.model.expression import measures
from lapwing.model.hashing import metric_hash
from lapwing.model.problem import LapwingError
from lapwing.model.project import Project
from lapwing.sources.base import Table

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

Json = dict[str, Any]


def catalog(lapwing: Lapwing) -> Json:
    """Everything; a source that does not answer is there with its problem, and the rest without it."""
    tables, sources = _sources(lapwing)
    return {
        "sources": sources,
        "tables": [table_entry(table) for table in tables],
        "datasets": [_dataset(lapwing, dataset) for dataset in lapwing.project.datasets.values()],
        "metrics": metric_entries(lapwing.project),
        "rollups": _rollups(lapwing),
    }


def table_entry(table: Table) -> Json:
    """One table with its columns."""
    return {
        "path": table.path,
        "source": table.source,
        "rows": table.rows,
        "bytes": table.bytes,
        "description": table.description,
        "columns": [{"name": column.name, "type": column.type} for column in table.columns],
    }


def metric_entries(project: Project) -> list[Json]:
    """Every metric of every dataset, in the order of the files."""
    return [
        _metric(project, dataset, metric)
        for dataset in project.datasets.values()
        for metric in dataset.metrics.values()
    ]


def _metric(project: Project, dataset: Dataset, metric: Metric) -> Json:
    refs = list(measures(metric.expression))
    shared = [
        name for name in dataset.dimensions if all(name in project.datasets[ref.dataset].dimensions for ref in refs)
    ]
    shown = metric.shown
    measure = dataset.measures.get(metric.name)
    return {
        "name": f"{dataset.name}.{metric.name}",
        "short": metric.name,
        "dataset": dataset.name,
        "label": shown.label,
        "description": shown.description,
        "kind": str(measure.aggregation) if measure and metric.kind == "simple" else str(metric.kind),
        "unit": shown.unit,
        "format": shown.format,
        "better": None if shown.better is None else str(shown.better),
        "value": metric.value,
        "currency": metric.currency,
        "additive": measure is not None and str(measure.aggregation) in ("count", "sum"),
        "owner": shown.owner or dataset.shown.owner,
        "synonyms": list(shown.synonyms),
        "tags": list(metric.tags),
        "dimensions": [{"name": name, "label": dataset.dimensions[name].shown.label} for name in shared],
        "measures": list(dict.fromkeys(f"{ref.dataset}.{ref.measure}" for ref in refs)),
        "definition": {
            "text": metric.text,
            "file": metric.place.file,
            "line": metric.place.line,
            "hash": metric_hash(dataset, metric),
        },
    }


def _sources(lapwing: Lapwing) -> tuple[list[Table], list[Json]]:
    found: list[Table] = []
    entries: list[Json] = []
    for name, config in lapwing.project.sources.items():
        entry: Json = {"name": name, "type": config.type, "state": "ok"}
        try:
            tables = lapwing.sources[name].tables()
            found += tables
            entry["tables"] = len(tables)
        except LapwingError as error:
            entry |= {"state": "failed", "tables": 0, "problem": error.problems[0].as_dict()}
        entries.append(entry)
    return found, entries


def _dataset(lapwing: Lapwing, dataset: Dataset) -> Json:
    try:
        until = lapwing.cache.data_until(dataset.name)
    except LapwingError:
        until = None
    shown = dataset.shown
    return {
        "name": dataset.name,
        "label": shown.label,
        "description": shown.description,
        "owner": shown.owner,
        "table": dataset.table,
        "sql": dataset.sql,
        "joins": [{"name": join.name, "table": join.table} for join in dataset.joins.values()],
        "time": {"column": dataset.time.column, "zone": dataset.time.zone},
        "dimensions": [
            {
                "name": dimension.name,
                "label": dimension.shown.label,
                "description": dimension.shown.description,
                "sql": dimension.sql,
            }
            for dimension in dataset.dimensions.values()
        ],
        "metrics": [f"{dataset.name}.{name}" for name in dataset.metrics],
        "rollups": [f"{dataset.name}.{name}" for name in dataset.rollups],
        "file": dataset.place.file,
        "data_until": None if until is None else calendar.utc_iso(until),
    }


def _rollups(lapwing: Lapwing) -> list[Json]:
    return [
        {
            "name": status.name,
            "dataset": status.dataset,
            "grain": status.grain,
            "dimensions": list(status.dimensions),
            "measures": list(status.measures),
            "partitions": len(status.partitions),
            "keys": status.keys,
            "cells": status.cells,
            "bytes": status.bytes,
            "built_at": None if status.built_at is None else calendar.utc_iso(int(status.built_at * 1e6)),
            "data_until": None if status.data_until is None else calendar.utc_iso(status.data_until),
            "stale": status.stale,
            "refused": status.refused,
        }
        for status in lapwing.cache.status(check=False)
    ]
