"""What may be worth following: metrics that people ask for or that cost money, and nobody watches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from lapwing.alerts.views.view import View
from lapwing.cache.questions import Shape, Tally
from lapwing.model.dataset import Metric, MetricKind
from lapwing.model.monitor import Monitor
from lapwing.model.project import Project

MOST: Final = 5
_ASKED: Final = 3
"""Questions from which on it counts that a metric is asked for."""
_OVER_TIME: Final = (MetricKind.CUMULATIVE, MetricKind.CHANGE)
"""They say today what happened long ago: what they are made of is the better thing to watch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionView(View):
    """A metric that could be followed, whole and by the day, and `why`."""

    metric: str
    label: str
    why: str


def suggestions(
    project: Project, monitors: Iterable[Monitor], asked: Mapping[Shape, Tally], most: int = MOST
) -> list[SuggestionView]:
    """The best first: what costs money, then what people ask for, then what has a good direction."""
    watched = {monitor.metric for monitor in monitors if not monitor.slice}
    counts: Counter[str] = Counter()
    for shape, tally in asked.items():
        counts.update(dict.fromkeys(shape.metrics, tally.count))
    found = [
        (_rank(metric, counts[name]), name, metric)
        for dataset in project.datasets.values()
        for metric in dataset.metrics.values()
        if metric.name not in dataset.measures or dataset.measures[metric.name].followed is None
        if (name := f"{dataset.name}.{metric.name}") not in watched and metric.kind not in _OVER_TIME
    ]
    best = sorted((one for one in found if any(one[0])), key=lambda one: (one[0], one[1]), reverse=True)
    return [
        SuggestionView(metric=name, label=metric.shown.label, why=_why(metric, counts[name]))
        for _, name, metric in best[:most]
    ]


def _rank(metric: Metric, count: int) -> tuple[bool, int, bool]:
    return metric.value is not None, count if count >= _ASKED else 0, metric.shown.better is not None


def _why(metric: Metric, count: int) -> str:
    reasons = []
    if metric.value is not None:
        reasons.append("what it costs is known")
    if count >= _ASKED:
        reasons.append(f"asked for {count} times lately")
    if metric.shown.better is not None:
        reasons.append(f"{metric.shown.better} is better")
    says = ", ".join(reasons)
    return f"{says[:1].upper()}{says[1:]}, and nobody watches it."
