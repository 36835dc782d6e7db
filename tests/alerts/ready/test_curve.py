"""Arrival curves: what was seen of buckets at which age, and what is learned of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.alerts.ready.arrivals import Arrivals, unpack
from lapwing.alerts.ready.constants import DAY, HOUR, LEAST, LONGEST, MINUTE
from lapwing.alerts.ready.curve import learn, length


def seen(hours: int, share: Callable[[np.ndarray], np.ndarray], step: int = 15 * MINUTE, seed: int = 1) -> Arrivals:
    """A feed of hours looked at every `step`: `share(age)` of each bucket is there at an age."""
    total = np.random.default_rng(seed).poisson(1000, hours).astype(float)
    out = Arrivals.none(HOUR)
    for now in range(9 * DAY, hours * HOUR, step):
        ends = np.arange(now - 9 * DAY + HOUR, now + 2 * HOUR, HOUR) // HOUR * HOUR
        ends = ends[(ends > 0) & (ends <= hours * HOUR)]
        out = out.noted(now, ends, np.round(total[ends // HOUR - 1] * share(now - ends)))
    return out


def by_steps(age: np.ndarray) -> np.ndarray:
    """Half at the end of the hour, all after three."""
    return np.where(age < 0, 0.0, np.minimum(1.0, 0.5 + 0.5 * np.floor(age / HOUR) / 3))


def test_what_arrives_in_steps_is_learned() -> None:
    curve = learn(seen(24 * 14, by_steps))
    assert curve is not None
    assert (curve.complete_after, curve.says()) == (3 * HOUR, "usually 99% after 3 h")
    young = curve.at(90 * MINUTE)
    assert young is not None
    assert young.middle == pytest.approx(0.667, abs=0.01)
    assert young.low <= young.middle <= young.high
    assert curve.at(30 * DAY) == curve.at(31 * DAY)
    before = curve.at(-30 * MINUTE)
    assert before is not None
    assert before.high == 0.0


def test_what_is_there_at_once_is_complete_at_once() -> None:
    curve = learn(seen(24 * 12, lambda age: np.where(age < 0, 0.0, 1.0), step=HOUR))
    assert curve is not None
    assert (curve.complete_after, curve.says()) == (0, "usually complete at its end")


def test_a_long_tail_is_not_waited_for() -> None:
    curve = learn(seen(24 * 21, lambda age: np.where(age < 0, 0.0, np.minimum(1.0, 0.9 + 0.1 * age / (4 * DAY))), HOUR))
    assert curve is not None
    assert curve.complete_after == LONGEST


def test_little_is_nothing() -> None:
    assert learn(Arrivals.none(HOUR)) is None
    few = Arrivals.none(HOUR).noted(DAY, np.array([DAY - HOUR]), np.array([5.0]))
    assert learn(few) is None
    assert LEAST > 1


def test_what_nobody_looked_at_young_is_not_said_to_be_complete() -> None:
    """A store that was built once over years of data."""
    old = Arrivals.none(DAY).noted(400 * DAY, np.arange(360, 400) * DAY, np.full(40, 100.0))
    for hour in range(1, 12):
        old = old.waited(400 * DAY + hour * HOUR, np.zeros(0, np.int64))
    curve = learn(old)
    assert curve is None or curve.complete_after is None


def test_a_gap_between_looks_says_nothing() -> None:
    ends = np.array([10 * DAY])
    away = Arrivals.none(HOUR).noted(10 * DAY - HOUR, ends, np.zeros(1)).noted(12 * DAY, ends, np.array([7.0]))
    assert not np.isfinite(away.held[0, (away.ages > 0) & (away.ages < 2 * DAY)]).any()
    assert away.last[0] == 7.0


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(0, 50)), min_size=1, max_size=12))
def test_held_is_what_the_last_look_before_saw(looks: list[tuple[int, int]]) -> None:
    end, now, rows = 20 * DAY, 20 * DAY - 30 * MINUTE, 0
    arrivals, true = Arrivals.none(HOUR), []
    for wait, more in looks:
        now, rows = now + wait * MINUTE, rows + more
        arrivals = arrivals.noted(now, np.array([end]), np.array([float(rows)]))
        true.append((now, rows))
    for age, held in zip(arrivals.ages.tolist(), arrivals.held[0].tolist(), strict=True):
        before = [count for at, count in true if at <= end + age]
        assert not np.isfinite(held) or held == before[-1]
        if true[0][0] <= end + age <= true[-1][0]:
            assert np.isfinite(held)  # no gap is longer than what is bridged
    again = unpack(arrivals.pack())
    assert np.array_equal(again.held, arrivals.held, equal_nan=True)
    assert (again.looked, again.length) == (arrivals.looked, arrivals.length)


def test_lengths() -> None:
    assert [length(one) for one in (20 * MINUTE, 3 * HOUR, 2 * DAY)] == ["20 min", "3 h", "2 days"]
