"""How a budget of false alarms is divided among monitors.

Each may use as much as any other, be it of one series or of a thousand. What those of one series hardly need, for chance
alone does not go beyond their sensitivity as often, goes to those that split.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lapwing.alerts.bar import Shares
from lapwing.alerts.budget import chance_of
from lapwing.model.grain import Grain, Unit
from lapwing.model.monitor import Monitor

_ROOM = 4.0
"""How much more often than calibrated a single series is taken to go beyond its sensitivity."""
_BUCKETS_A_WEEK = {Unit.DAY: 7.0, Unit.WEEK: 1.0, Unit.MONTH: 0.23}
_WEEK_US = 604_800_000_000


def divided(budget: float, monitors: Iterable[Monitor]) -> Mapping[str, float]:
    """Alarms a week by monitor."""
    every = tuple(monitors)
    if not every:
        return {}
    equal = budget / len(every)
    split = [one for one in every if one.by or one.every is not None]
    spare = sum(max(0.0, equal - _by_chance(one)) for one in every if one not in split)
    more = spare / len(split) if split else 0.0
    return {one.name: equal + (more if one in split else 0.0) for one in every}


def extended(before: Shares, share: float, now: int) -> Shares:
    """With what holds from now on, where that differs from what held."""
    if before and abs(before[-1][1] - share) < 1e-9 * share:
        return before
    return (*before, (now, share))


def _by_chance(monitor: Monitor) -> float:
    """Alarms a week of one series by chance alone, with room."""
    return 2 * _ROOM * _buckets(monitor.grain) * chance_of(monitor.sensitivity)


def _buckets(grain: Grain) -> float:
    """In a week."""
    return _WEEK_US / grain.fixed if grain.fixed else _BUCKETS_A_WEEK.get(grain.unit, 0.1) / grain.count
