"""The constants of readiness, each with its reason; benchmarks/alerts/data measures what they do."""

from __future__ import annotations

from typing import Final

MINUTE: Final = 60_000_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

AFTER: Final = (
    *(minutes * MINUTE for minutes in (0, 5, 10, 15, 20, 30, 45)),
    *(hours * HOUR for hours in (1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 21, 24, 30, 36, 42, 48)),
    *(days * DAY for days in (2.5, 3, 3.5, 4, 5, 6, 7)),
)
"""Ages after a bucket's end at which its share is learned: fine where most arrives. A week: what comes later is a
restatement, and judged as one."""
WITHIN: Final = 12
"""Ages within a bucket, before its end."""
KEPT: Final = 42
"""Days of buckets that are learned from: six of each weekday, and a feed that was rebuilt is known anew after six weeks."""
LEAST: Final = 8
"""Buckets seen at an age before anything is said of it: the lowest of eight is below the tenth percentile more likely than
not, and the ninth day of a new feed is soon enough."""
LOW: Final = 0.1
HIGH: Final = 0.9
"""Quantiles of the share: what nine of ten buckets have at least, and what nine of ten do not pass."""
DEVIATIONS: Final = 1.2816
"""Standard deviations from the median to those quantiles, were they normal."""
ENOUGH: Final = 0.99
"""Share at which a bucket is complete enough: what lacks then is below what any detector here calls unusual."""
SETTLED: Final = 0.005
"""A bucket is final at the age after which nine of ten change by no more than this."""
GAP: Final = 6 * HOUR
"""Between two looks: what was there in a longer gap nobody knows."""
LONGEST: Final = 3 * DAY
"""Nobody waits longer than this for completeness that is only learned: a tail that long is late data, which is judged again
when it comes."""
LEAST_SHARE: Final = 0.3
"""Of a bucket that is usually there before it is judged at equal age: of less, a late hour is most of it."""
MARGIN: Final = 1.0
"""Robust standard deviations more than a complete bucket needs: what is told before its time is told of less, and is worth
a wait in doubt."""
