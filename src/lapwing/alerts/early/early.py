"""One thing watched for early warning: its buckets, its warnings, and how each is told and drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lapwing.alerts.early.outcomes import Outcome
from lapwing.alerts.early.warned import Warned
from lapwing.alerts.history import Slice, series_key
from lapwing.alerts.record import Key
from lapwing.alerts.views.view import Chart
from lapwing.model.dataset import Dataset, Metric
from lapwing.model.grain import Grain

Figures = Mapping[str, Any]
"""What is kept with a step: `says`, the numbers of every incident, and as `warning` those of an early warning."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Early:
    """`name` is unique among all that is watched ("goal:spend_month"), `kind` pacing, limit, drift or leading. `slices` are
    those that the rows of warnings mean. `borders` are the T + 1 borders of the buckets (UTC microseconds) that `warned`
    counts; each is known `complete_after` its end, and judged from `since` on. `outcomes` are how its warnings went, those of
    a history that is gone among them. `figures` says how a warning stood after a bucket, and the sentence of a step of it;
    `chart` draws it as known then."""

    name: str
    kind: str
    dataset: Dataset
    metric: Metric
    slices: tuple[Slice, ...]
    grain: Grain
    borders: npt.NDArray[np.int64]
    complete_after: int
    warned: tuple[Warned, ...]
    figures: Callable[[Warned, str, int], Figures]
    chart: Callable[[Warned, int], Chart]
    definition: str
    outcomes: tuple[Outcome, ...] = ()
    since: int = 0

    @property
    def known(self) -> npt.NDArray[np.int64]:
        """When people know each bucket (UTC microseconds)."""
        return self.borders[1:] + self.complete_after

    def known_buckets(self, moment: int) -> int:
        """How many buckets people knew at a moment."""
        return int(np.searchsorted(self.known, moment, side="right"))

    def slice_of(self, one: Warned) -> Slice:
        """What a warning is about."""
        return self.slices[one.row]

    def key(self, one: Warned) -> Key:
        """What names it among the incidents of the same."""
        return series_key(self.slice_of(one)), one.direction, int(self.borders[one.opened])
