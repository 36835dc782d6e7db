from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from lapwing.alerts.early.crossing import crossing
from lapwing.alerts.early.outlook import seasons
from lapwing.model.calendar import edges, to_us
from lapwing.model.grain import Grain

FIRST = to_us(datetime(2025, 1, 6, tzinfo=UTC))
SLOTS = seasons(
    edges(Grain.parse("day"), "UTC", FIRST, FIRST + 300 * 86_400_000_000)[:300], Grain.parse("day"), ZoneInfo("UTC")
)


def test_growth_towards_a_limit_is_told_days_before() -> None:
    random = np.random.default_rng(3)
    values = (np.linspace(50, 250, 200) * np.exp(0.01 * random.standard_normal(200)))[None]
    found = crossing(values, SLOTS, 200.0, above=True, ahead=14)
    crossed = int(np.argmax(values[0] > 200))
    first = int(np.argmax(found.chance[0] > 0.85))
    assert 2 <= crossed - first <= 14
    assert abs(found.away[0, first] - (crossed - first)) <= 6
    assert found.away[0, crossed] == 0
    assert found.chance[0, crossed] == 1


def test_a_level_far_below_a_limit_is_quiet() -> None:
    random = np.random.default_rng(4)
    values = 100 * np.exp(0.05 * random.standard_normal((20, 200)))
    found = crossing(values, SLOTS, 140.0, above=True, ahead=7)
    assert np.nanmax(found.chance) < 0.5
    below = crossing(values, SLOTS, 60.0, above=False, ahead=7)
    assert np.nanmax(below.chance) < 0.5
