"""What clients that read catalogs are told of datasets: one table each, under `metrics`."""

from __future__ import annotations

from lapwing.model.dataset import Dataset
from lapwing.model.problem import LapwingError
from lapwing.query.service import Lapwing

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
