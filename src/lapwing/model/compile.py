"""Documents into the frozen objects of `model.dataset`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from lapwing.model.checks.rollups import default_partition
from lapwing.model.checks.tables import column_sql
from lapwing.model.compile_metrics import Expressions
from lapwing.model.data_checks import CHECK_NAMES, VOLUME, Checks
from lapwing.model.dataset import (
    Better,
    Changes,
    Dataset,
    Dimension,
    Join,
    Measure,
    Metric,
    MetricKind,
    Rollup,
    Shown,
    TimeColumn,
)
from lapwing.model.documents.base import ShownDocument
from lapwing.model.documents.dataset import (
    ChecksDocument,
    DatasetDocument,
    DimensionDocument,
    MeasureDocument,
    MetricDocument,
    RollupDocument,
)
from lapwing.model.documents.read import Draft
from lapwing.model.expression import Expression, MeasureRef
from lapwing.model.problem import Place
from lapwing.model.stretch import Window


def label(name: str) -> str:
    """What people read where no label is given.

    >>> label("cancel_rate")
    'Cancel rate'
    """
    words = " ".join(name.replace("_", " ").split())
    return words[:1].upper() + words[1:]


def dataset(draft: Draft[DatasetDocument], expressions: Expressions) -> Dataset:
    """The dataset of a draft, without the metrics that have a mistake (these are in the expressions' problems)."""
    document, key = draft.document, draft.located.key
    measures = {name: _measure(name, measure, key("measures", name)) for name, measure in document.measures.items()}
    metrics = {name: _simple(document, measures[name], measure) for name, measure in document.measures.items()}
    for name, metric in document.metrics.items():
        expression = expressions.of(document.dataset, name)
        if expression is not None:
            shown, tags = _shown_metric(name, document), _tags(document, metric)
            metrics[name] = _metric(name, metric, expression, shown, tags, key("metrics", name))
    return Dataset(
        name=document.dataset,
        table=document.table,
        sql=document.sql,
        time=TimeColumn(column=document.time.column, zone=document.time.timezone, place=key("time")),
        complete_after=document.complete_after or timedelta(),
        completeness_given=document.complete_after is not None,
        checks=_checks(document.checks),
        changes=_changes(document, key("changes")),
        joins={
            name: Join(name=name, table=join.table, on=tuple(join.on.items()), place=key("joins", name))
            for name, join in document.joins.items()
        },
        dimensions={
            name: _dimension(name, dimension, key("dimensions", name))
            for name, dimension in document.dimensions.items()
        },
        measures=measures,
        metrics=metrics,
        rollups={
            name: _rollup(name, document.dataset, rollup, measures, key("rollups", name))
            for name, rollup in document.rollups.items()
        },
        shown=Shown(
            label=document.label or label(document.dataset), description=document.description, owner=document.owner
        ),
        place=key("dataset"),
        rows_place=key("sql" if document.table is None else "table"),
    )


def _checks(document: ChecksDocument) -> Checks:
    given = {kind: getattr(document, "schema_" if kind == "schema" else kind) for kind in CHECK_NAMES}
    stale, volume = given["stale"], given["volume"]
    return Checks(
        on=frozenset(kind for kind, value in given.items() if value is not False),
        stale_after=stale if isinstance(stale, timedelta) else None,
        volume=VOLUME if isinstance(volume, bool) else float(volume),
        tags=document.tags,
    )


def _changes(document: DatasetDocument, place: Place) -> Changes | None:
    said = document.changes
    if said is None:
        return None
    return Changes(column=None if said.column is None else column_sql(said.column), sql=said.sql, place=place)


def _shown(name: str, document: ShownDocument) -> Shown:
    return Shown(
        label=document.label or label(name),
        description=document.description,
        owner=document.owner,
        synonyms=document.synonyms,
        unit=document.unit,
        format=document.format,
        better=None if document.better is None else Better(document.better),
    )


def _dimension(name: str, document: DimensionDocument, place: Place) -> Dimension:
    sql = document.sql or column_sql(document.column or name)
    return Dimension(name=name, sql=sql, shown=_shown(name, document), place=place)


def _measure(name: str, document: MeasureDocument, place: Place) -> Measure:
    argument = getattr(document, document.aggregation).strip()
    return Measure(
        name=name,
        aggregation=document.aggregation,
        argument=None if argument == "*" else argument,
        where=document.where,
        parameter=document.parameter,
        fill=document.fill,
        shown=_shown(name, document),
        place=place,
    )


def _simple(home: DatasetDocument, measure: Measure, document: MeasureDocument) -> Metric:
    """Every measure is a metric of its own name."""
    value, currency = document.value or (None, "")
    call = f"{measure.aggregation}({measure.argument or '*'})"
    return Metric(
        name=measure.name,
        kind=MetricKind.SIMPLE,
        expression=MeasureRef(home.dataset, measure.name),
        value=value,
        currency=currency,
        shown=measure.shown,
        tags=_tags(home, document),
        place=measure.place,
        text=f"{call} where {measure.where}" if measure.where else call,
    )


def _shown_metric(name: str, document: DatasetDocument) -> Shown:
    """How a metric is shown: one of time as what it is made of, where it does not say otherwise."""
    if name in document.measures:
        return _shown(name, document.measures[name])
    metric = document.metrics[name]
    shown, base = _shown(name, metric), metric.text.strip()
    if metric.kind is MetricKind.CONVERSION:
        return replace(shown, format=shown.format or "percent")
    if metric.kind not in (MetricKind.CUMULATIVE, MetricKind.CHANGE):
        return shown
    of = _shown_metric(base, document) if base in document.measures or base in document.metrics else Shown(label="")
    same = metric.change is None or metric.as_ == "difference"
    usual = of.format if same else "percent" if metric.as_ == "percent" else ""
    return replace(
        shown,
        unit=shown.unit or (of.unit if same else ""),
        format=shown.format or usual,
        better=shown.better or of.better,
    )


def _tags(home: DatasetDocument, document: MeasureDocument | MetricDocument) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*document.tags, *home.tags)))


def _metric(
    name: str, document: MetricDocument, expression: Expression, shown: Shown, tags: tuple[str, ...], place: Place
) -> Metric:
    value, currency = document.value or (None, "")
    text = document.text.strip()
    if document.kind is MetricKind.CUMULATIVE:
        text = f"{text} {Window(document.window, document.to_date)}"
    elif document.kind is MetricKind.CHANGE:
        text = f"{text} against {document.against} before, as {document.as_}"
    return Metric(
        name=name,
        kind=document.kind,
        expression=expression,
        value=value,
        currency=currency,
        shown=shown,
        tags=tags,
        place=place,
        text=text,
    )


def _rollup(
    name: str, dataset_name: str, document: RollupDocument, measures: Mapping[str, Measure], place: Place
) -> Rollup:
    kept = tuple(measures)
    return Rollup(
        name=name,
        dataset=dataset_name,
        grain=document.grain,
        dimensions=document.dimensions,
        measures=kept if document.measures is None else document.measures,
        partition=document.partition or default_partition(document.grain),
        ancestors=document.ancestors,
        freshness=document.freshness,
        place=place,
    )
