"""How much happens when: the rates of a day's hours, by country, from the clock and the calendar of the people there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from simulator.world import COUNTRIES, Floats, World

HOURS = 24
_AWAKE = np.array(
    [
        (0.50, 0.34, 0.24, 0.19, 0.18, 0.24, 0.42, 0.68, 0.88, 0.96, 1.00, 1.05),  # from midnight
        (1.12, 1.10, 1.04, 1.02, 1.06, 1.14, 1.26, 1.42, 1.56, 1.52, 1.22, 0.82),  # from noon
    ]
).ravel()
_WEEK = np.array([0.98, 1.00, 1.01, 1.02, 0.99, 1.03, 1.08])  # Monday first
_YEARLY_GROWTH = 0.25
_BEGAN = date(2026, 1, 1)


def hourly(day: date) -> Floats:
    """The traffic of each country (row) in each hour of a UTC day (column), about 1 on average."""
    shape = np.empty((len(COUNTRIES), HOURS))
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    for row, (zone, _, _) in enumerate(COUNTRIES.values()):
        for hour in range(HOURS):
            local = (midnight + timedelta(hours=hour)).astimezone(ZoneInfo(zone))
            now, minutes = local.hour, local.minute / 60
            awake = (1 - minutes) * _AWAKE[now] + minutes * _AWAKE[(now + 1) % HOURS]
            shape[row, hour] = awake * _WEEK[local.weekday()]
    shape /= _AWAKE.mean() * _WEEK.mean()
    return shape * (1 + _YEARLY_GROWTH) ** ((day - _BEGAN).days / 365)


def running(world: World, day: date) -> Floats:
    """1 for each campaign that runs on a day, else 0."""
    number = day.timetuple().tm_yday
    plain = (world.first <= number) & (number <= world.last)
    over_new_year = (world.first > world.last) & ((number >= world.first) | (number <= world.last))
    return (plain | over_new_year).astype(float)


def rates(world: World, day: date) -> Floats:
    """The requests of each cell (row) in each hour of a UTC day (column), as shares of an average day's."""
    return (world.share * running(world, day)[world.campaign])[:, None] * hourly(day)[world.country] / HOURS
