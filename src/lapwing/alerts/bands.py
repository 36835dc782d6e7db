"""What the buckets of any metric were expected to be, watched or not."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lapwing.alerts.history import Span
from lapwing.alerts.judged import Judged, judge
from lapwing.alerts.keeper import Keeper
from lapwing.alerts.views.monitors import Band
from lapwing.alerts.views.view import listed
from lapwing.model.calendar import DAY
from lapwing.model.monitor import Monitor

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

HISTORY = 16 * 7 * DAY
"""How much before the asked stretch is looked at where buckets are shorter than a day: several times what the detector
remembers. Of longer buckets all is."""
STEP = 4 * 7 * DAY
MOST_KEPT = 16
"""Histories kept for pages that ask for another stretch of the same."""


class Bands:
    """Judges histories that nobody watches, once; one at a time, so that two who ask at once cause one judging."""

    def __init__(self, lapwing: Lapwing, keeper: Keeper) -> None:
        self._lapwing = lapwing
        self._keeper = keeper
        self._judging = threading.Lock()
        self._judge = lru_cache(maxsize=MOST_KEPT)(self._judged_on)

    def band(self, monitor: Monitor, start: int, end: int) -> Band:
        """The expected range of one series in [start, end) (UTC microseconds)."""
        version = self._keeper.data(monitor)
        with self._judging:
            judged = self._judge(monitor, self._span(monitor, start, end), version)
        first, last = np.searchsorted(judged.borders[:-1], (start, end))
        if not len(judged.slices):
            return Band(time=[], expected=[], lower=[], upper=[], ready=False, says="There is no data.")
        part = np.s_[0, first:last]
        ready = judged.detection.ready[part]
        blank = np.where(ready, 1.0, np.nan)
        return Band(
            time=(judged.borders[:-1][first:last] // 1000).tolist(),
            expected=listed(judged.detection.expected[part] * blank),
            lower=listed(judged.detection.lower[part] * blank),
            upper=listed(judged.detection.upper[part] * blank),
            ready=bool(ready.any()),
            says=_readiness(judged, ready),
        )

    def _judged_on(self, monitor: Monitor, span: Span, _version: str) -> Judged:
        return judge(self._lapwing, monitor, span)

    def _span(self, monitor: Monitor, start: int, end: int) -> Span:
        """What is looked at to judge [start, end): the same for nearby stretches, so that moving about does not judge anew."""
        data = self._lapwing.cache.span(monitor.dataset) if monitor.grain.fixed else None
        if data is None:
            return None, None
        since, until = (start - HISTORY) // STEP * STEP, -(-end // STEP) * STEP
        return since if since > data[0] else None, until if until < data[1] else None


def _readiness(judged: Judged, ready: npt.NDArray[np.bool_]) -> str:
    width = f"{judged.monitor.sensitivity:g} robust standard deviations"
    if ready.all() and len(ready):
        return f"Expected by the weeks before; the range is {width} wide on each side."
    if ready.any():
        return f"The range, {width} wide on each side, begins where there was enough history."
    return "There is not enough history yet to say what is usual."
