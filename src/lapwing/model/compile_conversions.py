"""Conversions: each makes a measure of its first step's dataset, of the rows that are followed, and is its share.

So a conversion is a ratio of two measures of one dataset, which add up over groups and time as others do: it is cut by
the first step's dimensions, gathered over windows, compared with earlier times, and split into causes. It belongs to that
dataset, in whichever file it is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from lapwing.model.checks.tables import column_sql
from lapwing.model.dataset import Aggregation, Dataset, Dimension, Followed, Measure, Metric, Shown
from lapwing.model.documents.conversion import ConversionDocument
from lapwing.model.documents.dataset import DatasetDocument
from lapwing.model.documents.read import Draft
from lapwing.model.expression import Binary, Expression, MeasureRef
from lapwing.model.names import nearest
from lapwing.model.problem import Place, Problem

Drafts = Mapping[str, Draft[DatasetDocument]]
Made = Mapping[tuple[str, str], tuple[str, str]]
_STEPS = (Aggregation.COUNT, Aggregation.SUM, Aggregation.DISTINCT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """The conversion metric `name` of the dataset `home`, between measures (dataset, name)."""

    home: str
    name: str
    document: ConversionDocument
    start: tuple[str, str]
    goal: tuple[str, str]
    place: Place

    @property
    def converted(self) -> str:
        """The measure of its rows that are followed, in the dataset of `start`."""
        return converted(self.name)

    @property
    def expression(self) -> Expression:
        dataset, measure = self.start
        return Binary("/", MeasureRef(dataset, self.converted), MeasureRef(dataset, measure))


def converted(name: str) -> str:
    return f"{name}_converted"


def made_by(drafts: Drafts) -> Made:
    """Where each metric (dataset, name) that conversions lead to is written: the conversion, and the measure it makes."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for home, draft in drafts.items():
        for name, metric in draft.document.metrics.items():
            if metric.conversion is not None:
                start = metric.conversion.from_.strip().rpartition(".")[0] or home
                for made in (name, converted(name)):
                    found.setdefault((start, made), (home, name))
    return found


def conversion(
    home: Draft[DatasetDocument], name: str, drafts: Drafts, made: Made, complete: bool
) -> Conversion | tuple[Problem, ...] | None:
    """A conversion, or what is wrong with it; None where that is told already. `made`: see `made_by`."""
    document = home.document.metrics[name].conversion
    assert document is not None
    steps = [_step(home, name, key, text, drafts, complete) for key, text in _steps(document)]
    start, goal = steps
    if isinstance(start, Problem) or isinstance(goal, Problem) or start is None or goal is None:
        return tuple(step for step in steps if isinstance(step, Problem)) or None
    place = home.located.key("metrics", name)
    found = Conversion(home=home.document.dataset, name=name, document=document, start=start, goal=goal, place=place)
    return tuple(_taken(found, drafts[start[0]].document, made)) or found


def with_converted(datasets: Mapping[str, Dataset], conversions: Mapping[str, list[Conversion]]) -> dict[str, Dataset]:
    """The datasets, each with the `conversions` that start in it, whose measures are metrics, too."""
    away = {(one.home, one.name) for some in conversions.values() for one in some if one.home != one.start[0]}
    return {
        name: _extended(
            dataset,
            {key: metric for key, metric in dataset.metrics.items() if (name, key) not in away},
            {one.name: datasets[one.home].metrics[one.name] for one in conversions.get(name, ())},
            [_made(one, datasets) for one in conversions.get(name, ())],
        )
        for name, dataset in datasets.items()
    }


def _steps(document: ConversionDocument) -> Iterator[tuple[str, str]]:
    yield "from", document.from_
    yield "to", document.to


def _step(
    home: Draft[DatasetDocument], name: str, key: str, text: str, drafts: Drafts, complete: bool
) -> tuple[str, str] | Problem | None:
    """The measure that `text` names; None where it has a mistake of its own."""
    dataset, _, bare = text.strip().rpartition(".")
    place = home.located.within(0, "metrics", name, "conversion", key)
    draft = drafts.get(dataset) if dataset else home
    if draft is None:
        near = tuple(f"{one}.{bare}" for one in nearest(dataset, drafts))
        return Problem("unknown-dataset", f"There is no dataset {dataset}.", place, near) if complete else None
    document = draft.document
    measure = document.measures.get(bare)
    if measure is not None and measure.aggregation in _STEPS:
        return document.dataset, bare
    hint = 'Measure the rows that are meant, such as made: {count: "*"}.'
    if measure is not None or bare in document.metrics:
        kind = measure.aggregation if measure is not None else document.metrics[bare].kind
        says = f"A conversion goes from rows to rows; {text} is a {kind}, not a count, a sum or a distinct count."
        return Problem("not-a-step", says, place, hint=hint)
    if draft.is_broken("measures", bare) or draft.is_broken("metrics", bare):
        return None
    elsewhere = [f"{other}.{bare}" for other, each in drafts.items() if bare in each.document.measures]
    near = tuple(elsewhere) or tuple(f"{dataset}.{one}" if dataset else one for one in nearest(bare, document.measures))
    return Problem("unknown-metric", f"The dataset {document.dataset} has no measure {bare}.", place, near, hint)


def _taken(one: Conversion, start: DatasetDocument, made: Made) -> Iterator[Problem]:
    """A name that the conversion needs in the dataset where it starts, and something else has."""
    known = {*start.dimensions, *start.measures, *start.metrics}
    if one.home == start.dataset:
        known.discard(one.name)
    names = {name.casefold() for name in known}
    for name in (one.name, one.converted):
        if name.casefold() in names or made[start.dataset, name] != (one.home, one.name):
            says = f"{start.dataset}, where the conversion {one.name} starts, has another {name}."
            hint = f"It makes the metrics {one.name} and {one.converted} there; rename one of the two."
            yield Problem("duplicate-name", says, one.place, hint=hint)


def _made(one: Conversion, datasets: Mapping[str, Dataset]) -> tuple[Measure, Metric]:
    """The measure of the rows that are followed, and the metric that it is."""
    (start, counted), (goal, reached) = one.start, one.goal
    origin, other, keys = datasets[start], datasets[goal], one.document.by
    rows = replace(
        other,
        dimensions={key: _key(other, key) for key in keys.values()},
        measures={reached: other.measures[reached]},
        metrics={},
        rollups={},
    )
    followed = Followed(
        rows=rows,
        keys=tuple((_key(origin, own).sql, key) for own, key in keys.items()),
        within=one.document.within,
        later=one.start == one.goal,
    )
    base, rate = origin.metrics[counted], datasets[one.home].metrics[one.name]
    shown = replace(
        base.shown,
        label=f"{rate.shown.label}, converted",
        description=f"{base.shown.label}, as far as they count for {rate.shown.label.lower()}.",
        synonyms=(),
    )
    expression = MeasureRef(start, one.converted)
    metric = replace(
        base, name=one.converted, expression=expression, shown=shown, tags=(), place=one.place, text=rate.text
    )
    measure = replace(origin.measures[counted], name=one.converted, followed=followed, shown=shown, place=one.place)
    return measure, metric


def _key(dataset: Dataset, name: str) -> Dimension:
    """A dimension of a dataset, or a column as one."""
    known = dataset.dimensions.get(name)
    return known or Dimension(name=name, sql=column_sql(name), shown=Shown(label=name), place=dataset.place)


def _extended(
    dataset: Dataset, own: Mapping[str, Metric], rates: Mapping[str, Metric], made: list[tuple[Measure, Metric]]
) -> Dataset:
    return replace(
        dataset,
        measures={**dataset.measures, **{measure.name: measure for measure, _ in made}},
        metrics={**own, **rates, **{metric.name: metric for _, metric in made}},
    )
