"""What was measured at the same time of earlier days or weeks, where that predicts well."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from lapwing.alerts.novelty.constants import DAY, DAYS, GATE, LEAST_PERIOD, OUTLIER, SETTLED, TOLERANCE, WEEK, WEEKS


@dataclass(slots=True)
class _Period:
    """A candidate, and how well it has predicted beside the running median."""

    seconds: float
    visits: int
    error: float = 0.0
    plain: float = 0.0
    predictions: int = 0

    def learn(self, error: float, plain: float) -> None:
        """Takes a prediction's error and the median's; one giant value must not make them look alike for ever."""
        most = OUTLIER * self.plain / self.predictions if self.predictions >= SETTLED else math.inf
        self.error += min(error, most)
        self.plain += min(plain, most)
        self.predictions += 1


class Season:
    """Days and weeks, of which the better one predicts, or none."""

    def __init__(self) -> None:
        self._periods = (_Period(DAY, DAYS), _Period(WEEK, WEEKS))

    def predict(
        self, times: Sequence[float], values: Sequence[float], step: float, running: float, proof: int
    ) -> float | None:
        """The prediction for the last of the values from those before it; the last is then used to judge the periods.

        Args:
            times: rising, in seconds, one for each value. step: usual seconds between them.
            running: the median so far, which a season must clearly beat; proof: in how many predictions at least.
        """
        best, found = GATE, None
        for period in self._periods:
            if step <= 0 or period.seconds < LEAST_PERIOD * step:
                continue
            visits = list(_visits(times, values, period, max(step, TOLERANCE) / 2))
            if not visits:
                continue
            prediction = median(visits)
            if period.predictions >= proof and period.error < best * period.plain:
                best, found = period.error / period.plain, prediction
            period.learn(abs(values[-1] - prediction), abs(values[-1] - running))
        return found


def _visits(times: Sequence[float], values: Sequence[float], period: _Period, tolerance: float) -> Iterator[float]:
    """The values nearest to one, two, ... periods before the last, where one lies within the tolerance."""
    end = len(times) - 1
    for number in range(1, period.visits + 1):
        wanted = times[end] - number * period.seconds
        if wanted < times[0] - tolerance:
            return
        after = bisect_left(times, wanted, 0, end)
        near = [at for at in (after - 1, after) if 0 <= at < end]
        nearest = min(near, key=lambda at: abs(times[at] - wanted), default=None)
        if nearest is not None and abs(times[nearest] - wanted) <= tolerance:
            yield values[nearest]
