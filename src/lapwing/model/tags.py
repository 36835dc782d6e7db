"""Tags: words that metrics bear. What is watched by a tag is every metric that bears it, now or later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lapwing.model.dataset import Aggregation, Dataset, Metric, MetricKind

PREFIX = "tag:"
"""`tag:revenue` stands for all metrics with the tag revenue, where a metric's name may stand."""


def tag_of(text: str) -> str | None:
    """The tag that a text names in the place of a metric.

    >>> tag_of("tag:revenue"), tag_of("spend")
    ('revenue', None)
    """
    return text[len(PREFIX) :].strip() if text.startswith(PREFIX) else None


def tags(datasets: Iterable[Dataset]) -> tuple[str, ...]:
    """All that metrics bear, in the order of the alphabet."""
    return tuple(
        sorted({tag for dataset in datasets for metric in dataset.metrics.values() for tag in metric.tags}),
    )


def tagged(datasets: Mapping[str, Dataset], tag: str) -> tuple[tuple[Dataset, Metric], ...]:
    """The metrics that bear a tag and can be watched: lists of the most frequent values (top) are no numbers."""
    return tuple(
        (dataset, metric)
        for dataset in datasets.values()
        for metric in dataset.metrics.values()
        if tag in metric.tags and not _is_list(dataset, metric)
    )


def _is_list(dataset: Dataset, metric: Metric) -> bool:
    return metric.kind is MetricKind.SIMPLE and dataset.measures[metric.name].aggregation is Aggregation.TOP
