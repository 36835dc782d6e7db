from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from lapwing.alerts.chance import Floats
from lapwing.alerts.early.drift import drift
from lapwing.alerts.early.outlook import seasons
from lapwing.model.calendar import edges, to_us
from lapwing.model.grain import Grain

FIRST = to_us(datetime(2025, 1, 6, tzinfo=UTC))
SLOTS = seasons(
    edges(Grain.parse("day"), "UTC", FIRST, FIRST + 300 * 86_400_000_000)[:300], Grain.parse("day"), ZoneInfo("UTC")
)
BEGUN = 150


def values(seed: int, rate: float, noise: float = 0.02, series: int = 20) -> Floats:
    random = np.random.default_rng(seed)
    week = np.exp(0.2 * random.standard_normal((series, 7)))[:, SLOTS[0, :200]]
    slid = (1 + rate) ** np.maximum(np.arange(200) - BEGUN + 1, 0)
    made: Floats = 1000 * week * slid * np.exp(noise * random.standard_normal((series, 200)))
    return made


@pytest.mark.parametrize(("rate", "direction"), [(-0.01, -1), (0.01, 1)])
def test_a_percent_a_day_is_found_within_about_a_week(rate: float, direction: int) -> None:
    found = drift(values(1, rate), SLOTS, direction).found[:, BEGUN:]
    days = np.where((found == 1).any(axis=1), np.argmax(found == 1, axis=1), 99)
    assert np.median(days) <= 9
    assert (days < 20).mean() > 0.9


def test_no_drift_is_quiet_and_the_other_way_is_not_told() -> None:
    quiet = drift(values(2, 0.0), SLOTS).found
    assert (np.nan_to_num(quiet).max(axis=1) == 0).mean() >= 0.8
    assert np.nansum(drift(values(1, -0.01), SLOTS, direction=1).found[:, BEGUN : BEGUN + 20]) == 0


def test_shares_drift_as_counts_do() -> None:
    one, other = (drift(values(3, -0.015) * factor, SLOTS).found[:, BEGUN:] for factor in (1.0, 1e-4))
    np.testing.assert_array_equal(np.nan_to_num(one), np.nan_to_num(other))
