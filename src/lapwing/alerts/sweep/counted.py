"""What supports a slice: the events that a bucket of it is made of."""

from __future__ import annotations

from collections.abc import Iterator

from lapwing.alerts.chance import Kind
from lapwing.alerts.measured import Measured
from lapwing.model.dataset import Aggregation, Dataset, Measure, Metric
from lapwing.model.expression import measures


def counted(dataset: Dataset, metric: Metric, plan: Measured) -> str | None:
    """The measure (qualified) that counts a metric's events: itself, or its denominator, where these are counts; else one of
    the same rows, one that it is made of, or one of all rows; None where the dataset counts nothing."""
    if plan.kind is Kind.COUNT:
        return plan.amount
    name = next(_candidates(dataset, metric, plan), None)
    return None if name is None else f"{dataset.name}.{name}"


def _candidates(dataset: Dataset, metric: Metric, plan: Measured) -> Iterator[str]:
    own = [dataset.measures[ref.measure] for ref in measures(metric.expression) if ref.dataset == dataset.name]
    counts = [one for one in dataset.measures.values() if one.aggregation is Aggregation.COUNT]
    under = own[-1:] if plan.ratio else []
    yield from (one.name for one in (*under, *reversed(own)) if one in counts)
    yield from (one.name for one in counts if any(_same_rows(one, each) for each in own))
    yield from (one.name for one in counts if one.every_row)
    yield from (one.name for one in counts)


def _same_rows(one: Measure, other: Measure) -> bool:
    return one.argument is None and (one.where, one.followed) == (other.where, other.followed)
