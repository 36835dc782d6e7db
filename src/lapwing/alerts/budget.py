"""A budget of false alarms: how unusual a bucket must be, so that no more than so many a week are raised.

Every judged bucket is a test, and evidence is calibrated to a chance, so by expectation `tests * chance` buckets a week
are beyond a level. What is counted against a budget, though, are alarms: neighbours in time are one alarm, and series
whose neighbours share much go beyond a level more often than calibration says, most of all while they are young. So what
would have been raised at each of a ladder of levels is counted as it comes, by outbreaks, forgetting what is long past,
and the level is read where the rate is the one asked for. Up the ladder, where little was seen, each step leans on what
calibration says of the step: the product estimator of Kaplan and Meier, with a prior.

What counts are alarms of which nobody said that they were useful. It is a feedback loop by what comes of it, as adaptive
conformal inference is (Gibbs and Candès, 2021), with the evidence's own tail in the place of a step size.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools, Floats
from lapwing.alerts.evidence import BEYOND, SHAPE, TAIL

MEMORY = 13.0
"""Weeks after which what was seen counts for a third."""
PRIOR_WEEKS = 3.0
"""Weeks' worth of belief that series are as calibrated..."""
PRIOR_ALARMS = 6.0
"""...and alarms' worth that their tail is."""
LADDER = np.arange(5.0, 30.0)
"""Levels, as how often chance goes beyond: e to the minus so much. From a score of 2.5 on."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What would be raised if the least were asked for: buckets (T,) of series, in order of series (each direction one),
    then time; `level` as on the ladder. `tests` (T,): how many could have been in each bucket. `words`: what people said of
    the alarm of a series in a bucket, and in which bucket they had said it: -1 that it was useful, 1 that it was not after
    all."""

    series: npt.NDArray[np.intp]
    bucket: npt.NDArray[np.intp]
    level: Floats
    tests: Floats
    words: tuple[tuple[int, int, int, int], ...] = ()


def candidates(
    evidence: Floats, possible: Bools, parts: Bools, rejoin: int, words: tuple[tuple[int, int, int, int], ...] = ()
) -> Candidates:
    """Of one direction: `evidence` (S, T) is positive where it hurts, nan where nothing was judged; `possible`: large enough
    to be told. `parts` (S,) are slices of others, which are not told while the whole (any other) is. `words` as kept."""
    hot = (evidence >= score_of(math.exp(-LADDER[0]))) & possible
    wholes = np.flatnonzero(~parts)
    if parts.any() and len(wholes):
        busy = _lately(np.logical_or.reduce(hot[wholes], axis=0), rejoin)
        hot &= ~(parts[:, None] & busy)
    series, bucket = np.nonzero(hot)
    level = np.array([-math.log(chance_of(score)) for score in evidence[series, bucket].tolist()])
    return Candidates(series, bucket, level, np.isfinite(evidence).sum(axis=0).astype(np.float64), words)


def held(found: list[Candidates], weeks: Floats, allowed: Floats, rejoin: int) -> Floats:
    """(T,): the evidence that is needed in each bucket, by what was seen before it.

    Args:
        found: of each direction that is watched.
        weeks: (T,) how long each bucket is.
        allowed: (T,) alarms a week.
        rejoin: buckets within which an outbreak after another is the same alarm.
    """
    begins = sum((_begins(one, rejoin, weeks) for one in found), np.zeros((len(weeks), len(LADDER))))
    tests = sum((one.tests for one in found), np.zeros(len(weeks)))
    return np.fromiter((score_of(math.exp(-level)) for level in _levels(begins, tests, weeks, allowed)), float)


def _levels(begins: Floats, tests: Floats, weeks: Floats, allowed: Floats) -> Iterator[float]:
    """On the ladder, bucket by bucket. What was seen fades by the exponential of the time since."""
    step = math.exp(-1.0)
    seen, tried, time = np.zeros(len(LADDER)), 0.0, 0.0
    for at in range(len(weeks)):
        a_week = (tried + tests[at] * PRIOR_WEEKS / weeks[at]) / (time + PRIOR_WEEKS)
        first = (seen[0] + PRIOR_WEEKS * a_week * math.exp(-LADDER[0])) / (time + PRIOR_WEEKS)
        climbs = (seen[1:] + PRIOR_ALARMS * step) / (seen[:-1] + PRIOR_ALARMS)
        rates = np.log(np.maximum(first, 1e-300)) + np.concatenate([[0.0], np.cumsum(np.log(np.minimum(climbs, 1.0)))])
        yield _where(rates, math.log(allowed[at])) if allowed[at] > 0 else math.inf
        fades = math.exp(-weeks[at] / MEMORY)
        seen, tried, time = (
            np.maximum(seen + begins[at], 0.0) * fades,
            (tried + tests[at]) * fades,
            (time + weeks[at]) * fades,
        )


def _where(rates: Floats, wanted: float) -> float:
    """The level at which falling rates (logarithms) come to what is wanted; beyond the ladder as calibrated."""
    if rates[-1] > wanted:
        return float(LADDER[-1] + rates[-1] - wanted)
    return float(np.interp(-wanted, -rates, LADDER))


def _begins(found: Candidates, rejoin: int, weeks: Floats) -> Floats:
    """(T, levels): how many alarms begin. One that people found useful is taken out when they say so, as far as it counts by
    then."""
    out = np.zeros((len(weeks), len(LADDER)))
    time = np.cumsum(weeks) - weeks
    for place, level in enumerate(LADDER):
        there = found.level >= level
        series, bucket = found.series[there], found.bucket[there]
        new = np.ones(len(series), bool)
        new[1:] = (np.diff(series) != 0) | (np.diff(bucket) > rejoin)
        np.add.at(out[:, place], bucket[new], 1.0)
        for row, opened, said, sign in found.words:
            of = bucket[new & (series == row) & (np.abs(bucket - opened) <= rejoin) & (bucket < said)]
            out[said - 1, place] += sign * float(np.exp(-(time[said - 1] - time[of]) / MEMORY).sum())
    return out


def _lately(flags: Bools, within: int) -> Bools:
    """(T,): whether a flag was up in a bucket or so many before it."""
    total = np.cumsum(flags)
    lately: Bools = total > np.concatenate([np.zeros(min(within + 1, len(total)), np.int64), total[: -within - 1]])
    return lately


def score_of(chance: float) -> float:
    """The evidence that has this chance in one bucket and direction: the inverse of `chance_of`."""
    if chance >= BEYOND:
        return TAIL * math.log(chance) / math.log(BEYOND)
    return TAIL * math.exp(SHAPE * (math.log(BEYOND) - math.log(max(chance, 1e-300))))


def chance_of(score: float) -> float:
    """How likely evidence of this size, or larger, is by chance; see `evidence`."""
    if score <= 0:
        return 1.0
    if score <= TAIL:
        return math.exp(math.log(BEYOND) * score / TAIL)
    return math.exp(math.log(BEYOND) - math.log(score / TAIL) / SHAPE)
