"""What supports a slice: a discounted mean of events a bucket, and from how many buckets on it is one."""

from __future__ import annotations

from lapwing.alerts.online.constants import Tuning
from lapwing.alerts.sweep.constants import FIRM_DAYS, SUPPORT_DAYS


def kept_support(tuning: Tuning) -> float:
    """How much of a slice's support the next bucket finds."""
    return 1 - 1 / (SUPPORT_DAYS * tuning.day)


def firm_buckets(tuning: Tuning) -> int:
    """Of how many buckets a mean is at least that supports a slice."""
    return int(FIRM_DAYS * tuning.day)


def weight_of(buckets: int, keep: float) -> float:
    """What so many buckets weigh in a discounted sum."""
    return (1 - keep**buckets) / (1 - keep)
