from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.alerts.chance import Floats
from lapwing.alerts.early.outlook import seasons
from lapwing.alerts.early.pacing import Pace, Periods, pace
from lapwing.alerts.early.words import pacing_says
from lapwing.model.calendar import edges, to_us
from lapwing.model.dataset import Shown
from lapwing.model.goal import Aim, Goal
from lapwing.model.grain import Grain

DAY, MONTH = Grain.parse("day"), Grain.parse("month")
ZONE = "America/New_York"
DAYS = 365
FIRST = to_us(datetime(2025, 1, 1, tzinfo=ZoneInfo(ZONE)))
STARTS = edges(DAY, ZONE, FIRST, FIRST + (DAYS + 40) * 86_400_000_000)[: DAYS + 31]
BORDERS = edges(MONTH, ZONE, FIRST, int(STARTS[-1]) + 1)
PERIODS = Periods.of(STARTS, BORDERS)
SLOTS = seasons(STARTS, DAY, ZoneInfo(ZONE))


def made(seed: int, series: int, noise: float = 0.05) -> Floats:
    """Money by day: weeks, some growth, noise."""
    random = np.random.default_rng(seed)
    week = np.exp(0.2 * random.standard_normal((series, 7)))[:, SLOTS[0, :DAYS]]
    grown = np.exp(np.cumsum(0.01 * random.standard_normal((series, DAYS)), axis=1))
    amounts: Floats = 1000 * week * grown * np.exp(noise * random.standard_normal((series, DAYS)))
    return amounts


def paced(amount: Floats, low: Floats | float, high: Floats | float = np.inf) -> Pace:
    bounds = np.broadcast_to(np.asarray(low), amount.shape), np.broadcast_to(np.asarray(high), amount.shape)
    return pace(amount, None, SLOTS, PERIODS.first(DAYS), bounds)


def totals(amount: Floats) -> Floats:
    """Of each bucket's month."""
    number = PERIODS.number[:DAYS]
    return np.stack([amount[:, number == one].sum(axis=1) for one in number], axis=1)


def test_of_misses_said_to_be_likely_by_four_fifths_about_so_many_come() -> None:
    """Goals are about what the month before came to: a miss is anything from sure to out of the question."""
    amount = made(1, 150)
    total = totals(amount)
    factor = np.exp(0.08 * np.random.default_rng(2).standard_normal((150, 13)))[:, PERIODS.number[:DAYS]]
    months = PERIODS.number[:DAYS]
    before = np.stack([amount[:, months == max(one - 1, 0)].mean(axis=1) * (months == one).sum() for one in months], 1)
    goal = before * factor
    found = paced(amount, goal)
    missed = total < goal
    asked = np.isfinite(found.miss) & (PERIODS.left[:DAYS] > 2) & (np.arange(DAYS) > 120)
    for low, high in ((0.1, 0.3), (0.4, 0.6), (0.7, 0.9)):
        chosen = asked & (found.miss >= low) & (found.miss < high)
        assert chosen.sum() > 300
        assert missed[chosen].mean() == pytest.approx((low + high) / 2, abs=0.17)
    assert missed[asked & (found.miss > 0.95)].mean() > 0.9
    assert missed[asked & (found.miss < 0.05)].mean() < 0.1


def test_eight_of_ten_ends_lie_within_the_interval() -> None:
    amount = made(3, 150)
    found = paced(amount, 0.0)
    total = totals(amount)
    asked = np.isfinite(found.low) & (PERIODS.left[:DAYS] > 0) & (np.arange(DAYS) > 120) & (PERIODS.number[:DAYS] < 12)
    assert 0.75 < ((total >= found.low) & (total <= found.high))[asked].mean() < 0.97


def test_at_the_end_of_a_period_all_is_known() -> None:
    amount = made(4, 3)
    total = totals(amount)
    found = paced(amount, total * 1.01)
    over = PERIODS.left[:DAYS] == 0
    over[:28] = False
    np.testing.assert_allclose(found.projected[:, over], total[:, over])
    np.testing.assert_allclose(found.low[:, over], found.high[:, over])
    assert (found.miss[:, over] == 1).all()
    assert (paced(amount, total).miss[:, over] == 0).all()


def test_a_budget_that_is_spent_is_missed_for_sure() -> None:
    amount = made(5, 2)
    found = paced(amount, -np.inf, 15_000.0)
    spent = (found.so_far > 15_000) & (np.arange(DAYS) >= 28)
    assert spent.any()
    assert (found.miss[spent] == 1).all()


def test_it_knows_only_the_past() -> None:
    amount = made(6, 2)
    changed = amount.copy()
    changed[:, 200:] *= 3
    for name in ("so_far", "projected", "low", "high", "miss"):
        one, other = (getattr(paced(values, 30_000.0), name)[:, :200] for values in (amount, changed))
        np.testing.assert_array_equal(one, other)


def test_a_ratio_is_weighed_by_what_is_to_come() -> None:
    random = np.random.default_rng(7)
    asked = made(7, 4)
    shown = asked * 0.7 * np.exp(0.02 * random.standard_normal(asked.shape))
    bounds = np.full((4, DAYS), 0.68), np.full((4, DAYS), np.inf)
    found = pace(shown, asked, SLOTS, PERIODS.first(DAYS), bounds)
    late = (PERIODS.left[:DAYS] < 15) & (np.arange(DAYS) > 60)
    np.testing.assert_allclose(found.projected[:, late], 0.7, atol=0.03)
    assert found.miss[:, late].max() < 0.3


@settings(max_examples=30)
@given(st.data())
def test_whatever_comes_a_probability_is_one(data: st.DataObject) -> None:
    number = st.one_of(st.floats(-1e9, 1e9), st.just(0.0), st.just(float("nan")))
    few = data.draw(st.lists(number, min_size=40, max_size=120))
    amount = np.resize(np.array(few), (1, DAYS))
    low = data.draw(st.floats(-1e9, 1e9))
    high = low + data.draw(st.floats(0, 1e9))
    found = paced(amount, low, high)
    known = np.isfinite(found.miss)
    assert ((found.miss[known] >= 0) & (found.miss[known] <= 1)).all()
    drawn = np.isfinite(found.low)
    assert (found.low[drawn] <= found.high[drawn]).all()


def test_a_month_ends_where_the_zone_says() -> None:
    assert PERIODS.left[0] == 30
    assert PERIODS.place[31] == 0


def test_a_course_never_goes_below_what_is_in() -> None:
    amount = made(4, 1, noise=0.6)
    found = paced(amount, 0.0, 1.0)
    at = 300
    left, number = int(PERIODS.left[at]), PERIODS.number[:DAYS]
    done = float(amount[0, : at + 1][number[: at + 1] == number[at]].sum())
    _, low, high = found.path(0, at, left, done, 1.0)
    assert left > 0
    assert (low >= done).all()
    assert (high > low).all()


def test_only_what_is_beyond_a_budget_is_in_already() -> None:
    def says(aim: Aim, *, spent: bool, projected: float = 50.0) -> str:
        goal = Goal(name="g", dataset="d", metric="d.m", period=MONTH, aim=aim, amounts=((0, 100.0),), tolerance=0.0)
        shown = Shown(label="M")
        return pacing_says(
            goal, shown, "opened", projected, (40.0, 60.0), 1.0, 100.0, over=False, so_far=120.0, spent=spent
        )

    assert says(Aim.AT_MOST, spent=True) == (
        "The goal is at most 100, and 120 are in already; the month will come to about 50."
    )
    too_early = says(Aim.AT_MOST, spent=True, projected=math.nan)
    assert too_early == "The goal is at most 100, and 120 are in already.", "nothing can be projected yet"
    assert says(Aim.AT_LEAST, spent=False) == (
        "The month will come to about 50 (40 to 60), the goal is at least 100: 99% likely to be missed."
    )
