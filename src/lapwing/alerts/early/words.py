"""The sentences of warnings."""

from __future__ import annotations

import math
from collections.abc import Mapping

from lapwing.alerts.words import number, share
from lapwing.model.dataset import Shown
from lapwing.model.goal import Aim, Goal, Limit
from lapwing.model.grain import Grain

_DAY = 86_400_000_000
AIMS: Mapping[str, str] = {Aim.AT_LEAST: "at least", Aim.AT_MOST: "at most", Aim.EXACTLY: "exactly"}


def left(microseconds: int) -> str:
    """A length of time in days, or hours where there are few.

    >>> left(3 * 86_400_000_000), left(3_600_000_000)
    ('3 days', '1 hour')
    """
    count, unit = round(microseconds / _DAY), "day"
    if microseconds < 2 * _DAY:
        count, unit = round(microseconds / 3_600_000_000), "hour"
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def pacing_says(
    goal: Goal,
    shown: Shown,
    kind: str,
    projected: float,
    interval: tuple[float, float],
    miss: float,
    amount: float,
    *,
    over: bool,
    so_far: float,
    spent: bool = False,
) -> str:
    """How a goal stands, as a step of a warning tells it. `spent`: what is in is more than it allows."""
    value, low, high, wanted = (number(one, shown.format, shown.unit) for one in (projected, *interval, amount))
    aim = f"{AIMS[goal.aim]} {wanted}"
    if over:
        return f"The {goal.period} came to {value}, the goal was {aim}: {'missed' if miss > 0.5 else 'met'}."
    if kind == "resolved":
        return f"The {goal.period} will come to about {value}, the goal is {aim}: likely to be met after all."
    if spent:
        there = f"The goal is {aim}, and {number(so_far, shown.format, shown.unit)} are in already"
        return f"{there}." if math.isnan(projected) else f"{there}; the {goal.period} will come to about {value}."
    grown = "Further off: " if kind == "grew" else ""
    sure = share(min(miss, 0.99))
    about = f"{grown}The {goal.period} will come to about {value} ({low} to {high})"
    return f"{about}, the goal is {aim}: {sure} likely to be missed."


def counted(buckets: int, grain: Grain) -> str:
    """A number of buckets.

    >>> counted(1, Grain.parse("day")), counted(3, Grain.parse("hour"))
    ('1 day', '3 hours')
    """
    return f"{buckets} {grain}" if buckets == 1 else f"{buckets} {grain}s"


def limit_says(limit: Limit, shown: Shown, kind: str, values: tuple[float, float], chance: float, away: str) -> str:
    """How a limit stands; `values` are that of now and that expected where it comes closest."""
    seen, projected = (number(one, shown.format, shown.unit) for one in values)
    side = "above" if limit.above is not None else "below"
    wanted = number(limit.above if limit.above is not None else limit.below or 0.0, shown.format, shown.unit)
    if kind == "resolved":
        return f"{seen}, and no longer likely to go {side} {wanted}."
    if chance >= 1:
        return f"{seen} is {side} the limit of {wanted}."
    sure = share(min(chance, 0.99))
    return f"{seen} now, about {projected} in {away}: {sure} likely to go {side} the limit of {wanted}."


def drift_says(kind: str, moved: float) -> str:
    """How far a level has drifted: `moved` is its share of what was expected a week before."""
    way = "higher" if moved > 0 else "lower"
    far = f"{number(abs(moved), 'percent')} {way} over the last week than expected the week before"
    if kind == "resolved":
        return f"No slow drift any more: {far}."
    return f"A slow drift: {far}; no single day shows it."


def leading_says(
    kind: str,
    leader: tuple[Shown, float, float],
    follower: tuple[Shown, float, float],
    past: tuple[int, int],
    times: tuple[str, str],
    *,
    came: bool,
) -> str:
    """What leads and what follows: `leader` with what it was and was expected to be, `follower` with what it is to come to (or
    did, where it `came`) and was expected to, how often that came `past` (hits, events), after how long and at the latest."""
    (shown, value, usual), (of, coming, otherwise), (hits, events), (lag, within) = leader, follower, past, times
    seen, expected = (number(one, of.format, of.unit) for one in (coming, otherwise))
    if came:
        return f"It came: {seen}, {expected} expected."
    if kind == "resolved":
        return f"It did not come: in {within} {of.label} showed nothing of it."
    moved = f"{shown.label} {'rose' if value > usual else 'fell'} to {number(value, shown.format, shown.unit)}"
    against = f"{number(usual, shown.format, shown.unit)} expected"
    after = "move" if events == 1 else "moves"
    return (
        f"{moved}, {against}. {of.label} usually follows within {lag}: it did after {hits} of {events} such {after}. "
        f"About {seen} then, {expected} otherwise."
    )
