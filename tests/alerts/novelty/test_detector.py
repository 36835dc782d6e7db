"""The novelty detector: causal, silent where nothing happens, awake where something does, whatever the step."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.alerts.novelty.detector import Floats, Novelty, detect

MINUTES, HOUR, DAY = 300.0, 3600.0, 86_400.0


def steps(count: int, step: float) -> Floats:
    return np.arange(count, dtype=np.float64) * step


def daily(random: np.random.Generator, count: int, step: float, noise: float = 3.0) -> Floats:
    return 100 + 30 * np.sin(steps(count, step) * np.pi * 2 / DAY) + random.normal(0, noise, count)


def flags(found: Novelty) -> list[int]:
    return np.flatnonzero(found.anomaly).tolist()


@settings(max_examples=25)
@given(
    seed=st.integers(0, 1000),
    step=st.sampled_from([MINUTES, HOUR, DAY, 0.0]),
    cut=st.integers(1, 399),
    missing=st.lists(st.integers(0, 399), max_size=20),
    ratio=st.booleans(),
)
def test_never_looks_ahead(seed: int, step: float, cut: int, missing: list[int], ratio: bool) -> None:
    """The outputs of a prefix are the prefix of the outputs, bit by bit, whatever the future holds."""
    random = np.random.default_rng(seed)
    times = np.cumsum(random.choice([0.0, step, step, 40 * step], 400, p=[0.02, 0.48, 0.48, 0.02]))
    values = random.pareto(1.5, 400) * 10
    values[missing] = np.nan
    below = random.poisson(20.0, 400).astype(float) if ratio else None
    whole = detect(times, values, below)
    part = detect(times[:cut], values[:cut], None if below is None else below[:cut])
    for name in ("expected", "lower", "upper", "score", "anomaly"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[:cut])


@settings(max_examples=40)
@given(
    st.lists(
        st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([0.0, 5e-324, 1.7e308, -1.7e308])),
        max_size=80,
    ),
    st.floats(0, 1e7),
)
def test_any_numbers_are_judged(values: list[float], step: float) -> None:
    with np.errstate(all="raise"):
        found = detect(steps(len(values), step), np.array(values, np.float64))
    assert ((found.score >= 0) & (found.score < 1)).all()
    assert not np.isinf(found.expected).any()
    assert (found.anomaly <= (found.score >= 0.5)).all()


@settings(max_examples=30)
@given(seed=st.integers(0, 1000), few=st.booleans(), ratio=st.booleans())
def test_the_smallest_and_the_largest_numbers_are_judged(seed: int, few: bool, ratio: bool) -> None:
    """Scores are shares, and what is expected lies within its band, whatever the magnitudes."""
    random = np.random.default_rng(seed)
    large = 10.0 ** random.uniform(-323, 308, 120) * random.choice([-1.0, 0.0, 1.0], 120)
    values: Floats = np.asarray(random.choice([0.0, 5e-324, 1e-310], 120) if few else large, np.float64)
    below = random.choice([0.0, 1.0, 1e-320, 1e300, -5.0, np.nan], 120) if ratio else None
    found = detect(steps(120, 30 * DAY), values, below)
    assert ((found.score >= 0) & (found.score < 1)).all()
    there = np.isfinite(found.lower)
    assert ratio or there.any()
    assert (found.lower[there] <= found.expected[there]).all()
    assert (found.expected[there] <= found.upper[there]).all()


@pytest.mark.parametrize(("step", "count"), [(MINUTES, 4000), (HOUR, 1500), (DAY, 120)])
def test_a_spike_and_a_fall_are_found(step: float, count: int) -> None:
    values = daily(np.random.default_rng(5), count, step)
    spike, fall = int(0.7 * count), int(0.95 * count)
    values[spike] += 200
    values[fall : fall + 3] = 0
    found = detect(steps(count, step), values)
    assert [at for at in flags(found) if at < spike] == []
    assert spike in flags(found)
    assert found.score[fall : fall + 3].max() > 0.3


def test_weeks_without_values_are_no_news() -> None:
    random = np.random.default_rng(4)
    there = np.r_[0:900, 1304:1900]
    values = (50 + 20 * np.sin(np.arange(1900) * np.pi / 12) + random.normal(0, 2, 1900))[there]
    values[1200] += 100
    assert flags(detect(there * HOUR, values)) == [1200]


def test_a_lasting_change_is_told_once() -> None:
    values = daily(np.random.default_rng(6), 4000, MINUTES)
    values[3000:] += 150
    found = flags(detect(steps(4000, MINUTES), values))
    assert found[0] in range(3000, 3003)
    assert len(found) <= 2


def test_by_the_hour_a_week_is_a_long_time() -> None:
    """Judged from the fourth day on, and what comes five days after another event is told, though it is smaller."""
    values = daily(np.random.default_rng(2), 24 * 50, HOUR)
    values[24 * 30] += 400
    values[24 * 35 : 24 * 35 + 6] += 220
    found = detect(steps(len(values), HOUR), values)
    assert np.isfinite(found.lower[72:]).all()
    assert 24 * 30 in flags(found)
    assert set(flags(found)) & set(range(24 * 35, 24 * 35 + 6))


@pytest.mark.parametrize("level", [0.0, 45.0, -1e12, 1e300])
def test_a_constant_is_silent(level: float) -> None:
    found = detect(steps(1000, MINUTES), np.full(1000, level))
    assert not found.score.any()


def test_silence_over_what_is_usual() -> None:
    """Weeks of ordinary series of several kinds: at most one false alarm in ten series-weeks."""
    random = np.random.default_rng(7)
    points = int(14 * DAY / MINUTES)
    ordinary = [
        daily(random, points, MINUTES),
        random.normal(0, 1, points),
        random.random(points),
        random.normal(0, 1, points).cumsum(),
        random.poisson(daily(random, points, MINUTES, 0.0)).astype(float),
    ]
    assert sum(len(flags(detect(steps(points, MINUTES), values))) for values in ordinary) <= 1


def test_a_season_is_expected() -> None:
    values = daily(np.random.default_rng(8), 24 * 40, HOUR)
    found = detect(steps(len(values), HOUR), values)
    late = slice(24 * 30, None)
    assert np.abs(found.expected[late] - values[late]).mean() < 5
    inside = (found.lower[late] <= values[late]) & (values[late] <= found.upper[late])
    assert inside.mean() > 0.99


def test_few_rows_of_a_share_are_no_news() -> None:
    """One night with three views, all clicked, says less than an hour of thousands."""
    random = np.random.default_rng(9)
    views = random.poisson(2000, 1500).astype(float)
    clicks = random.binomial(views.astype(int), 0.05).astype(float)
    views[1000], clicks[1000] = 3, 3
    quiet = detect(steps(1500, HOUR), clicks, views)
    assert quiet.score[1000:1031].max() < 0.2
    assert flags(detect(steps(1500, HOUR), clicks / views)) != []
    clicks[1200:1203] = views[1200:1203] * 0.5
    assert 1200 in flags(detect(steps(1500, HOUR), clicks, views))


def test_points_without_value_or_denominator_are_left_out() -> None:
    found = detect(steps(4, HOUR), np.array([1.0, np.nan, 3.0, 4.0]), np.array([1.0, 1.0, 0.0, 2.0]))
    assert np.isnan(found.expected).tolist() == [True, True, True, False]
    assert not len(detect(np.empty(0), np.empty(0)).score)


def test_progress_is_told_and_time_grows_with_length() -> None:
    told: list[int] = []
    values = daily(np.random.default_rng(1), 20_000, MINUTES)
    detect(steps(2_000, MINUTES), values[:2_000])
    began = time.thread_time()
    detect(steps(5_000, MINUTES), values[:5_000])
    between = time.thread_time()
    detect(steps(20_000, MINUTES), values, progress=told.append)
    assert time.thread_time() - between < 10 * (between - began), "four times as long, so about four times the work"
    assert told == [0, 8192, 16384]
