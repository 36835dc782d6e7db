"""One made metric: how much was asked for, by the clock and the calendar, and what it came to.

Four drivers make each value: volume (requests, say), the rate of those that count (clicks), their price, and noise on each.
Trouble is a factor on one of them, so what it cost is known: the same means without it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from benchmarks.alerts.injected.calendar import Clock
from benchmarks.alerts.injected.panel import Bools, Floats
from lapwing.alerts.chance import Kind

Random = np.random.Generator

AWAKE = np.array(
    [
        (0.50, 0.34, 0.24, 0.19, 0.18, 0.24, 0.42, 0.68, 0.88, 0.96, 1.00, 1.05),  # from midnight
        (1.12, 1.10, 1.04, 1.02, 1.06, 1.14, 1.26, 1.42, 1.56, 1.52, 1.22, 0.82),  # from noon
    ]
).ravel()


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of metric. `uses`: the drivers it depends on; of `ratio`s the volume cancels out."""

    name: str
    kind: Kind
    ratio: bool
    uses: tuple[str, ...]


COUNT = Family("count", Kind.COUNT, False, ("volume",))
MONEY = Family("money", Kind.SUM, False, ("volume", "rate", "price"))
SHARE = Family("share", Kind.SHARE, True, ("rate",))
PRICE = Family("price", Kind.SUM, True, ("price",))
LEVEL = Family("derived", Kind.LEVEL, False, ("price",))
FAMILIES = (COUNT, MONEY, SHARE, PRICE, LEVEL)


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A metric before trouble. `volume` (S, T) is what is expected to be asked for, `rate` and `price` (T,) likewise;
    `noise` is the deviation of each bucket's logarithm and `memory` its autocorrelation; `worth` is the money of one unit
    of amount. `jackpots`: the chance of an event that is worth a hundred."""

    family: Family
    volume: Floats
    rate: Floats
    price: Floats
    noise: float
    memory: float
    jackpots: float
    worth: float


@dataclass(slots=True, eq=False)
class Trouble:
    """Factors (S, T) on the drivers of one metric, of what had arrived when a bucket was first seen, and whether people
    knew that it had not: incidents and quiet events write here."""

    volume: Floats
    rate: Floats
    price: Floats
    arrived: Floats
    missing: Bools = field(init=False)

    def __post_init__(self) -> None:
        self.missing = np.zeros(self.volume.shape, np.bool_)


def no_trouble(series: int, buckets: int) -> Trouble:
    """Ones."""
    return Trouble(*(np.ones((series, buckets)) for _ in range(4)))


def make_metric(random: Random, family: Family, clock: Clock, slices: int) -> Made:
    """A metric of some size, seasons, growth and noise; `slices` parts of it."""
    hourly = bool((np.diff(clock.starts) < 80_000_000_000).any())
    years = (clock.starts - clock.starts[0]) / (365 * 86_400e6)
    least, most = (1.5, 5.0) if family is not COUNT else (-0.3, 4.5)
    size = 10 ** random.uniform(least, most) * (1 if hourly else 8)
    shape = (1 + random.uniform(-0.3, 1.0)) ** years
    shape = shape * (1 + random.uniform(0, 0.15) * np.sin(2 * np.pi * (years + random.random())))
    shape = shape * _week(random, 0.08)[clock.weekday]
    if hourly:
        shape = shape * _day(random, clock, random.uniform(0.3, 1.3))
    parts = random.dirichlet(np.full(slices, 3.0)) if slices > 1 else np.ones(1)
    rate, price = np.ones(len(years)), np.ones(len(years))
    if family is not COUNT:
        odds = 10 ** (random.uniform(-2.0, -0.15) if family is SHARE else random.uniform(-1.3, 0.0))
        rate = np.minimum(odds * _mild(random, clock, hourly), 0.97)
        price = 10 ** random.uniform(-2, 1) * _mild(random, clock, hourly)
    noise = np.exp(random.uniform(*np.log((0.02, 0.12) if hourly else (0.015, 0.07))))
    return Made(
        family=family,
        volume=size * shape * parts[:, None],
        rate=rate,
        price=price,
        noise=noise if family in (COUNT, MONEY) else noise / 2,
        memory=random.uniform(0.0, 0.6),
        jackpots=float(random.choice([0.0, 1e-4, 1e-3], p=[0.6, 0.25, 0.15])) if family is MONEY else 0.0,
        worth=10 ** random.uniform(-2.5, -1.0) if family in (COUNT, SHARE) else 1.0,
    )


def draw(random: Random, made: Made, trouble: Trouble) -> tuple[Floats, Floats]:
    """Values and exposures (S, T) as they were first seen, the parts only."""
    asked = random.poisson(made.volume * trouble.volume * _noise(random, made, made.volume.shape)).astype(np.float64)
    seen: Floats = random.binomial(asked.astype(np.int64), trouble.arrived).astype(np.float64)
    if made.family is COUNT:
        return seen, np.ones_like(seen)
    swings = _noise(random, made, seen.shape) if made.family is SHARE else 1.0
    chance = np.clip(made.rate * trouble.rate * swings, 0, 0.99)
    count: Floats = random.binomial(seen.astype(np.int64), chance).astype(np.float64)
    if made.family is SHARE:
        return count, seen
    each = made.price * trouble.price * (1.0 if made.family is MONEY else _noise(random, made, seen.shape))
    money: Floats = each * np.maximum(count + 0.8 * np.sqrt(count) * random.standard_normal(seen.shape), 0)
    money += each * 100 * random.poisson(count * made.jackpots) * (1 + random.pareto(2.0, seen.shape))
    return money, seen if made.family is MONEY else count


def mean_value(made: Made, trouble: Trouble) -> tuple[Floats, Floats]:
    """Means (S, T) of amount and exposure, as they will be when all has arrived."""
    asked: Floats = made.volume * trouble.volume
    if made.family is COUNT:
        return asked, np.ones_like(asked)
    count: Floats = asked * np.minimum(made.rate * trouble.rate, 0.99)
    if made.family is SHARE:
        return count, asked
    return count * made.price * trouble.price, asked if made.family is MONEY else count


def _week(random: Random, spread: float) -> Floats:
    days: Floats = np.exp(spread * random.standard_normal(7))
    days[5:] *= random.uniform(0.45, 1.2)
    scaled: Floats = days / days.mean()
    return scaled


def _day(random: Random, clock: Clock, depth: float) -> Floats:
    """Weekends begin later."""
    weekend = clock.weekday >= 5
    place = (clock.hour + int(random.integers(-2, 3)) - np.where(weekend, 2, 0)) % 24
    shape: Floats = AWAKE[place] ** depth
    scaled: Floats = shape / shape.mean()
    return scaled


def _mild(random: Random, clock: Clock, hourly: bool) -> Floats:
    """A season of a rate or a price."""
    shape = (_week(random, 0.02) ** random.uniform(-0.3, 0.3))[clock.weekday]
    daily = _day(random, clock, random.uniform(-0.25, 0.25)) if hourly else 1.0
    mild: Floats = shape * daily
    return mild


def _noise(random: Random, made: Made, shape: tuple[int, ...]) -> Floats:
    """Log-normal and, of slices, half in common; autocorrelated."""
    shocks = np.sqrt(0.5) * random.standard_normal(shape) + np.sqrt(0.5) * random.standard_normal((1, shape[1]))
    kept, fresh = made.memory, np.sqrt(1 - made.memory**2)
    out, before = np.empty(shape), shocks[:, 0]
    for at in range(shape[1]):
        before = kept * before + fresh * shocks[:, at]
        out[:, at] = before
    noise: Floats = np.exp(made.noise * out)
    return noise
