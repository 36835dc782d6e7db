"""The numbers of an incident: its buckets added up, as far as they were known."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lapwing.alerts.chance import Kind
from lapwing.alerts.judged import Judged
from lapwing.model.dataset import Dataset, Metric
from lapwing.model.expression import Binary, MeasureRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Of a stretch of buckets, in the metric's unit. `extra`: how many more of the amount (a ratio's numerator) there were
    than expected, which is what money is counted by."""

    actual: float
    expected: float
    lower: float
    upper: float
    extra: float

    @property
    def difference(self) -> float:
        return self.actual - self.expected


def numbers(judged: Judged, row: int, first: int, last: int) -> Numbers:
    """Adds up the judged buckets `first` to `last` of a series: counts and sums are added, ratios are the ratio of the
    sums, levels are averaged. The range assumes that buckets stray independently."""
    part = np.s_[row, first : last + 1]
    found = judged.detection
    actual, expected = judged.actual[part], found.expected[part]
    use = np.isfinite(actual) & np.isfinite(expected)
    if not use.any():
        return Numbers(actual=math.nan, expected=math.nan, lower=math.nan, upper=math.nan, extra=math.nan)
    actual, expected = actual[use], expected[use]
    down, up = expected - found.lower[part][use], found.upper[part][use] - expected
    if judged.measured.ratio:
        weight = judged.exposure[part][use]
        share = weight / weight.sum()
        extra = float(((actual - expected) * weight).sum())
    elif judged.measured.additive:
        share, extra = np.ones(len(actual)), float((actual - expected).sum())
    else:
        share = np.full(len(actual), 1 / len(actual))
        extra = float((actual - expected).mean())
    middle = float((expected * share).sum())
    lower = middle - math.sqrt(float(np.square(down * share).sum()))
    return Numbers(
        actual=float((actual * share).sum()),
        expected=middle,
        lower=max(lower, 0.0) if judged.measured.kind is not Kind.LEVEL and middle >= 0 else lower,
        upper=middle + math.sqrt(float(np.square(up * share).sum())),
        extra=extra,
    )


def at_stake(found: Numbers, dataset: Dataset, metric: Metric) -> tuple[float, str] | None:
    """Money: the difference times what one unit of the metric is worth; of a ratio without a worth of its own, the extra
    amount times what a unit of its numerator is worth. None where no worth is written down."""
    if metric.value is not None:
        return abs(found.difference) * metric.value, metric.currency
    match metric.expression:
        case Binary("/", MeasureRef(_, over, None), _):
            amount = dataset.metrics.get(over)
            if amount is not None and amount.value is not None:
                return abs(found.extra) * amount.value, amount.currency
    return None
