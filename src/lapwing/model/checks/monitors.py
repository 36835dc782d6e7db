"""Monitors, goals and limits are of a metric there is, by dimensions that it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from lapwing.model.compile_metrics import Drafts
from lapwing.model.dataset import Dataset, Metric
from lapwing.model.documents.project import MonitorDocument
from lapwing.model.expression import measures
from lapwing.model.monitor import Monitor, every
from lapwing.model.names import nearest
from lapwing.model.positions import Located, Location
from lapwing.model.problem import Problem

Found = tuple[Dataset, Metric]


class Watched(Protocol):
    """A document about a metric, whole or within a slice."""

    @property
    def metric(self) -> str: ...
    @property
    def by(self) -> tuple[str, ...]: ...
    @property
    def slice(self) -> dict[str, str]: ...


class Monitors:
    """Resolves what is in the mapping `group` against `datasets`; `complete` is False where a dataset's file could not be
    read."""

    def __init__(
        self, datasets: Mapping[str, Dataset], drafts: Drafts, complete: bool, group: str = "monitors"
    ) -> None:
        self._group = group
        self._datasets = datasets
        self._drafts = drafts
        self._complete = complete
        self.problems: list[Problem] = []

    def monitor(self, name: str, document: MonitorDocument, located: Located) -> Monitor | None:
        """The monitor; None where it has a mistake, which is then in `problems`."""
        found = self.found(name, document, located)
        if found is None:
            return None
        dataset, metric = found
        watched = every(document.by, dataset.dimensions, document.depth, document.support)
        chosen = [key for key in ("depth", "support") if getattr(document, key) is not None]
        if watched is None and chosen:
            place = located.key(self._group, name, chosen[0])
            says = f"{chosen[0]} is of monitors that watch every slice."
            self.problems.append(Problem("unused-key", says, place, (), f"Write by: all, or leave {chosen[0]} out."))
        return Monitor(
            name=name,
            dataset=dataset.name,
            metric=f"{dataset.name}.{metric.name}",
            grain=document.grain,
            by=() if watched else document.by,
            every=watched,
            slice=tuple(document.slice.items()),
            sensitivity=document.sensitivity,
            min_change=document.min_change,
            tags=document.tags,
            warnings=document.warnings,
            place=located.key("monitors", name),
        )

    def found(self, name: str, document: Watched, located: Located) -> Found | None:
        """The dataset and metric that a document is about; None where it has a mistake, which is then in `problems`."""
        before = len(self.problems)
        found = self._metric(name, document, located)
        if found is not None:
            self.problems.extend(self._dimensions(name, document, located, found))
        return found if len(self.problems) == before else None

    def _metric(self, name: str, document: Watched, located: Located) -> Found | None:
        wanted, _, bare = document.metric.rpartition(".")
        place = located.key(self._group, name, "metric")
        homes = [home for home in self._datasets.values() if wanted in ("", home.name)]
        found = [(home, home.metrics[bare]) for home in homes if bare in home.metrics]
        if len(found) == 1:
            return found[0]
        if found:
            near = tuple(f"{home.name}.{bare}" for home, _ in found)
            self.problems.append(Problem("ambiguous-metric", f"Several datasets have a metric {bare}.", place, near))
        elif self._complete and not self._has_mistake(wanted, bare):
            names = {metric: home.name for home in self._datasets.values() for metric in home.metrics}
            near = nearest(bare, names)
            if wanted:
                near = tuple(f"{names[metric]}.{metric}" for metric in near)
            self.problems.append(Problem("unknown-metric", f"There is no metric {document.metric}.", place, near))
        return None

    def _has_mistake(self, wanted: str, bare: str) -> bool:
        """Whether a metric of that name is written somewhere, but wrong."""
        return any(
            bare in draft.document.metrics or draft.is_broken("measures", bare) or draft.is_broken("metrics", bare)
            for name, draft in self._drafts.items()
            if wanted in ("", name)
        )

    def _dimensions(self, name: str, document: Watched, located: Located, found: Found) -> Iterator[Problem]:
        dataset, metric = found
        names = {dataset.name, *(reference.dataset for reference in measures(metric.expression))}
        by = () if every(document.by, dataset.dimensions, None, None) else document.by
        given: list[tuple[str, Location]] = [(dimension, ("by", index)) for index, dimension in enumerate(by)]
        given += [(dimension, ("slice", dimension)) for dimension in document.slice]
        for dimension, where in given:
            for home in (self._datasets[known] for known in sorted(names) if known in self._datasets):
                if dimension in home.dimensions or self._drafts[home.name].is_broken("dimensions", dimension):
                    continue
                near = nearest(dimension, home.dimensions)
                hint = None if near else f"The dimensions are {', '.join(home.dimensions) or 'none yet'}."
                says = f"The dataset {home.name} has no dimension {dimension}."
                place = located.key(self._group, name, *where)
                yield Problem("unknown-dimension", says, place, near, hint)
