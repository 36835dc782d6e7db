from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from lapwing.alerts.early.outlook import outlook, seasons
from lapwing.model.calendar import edges, to_us
from lapwing.model.grain import Grain

DAY, HOUR = Grain.parse("day"), Grain.parse("hour")
FIRST = to_us(datetime(2025, 1, 6, tzinfo=UTC))
DAYS = edges(DAY, "UTC", FIRST, FIRST + 200 * 86_400_000_000)[:200]


def test_the_last_days_of_a_month_are_slots_of_their_own() -> None:
    starts = edges(DAY, "UTC", to_us(datetime(2024, 2, 1, tzinfo=UTC)), to_us(datetime(2024, 3, 2, tzinfo=UTC)))[:-1]
    of_month = seasons(starts, DAY, ZoneInfo("UTC"))[1]
    assert of_month[[0, 1, 25, 26, 27, 28, 29]].tolist() == [0, 1, 25, 34, 33, 32, 0]


def test_hours_are_those_on_the_wall() -> None:
    """The night of 9 March 2025 in New York has no hour two."""
    first = to_us(datetime(2025, 3, 9, 5, tzinfo=UTC))
    starts = edges(HOUR, "America/New_York", first, first + 4 * 3_600_000_000)[:-1]
    assert seasons(starts, HOUR, ZoneInfo("America/New_York"))[0].tolist() == [0, 1, 3, 4]


def test_a_week_that_repeats_is_foreseen() -> None:
    week = np.array([10.0, 11, 12, 11, 10, 4, 0])
    values = np.tile(week, 29)[None, :193]
    found = outlook(values, seasons(DAYS, DAY, ZoneInfo("UTC")), 7)
    np.testing.assert_allclose(
        found[0, 190], np.tile(week, 30)[191:198], rtol=0.05, atol=2
    )  # a day of the month saw both


def test_a_trend_goes_on_and_dies_away() -> None:
    values = np.linspace(100, 300, 180)[None]
    slots = seasons(DAYS, DAY, ZoneInfo("UTC"))
    level, trend = (outlook(values, slots, 20, damping=damping)[0, -1] for damping in (0.0, 0.95))
    assert level[0] < 299
    assert 298 < trend[0] < 310
    assert 310 < trend[-1] < 330


def test_an_odd_day_teaches_little_and_a_gap_nothing() -> None:
    values = np.full((2, 180), 100.0)
    values[0, 150] = 1e6
    values[1, 150:160] = np.nan
    found = outlook(values, seasons(DAYS, DAY, ZoneInfo("UTC")), 5)
    np.testing.assert_allclose(found[:, 165:], 100, rtol=0.02)
