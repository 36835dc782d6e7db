"""Grouping by a dataset's time itself instead of buckets of it: its column may stand among the dimensions that are asked.

No rollup keeps single moments, so the source answers. A dimension of that name is taken for what it was declared to be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from lapwing.model.dataset import Dataset, Metric
from lapwing.model.expression import measures
from lapwing.model.problem import Refused, WrongUse
from lapwing.model.receipt import Considered, Reason
from lapwing.query.ask import MetricQuery
from lapwing.sql.bound import BoundDataset

MOST = 1_000_000
"""Groups of one answer, which is held in memory."""


def by_moments(by: Sequence[str], dataset: Dataset) -> bool:
    """Whether groups of single moments are asked."""
    return dataset.time.column in by and dataset.time.column not in dataset.dimensions


def with_moments(bound: BoundDataset, by: Sequence[str]) -> BoundDataset:
    """The dataset with its time among the dimensions, where it is asked as one."""
    if not by_moments(by, bound.dataset):
        return bound
    name = bound.dataset.time.column
    return replace(
        bound,
        dimensions={**bound.dimensions, name: bound.time_type},
        expressions={**bound.expressions, name: bound.time_column},
    )


def looks_beyond(metric: Metric) -> bool:
    """Whether it is over windows of time, or compared with another time."""
    return any(ref.stretch is not None for ref in measures(metric.expression))


def check_moments(query: MetricQuery, dataset: Dataset, metric: Metric) -> None:
    """
    Raises:
        WrongUse: a metric that looks beyond a moment is asked for single ones; or buckets are asked, too.
    """
    if not by_moments(query.by, dataset):
        return
    if query.grain is not None:
        hint = "Ask two questions, or for one of them."
        raise WrongUse.of(
            "two-grains", f"Buckets of time and single moments of {dataset.time.column} at once.", hint=hint
        )
    if looks_beyond(metric):
        raise WrongUse.of(
            "needs-buckets",
            f"{metric.name} looks at other times, too, and single moments of {dataset.time.column} have none.",
            hint=f"Ask it by buckets, such as date_trunc('day', {dataset.time.column}), or leave it out.",
        )


def kept_nowhere(dataset: Dataset) -> tuple[Considered, ...]:
    """Why no rollup answers."""
    reason = Reason(check="moments", passed=False, says="It keeps buckets of time, not single moments.")
    return tuple(Considered(rollup=name, chosen=False, reasons=(reason,)) for name in dataset.rollups)


@contextmanager
def few_enough(dataset: Dataset) -> Iterator[None]:
    """Inside it, a read that met more than `MOST` groups says what to do.

    Raises:
        Refused: then.
    """
    try:
        yield
    except Refused as error:
        if error.problems[0].code != "result-too-large":
            raise
        time = dataset.time.column
        hint = (
            f"Say which time ({time} >= ... and {time} < ...), or ask by buckets, such as date_trunc('hour', {time})."
        )
        says = f"Single moments of {dataset.name} make more than {MOST:,} groups."
        raise Refused.of("too-many-groups", says, hint=hint) from error
