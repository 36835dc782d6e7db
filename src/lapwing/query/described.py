"""What clients that read catalogs are told of datasets: one table each, under `metrics`."""

from __future__ import annotations

from typing import Any

from lapwing.model.dataset import Dataset
from lapwing.model.problem import LapwingError
from lapwing.query.service import Lapwing
from lapwing.sources.base import Table

METRICS = "metrics"


def columns_of(lapwing: Lapwing, dataset: Dataset) -> dict[str, str]:
    """Its time, dimensions and metrics, each with its type in the engine. The types of metrics are those of most; an answer
    says its own."""
    try:
        bound = lapwing.sql.bind(dataset)
        types, time = bound.dimensions, bound.time_type
    except LapwingError:  # its source does not answer now
        types, time = dict.fromkeys(dataset.dimensions, "VARCHAR"), "TIMESTAMP"
    names = {dataset.time.column: time, **{name: types.get(name, "VARCHAR") for name in dataset.dimensions}}
    for name in dataset.metrics:
        measure = dataset.measures.get(name)
        counts = measure is not None and str(measure.aggregation) in ("count", "distinct")
        names.setdefault(name, "BIGINT" if counts else "DOUBLE")
    return names


def listed(lapwing: Lapwing) -> list[dict[str, Any]]:
    """The tables of the sources that answer and the datasets, each with its `path`, `description` and `columns`."""
    tables = [
        {"path": lapwing.sql.catalog.short(one), "description": one.description, "columns": columns_listed(one)}
        for one in lapwing.sql.catalog.tables()
    ]
    return tables + [
        {"path": f"{METRICS}.{name}", "description": one.shown.description, "columns": dataset_columns(lapwing, one)}
        for name, one in lapwing.project.datasets.items()
    ]


def columns_listed(table: Table) -> list[dict[str, str]]:
    return [{"name": column.name, "type": column.type} for column in table.columns]


def dataset_columns(lapwing: Lapwing, dataset: Dataset) -> list[dict[str, str]]:
    return [{"name": name, "type": type_} for name, type_ in columns_of(lapwing, dataset).items()]
