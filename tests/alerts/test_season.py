"""Seasons follow the wall clock, through the change of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from lapwing.alerts.season import quiet_buckets, slots, tuning
from lapwing.model.calendar import edges, from_us, to_us
from lapwing.model.grain import Grain

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize("zone", ["America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
@pytest.mark.parametrize("grain", ["hour", "15 minutes"])
def test_slots_are_the_local_time_of_week(zone: str, grain: str) -> None:
    start, end = to_us(datetime(2013, 1, 1, tzinfo=UTC)), to_us(datetime(2014, 1, 1, tzinfo=UTC))
    starts = edges(Grain.parse(grain), zone, start, end)[:-1]
    of_week, of_day = slots(starts, Grain.parse(grain), ZoneInfo(zone))
    a_day = 24 if grain == "hour" else 96
    for i in range(0, len(starts), 37):
        local = from_us(int(starts[i])).astimezone(ZoneInfo(zone))
        of_hour = local.hour if grain == "hour" else local.hour * 4 + local.minute // 15
        assert of_day[i] == of_hour
        assert of_week[i] == local.weekday() * a_day + of_hour


def test_eight_in_the_morning_stays_so_when_clocks_change() -> None:
    moments = [datetime(2013, 3, day, 8, tzinfo=NEW_YORK) for day in (3, 10, 17)]  # Sundays around 10 March
    of_week, of_day = slots(np.array([to_us(m) for m in moments]), Grain.parse("hour"), NEW_YORK)
    assert of_week.tolist() == [6 * 24 + 8] * 3
    assert of_day.tolist() == [8, 8, 8]


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
