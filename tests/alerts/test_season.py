"""Seasons: slots of the week, and the changes of clocks that move them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from lapwing.alerts.online.clocks import Clocks
from lapwing.alerts.season import clocks, quiet_buckets, slots, tuning
from lapwing.model.calendar import edges, from_us, to_us
from lapwing.model.grain import Grain

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize("grain", ["hour", "15 minutes"])
def test_slots_are_the_time_of_week(grain: str) -> None:
    start, end = to_us(datetime(2013, 1, 1, tzinfo=UTC)), to_us(datetime(2014, 1, 1, tzinfo=UTC))
    starts = edges(Grain.parse(grain), "America/New_York", start, end)[:-1]
    of_week, of_day = slots(starts, Grain.parse(grain), NEW_YORK)
    a_day = 24 if grain == "hour" else 96
    for i in range(0, len(starts), 37):
        at = from_us(int(starts[i]))
        of_hour = at.hour if grain == "hour" else at.hour * 4 + at.minute // 15
        assert of_day[i] == of_hour
        assert of_week[i] == at.weekday() * a_day + of_hour


def test_where_an_hour_is_no_slot_eight_in_the_morning_stays_so_when_clocks_change() -> None:
    moments = [datetime(2013, 3, day, 8, tzinfo=NEW_YORK) for day in (3, 10, 17)]  # Sundays around 10 March
    starts = np.array([to_us(m) for m in moments])
    of_week, of_day = slots(starts, Grain.parse("2 hours"), NEW_YORK)
    assert of_week.tolist() == [6 * 12 + 4] * 3
    assert of_day.tolist() == [4, 4, 4]
    assert clocks(starts, Grain.parse("2 hours"), NEW_YORK) is None


def _year(zone: str, grain: str) -> tuple[np.ndarray, Clocks | None]:
    start, end = (to_us(datetime(year, 1, 1, tzinfo=UTC)) for year in (2026, 2027))
    starts = edges(Grain.parse(grain), zone, start, end)[:-1]
    return starts, clocks(starts, Grain.parse(grain), ZoneInfo(zone))


@pytest.mark.parametrize("grain", ["hour", "15 minutes"])
def test_changes_of_clocks_are_those_of_the_zone_and_of_others(grain: str) -> None:
    starts, found = _year("America/New_York", grain)
    assert found is not None
    begins = np.flatnonzero(found.begins)
    assert [f"{from_us(int(at)):%m-%d %H}" for at in starts[begins]] == [
        *("03-08 07", "03-29 01", "04-04 16", "10-03 16", "10-25 01", "11-01 06"),
    ]
    a_hour = 1 if grain == "hour" else 4
    assert (found.shift[begins] * np.array([1, 1, -1, 1, -1, -1]) == a_hour).all()
    assert found.home[begins].tolist() == [1, 0, 0, 0, 0, 1]
    assert (np.flatnonzero(found.ends) - begins + 1 == 72 * a_hour).all()
    assert np.count_nonzero(found.shift) == 6 * 72 * a_hour


def test_a_zone_near_one_that_is_known_has_no_change_twice() -> None:
    _, chicago = _year("America/Chicago", "hour")
    _, utc = _year("UTC", "hour")
    assert chicago is not None
    assert utc is not None
    assert (chicago.begins.sum(), utc.begins.sum(), utc.home.sum()) == (6, 6, 0)


@pytest.mark.parametrize("cut", [100, 1579, 1600, 1640, 2080, 2100, 7300])
def test_changes_are_the_same_in_any_part_of_the_time(cut: int) -> None:
    starts, whole = _year("America/New_York", "hour")
    assert whole is not None
    for part in (slice(0, cut), slice(cut, None)):
        found = clocks(starts[part], Grain.parse("hour"), NEW_YORK)
        for name in ("shift", "home", "begins", "ends"):
            expected = getattr(whole, name)[part]
            np.testing.assert_array_equal(expected if found is None else getattr(found, name), expected)
            assert found is not None or not expected.any()


def test_days_and_longer() -> None:
    start, end = to_us(datetime(2013, 3, 1, tzinfo=NEW_YORK)), to_us(datetime(2013, 3, 20, tzinfo=NEW_YORK))
    starts = edges(Grain.parse("day"), "America/New_York", start, end)[:-1]
    assert slots(starts, Grain.parse("day"), NEW_YORK)[0].tolist() == [(4 + i) % 7 for i in range(19)]  # a Friday first
    assert slots(starts[:3], Grain.parse("month"), NEW_YORK).tolist() == [[0, 0, 0]]
    assert slots(starts[:0], Grain.parse("day"), NEW_YORK).shape == (2, 0)


def test_memory_and_hysteresis_follow_the_grain() -> None:
    assert quiet_buckets(Grain.parse("hour")) == 6
    assert quiet_buckets(Grain.parse("15 minutes")) == 24
    assert quiet_buckets(Grain.parse("day")) == 2
    assert tuning(Grain.parse("hour")).level == 168
