"""Kinds of incidents. Each draws where it lies in a stretch and how large it is, and says which factors it puts on which
drivers; `apply` writes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.alerts.injected.calendar import Clock, month_ends
from benchmarks.alerts.injected.market import COUNT, LEVEL, MONEY, PRICE, SHARE, Family, Made, Random, Trouble
from benchmarks.alerts.injected.panel import Floats

TELLABLE = 8.0
"""How many standard deviations of chance an incident amounts to, at least, over all its buckets."""


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """Where an incident may begin, [low, high), in the buckets of a clock; `daily` or hourly."""

    clock: Clock
    daily: bool
    low: int
    high: int
    family: Family
    up: bool
    """Rises are complained about; else falls."""

    def length(self, random: Random, hours: tuple[int, int], days: tuple[int, int]) -> int:
        """So many buckets, at least and at most."""
        low, high = days if self.daily else hours
        return int(random.integers(low, high + 1))

    def start(self, random: Random) -> int:
        return int(random.integers(self.low, self.high))

    def size(self, random: Random, down: tuple[float, float], up: tuple[float, float]) -> float:
        """A factor below or above 1."""
        return 1 + random.uniform(*up) if self.up else 1 - random.uniform(*down)


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Factors on `driver` from bucket `start` on, those of `arrived` and `volume` included; in buckets [start, end) an
    alarm finds it. `against`: the inverse factors on the rate, so that only denominators change."""

    driver: str
    start: int
    end: int
    factors: Floats
    against: bool = False


Make = Callable[[Random, Site], Drawn]


def drop_or_spike(random: Random, site: Site) -> Drawn:
    start, length = site.start(random), site.length(random, (3, 36), (1, 4))
    factor = site.size(random, (0.25, 0.9), (0.4, 3.0))
    return Drawn(site.family.uses[-1], start, start + length, np.full(length, factor))


def level_shift(random: Random, site: Site) -> Drawn:
    """It stays; within a week of hours, or two of days, it is news."""
    start, rest = site.start(random), len(site.clock.starts)
    factor = site.size(random, (0.15, 0.5), (0.2, 0.6))
    return Drawn(site.family.uses[-1], start, start + (14 if site.daily else 168), np.full(rest - start, factor))


def slope(random: Random, site: Site) -> Drawn:
    start, length = site.start(random), site.length(random, (72, 200), (14, 28))
    last = np.log(site.size(random, (0.3, 0.7), (0.4, 1.2)))
    return Drawn(site.family.uses[-1], start, start + length, np.exp(np.linspace(0, last, length + 1)[1:]))


def numerator_only(random: Random, site: Site) -> Drawn:
    start, length = site.start(random), site.length(random, (4, 48), (1, 5))
    factor = site.size(random, (0.2, 0.7), (0.3, 1.5))
    return Drawn("rate", start, start + length, np.full(length, factor))


def denominator_only(random: Random, site: Site) -> Drawn:
    """Bots ask, or half of the requests are no longer logged; what came of them is the same."""
    start, length = site.start(random), site.length(random, (4, 48), (1, 5))
    factor = random.uniform(0.4, 0.75) if site.up else random.uniform(1.35, 3.0)
    return Drawn("volume", start, start + length, np.full(length, factor), against=True)


def outage(random: Random, site: Site) -> Drawn:
    """Nothing is tracked."""
    start, length = site.start(random), site.length(random, (2, 12), (1, 2))
    driver = "volume" if site.family is COUNT else "rate"
    return Drawn(driver, start, start + length, np.zeros(length))


def late_data(random: Random, site: Site) -> Drawn:
    """Part of the data is not in when it should be, and nothing says so; it will come."""
    start, length = site.start(random), site.length(random, (2, 8), (1, 1))
    return Drawn("arrived", start, start + length, np.full(length, random.uniform(0.2, 0.7)))


def budget_exhausted(random: Random, site: Site) -> Drawn:
    """Every day from an hour on there is no money left; or on the last days of a month."""
    start = site.start(random)
    if site.daily:
        first, last = int(site.clock.day[start]), int(site.clock.day[-1]) - 1
        end = next((day for day in month_ends(first + 6, last)), last)
        start = int(np.searchsorted(site.clock.day, end - int(random.integers(2, 6))))
        return Drawn("volume", start, start + 3, np.full(3, random.uniform(0.35, 0.75)))
    days, hour = int(random.integers(3, 7)), int(random.integers(12, 20))
    first = int(site.clock.day[start]) + 1
    among = np.flatnonzero((site.clock.day >= first) & (site.clock.day < first + days) & (site.clock.hour >= hour))
    begin, end = int(among[0]), int(among[-1]) + 1
    factors = np.ones(end - begin)
    factors[among - begin] = random.uniform(0.03, 0.3)
    return Drawn("volume", begin, end, factors)


def bid_change(random: Random, site: Site) -> Drawn:
    """Upstream someone bids less; prices follow within hours, and stay for days."""
    start, length = site.start(random), site.length(random, (96, 300), (6, 20))
    fading = np.minimum(np.arange(1, length + 1) / (2 if site.daily else 8), 1.0)
    factor = 1 - random.uniform(0.18, 0.45) if not site.up else 1 + random.uniform(0.25, 0.7)
    end = start + min(length, 14 if site.daily else 120)
    return Drawn("price", start, end, factor**fading)


def slice_drop(random: Random, site: Site) -> Drawn:
    """Of one slice only."""
    start, length = site.start(random), site.length(random, (6, 48), (2, 6))
    factor = 1 + random.uniform(0.8, 3.0) if site.up else random.uniform(0.0, 0.5)
    return Drawn(site.family.uses[0], start, start + length, np.full(length, factor))


ALL = (COUNT, MONEY, SHARE, PRICE, LEVEL)
KINDS: dict[str, tuple[Make, tuple[Family, ...]]] = {
    "drop or spike": (drop_or_spike, ALL),
    "level shift": (level_shift, ALL),
    "slope": (slope, ALL),
    "rate only: numerator": (numerator_only, (SHARE,)),
    "rate only: denominator": (denominator_only, (SHARE,)),
    "tracking outage": (outage, (COUNT, MONEY, SHARE)),
    "late data": (late_data, (COUNT, MONEY)),
    "budget exhausted": (budget_exhausted, (COUNT, MONEY)),
    "bid change": (bid_change, (MONEY, PRICE, LEVEL)),
}
SLICED = {"one slice only": (slice_drop, (COUNT, MONEY, SHARE))}
ONLY_DOWN = ("tracking outage", "late data", "budget exhausted")


def evidence_of(made: Made, drawn: Drawn, row: int) -> float:
    """How many standard deviations of chance it is: the deviance of its means, with the noise's own, over all its buckets."""
    length = min(drawn.end - drawn.start, len(drawn.factors))
    there, factor = slice(drawn.start, drawn.start + length), drawn.factors[:length]
    count = made.volume[row, there] * (1.0 if made.family is COUNT else np.minimum(made.rate[there], 0.9))
    by_count = 2 * count * (factor * np.log(np.maximum(factor, 1e-9)) - factor + 1)
    by_count = by_count / (1 + 5e3 * made.jackpots * (made.family is MONEY))
    spread = made.noise**2 * (1 + made.memory) / (1 - made.memory)
    by_noise = np.log(np.maximum(factor, 0.02)) ** 2 / spread
    moved = np.abs(factor - 1) > 1e-9
    evidence = np.where(moved, 1 / (1 / np.maximum(by_count, 1e-9) + 1 / np.maximum(by_noise, 1e-9)), 0.0)
    return float(np.sqrt(evidence.sum()))


def apply(trouble: Trouble, drawn: Drawn, rows: int | slice) -> None:
    """Writes it."""
    target: Floats = getattr(trouble, drawn.driver)
    factors = drawn.factors[: target.shape[1] - drawn.start]
    there = slice(drawn.start, drawn.start + len(factors))
    target[rows, there] *= factors
    if drawn.against:
        trouble.rate[rows, there] /= factors
