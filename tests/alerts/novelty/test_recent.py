"""What the latest values give: means, medians, steps, shifts, and what chance allows shares."""

from __future__ import annotations

import math

import pytest

from lapwing.alerts.novelty.recent import Recent


def test_means_are_of_what_there_is() -> None:
    recent = Recent(ratio=False)
    for at, value in enumerate([3.0, 5.0, 10.0, 30.0]):
        recent.add(at * 60.0, value, 1.0)
    assert recent.mean(3) == 15.0
    assert recent.mean(30) == 12.0
    assert recent.interval == 60.0
    assert (recent.step(1), recent.step(3), recent.step(4)) == (20.0, 27.0, None)
    assert recent.chance(1) == math.inf


def test_no_step_over_a_gap() -> None:
    recent = Recent(ratio=False)
    for at in range(10):
        recent.add(at * 60.0, 1.0, 1.0)
    recent.add(9 * 60.0 + 3600.0, 5.0, 1.0)
    assert (recent.step(1), recent.step(3)) == (None, None)
    recent.add(10 * 60.0 + 3600.0, 6.0, 1.0)
    assert (recent.step(1), recent.step(3)) == (1.0, None)


def test_a_lone_giant_moves_no_median() -> None:
    recent = Recent(ratio=False)
    for at, value in enumerate([1.0, 2.0, 3.0, 900.0, 2.0]):
        recent.add(at * 60.0, value, 1.0)
    assert (recent.median(3), recent.median(5), recent.median(11)) == (3.0, 2.0, 2.0)
    assert recent.shift(3) is None, "needs twice as many"
    recent.add(300.0, 1.0, 1.0)
    assert recent.shift(3) == 0.0
    for at in range(6, 9):
        recent.add(at * 60.0, 50.0, 1.0)
    assert recent.shift(3) == 48.0
    recent.add(9 * 60.0 + 3600.0, 50.0, 1.0)
    assert recent.shift(3) is None, "over a gap"


def test_ratios_are_weighed() -> None:
    recent = Recent(ratio=True)
    recent.add(0.0, 1.0, 2.0)
    recent.add(0.0, 1.0, 98.0)
    assert recent.values == [0.5, pytest.approx(1 / 98)]
    assert recent.mean(3) == 0.02
    assert recent.interval == 0.0


def test_few_rows_prove_little() -> None:
    few, many = Recent(ratio=True), Recent(ratio=True)
    for recent in (few, many):
        for at in range(50):
            recent.add(at * 60.0, 100.0, 1000.0)
    few.add(3000.0, 2.0, 2.0)
    many.add(3000.0, 2000.0, 2000.0)
    assert few.chance(1) < 1.0 < 100.0 < many.chance(1)
    many.add(3060.0, 5.0, 2.0)
    assert many.chance(1) == math.inf, "more than all is no share"
