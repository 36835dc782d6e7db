"""Evidence over a few buckets: what builds up counts, what moves together anyway does not."""

from __future__ import annotations

import numpy as np

from lapwing.alerts.chance import Floats
from lapwing.alerts.evidence import gathered


def autoregressive(rho: float, seed: int = 1) -> Floats:
    random = np.random.default_rng(seed)
    noise = random.normal(size=(10, 20_000))
    for t in range(1, noise.shape[1]):
        noise[:, t] = rho * noise[:, t - 1] + np.sqrt(1 - rho * rho) * noise[:, t]
    return noise


def test_what_builds_up_is_evidence() -> None:
    score = np.array([[0.0] * 20 + [3.5, 3.5, 3.5]])
    assert 5 < gathered(score)[0, -1] < 3.5 * np.sqrt(3) + 1e-9
    assert gathered(score)[0, 20] < 4


def test_gathering_is_honest_about_neighbours_that_move_together() -> None:
    for rho in (0.0, 0.5, 0.9):
        assert (np.abs(gathered(autoregressive(rho))) > 4).mean() < 4e-4


def test_gathering_is_causal() -> None:
    score = np.random.default_rng(0).normal(size=(2, 200))
    score[:, 50:60] = np.nan
    np.testing.assert_array_equal(gathered(score)[:, :120], gathered(score[:, :120]))


def test_one_loud_bucket_is_its_own_evidence() -> None:
    score = np.array([[0.0, 0.0, 8.0, 0.0, np.nan]])
    found = gathered(score)
    assert found[0, 2] == 8
    assert np.isnan(found[0, 4])
