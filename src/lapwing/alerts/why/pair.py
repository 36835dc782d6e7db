"""A metric as an amount over a weight, each a weighted sum of measures that add up.

Only what adds up over slices can be given to slices: 1 - late / departed is read as (departed - late) / departed, and
1000 * spend / impressions as (1000 spend) / impressions. A metric that can't be read so has no parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lapwing.alerts.chance import Floats
from lapwing.model.dataset import Aggregation, Dataset, Metric
from lapwing.model.expression import Binary, Expression, MeasureRef, Number

ADDITIVE = (Aggregation.COUNT, Aggregation.SUM)
Linear = Mapping[str, float]
"""Measure names with their factors; "" is a constant."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The metric is `amount` / `weight`, or `amount` alone. `exposure`: for an amount alone, all the rows it is counted
    among, where a measure counts them."""

    amount: Linear
    weight: Linear | None
    exposure: Linear | None = None

    @property
    def measures(self) -> tuple[str, ...]:
        """All that has to be asked for."""
        linear = (self.amount, self.weight or {}, self.exposure or {})
        return tuple(dict.fromkeys(name for one in linear for name in one))


def pair_of(dataset: Dataset, metric: Metric) -> Pair | None:
    """How to read a metric; None where it has no parts."""
    found = _rational(dataset, metric.expression)
    if found is None:
        return None
    over, under = found
    if "" in over or not over:
        return None
    if set(under) == {""}:
        return Pair({name: factor / under[""] for name, factor in over.items()}, None, _all_rows(dataset, over))
    return None if "" in under else Pair(over, under)


def total(linear: Linear, measured: Mapping[str, Floats]) -> Floats:
    """The sum over arrays of measures."""
    return np.asarray(sum(factor * measured[name] for name, factor in linear.items()), np.float64)


def _rational(dataset: Dataset, expression: Expression) -> tuple[Linear, Linear] | None:
    """Numerator and denominator of an expression, where both are weighted sums."""
    match expression:
        case Number(value):
            return {"": float(value)}, {"": 1.0}
        case MeasureRef(of, name, None) if of == dataset.name and dataset.measures[name].aggregation in ADDITIVE:
            return {name: 1.0}, {"": 1.0}
        case Binary(operator, left, right):
            one, other = _rational(dataset, left), _rational(dataset, right)
            return None if one is None or other is None else _combined(operator, one, other)
    return None


def _combined(operator: str, one: tuple[Linear, Linear], other: tuple[Linear, Linear]) -> tuple[Linear, Linear] | None:
    (a, b), (c, d) = one, other
    match operator:
        case "+" | "-":
            sign = 1.0 if operator == "+" else -1.0
            if b == d:
                return _sum(a, c, sign), b
            if set(a) == set(b) == {""}:  # a constant: k ± c / d = (k d ± c) / d
                return _sum(_times(d, a[""] / b[""]), c, sign), d
            if set(c) == set(d) == {""}:
                return _sum(a, _times(b, c[""] / d[""]), sign), b
        case "*":
            if set(a) == set(b) == {""}:
                return _times(c, a[""] / b[""]), d
            if set(c) == set(d) == {""}:
                return _times(a, c[""] / d[""]), b
        case "/":
            if b == d:
                return a, c
            if set(d) == {""} and set(b) == {""}:
                return _times(a, d[""] / b[""]), c
            if set(c) == set(d) == {""} and c[""]:
                return _times(a, d[""] / c[""]), b
    return None


def _sum(one: Linear, other: Linear, sign: float) -> Linear:
    found = {name: one.get(name, 0.0) + sign * other.get(name, 0.0) for name in {**one, **other}}
    return {name: factor for name, factor in found.items() if factor}


def _times(linear: Linear, factor: float) -> Linear:
    return {name: factor * of for name, of in linear.items()}


def _all_rows(dataset: Dataset, amount: Linear) -> Linear | None:
    """The measure that counts all rows, for an amount that is of some of them."""
    if any(dataset.measures[name].every_row for name in amount):
        return None
    return next(({other.name: 1.0} for other in dataset.measures.values() if other.every_row), None)
