"""A budget of false alarms over every slice: what the evidence of one among all must reach, so that no more are told.

Which slices are looked at changes with every day, so the past of each can't be counted by itself. What is counted is what
would have been told of all of them together: where something was unusual, the slices that explain it, with the most evidence
of those that it was seen in. Evidence is that of one among many, so all slices are as many tests as series of their own
that they are worth; the rest is as for any monitor (`alerts.budget`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lapwing.alerts.bar import Bar, Shares
from lapwing.alerts.budget import LADDER, Candidates, chance_of, score_of
from lapwing.alerts.chance import Bools, Floats
from lapwing.alerts.history import series_key
from lapwing.alerts.incidents import YOUNG
from lapwing.alerts.sweep.told import Told, Unexplained
from lapwing.alerts.votes import Vote


@dataclass(frozen=True, slots=True)
class Allowed:
    """Alarms a week that a monitor may raise (see `bar.Shares`; none: any number), and what people said of its incidents."""

    shares: Shares = ()
    votes: tuple[Vote, ...] = ()


def floor(unexplained: Unexplained, tests: Floats, allowed: Allowed) -> Floats | None:
    """(T,): the evidence that is needed in each bucket, by what was seen before it; None where any number is allowed.

    Args:
        tests: (T,) how many series of their own all that are watched are worth.
    """
    if not allowed.shares:
        return None
    judged = unexplained.judged
    rules = judged.rules
    bar = Bar(
        series=tuple(map(series_key, judged.slices)),
        parts=np.zeros(len(judged.slices), bool),  # what explains others is told alone already
        borders=judged.borders,
        known=judged.known,
        votes=allowed.votes,
        shares=allowed.shares,
    )
    least = np.full(len(tests), min(rules.threshold, score_of(math.exp(-LADDER[0]))))
    # The whole's age is that of all: slices come and go for ever.
    settled = np.cumsum(np.isfinite(judged.detection.score[-1])) > YOUNG * max(rules.gathering.windows)
    seen = [
        _candidates(list(unexplained.found(direction, least)), settled, tests, bar.words(direction))
        for direction in rules.directions
    ]
    return bar.floor(seen, rules.rejoin)


def _candidates(
    found: Sequence[Told], settled: Bools, tests: Floats, words: tuple[tuple[int, int, int, int], ...]
) -> Candidates:
    """Of one direction."""
    told = sorted(
        (row, one.bucket, -math.log(chance_of(most)))
        for one in found
        if settled[one.bucket]
        for row, most in zip(one.rows, one.evidence, strict=True)
    )
    return Candidates(
        series=np.array([row for row, _, _ in told], np.intp),
        bucket=np.array([bucket for _, bucket, _ in told], np.intp),
        level=np.array([level for _, _, level in told], np.float64),
        tests=tests,
        words=words,
    )
