"""Monitors, goals and limits are of a metric there is, by dimensions that it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Protocol

from lapwing.model.compile_metrics import Drafts
from lapwing.model.dataset import Dataset, Metric
from lapwing.model.documents.dataset import DatasetDocument
from lapwing.model.documents.project import MonitorDocument
from lapwing.model.expression import measures
from lapwing.model.monitor import Monitor, every
from lapwing.model.names import nearest
from lapwing.model.positions import Located, Location
from lapwing.model.problem import Problem
from lapwing.model.tags import PREFIX, tag_of, tagged, tags

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

    def monitors(self, name: str, document: MonitorDocument, located: Located) -> Iterator[Monitor]:
        """The monitor, or one for each metric of a tag; none where there is a mistake, which is then in `problems`."""
        tag = None if document.watch is None else tag_of(document.watch)
        if tag is None:
            found = self.found(name, document, located)
            if found is not None:
                yield self._made(name, document, located, found)
            return
        if document.min_change is not None:
            place = located.key(self._group, name, "min_change")
            says = "The smallest change is in a metric's unit, and metrics of a tag have many."
            self.problems.append(Problem("unused-key", says, place, (), "Leave min_change out."))
        there = tagged(self._datasets, tag)
        if not there:
            self.problems.extend(self._unknown_tag(name, tag, located))
        for dataset, metric in there:
            qualified = f"{dataset.name}.{metric.name}"
            own = document.model_copy(update={"metric": qualified})
            if self.found(name, own, located) is not None:
                made = self._made(name, own, located, (dataset, metric))
                yield replace(made, name=f"{name}.{qualified}", group=name, tag=tag)

    def _unknown_tag(self, name: str, tag: str, located: Located) -> Iterator[Problem]:
        written = {tag for draft in self._drafts.values() for tag in _tags(draft.document)}
        if not self._complete or tag in written or any(draft.broken for draft in self._drafts.values()):
            return
        known = tags(self._datasets.values())
        near = tuple(f"{PREFIX}{one}" for one in nearest(tag, known))
        hint = "Add tags: to metrics, measures or a dataset." if not known else f"The tags are {', '.join(known)}."
        place = located.key(self._group, name, "watch")
        yield Problem("unknown-tag", f"No metric has the tag {tag}.", place, near, None if near else hint)

    def _made(self, name: str, document: MonitorDocument, located: Located, found: Found) -> Monitor:
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
            tags=tuple(dict.fromkeys((*document.tags, *metric.tags))),
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
            says, hint = f"There is no metric {document.metric}.", None
            if self._group == "monitors" and tag_of(document.metric):
                hint = f"Write watch: {document.metric} for all metrics of a tag."
            self.problems.append(Problem("unknown-metric", says, place, near, hint))
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


def _tags(document: DatasetDocument) -> Iterator[str]:
    """All that are written in a dataset, also of metrics that have a mistake, or that can't be watched."""
    yield from document.tags
    for measure in document.measures.values():
        yield from measure.tags
    for metric in document.metrics.values():
        yield from metric.tags
