"""How a metric is judged: what chance does to it, and which measures make it up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lapwing.alerts.chance import Floats, Kind
from lapwing.model.dataset import Aggregation, Dataset, Measure, Metric
from lapwing.model.expression import Binary, MeasureRef

ADDITIVE = (Aggregation.COUNT, Aggregation.SUM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """`amount` and `exposure` are qualified names to ask for. The metric's value is amount / exposure where `ratio`, else
    the amount itself, and the exposure only says in which buckets there was anything to measure (None: not known)."""

    kind: Kind
    amount: str
    exposure: str | None
    ratio: bool

    @property
    def additive(self) -> bool:
        """Buckets and slices add up to the whole."""
        return not self.ratio and self.kind in (Kind.COUNT, Kind.SUM)

    @property
    def asked(self) -> tuple[str, ...]:
        return (self.amount,) if self.exposure is None else (self.amount, self.exposure)

    def value(self, amount: Floats, exposure: Floats) -> Floats:
        """The metric's value; nan where there was nothing to measure."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(exposure > 0, amount / exposure if self.ratio else amount, np.nan)


def measured(dataset: Dataset, metric: Metric) -> Measured:
    """How to judge `metric`. Ratios of counts are shares; other ratios of sums are amounts of so many units; sums and
    counts are what they are; whatever else is a level."""
    qualified = f"{dataset.name}.{metric.name}"
    match metric.expression:
        case MeasureRef(_, name, None):
            measure = dataset.measures[name]
            kinds = {Aggregation.COUNT: Kind.COUNT, Aggregation.SUM: Kind.SUM, Aggregation.DISTINCT: Kind.SUM}
            kind = kinds.get(measure.aggregation, Kind.LEVEL)
            return Measured(kind=kind, amount=qualified, exposure=_all_rows(dataset, measure), ratio=False)
        case Binary("/", MeasureRef(_, over, None), MeasureRef(_, under, None)):
            above, below = dataset.measures[over], dataset.measures[under]
            if above.aggregation in ADDITIVE and below.aggregation in ADDITIVE:
                counts = above.aggregation is below.aggregation is Aggregation.COUNT
                return Measured(
                    kind=Kind.SHARE if counts else Kind.SUM,
                    amount=f"{dataset.name}.{over}",
                    exposure=f"{dataset.name}.{under}",
                    ratio=True,
                )
    return Measured(kind=Kind.LEVEL, amount=qualified, exposure=None, ratio=False)


def _all_rows(dataset: Dataset, measure: Measure) -> str | None:
    """The measure that counts all rows. Where it is 0, a measure of some of the rows has nothing to say; it can't speak for
    itself, whose 0 may be the news."""
    if measure.every_row:
        return None
    return next((f"{dataset.name}.{other.name}" for other in dataset.measures.values() if other.every_row), None)
