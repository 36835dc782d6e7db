"""What an earlier judging of every slice read that is still as it was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lapwing.alerts.history import Asking, Series
from lapwing.alerts.judged import Judged
from lapwing.alerts.resume import Past, first
from lapwing.alerts.sweep.kept import Remembered
from lapwing.cache.holdings import Holdings, same_until


@dataclass(frozen=True, slots=True, eq=False)
class Earlier:
    """In the first `sure` buckets all is as it was `judged`; `whole` is the history of the whole as it is now."""

    judged: Judged
    screen: Remembered
    sure: int
    whole: Series

    @staticmethod
    def of(asking: Asking, past: Past, now: Holdings) -> Earlier | None:
        """None: nothing is sure to be as it was. `now`: what rollups hold."""
        trail, judged = past.trail, past.judged
        until = same_until(trail.holdings, now)
        if until is None or past.screen is None:
            return None
        borders, monitor = judged.borders, judged.monitor
        sure = int(np.searchsorted(borders[1:], min(until, trail.firm), side="right"))
        sure = min(sure, first(~trail.complete))
        start = min(sure, len(borders) - 2)  # there is always something to read
        if start <= 0 or judged.slices[-1] != monitor.slice:
            return None
        read = asking.series((), monitor.slice, monitor.grain, (int(borders[start]), None))
        if not len(read.starts) or read.starts[0] != borders[start]:
            return None
        whole = Series(
            read.slices,
            np.concatenate([borders[:start], read.starts]),
            np.concatenate([judged.amount[-1:, :start], read.amount], axis=1),
            np.concatenate([judged.exposure[-1:, :start], read.exposure], axis=1),
            read.data_until,
            read.firm,
        )
        return Earlier(judged, past.screen, sure, whole)
