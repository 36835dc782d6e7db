"""Seasons: predicted by the same time of earlier days, where that is of use."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lapwing.alerts.novelty.season import Season

HOUR = 3600.0


def predicted(times: list[float], values: list[float], proof: int = 50) -> list[float | None]:
    season, median = Season(), float(np.median(values))
    return [season.predict(times[: n + 1], values[: n + 1], HOUR, median, proof) for n in range(len(times))]


def test_a_day_is_predicted_by_the_days_before() -> None:
    times = [HOUR * at for at in range(24 * 12)]
    values = [10 + 5 * math.sin(at * math.tau / 24) for at in range(len(times))]
    values[24 * 10 + 3] = 1000.0
    found = predicted(times, values)
    assert found[24:74] == [None] * 50, "not before it has proved itself"
    assert found[24 * 11 + 3] == pytest.approx(10 + 5 * math.sin(3 * math.tau / 24)), "one bad day is outlived"


def test_a_week_wins_where_days_differ() -> None:
    times = [HOUR * at for at in range(24 * 7 * 5)]
    values = [float(at // 24 % 7) * 100 for at in range(len(times))]
    found = predicted(times, values, proof=24 * 8)
    assert found[24 * 30 + 5] == values[24 * 30 + 5]


def test_noise_and_long_steps_have_no_season() -> None:
    values = np.random.default_rng(3).normal(size=400).tolist()
    assert set(predicted([HOUR * at for at in range(400)], values)) == {None}
    season = Season()
    assert season.predict([0.0, 2e6], [1.0, 1.0], 2e6, 1.0, 0) is None


def test_values_over_gaps_are_found_by_time() -> None:
    times = [HOUR * at for at in range(24 * 12) if not 24 * 9 <= at < 24 * 10]
    values = [float(int(time / HOUR) % 24) for time in times]
    found = predicted(times, values)
    assert found[-1] == values[-1]
