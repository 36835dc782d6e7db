from __future__ import annotations

import numpy as np
from benchmarks.alerts.early.make import paced, slid
from benchmarks.alerts.early.table import drifting, pacing


def test_the_same_seed_makes_the_same_series() -> None:
    one, other = (list(paced(5, 2)) for _ in range(2))
    assert all(np.array_equal(a.amount, b.amount) for a, b in zip(one, other, strict=True))


def test_warnings_come_before_a_plain_threshold_and_are_mostly_right() -> None:
    """The floors are below what the benchmark gives, which is on many more series."""
    goals, calibration = pacing(list(paced(26, 16)))
    figures = goals.figures()
    assert figures["precision"] >= 0.7
    assert figures["recall"] >= 0.7
    assert figures["median lead, days"] > 2
    assert calibration[0][1] < 0.15
    assert calibration[-1][1] > 0.8
    slides = drifting(list(slid(26, 16))).figures()
    assert slides["precision"] >= 0.7
    assert slides["median lead, days"] > 3
