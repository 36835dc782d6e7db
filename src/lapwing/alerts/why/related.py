"""Metrics up and down the tree of metrics, over the same stretches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from lapwing.alerts.why.change import Beside, Factor
from lapwing.alerts.why.factors import Term, formula, links, products, shortest
from lapwing.alerts.why.leaves import Questions
from lapwing.alerts.why.pair import Pair, pair_of
from lapwing.alerts.why.stretches import Stretch
from lapwing.model.dataset import Dataset, Metric

MOST = 8
"""Metrics beside that are told."""


class Related(TypedDict):
    """What `related` adds to a change."""

    formula: str
    factors: tuple[Factor, ...]
    beside: tuple[Beside, ...]


def related(asked: Questions, dataset: Dataset, metric: Metric, now: Stretch, before: Sequence[Stretch]) -> Related:
    """The factors of a metric with what each explains of its change against the mean of `before`, and its neighbours: the
    ratios that it is part of, and what these are made of."""
    found = products(dataset, metric)
    near = _near(dataset, metric, {term.metric for product in found for term in product})
    names = dict.fromkeys([metric.name, *(term.metric for product in found for term in product), *near])
    pairs = {name: pair for name in names if (pair := pair_of(dataset, dataset.metrics[name])) is not None}
    measures = tuple(dict.fromkeys(name for pair in pairs.values() for name in (*pair.amount, *(pair.weight or {}))))
    after = asked.sums(now, measures)
    earlier = [(asked.sums(one, measures), (now[1] - now[0]) / (one[1] - one[0])) for one in before]
    then = {name: sum(sums[name] * scale for sums, scale in earlier) / len(earlier) for name in measures}
    values = {name: (_value(pair, then), _value(pair, after)) for name, pair in pairs.items()}
    known = {name: (a, b) for name, (a, b) in values.items() if a is not None and b is not None}
    label = {name: dataset.metrics[name].shown.label for name in names}
    told = known.get(metric.name)
    best = None if told is None else shortest(found, *told, known)
    factors = () if best is None or told is None else _factors(dataset, best[1], known, told)
    taken = {metric.name, *(factor.metric.rpartition(".")[2] for factor in factors)}
    beside = [
        Beside(metric=f"{dataset.name}.{name}", label=label[name], before=known[name][0], after=known[name][1])
        for name in names
        if name in known and name not in taken
    ]
    return Related(
        formula="" if best is None else formula(best[0], label), factors=factors, beside=tuple(beside[:MOST])
    )


def _factors(
    dataset: Dataset, parts: dict[Term, float], known: dict[str, tuple[float, float]], told: tuple[float, float]
) -> tuple[Factor, ...]:
    """The one that explains most first."""
    change = told[1] - told[0]
    found = [
        Factor(
            metric=f"{dataset.name}.{term.metric}",
            label=dataset.metrics[term.metric].shown.label,
            before=known[term.metric][0],
            after=known[term.metric][1],
            part=part,
            share=part / change if change else None,
            divides=term.power < 0,
        )
        for term, part in parts.items()
    ]
    return tuple(sorted(found, key=lambda factor: -(factor.share if factor.share is not None else abs(factor.part))))


def _near(dataset: Dataset, metric: Metric, factors: set[str]) -> list[str]:
    """The ratios that are made of this metric or its factors, and the measures in them."""
    of = {metric.name, *factors}
    return [
        name
        for link in links(dataset)
        if of & {link.metric, link.over, link.under}
        for name in (link.metric, link.over, link.under)
        if name not in of
    ]


def _value(pair: Pair, sums: dict[str, float]) -> float | None:
    over = sum(factor * sums[name] for name, factor in pair.amount.items())
    if pair.weight is None:
        return over
    under = sum(factor * sums[name] for name, factor in pair.weight.items())
    return over / under if under else None
