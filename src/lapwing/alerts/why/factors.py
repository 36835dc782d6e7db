"""The metrics that a metric is a product of, and how much of its change each explains.

A ratio r = A / B says that A = r B: so 1000 spend / impressions, impressions / requests and the like make spend the product
requests x fill rate x price. Of all such products the one is taken whose factors moved least in all, for that is the
shortest story. A change from y0 to y1 of a product of x_1 ... x_n splits by the logarithmic mean,

    part_i = L(y1, y0) ln(x_i1 / x_i0),   L(a, b) = (a - b) / ln(a / b),

which adds up to y1 - y0 exactly and does not depend on any order (LMDI-I: Ang, The LMDI approach to decomposition
analysis, 2005). It needs all factors to be above 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lapwing.alerts.why.pair import pair_of
from lapwing.model.dataset import Dataset, Metric

LONGEST = 5
"""Factors of a product at most: a longer one is nobody's idea of the metric."""
NOTHING = 0.02
"""A factor that moved less than this (of its log) costs a product's story so much at least, so that short ones win ties."""


@dataclass(frozen=True, slots=True)
class Link:
    """The metric is `over` / `under` (names of measures), times `factor`."""

    metric: str
    over: str
    under: str
    factor: float


@dataclass(frozen=True, slots=True)
class Term:
    """A factor of a product; `power` is -1 where it divides."""

    metric: str
    power: int = 1


Product = tuple[Term, ...]


def links(dataset: Dataset) -> tuple[Link, ...]:
    """The metrics that are one measure over another."""
    found = []
    for name, metric in dataset.metrics.items():
        pair = pair_of(dataset, metric)
        if pair is not None and pair.weight is not None and len(pair.amount) == len(pair.weight) == 1:
            ((over, a),), ((under, b),) = pair.amount.items(), pair.weight.items()
            if a / b > 0:
                found.append(Link(name, over, under, a / b))
    return tuple(found)


def products(dataset: Dataset, metric: Metric) -> list[Product]:
    """All ways to write a metric as a product of others, of two factors at least."""
    every = links(dataset)
    own = next((link for link in every if link.metric == metric.name), None)
    if own is not None:
        return [(Term(own.over), Term(own.under, -1))]
    pair = pair_of(dataset, metric)
    if pair is None or pair.weight is not None or len(pair.amount) != 1:
        return []
    (measure,) = pair.amount
    return [tuple(found) for found in _chains(every, measure, (measure,)) if len(found) > 1]


def _chains(every: tuple[Link, ...], measure: str, seen: tuple[str, ...]) -> Iterator[list[Term]]:
    """A measure itself, or the product of a ratio over it and a chain of what it is divided by."""
    yield [Term(measure)]
    if len(seen) < LONGEST:
        for link in every:
            if link.over == measure and link.under not in seen:
                for rest in _chains(every, link.under, (*seen, link.under)):
                    yield [*rest, Term(link.metric)]


def log_mean(a: float, b: float) -> float:
    """The logarithmic mean of two positive numbers."""
    return a if math.isclose(a, b, rel_tol=1e-12) else (a - b) / math.log(a / b)


def split(before: float, after: float, terms: Mapping[Term, tuple[float, float]]) -> dict[Term, float] | None:
    """What each factor adds to after - before; `terms` have (before, after). None where one is not above 0."""
    values = [value for pair in terms.values() for value in pair]
    if min((before, after, *values)) <= 0 or not all(map(math.isfinite, values)):
        return None
    mean = log_mean(after, before)
    return {term: mean * term.power * math.log(new / old) for term, (old, new) in terms.items()}


def shortest(
    found: list[Product], before: float, after: float, values: Mapping[str, tuple[float, float]]
) -> tuple[Product, dict[Term, float]] | None:
    """The product whose factors moved least, with what each adds to the change. `values`: metrics' (before, after)."""
    best, least = None, math.inf
    for product in found:
        if any(term.metric not in values for term in product):
            continue
        parts = split(before, after, {term: values[term.metric] for term in product})
        if parts is None:
            continue
        moves = (abs(math.log(values[term.metric][1] / values[term.metric][0])) for term in product)
        length = sum(max(move, NOTHING) for move in moves)
        if length < least:
            best, least = (product, parts), length
    return best


def formula(product: Product, label: Mapping[str, str]) -> str:
    """ "Requests × Fill rate × Price of a thousand impressions"."""
    text = ""
    for term in product:
        text += (" ÷ " if term.power < 0 else " × " if text else "") + label[term.metric]
    return text


def explaining(dataset: Dataset) -> dict[str, dict[str, int]]:
    """For each amount, the metrics that products write it with, and the power of each; by qualified names. A ratio explains
    nothing here: it is what amounts are explained by."""
    found: dict[str, dict[str, int]] = {}
    for name, metric in dataset.metrics.items():
        pair = pair_of(dataset, metric)
        if pair is not None and pair.weight is None:
            terms = {term for product in products(dataset, metric) for term in product}
            found[f"{dataset.name}.{name}"] = {f"{dataset.name}.{term.metric}": term.power for term in terms}
    return found
