"""Conversions take their time: a bucket is not judged before all that its rows may be followed by is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lapwing.model.dataset import Followed, Metric
from lapwing.model.expression import measures
from lapwing.model.project import Project

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing


def waits(project: Project, metric: Metric) -> int:
    """How long after its end a bucket may still change, in microseconds, beside what arrives late."""
    return max((one.microseconds for one in followed(project, metric)), default=0)


def read_from(project: Project, dataset: str, metric: Metric) -> tuple[str, ...]:
    """The datasets whose rows a metric of `dataset` is made of, that one first."""
    own = (ref.dataset for ref in measures(metric.expression))
    return tuple(dict.fromkeys((dataset, *own, *(one.rows.name for one in followed(project, metric)))))


def settled(lapwing: Lapwing, names: Iterable[str], until: int | None) -> int | None:
    """Up to when nothing changes any more, where all data before `until` is in (UTC microseconds)."""
    for name in names:
        metric = lapwing.project.metric(name)[1]
        for one in followed(lapwing.project, metric):
            there = lapwing.cache.data_until(one.rows.name)
            if until is None or there is None:
                return None
            until = min(until, there - one.microseconds)
    return until


def followed(project: Project, metric: Metric) -> Iterator[Followed]:
    """What the rows of a metric are followed by."""
    for ref in measures(metric.expression):
        found = project.datasets[ref.dataset].measures[ref.measure].followed
        if found is not None:
            yield found
