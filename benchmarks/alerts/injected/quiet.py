"""What is nothing to tell: it was told before, it is in the calendar, or it hurts nobody. Each writes its factors."""

from __future__ import annotations

import numpy as np

from benchmarks.alerts.injected.calendar import Clock, holidays, month_ends
from benchmarks.alerts.injected.incidents import Site
from benchmarks.alerts.injected.market import COUNT, MONEY, Random, Trouble
from benchmarks.alerts.injected.panel import Quiet


def sale(random: Random, site: Site, trouble: Trouble) -> Quiet:
    """A flash sale that people told of before: more of everything, and a little less the day after."""
    start, length = site.start(random), site.length(random, (6, 48), (1, 3))
    after = 1 if site.daily else 24
    trouble.volume[:, start : start + length] *= random.uniform(1.5, 3.0)
    trouble.volume[:, start + length : start + length + after] *= random.uniform(0.85, 0.97)
    trouble.rate[:, start : start + length] *= random.uniform(1.1, 1.6)
    return Quiet("expected sale", start, start + length + after, told=True)


def maintenance(random: Random, site: Site, trouble: Trouble) -> Quiet:
    """Planned, and told before."""
    start, length = site.start(random), site.length(random, (2, 8), (1, 1))
    trouble.volume[:, start : start + length] *= random.uniform(0.05, 0.6)
    return Quiet("planned maintenance", start, start + length, told=True)


def good_news(random: Random, site: Site, trouble: Trouble) -> Quiet:
    """It moves the way that nobody complains about."""
    start, length = site.start(random), site.length(random, (3, 36), (1, 4))
    driver = getattr(trouble, site.family.uses[-1])
    driver[:, start : start + length] *= random.uniform(0.4, 0.7) if site.up else random.uniform(1.3, 2.0)
    return Quiet("good news", start, start + length)


def known_gap(random: Random, site: Site, trouble: Trouble) -> Quiet:
    """Data that people know is not in."""
    start, length = site.start(random), site.length(random, (2, 10), (1, 2))
    trouble.missing[:, start : start + length] = True
    return Quiet("known gap", start, start + length)


def volume_only(random: Random, site: Site, trouble: Trouble) -> Quiet:
    """A ratio's denominator and numerator move together."""
    start, length = site.start(random), site.length(random, (6, 72), (1, 6))
    trouble.volume[:, start : start + length] *= random.choice([random.uniform(0.3, 0.7), random.uniform(1.4, 2.5)])
    return Quiet("volume only", start, start + length)


def chosen(random: Random, site: Site, trouble: Trouble, two_sided: bool) -> Quiet:
    """One of them that the metric can have."""
    choices = [sale, maintenance, known_gap]
    choices += [] if two_sided else [good_news]
    choices += [volume_only, volume_only] if site.family not in (COUNT, MONEY) else []
    return choices[int(random.integers(len(choices)))](random, site, trouble)


def calendar_days(random: Random, clock: Clock, country: str, trouble: Trouble) -> list[Quiet]:
    """Public holidays, each with the metric's own effect; and, of some metrics, the ends of months."""
    first, last = int(clock.day[0]), int(clock.day[-1])
    usual, quiet = random.uniform(0.55, 1.25), []
    for day in holidays(country, first, last):
        quiet += _day(clock, trouble, "public holiday", day, usual * random.uniform(0.9, 1.1))
    if random.random() < 0.25:
        usual = random.uniform(1.1, 1.4)
        for day in month_ends(first, last):
            quiet += _day(clock, trouble, "end of the month", day, usual * random.uniform(0.97, 1.03))
    return quiet


def _day(clock: Clock, trouble: Trouble, kind: str, day: int, factor: float) -> list[Quiet]:
    start, end = (int(at) for at in np.searchsorted(clock.day, [day, day + 1]))
    trouble.volume[:, start:end] *= factor
    return [Quiet(kind, start, end)] if end > start else []


def clock_changes(clock: Clock) -> list[Quiet]:
    """A day on which the clocks change, and the day after; only of hours."""
    steps = np.diff(clock.day * 24 + clock.hour)
    hourly = bool((np.diff(clock.starts) < 80_000_000_000).all())
    changes = np.flatnonzero(steps != 1).tolist() if hourly else []
    return [Quiet("clocks change", int(at), min(int(at) + 48, len(clock.starts))) for at in changes]
