from __future__ import annotations

import numpy as np
from benchmarks.alerts.early.leaders import leading, led
from benchmarks.alerts.early.lines import crossings, lined
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


def test_limits_and_leaders_are_told_before_anything_is_seen() -> None:
    """Floors as above."""
    lines, calibration = crossings(list(lined(26, 12)))
    figures = lines.figures()
    assert figures["precision"] >= 0.7
    assert figures["median lead, days"] > 1
    assert calibration[0][1] < 0.1
    assert calibration[-1][1] > 0.65
    followed = leading(list(led(26, 8))).figures()
    assert followed["precision"] >= 0.75
    assert followed["recall"] >= 0.15
    assert followed["median lead, days"] > 3
    assert [one.coupled for one in led(26, 2)] == [one.coupled for one in led(26, 2)]
