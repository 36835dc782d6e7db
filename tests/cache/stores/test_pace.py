"""The rate that a server asks for: heeded, bounded, and forgotten when it no longer speaks of it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.cache.stores.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_without_a_word_from_the_server_nothing_waits() -> None:
    pace = Pace(Clock())
    pace.refused()
    assert {pace.delay() for _ in range(1000)} == {0.0}
    assert pace.rate is None


def test_requests_come_at_the_rate_asked_for() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.told(1.0, 10)
    begins = [clock.now + pace.delay() for _ in range(50)]
    assert begins[0] == clock.now
    assert [b - a for a, b in itertools.pairwise(begins)] == pytest.approx([0.1] * 49)


def test_the_rate_changes_once_a_period() -> None:
    clock = Clock()
    pace = Pace(clock)
    for _ in range(5):
        pace.told(0.8, 10)
    assert pace.rate == pytest.approx(8)
    clock.now += 10
    pace.told(1.25, 10)
    assert pace.rate == pytest.approx(10)


def test_a_refusal_slows_down() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.told(1, 1)
    clock.now += 1
    pace.refused()
    pace.refused()
    assert pace.rate == pytest.approx(7)


def test_after_five_quiet_minutes_there_is_no_rate_and_then_it_begins_anew() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.told(0.7, 1)
    clock.now += 300
    assert (pace.rate, pace.delay()) == (None, 0.0)
    pace.told(1, 1)
    assert pace.rate == 10


@given(st.lists(st.tuples(st.floats(0, 1e9), st.floats(0, 100)), max_size=80))
def test_whatever_is_asked_the_rate_stays_in_its_bounds(asked: list[tuple[float, float]]) -> None:
    clock = Clock()
    pace = Pace(clock)
    before = 10.0
    for factor, later in asked:
        clock.now += later
        pace.told(factor, 1)
        assert pace.rate is not None
        assert 0.1 <= pace.rate <= 100_000
        if later < 300:
            assert 0.69 <= pace.rate / before <= 1.31 or pace.rate in (0.1, 100_000)
        before = pace.rate
