"""The past of a feature: distances, tails, and what is forgotten."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.alerts.novelty import past as module
from lapwing.alerts.novelty.constants import CAP
from lapwing.alerts.novelty.past import Past, Tail

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 1))


def of(values: list[float]) -> Past:
    past = Past()
    for value in values:
        past.add(value)
    return past


@given(st.lists(NUMBERS, min_size=8, max_size=120), NUMBERS)
def test_fits_that_are_kept_are_the_fits(values: list[float], asked: float) -> None:
    """However often it was asked meanwhile, the answer is that of a past just made."""
    often = of(values[:7])
    for value in values[7:]:
        often.decades(value, 10)
        often.add(value)
    fresh = of(values)
    assert often.decades(asked, 10) == fresh.decades(asked, 10)
    assert often.band(5.0) == fresh.band(5.0)


@given(st.lists(NUMBERS, min_size=15, max_size=60), NUMBERS)
def test_the_mirror_of_a_past_is_as_surprised(values: list[float], asked: float) -> None:
    mirrored = of([-value for value in values])
    assert mirrored.decades(-asked, 10) == pytest.approx(of(values).decades(asked, 10), rel=1e-6, abs=1e-9)


def test_a_distance_counts_in_shares_of_the_range() -> None:
    past = of([0.0] * 50 + [100.0] * 50)
    assert past.decades(50.0, 0) == CAP
    assert past.decades(4.0, 0) == pytest.approx(2.0)
    assert past.decades(4.0, 100) == pytest.approx(1.0), "half as much after as many values as maturity asks for"
    assert past.decades(100.0, 0) == 0.0


def test_a_tail_tells_decades_of_probability() -> None:
    values = np.random.default_rng(1).exponential(1.0, 50_000)
    outwards = np.sort(values)[-1001:].tolist()
    tail = Tail.fitted(outwards, 0.0)
    assert tail.shape < 0.15
    beyond = -np.log10(0.02) + tail.decades(float(-np.log(1e-5)))
    assert beyond == pytest.approx(5.0, abs=0.5)


def test_a_heavy_tail_is_less_surprised() -> None:
    random = np.random.default_rng(1)
    light, heavy = np.sort(random.exponential(1.0, 50_000)), np.sort(random.pareto(3.0, 50_000))
    light_tail, heavy_tail = (Tail.fitted(values[-1001:].tolist(), 0.0) for values in (light, heavy))
    assert heavy_tail.shape > 0.2 > light_tail.shape
    far = [tail.decades(tail.edge + 10 * tail.excess) for tail in (light_tail, heavy_tail)]
    assert far[1] < far[0]


def test_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HISTORY", 20)
    past = of([1000.0, *[float(at % 7) for at in range(19)]])
    assert past.decades(1000.0, 0) < 3
    past.add(3.0)
    assert past.count == 21
    assert past.decades(1000.0, 0) == CAP
    assert past.least == 0.0
    assert past.median == 3.0
