"""Looks at a feed hour by hour, as a server does, and notes what would have been told when."""

from __future__ import annotations

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.alerts.data.feeds import AGES, Feed
from lapwing.alerts.chance import Kind
from lapwing.alerts.data.arriving import least_now
from lapwing.alerts.data.constants import LATE_PART
from lapwing.alerts.data.facts import Rows
from lapwing.alerts.detect import Detection
from lapwing.alerts.ready.arrivals import Arrivals
from lapwing.alerts.ready.constants import DAY, HOUR, LEAST_SHARE, MARGIN
from lapwing.alerts.ready.curve import Curve, Share, learn
from lapwing.alerts.ready.equal_age import Whole, amounts
from lapwing.alerts.ready.readiness import DAILY, HOURLY
from lapwing.alerts.terms import Terms, expect
from lapwing.model.grain import Grain

UTC = ZoneInfo("UTC")
WIDTH = 4.0
"""Robust standard deviations at which a bucket is unusual."""
ALL = Share(1.0, 1.0, 1.0)


@dataclass(slots=True)
class Told:
    """Alarms of one way of judging: `false` are buckets whose final value is usual. `lead`: hours before the complete bucket
    would have told it, of those that are right."""

    right: int = 0
    false: int = 0
    lead: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Replayed:
    """`weeks` after it was learned; `after`: hours after which an hour is complete, as learned last."""

    feed: Feed
    weeks: float
    after: int
    arrived: Told = field(default_factory=Told)
    ready: Told = field(default_factory=Told)
    hours: Told = field(default_factory=Told)
    days: Told = field(default_factory=Told)
    late: int = 0
    late_false: int = 0
    late_delay: list[int] = field(default_factory=list)


def replayed(feed: Feed, learn_days: int) -> Replayed:
    """Everything after the first `learn_days`."""
    count = len(feed.total) - AGES
    hours = _expected(feed.total, HOURLY)
    days = _expected(feed.total[: len(feed.total) // 24 * 24].reshape(-1, 24).sum(axis=1), DAILY)
    out = Replayed(feed, (count / 24 - learn_days) / 7, 0)
    arrivals, daily = Arrivals.none(HOUR), Arrivals.none(DAY)
    by_hour: Curve | None = None
    by_day: Curve | None = None
    seen: dict[str, set[int]] = {"arrived": set(), "hours": set(), "days": set()}
    lates: dict[int, int] = {}
    for hour in range(24, count):
        there, first, now = feed.now(hour), max(0, hour - 9 * 24), (hour + 1) * HOUR
        arrivals = arrivals.noted(now, np.arange(first + 1, hour + 2) * HOUR, there[first:])
        whole = np.pad(there, (0, -len(there) % 24)).reshape(-1, 24).sum(axis=1)
        daily = daily.noted(now, np.arange(len(whole) - min(9, len(whole)) + 1, len(whole) + 1) * DAY, whole[-9:])
        if hour % 24 == 0:
            by_hour, by_day = learn(arrivals), learn(daily)
        if hour < learn_days * 24:
            continue
        # Without readiness: each hour as it is at its end.
        _judge(out.arrived, seen["arrived"], hour, feed.there[hour, 0], hours, ALL, 0.0, 0)
        after = by_hour.complete_after if by_hour is not None else None
        if by_hour is None or after is None:
            continue
        out.after = -(-after // HOUR)
        _late(lates, hour, there, hours, by_hour)
        at = hour - out.after
        if at >= 0 and at not in lates:  # of what is late it is told that it is late
            _judge(out.ready, set(), at, feed.there[at, min(out.after, AGES - 1)], hours, ALL, 0.0, 0)
        for age in range(min(out.after, hour, AGES - 1)):
            share = by_hour.at(age * HOUR)
            at = hour - age
            if at in lates:
                continue
            _judge(out.hours, seen["hours"], at, feed.there[at, age], hours, share, MARGIN, out.after - age)
        if by_day is not None:
            day, ends = (hour + 1) // 24, -(hour + 1) % 24
            if ends and not any(at // 24 == day for at in lates):
                share = by_day.at(-ends * HOUR)
                _judge(out.days, seen["days"], day, whole[day], days, share, MARGIN, ends + out.after)
    _score_lates(out, lates)
    return out


def _expected(total: np.ndarray, grain: Grain) -> Detection:
    starts = np.arange(len(total), dtype=np.int64) * (HOUR if grain == HOURLY else DAY)
    terms = Terms(kind=Kind.COUNT, ratio=False, grain=grain, sensitivity=WIDTH)
    return expect(starts, UTC, total[None], np.ones((1, len(total))), terms)


def _judge(
    told: Told, seen: set[int], at: int, held: float, found: Detection, share: Share | None, more: float, lead: int
) -> None:
    """One bucket, once told; what is unusual in the end is rightly told."""
    if share is None or share.middle < LEAST_SHARE or at in seen or not found.ready[0, at]:
        return
    whole = Whole(float(found.expected[0, at]), float(found.lower[0, at]), float(found.upper[0, at]), WIDTH)
    one = amounts(float(held), whole, share)
    if one is None or one.score > -(WIDTH + more) or one.expected - one.actual < 0.1 * one.expected:
        return
    seen.add(at)
    if found.score[0, at] <= -WIDTH / 2:
        told.right += 1
        told.lead.append(lead)
    else:
        told.false += 1


def _late(lates: dict[int, int], hour: int, there: np.ndarray, found: Detection, curve: Curve) -> None:
    """Hours that are late by now, with when that was seen first."""
    borders = np.arange(hour + 2, dtype=np.int64) * HOUR
    part = Detection(
        *(getattr(found, name)[:, : hour + 1] for name in ("expected", "lower", "upper", "score", "ready"))
    )
    least = least_now(Rows(HOURLY, borders, there, part), curve, (hour + 1) * HOUR)
    for at in np.flatnonzero(there < LATE_PART * least):
        lates.setdefault(int(at), hour)


def _score_lates(out: Replayed, lates: dict[int, int]) -> None:
    """Stretches that were held back, and whether that was told before they came; and others that were told, each once."""
    for first, last, until in out.feed.held:
        told = [when for at, when in lates.items() if first <= at < last and when < until]
        if told:
            out.late += 1
            out.late_delay.append(min(told) - first)
    real = (*out.feed.held, *((first, last, 0) for first, last in out.feed.drops))
    false = sorted(at for at in lates if not any(first <= at < last for first, last, _ in real))
    out.late_false = sum(place == 0 or at - false[place - 1] > 12 for place, at in enumerate(false))
