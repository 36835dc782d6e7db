"""Histories made by hand: what was, what was expected, by day."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lapwing.alerts.detect import Detection
from lapwing.alerts.judged import Judged
from lapwing.alerts.measured import measured
from lapwing.model.calendar import edges
from lapwing.model.grain import Grain
from lapwing.model.monitor import Monitor
from lapwing.query.service import Lapwing

MARCH = 1_709_269_200_000_000
"""Midnight of Friday, 1 March 2024 in New York."""


def by_hand(
    lapwing: Lapwing,
    metric: str,
    actual: Sequence[float],
    expected: float,
    *,
    sigma: float = 1.0,
    exposure: Sequence[float] | None = None,
) -> Judged:
    """One series of days; a score is the distance in `sigma`. Amounts of ratios are the values times the exposure."""
    dataset, found = lapwing.project.metric(metric)
    monitor = Monitor(name="by_hand", dataset=dataset.name, metric=metric, grain=Grain.parse("day"))
    values = np.array([actual], np.float64)
    weights = np.ones_like(values) if exposure is None else np.array([exposure], np.float64)
    middle = np.full_like(values, expected)
    plan = measured(dataset, found)
    return Judged(
        monitor=monitor,
        metric=found,
        measured=plan,
        slices=((),),
        borders=edges(monitor.grain, "America/New_York", MARCH, MARCH + len(actual) * 86_400_000_000 - 7_200_000_000),
        complete_after=0,
        amount=values * weights if plan.ratio else values,
        exposure=weights,
        detection=Detection(
            middle, middle - 5 * sigma, middle + 5 * sigma, (values - middle) / sigma, np.isfinite(values)
        ),
    )
