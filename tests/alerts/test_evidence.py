"""Evidence: causal, calibrated by each series' own past, and early where something builds up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.alerts.chance import Floats
from lapwing.alerts.evidence import Gathering, evidence

DAYS = Gathering((1, 2, 3, 5, 7, 14))
T = 600


def normal(series: int = 200, seed: int = 0, together: float = 0.0) -> Floats:
    """Standard normal scores; neighbours have that much in common."""
    random = np.random.default_rng(seed)
    out = random.standard_normal((series, T))
    for at in range(1, T):
        out[:, at] = together * out[:, at - 1] + np.sqrt(1 - together**2) * out[:, at]
    return out


@settings(max_examples=30)
@given(seed=st.integers(0, 1000), cut=st.integers(1, 99))
def test_never_looks_ahead(seed: int, cut: int) -> None:
    score = np.random.default_rng(seed).standard_t(2, (3, 100))
    score[np.random.default_rng(seed + 1).random(score.shape) < 0.1] = np.nan
    np.testing.assert_array_equal(evidence(score[:, :cut], DAYS), evidence(score, DAYS)[:, :cut])


def test_what_is_not_judged_has_no_evidence() -> None:
    score = normal(3)
    score[:, 100:120] = np.nan
    found = evidence(score, DAYS)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(score))


@pytest.mark.parametrize(("together", "most"), [(0.0, 5e-4), (0.6, 3e-3)])
def test_scores_that_behave_seldom_pass(together: float, most: float) -> None:
    """About the chance of a normal score; of series whose neighbours move together hardly more often, for their evidence
    comes in runs."""
    found = np.abs(evidence(normal(together=together), DAYS))
    assert (found > 3.5).mean() < most


def test_a_heavy_tail_is_learned() -> None:
    """Of Cauchy scores one in fifty is beyond sixteen; after a while they are no news, and a far larger one is."""
    score = np.random.default_rng(0).standard_cauchy((100, 4 * T))
    score[:, -1] = 1e9
    found = np.abs(evidence(score, DAYS))
    assert (np.abs(score[:, T:-1]) > 3.5).mean() > 0.15
    assert (found[:, T:-1] > 3.5).mean() < 0.01
    assert (found[:, -1] > 3.5).all()


def test_one_incident_is_no_tail() -> None:
    """A week far beyond, once, hardly changes what the same is worth later."""
    score = normal(50)
    score[:, 400] = 6.0
    fresh = evidence(score, DAYS)[:, 400]
    score[:, 200:207] = 8.0
    assert np.median(evidence(score, DAYS)[:, 400]) > 0.8 * np.median(fresh)


def test_what_builds_up_is_seen_before_any_one_bucket_is_far_out() -> None:
    score = normal()
    score[:, 300:314] += 1.7
    found = evidence(score, DAYS)
    assert np.median(found[:, 304:314].max(1)) > 3.5
    assert (np.abs(score[:, 300:314]) < 3.5).mean() > 0.9


def test_buckets_alone_do_not_add_up() -> None:
    score = normal(20)
    score[:, 300:314] = 2.0
    alone = np.zeros(score.shape, bool)
    alone[:, 300:314] = True
    assert (evidence(score, DAYS)[:, 313] > 3.5).all()
    assert (evidence(score, DAYS, alone)[:, 300:314] < 2.5).all()


def test_mirrored() -> None:
    score = normal(5)
    np.testing.assert_allclose(evidence(-score, DAYS), -evidence(score, DAYS))


def test_nothing() -> None:
    assert evidence(np.empty((0, 10)), DAYS).shape == (0, 10)
    assert evidence(np.empty((3, 0)), DAYS).shape == (3, 0)
