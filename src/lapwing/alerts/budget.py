"""A budget of false alarms: how unusual a bucket must be, so that chance alone raises no more than so many a week.

Every judged bucket is a test, and evidence is calibrated to a chance. If each test may be raised by chance `budget / tests
a week` of the time, the expected number of false alarms a week is at most the budget, whatever the tests have in common:
expectations add up without independence. That is control of the per-family error rate, week by week. Online control of
false discoveries (LORD++, SAFFRON, ADDIS) promises a share of what is told in the place of a number, needs independence,
and lets a bad week raise more.

It holds as far as evidence is calibrated: in the first months of series whose neighbours in time share half of what they
do, chance raises up to twice as many (docs/decisions/029).

What was judged useless, or taken back, is compared with the promise: where more came than was allowed, series do not behave
as calibrated, and the allowance shrinks by as much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lapwing.alerts.evidence import BEYOND, SHAPE, TAIL

WEEKS = 8.0
"""Over how many weeks the realised rate is looked at..."""
PRIOR_WEEKS = 4.0
"""...with so many weeks' worth of belief that it is as promised."""
LEAST = 0.05
"""The allowance shrinks to no less than this share: a budget is kept, but not by saying nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Realised:
    """False alarms in so many weeks: taken back, or judged useless."""

    false: int
    weeks: float

    @property
    def a_week(self) -> float:
        return self.false / self.weeks if self.weeks > 0 else 0.0


def threshold(budget: float, tests: float, realised: Realised | None = None) -> float:
    """The least evidence that may be raised.

    Args:
        budget: false alarms a week that are allowed.
        tests: judged buckets a week of all series, each direction that is watched counted by itself.
    """
    if budget <= 0:
        return math.inf
    return score_of(min(1.0, budget * _share(budget, realised) / max(tests, 1.0)))


def _share(budget: float, realised: Realised | None) -> float:
    """How much of the budget may be used, by what came of it."""
    if realised is None:
        return 1.0
    expected = budget * (realised.weeks + PRIOR_WEEKS)
    return max(LEAST, min(1.0, expected / (realised.false + budget * PRIOR_WEEKS)))


def score_of(chance: float) -> float:
    """The evidence that has this chance in one bucket and direction: the inverse of `chance_of`."""
    if chance >= BEYOND:
        return TAIL * math.log(chance) / math.log(BEYOND)
    return TAIL * math.exp(SHAPE * (math.log(BEYOND) - math.log(chance)))


def chance_of(score: float) -> float:
    """How likely evidence of this size, or larger, is by chance; see `evidence`."""
    if score <= 0:
        return 1.0
    if score <= TAIL:
        return math.exp(math.log(BEYOND) * score / TAIL)
    return math.exp(math.log(BEYOND) - math.log(score / TAIL) / SHAPE)
