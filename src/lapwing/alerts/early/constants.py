"""The constants of early warning, each with its reason. Chosen on the choosing seeds of `benchmarks.alerts --early`."""

from __future__ import annotations

from typing import Final

LEVEL: Final = 5.0
"""Days that the level of a forecast remembers: of 4 to 56, and of mixtures, the smallest squared error of the probabilities."""
HOURLY_LEVEL: Final = 1.0
"""The same of hourly series, of which the current day is asked: it is led by how this day goes."""
WIDEN: Final = 1.6
"""How much wider than past errors a miss takes the future to be: levels break, which few past errors know of. With 1.0, of the
misses said to be likely by .8 some .70 came; with 1.6, .83."""
VISITS: Final = 12.0
"""Visits of a slot (Mondays, say) that its factor remembers: a season's worth of weeks."""
SHRINK: Final = (0.25, 4.0)
"""How many visits like all others each slot is taken to have had before its first, coarse season and fine: a day of the month
is seen twelve times a year, and most days of the month are like others."""
EVENT_SHRINK: Final = 0.5
"""How many visits like the family's (other holidays) a holiday or event of the project's own is taken to have had before its
first: it is seen once a year, and each is different."""
CLIP: Final = 3.0
"""Relative errors that the forecast learns from at most, in mean absolute errors: an incident does not teach it."""
LEAST_WINDOWS: Final = 2.0
"""Stretches of the past as long as what is to come that must have been forecast before a probability is given: below it the
spread of errors is a guess."""
WARM_UP: Final = 28
"""Days of history before anything is said: each weekday was seen four times."""
STAYS: Final = 3
"""Judgements in a row that must find a miss likely before it is told: an odd bucket moves the probability for one or two of
them. With two, precision was .05 less, and warnings came half a day earlier."""
DRIFT_SLICES: Final = 500
"""Slices of a monitor, the largest, that are looked at for drift."""
DRIFT_SUPPORT: Final = 20.0
"""What a slice's day must usually come to: below it days vary by a fourth by chance alone, and no slide is found in weeks."""
DRIFT_REJOIN: Final = 14
"""Days after a drift's end within which a new one to the same side is the same: its sum begins anew from nothing."""
LIMIT_STAYS: Final = 1
"""The same of crossing a limit: a forecast that is two weeks ahead moves little from day to day. With two, precision was .03
more, recall .09 less, and warnings came a day later."""
CLEAR: Final = 0.5
"""A warning is over once a miss is less likely than not."""
INTERVAL: Final = 1.2816
"""Half the width of the interval shown, in normal deviations: eight of ten ends lie within."""
TREND_LEVEL: Final = 15.0
"""Days that the slower level remembers whose distance from the level is the trend: growth of weeks, not of days."""
DAMPING: Final = 0.98
"""Share of a trend that is left a bucket later: trends end, and the M-competitions' best forecasts let them."""
DRIFT_LEVEL: Final = 14.0
"""Days that the level a drift is measured from remembers."""
DRIFT_LAG: Final = 7
"""Days that the level lags behind, so that a drift does not hide in it: each value is compared with what was expected a week
before."""
DRIFT_SLACK: Final = 0.5
DRIFT_BOUND: Final = 6.0
"""Of the cumulative sum: at 5 a fifth of the drifts told were none, at 8 they were told three days later."""
DRIFT_MEMORY: Final = 84
"""Days that the usual error of that comparison remembers."""
DRIFT_CLIP: Final = 3.0
"""Deviations that one day adds at most: a drift takes several."""
DRIFT_LEAST: Final = 0.04
"""The smallest lasting difference from a week before that is told, as a share."""
EVENT: Final = 4.0
"""Robust standard deviations at which a leader's event begins: below what a monitor raises (5), since a warning is not an
alarm, above what chance does every week."""
FOLLOWS: Final = 3.0
"""And those at which a follower shows it."""
STILL: Final = 6
"""Buckets without an event after which another of the same side is a new one."""
LEAST_EVENTS: Final = 4
"""Events of a leader on the first part of the past without which nothing is said of a pair."""
LEAST_LATER: Final = 2
"""And on the rest, on which it must hold."""
MINED_PART: Final = 0.6
"""The part of the past that pairs are found on; what is found must hold on the rest."""
FALSE_PAIRS: Final = 0.1
"""The share of found pairs that may be false."""
LEAD_CHANCE: Final = 0.7
"""How often a follower must have followed for a pair to be believed and a warning to be told."""
LEAD_DAYS: Final = 7
"""Days in which a follower must show what its leader did; what takes longer can't be told from chance by a year of days."""
MOST_LEADERS: Final = 16
"""Metrics that nobody watches and that are looked at as leaders, in a project: those of a kind are judged in one pass."""
LEAD_HOURS: Final = 24
"""The same of hours."""
LEAD_EVERY: Final = 28
"""Days after which pairs are looked for anew, so that it is cheap."""
METHOD: Final = 2
"""Raised whenever rules of warnings change: what was told by other rules is told anew."""
