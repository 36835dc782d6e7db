"""Outlooks know the calendar: a holiday that was seen before is expected, and none teaches a level."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from tests.alerts.early.test_outlook import DAY

from lapwing.alerts.chance import Floats
from lapwing.alerts.early.crossing import crossing
from lapwing.alerts.early.drift import drift
from lapwing.alerts.early.holidays import Known, known_beforehand
from lapwing.alerts.early.outlook import outlook, seasons
from lapwing.alerts.early.pacing import Periods, pace
from lapwing.model.calendar import edges, to_us
from lapwing.model.events import Event, EventKind, HolidayCalendar
from lapwing.model.grain import Grain
from lapwing.model.load import load

ZONE = "America/New_York"
FLIGHTS = load(Path(__file__).parents[3] / "examples" / "flights")
PROJECT = replace(FLIGHTS, calendar=HolidayCalendar(country="US", before=0, after=0), events=())
FIRST = to_us(datetime(2024, 1, 1, 5, tzinfo=UTC))
BORDERS = edges(DAY, ZONE, FIRST, FIRST + 760 * 86_400_000_000)
DAYS = len(BORDERS) - 1
SLOTS = seasons(BORDERS[:-1], DAY, ZoneInfo(ZONE))
THANKSGIVING = 696
"""27 November 2025."""


def known() -> Known:
    found = known_beforehand(BORDERS, DAY, PROJECT, ())
    assert found is not None
    return found


def values(seed: int = 1, far: float = 0.4) -> Floats:
    """A thousand a day, holidays at so much of it."""
    random = np.random.default_rng(seed)
    usual = 1000 * np.exp(0.03 * random.standard_normal(DAYS))
    return np.where(known().held, far * usual, usual)[None]


def test_a_holiday_seen_before_is_expected_and_its_neighbours_are_not_dragged_down() -> None:
    assert datetime.fromtimestamp(BORDERS[THANKSGIVING] / 1e6, ZoneInfo(ZONE)).date().isoformat() == "2025-11-27"
    found = outlook(values(), SLOTS, 7, known=known())[0]
    assert 350 < found[THANKSGIVING - 3, 2] < 600
    assert 900 < found[THANKSGIVING - 3, 3] < 1100
    assert 900 < found[THANKSGIVING, 0] < 1100, "after it, the level is what it was"
    plain = outlook(values(), SLOTS, 7)[0]
    assert plain[THANKSGIVING - 3, 2] > 800, "who does not know the calendar expects a day like all others"


def test_a_holiday_is_no_news_for_a_goal_that_knows_of_it() -> None:
    """The goal of December 2025 is what such a month comes to, holidays in it, less a little."""
    amount = values()
    months = edges(Grain.parse("month"), ZONE, int(BORDERS[0]), int(BORDERS[-1]))
    periods = Periods.of(BORDERS[:-1], months)
    december = periods.number == int(periods.number[THANKSGIVING]) + 1
    goal = 0.99 * float(amount[0, december].sum())
    bounds = (np.full(DAYS, goal), np.full(DAYS, np.inf))
    found = [pace(amount, None, SLOTS, periods, bounds, known=one).miss[0, december] for one in (known(), None)]
    christmas = int(np.flatnonzero(known().held[:DAYS][december])[0])
    assert found[0][christmas : christmas + 3].max() < 0.15
    assert found[1][christmas : christmas + 3].min() > 0.25, "without a calendar, Christmas looks like trouble"


def test_a_known_closing_down_is_projected() -> None:
    """What the calendar takes away is in the projection before it comes."""
    amount = values(far=0.1)
    months = edges(Grain.parse("month"), ZONE, int(BORDERS[0]), int(BORDERS[-1]))
    periods = Periods.of(BORDERS[:-1], months)
    bounds = (
        np.full(DAYS, 29_500.0),
        np.full(DAYS, np.inf),
    )  # 30 days of November 2025 less two holidays come to 28,200
    found = pace(amount, None, SLOTS, periods, bounds, known=known())
    assert found.miss[0, THANKSGIVING - 5] > 0.8


def test_neither_a_limit_nor_a_drift_takes_a_holiday_for_trouble() -> None:
    fallen = crossing(values(far=0.85), SLOTS[:, :DAYS], 750.0, above=False, ahead=7, known=known())
    assert np.nanmax(fallen.chance[0, 400:-7]) < 0.85
    random = np.random.default_rng(3)
    busy = (1000 * np.exp(0.03 * random.standard_normal(DAYS)))[None]
    far = busy.copy()
    far[0, known().held] *= 0.2
    found = drift(far, SLOTS, known=known())
    np.testing.assert_allclose(
        found.found[0, 60:], np.where(known().held[60:], np.nan, drift(busy, SLOTS, known=known()).found[0, 60:])
    )


def test_own_events_act_in_their_slice_only() -> None:
    sale = Event(
        name="Sale",
        start=datetime(2025, 5, 5, tzinfo=ZoneInfo(ZONE)),
        end=datetime(2025, 5, 8, tzinfo=ZoneInfo(ZONE)),
        kind=EventKind.EXPECTED,
        slice=(("origin", "EWR"),),
    )
    project = replace(PROJECT, calendar=None, events=(sale,))
    here, there = (known_beforehand(BORDERS, DAY, project, (("origin", where),)) for where in ("EWR", "JFK"))
    assert here is not None
    assert there is not None
    assert int(here.held.sum()) == 3 + int(there.held.sum())


def test_the_past_does_not_depend_on_what_comes() -> None:
    whole = outlook(values(), SLOTS, 3, known=known())
    part = outlook(values()[:, :500], SLOTS[:, :503], 3, known=known())
    np.testing.assert_array_equal(whole[:, :500], part)
