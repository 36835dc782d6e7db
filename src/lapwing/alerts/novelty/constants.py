"""All numbers of the novelty detector, each with its reason. docs/decisions/024 tells how they were chosen."""

from __future__ import annotations

DAY = 86_400.0
WEEK = 7 * DAY

# What a point is compared by.
MEANS = (3, 30)
"""Trailing means over so many points: short episodes, and long ones."""
MEDIAN = 11
"""Points of a trailing median. What lasts shows in it; a lone giant, of which heavy tails are full, does not."""
STEPS = (1, 3)
"""Differences, without sign, to the value so many points before: jumps, and rises that take a while."""
SHIFT = 5
"""The same between the medians of so many points and of as many before them: rises that stay."""
GAP_STEPS = 10.0
"""Usual intervals between neighbours from which on there is a gap, over which no difference is taken."""
LOGARITHMS = (10, 100)
"""Trailing means whose logarithm is taken, where nothing is negative: falls towards zero show."""
LOG_FLOOR = 0.1
"""Share of the median that is added before the logarithm: of zero it stays finite."""
REPEATING = 0.7
"""Weight of what repeats in part what others say: the short mean, the slow step, the shift, the longest mean, the median.
With 1 one event counts several times; two that say the same count as one."""

# What has been seen.
HISTORY = 20_000
"""Past values kept of each feature: ten weeks at five minutes; with half of it more alarms return."""
WARM = 150
"""Points before the first judgement..."""
MATURITY = 300
"""...and the count at which evidence has half its weight: of few values each new one is a record."""
MATURE_DAYS = 3.0
"""Both shrink for series of long steps, to so many days: an hourly series whose evidence counts half for two
weeks needs another threshold than one of five minutes."""
LEAST_WARM = 20
"""But of fewer values than this nothing can be said of their tails."""

# Evidence, in decades: ten to the minus so many is how likely such a value is.
GAP = 1 / 50
"""The share of the past range that, as distance to the nearest value ever seen, counts as a decade. It balances the two
kinds of evidence, and is, with TAIL, the most sensitive constant."""
TAIL = 0.02
"""The share of past values on each side that its tail is fitted to..."""
LEAST_TAIL = 5
"""...and how many at least."""
SHAPE_LIMIT = 0.5
"""Heaviest tail (generalised Pareto) believed in: of infinite variance beyond it."""
CAP = 10.0
"""Most decades of one feature, so that none decides alone how much more than impossible something was."""

# Seasons.
DAYS = 5
WEEKS = 3
"""Values at the same time of earlier days, or weeks, whose median is the prediction: a median outlives one bad day."""
TOLERANCE = 1_800.0
"""Seconds that "the same time" may be off in all, where steps are shorter."""
"""A period must have proved itself in as many predictions as MATURITY says..."""
GATE = 0.5
"""...and its error, as a share of the median's, from which on it is used: a poor season adds noise."""
OUTLIER = 5.0
SETTLED = 50
"""Errors count up to so many mean errors of the median, once there are so many of them."""
LEAST_PERIOD = 4
"""Steps that a period must have to be one."""

# Alarms.
REST = 200
"""Points over which the bar sinks that an alarm leaves at its own height: one event is told once..."""
REST_DAYS = 4.0
"""...within so many days: 200 hours are more than a week, and a lone giant in each hides what comes after it..."""
LEAST_REST = 28
"""...but within so many points at least, four weeks of days."""
ALARM = 6.5
"""Decades that alarm by themselves..."""
AGAIN = 2.0
"""...and how many times as high what comes next must be to be news: an event that grows is told once, too."""
FLAG = 10.0
"""Decades of all features together from which on a point is an anomaly; its score is 0.5."""
BAND = 5.0
"""Decades at the edges of the shown band."""

LARGEST = 1e150
"""Larger values are taken for this, whose sums and squares are still numbers."""
