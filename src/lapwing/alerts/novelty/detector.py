"""One pass over a series, point by point: what a point says is never changed by a later one.

Each point gives some features. Each feature has its own past, and is as surprising as it is far from all that was seen,
or as rare as it is in its tails. The features' surprises are added as the sides of a box, and told once an event.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lapwing.alerts.novelty.alarms import Alarms
from lapwing.alerts.novelty.constants import (
    BAND,
    DAY,
    FLAG,
    LEAST_REST,
    LEAST_WARM,
    LOG_FLOOR,
    LOGARITHMS,
    MATURE_DAYS,
    MATURITY,
    MEANS,
    MEDIAN,
    REPEATING,
    REST,
    REST_DAYS,
    SHIFT,
    STEPS,
    WARM,
)
from lapwing.alerts.novelty.past import Past
from lapwing.alerts.novelty.recent import Recent
from lapwing.alerts.novelty.season import Season

Floats = npt.NDArray[np.float64]
Progress = Callable[[int], None]

_SPANS = (1, 1, *MEANS, *(back + 1 for back in STEPS), 2 * SHIFT, *LOGARITHMS, MEDIAN)
"""Over how many points each feature goes: value, seasonal residual, means, steps, shift, logarithms of means, median."""
_WEIGHTS = (1.0, 1.0, REPEATING, 1.0, 1.0, REPEATING, REPEATING, 1.0, REPEATING, REPEATING)
_VALUE, _SEASONAL = 0, 1


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was known when a point came. `score` is in [0, 1): 0.5 at `FLAG` decades. None: too little was known."""

    expected: float | None
    lower: float | None
    upper: float | None
    score: float
    anomaly: bool


@dataclass(frozen=True, slots=True)
class _Pace:
    """How many points must have been seen, and how long an alarm rests, at the series' step."""

    warm: int
    maturity: int
    rest: float

    @classmethod
    def of(cls, step: float) -> _Pace:
        day = DAY / step if step > 0 else math.inf
        mature = MATURE_DAYS * day
        return cls(
            warm=int(min(max(mature, LEAST_WARM), WARM)),
            maturity=int(min(max(mature, 2 * LEAST_WARM), MATURITY)),
            rest=min(max(REST_DAYS * day, LEAST_REST), REST),
        )


class Detector:
    """Judges the points of one series as they come. `ratio`: points are numerators and denominators."""

    def __init__(self, *, ratio: bool = False) -> None:
        self._recent = Recent(ratio=ratio)
        self._season = Season()
        self._alarms = Alarms()
        self._pasts = [Past() for _ in _SPANS]

    def judge(self, time: float, numerator: float, denominator: float = 1.0) -> Judgement:
        """Judges a point by those before it, then remembers it.

        Args:
            time: seconds, not before the last point's. numerator: the value, where there is no denominator; finite.
            denominator: not zero.
        """
        recent, pasts = self._recent, self._pasts
        recent.add(time, numerator, denominator)
        pace = _Pace.of(recent.interval)
        value = recent.values[-1]
        running = pasts[_VALUE].median if pasts[_VALUE].count else value
        predicted = self._season.predict(recent.times, recent.values, recent.interval, running, pace.maturity)
        features = self._features(running, predicted)
        decades = self._decades(features, pace)
        number = len(recent.values)
        told = self._alarms.told(number, decades, pace.rest)
        anomaly = self._alarms.flagged(number, told, pace.rest)
        known = pasts[_VALUE].count > 0
        expected = predicted if predicted is not None else running
        lower, upper = self._band(predicted, pace)
        if lower is not None and upper is not None:  # a new season may expect what was never seen
            lower, upper = min(lower, expected), max(upper, expected)
        for past, feature in zip(pasts, features, strict=True):
            if feature is not None:
                past.add(feature)
        return Judgement(expected if known else None, lower, upper, told / (told + FLAG), anomaly)

    def _features(self, running: float, predicted: float | None) -> list[float | None]:
        recent, past = self._recent, self._pasts[_VALUE]
        value = recent.values[-1]
        means = [recent.mean(window) for window in MEANS]
        logarithms: list[float | None] = [None for _ in LOGARITHMS]
        floor = LOG_FLOOR * running
        if past.count and past.least >= 0 and value >= 0 and floor > 0:
            logarithms = [math.log(max(recent.mean(window), 0.0) + floor) for window in LOGARITHMS]
        residual = None if predicted is None else value - predicted
        steps = [recent.step(back) for back in STEPS]
        return [value, residual, *means, *steps, recent.shift(SHIFT), *logarithms, recent.median(MEDIAN)]

    def _decades(self, features: list[float | None], pace: _Pace) -> float:
        total = 0.0
        for past, feature, span, weight in zip(self._pasts, features, _SPANS, _WEIGHTS, strict=True):
            if feature is not None and past.count >= pace.warm:
                found = min(past.decades(feature, pace.maturity), self._recent.chance(span))
                total += (weight * found) ** 2
        return math.sqrt(total)

    def _band(self, predicted: float | None, pace: _Pace) -> tuple[float | None, float | None]:
        seasonal = predicted is not None and self._pasts[_SEASONAL].count >= pace.warm
        past = self._pasts[_SEASONAL if seasonal else _VALUE]
        if past.count < pace.warm:
            return None, None
        lower, upper = past.band(BAND)
        around = predicted if seasonal and predicted is not None else 0.0
        return around + lower, around + upper


@dataclass(frozen=True, slots=True, eq=False)
class Novelty:
    """A whole series judged; arrays of one length. nan where nothing could be said, or there was no value."""

    expected: Floats
    lower: Floats
    upper: Floats
    score: Floats
    anomaly: npt.NDArray[np.bool_]


def detect(
    times: Floats, values: Floats, denominators: Floats | None = None, progress: Progress | None = None
) -> Novelty:
    """Judges every point by those before it; the outputs of a prefix are the prefix of the outputs.

    Args:
        times: (T,) seconds, not falling. values: (T,), nan where there is none; the numerators, where there are
            denominators: (T,), of which zero and nan make a point without a value.
        progress: told now and then how many points are judged.
    """
    points = len(times)
    detector = Detector(ratio=denominators is not None)
    expected, lower, upper = (np.full(points, np.nan) for _ in range(3))
    score, anomaly = np.zeros(points), np.zeros(points, np.bool_)
    below = np.ones(points) if denominators is None else denominators
    for at in np.flatnonzero(np.isfinite(values) & np.isfinite(below) & (below != 0)).tolist():
        if progress is not None and at % 8192 == 0:
            progress(at)
        found = detector.judge(float(times[at]), float(values[at]), float(below[at]))
        score[at], anomaly[at] = found.score, found.anomaly
        for out, said in ((expected, found.expected), (lower, found.lower), (upper, found.upper)):
            if said is not None:
                out[at] = said
    return Novelty(expected, lower, upper, score, anomaly)
