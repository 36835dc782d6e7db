"""The complete buckets of one metric, by hour or day: what early warnings are worked out from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Floats
from lapwing.alerts.converting import waits
from lapwing.alerts.history import Asking, Slice
from lapwing.alerts.inputs import Ready, not_learned
from lapwing.alerts.measured import Measured, measured
from lapwing.model.calendar import edges
from lapwing.model.dataset import Dataset, Metric
from lapwing.model.grain import Grain, Unit

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

DAY, HOUR = Grain(1, Unit.DAY), Grain(1, Unit.HOUR)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Complete:
    """`borders` (T + 1, UTC microseconds); `amount` and `exposure` (1, T) as in `history.Series`; `complete_after`:
    microseconds after a bucket's end at which its data is complete."""

    dataset: Dataset
    metric: Metric
    plan: Measured
    slice: Slice
    grain: Grain
    zone: str
    week_start: int
    borders: npt.NDArray[np.int64]
    amount: Floats
    exposure: Floats
    complete_after: int

    @property
    def starts(self) -> npt.NDArray[np.int64]:
        return self.borders[:-1]

    @property
    def values(self) -> Floats:
        """(1, T): the metric's own; nan where there was nothing to measure."""
        return self.plan.value(self.amount, self.exposure)

    @property
    def a_day(self) -> int:
        """Buckets in a day."""
        return 24 if self.grain == HOUR else 1

    def later(self, buckets: int) -> npt.NDArray[np.int64]:
        """The starts of these buckets and of so many that follow."""
        if not len(self.starts):
            return self.starts
        step = 3_600_000_000 if self.grain == HOUR else 86_400_000_000
        end = int(self.borders[-1]) + (buckets + 2) * step
        every = edges(self.grain, self.zone, int(self.starts[0]), end, self.week_start)
        return every[: len(self.starts) + buckets]


def complete(lapwing: Lapwing, metric: str, within: Slice, grain: Grain, ready: Ready = not_learned) -> Complete:
    """Of all the history there is: the buckets that are complete by what is learned of how their data arrives, else by the
    model."""
    dataset, found = lapwing.project.metric(metric)
    plan, zone, week_start = measured(dataset, found), lapwing.project.timezone, lapwing.project.week_start
    series = Asking(lapwing=lapwing, measured=plan, zone=zone).series((), within, grain)
    borders = np.zeros(1, np.int64)
    if len(series.starts):
        borders = edges(grain, zone, int(series.starts[0]), int(series.starts[-1]) + 1, week_start)
    until, after = complete_until(dataset, series.data_until, ready, waits(lapwing.project, found))
    count = int((borders[1:] <= until).sum())
    return Complete(
        dataset=dataset,
        metric=found,
        plan=plan,
        slice=within,
        grain=grain,
        zone=zone,
        week_start=week_start,
        borders=borders[: count + 1],
        amount=series.amount[:, :count],
        exposure=series.exposure[:, :count],
        complete_after=after,
    )


def complete_until(dataset: Dataset, data_until: int | None, ready: Ready, waiting: int) -> tuple[int, int]:
    """Until when (UTC microseconds) a metric of a dataset is complete, and how long (microseconds) after its end a bucket
    is: when the dataset is, and `waiting` beside."""
    until, learned = data_until or 0, ready(dataset.name)
    if learned is None:
        return until, int(dataset.complete_after.total_seconds() * 1e6) + waiting
    return min(until, learned.until), learned.after + waiting
