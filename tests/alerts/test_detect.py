"""The detector: causal, calibrated, not taught by incidents, and never judging what it cannot."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.alerts.chance import Floats, Kind
from lapwing.alerts.detect import Setting, detect
from lapwing.alerts.online.constants import Tuning

WEEKS = 20
SEASON = np.stack([np.arange(7 * WEEKS) % 7, np.zeros(7 * WEEKS, np.int64)])


def days(mean: float = 100.0, series: int = 1, seed: int = 0, weeks: int = WEEKS) -> Floats:
    """Poisson counts by day with quiet weekends."""
    pattern = np.tile([1.2, 1.1, 1.0, 1.0, 1.1, 0.5, 0.4], weeks) * mean
    return np.random.default_rng(seed).poisson(pattern, (series, 7 * weeks)).astype(float)


@settings(max_examples=25)
@given(
    kind=st.sampled_from(list(Kind)),
    seed=st.integers(0, 1000),
    cut=st.integers(1, 59),
    gaps=st.lists(st.integers(0, 59), max_size=10),
)
def test_never_looks_ahead(kind: Kind, seed: int, cut: int, gaps: list[int]) -> None:
    """The outputs of a prefix are the prefix of the outputs, whatever the future holds."""
    random = np.random.default_rng(seed)
    values = random.gamma(1.0, 20.0, (3, 60)).round()
    exposure = values + random.poisson(30, values.shape) if kind is Kind.SHARE else None
    shown = values if exposure is None else values / np.maximum(exposure, 1)
    shown[:, gaps] = np.nan
    season = np.stack([np.arange(60) % 7, np.zeros(60, np.int64)])
    whole = detect(shown, season, Setting(kind=kind), exposure)
    part = detect(shown[:, :cut], season[:, :cut], Setting(kind=kind), None if exposure is None else exposure[:, :cut])
    for name in ("expected", "lower", "upper", "score", "ready"):
        np.testing.assert_array_equal(getattr(whole, name)[:, :cut], getattr(part, name))


def test_series_do_not_touch_each_other() -> None:
    values = days(series=5)
    together = detect(values, SEASON, Setting(kind=Kind.COUNT))
    alone = detect(values[2:3], SEASON, Setting(kind=Kind.COUNT))
    np.testing.assert_allclose(together.score[2:3], alone.score)


@pytest.mark.parametrize("mean", [0.3, 3.0, 100.0, 10_000.0])
def test_chance_raises_no_alarm(mean: float) -> None:
    """Poisson counts: beyond 5 robust deviations about never, within 3 nearly always."""
    found = detect(days(mean, series=200), SEASON, Setting(kind=Kind.COUNT))
    score = np.abs(found.score[found.ready])
    assert len(score) > 20_000
    assert (score > 5).mean() < 2e-4
    assert (score > 3).mean() < 0.012


def test_levels_of_any_unit_are_judged_alike() -> None:
    noise = np.random.default_rng(1).normal(size=(50, 7 * WEEKS))
    small = detect(0.001 * noise + 0.5, SEASON, Setting(kind=Kind.LEVEL))
    large = detect(1e6 * noise - 5e7, SEASON, Setting(kind=Kind.LEVEL))
    np.testing.assert_allclose(small.score, large.score, rtol=1e-4, atol=1e-4)
    assert (np.abs(small.score[small.ready]) > 5).mean() < 1e-3


def test_a_drop_and_a_spike_are_seen() -> None:
    values = days()
    values[0, 100], values[0, 120] = 40, 300
    found = detect(values, SEASON, Setting(kind=Kind.COUNT))
    assert found.score[0, 100] < -5
    assert found.score[0, 120] > 8
    assert values[0, 100] < found.lower[0, 100] < found.expected[0, 100]
    assert values[0, 120] > found.upper[0, 120]


@pytest.mark.parametrize("kind", [Kind.COUNT, Kind.SUM, Kind.LEVEL])
def test_score_and_band_agree(kind: Kind) -> None:
    values = days(20.0, series=20) + np.random.default_rng(3).gamma(0.1, 100, (20, 7 * WEEKS))
    found = detect(values, SEASON, Setting(kind=kind, width=3.0))
    inside = (values >= found.lower) & (values <= found.upper)
    np.testing.assert_array_equal((np.abs(found.score) <= 3.0)[found.ready], inside[found.ready])


def test_an_incident_does_not_poison_training() -> None:
    values = days()
    before = detect(values, SEASON, Setting(kind=Kind.COUNT)).expected[0, 110:117]
    values[0, 100:104] *= 10
    after = detect(values, SEASON, Setting(kind=Kind.COUNT)).expected[0, 110:117]
    np.testing.assert_allclose(after, before, rtol=0.15)


def test_a_new_level_is_learned_within_weeks() -> None:
    values = days()
    values[0, 70:] *= 1.5
    found = detect(values, SEASON, Setting(kind=Kind.COUNT))
    assert found.score[0, 70] > 3
    assert np.abs(found.score[0, 105:]).max() < 4
    np.testing.assert_allclose(found.expected[0, 119:].mean(), values[0, 119:].mean(), rtol=0.1)


def test_sparse_counts_need_more_than_one() -> None:
    """One event where one in three was expected is no news; ten are."""
    values = np.zeros((1, 7 * WEEKS))
    values[0, ::3] = 1
    values[0, 130] = 10
    found = detect(values, SEASON, Setting(kind=Kind.COUNT))
    assert np.abs(found.score[0, found.ready[0] & (values[0] <= 1)]).max() < 2.5
    assert found.score[0, 130] > 3.5


def test_a_share_of_few_is_judged_as_chance_allows() -> None:
    """Two of four is nothing unusual for a rate of a tenth; two hundred of four hundred is."""
    random = np.random.default_rng(2)
    exposure = np.full((2, 7 * WEEKS), [[400.0], [4.0]])
    values = random.binomial(exposure.astype(int), 0.1) / exposure
    values[:, 130] = 0.5
    found = detect(values, SEASON, Setting(kind=Kind.SHARE), exposure)
    assert found.score[0, 130] > 8
    assert found.score[1, 130] < 4
    assert np.nanmin(found.lower) >= 0
    assert np.nanmax(found.upper) <= 1


def test_high_shares_mirror_low_ones() -> None:
    random = np.random.default_rng(4)
    exposure = random.poisson(200, (1, 7 * WEEKS)).astype(float)
    low = random.binomial(exposure.astype(int), 0.03) / exposure
    low[0, 130] = 0.2
    of_low = detect(low, SEASON, Setting(kind=Kind.SHARE), exposure)
    of_high = detect(1 - low, SEASON, Setting(kind=Kind.SHARE), exposure)
    assert of_low.score[0, 130] > 6
    assert of_high.score[0, 130] < -6


def test_not_ready_is_not_judged() -> None:
    found = detect(days(), SEASON, Setting(kind=Kind.COUNT, tuning=Tuning(history=3)))
    assert not found.ready[0, :21].any()
    assert np.isnan(found.score[0, :21]).all()
    assert found.ready[0, 21:].all()


def test_a_slot_that_is_seldom_seen_gets_ready_by_itself() -> None:
    season = np.arange(60) % 2
    season[50] = 2
    found = detect(days(weeks=9)[:, :60], season, Setting(kind=Kind.COUNT))
    assert found.ready[0, 49]
    assert not found.ready[0, 50]


def test_what_is_not_complete_is_expected_but_never_judged_nor_learned() -> None:
    values = days()
    values[0, 130:] = np.nan
    found = detect(values, SEASON, Setting(kind=Kind.COUNT))
    assert np.isnan(found.score[0, 130:]).all()
    assert np.isfinite(found.expected[0, 130:]).all()
    np.testing.assert_allclose(found.expected[0, 130], found.expected[0, 137])


def test_constant_and_empty_series() -> None:
    assert detect(np.empty((0, 10)), SEASON[:, :10]).score.shape == (0, 10)
    assert detect(np.empty((2, 0)), SEASON[:, :0]).score.shape == (2, 0)
    flat = detect(np.zeros((1, 7 * WEEKS)), SEASON, Setting(kind=Kind.COUNT))
    assert not (np.abs(flat.score) > 3).any()


def test_a_share_needs_denominators() -> None:
    with pytest.raises(ValueError, match="denominators"):
        detect(days(), SEASON, Setting(kind=Kind.SHARE))


def test_thousand_series_in_seconds() -> None:
    """1,000 series x 1,000 hours; the bound is loose, for a busy machine (a tenth of it is usual)."""
    values = np.random.default_rng(0).poisson(20, (1000, 1000)).astype(float)
    hours = np.arange(1000)
    started = time.perf_counter()
    detect(values, np.stack([hours % 168, hours % 24]), Setting(kind=Kind.COUNT))
    assert time.perf_counter() - started < 8
