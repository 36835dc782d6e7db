"""Made series for early warning, from the same market as injected incidents; the same seed gives the same series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.alerts.injected.calendar import MARKETS, clock
from benchmarks.alerts.injected.make import DAILY
from benchmarks.alerts.injected.market import (
    COUNT,
    MONEY,
    Random,
    Trouble,
    draw,
    make_metric,
    mean_value,
    no_trouble,
)
from benchmarks.alerts.injected.panel import Floats
from lapwing.model.calendar import edges
from lapwing.model.grain import Grain

DAYS = 476
WARM_UP = 112
MONTH = Grain.parse("month")


@dataclass(frozen=True, slots=True, eq=False)
class Paced:
    """A metric with a goal for each month: at least so much. `amount` (T,), `number` the month of each day, `goal` of each
    month, `ill` the months with trouble (its first day, -1 for none)."""

    name: str
    zone: ZoneInfo
    starts: np.ndarray[tuple[int], np.dtype[np.int64]]
    amount: Floats
    counts: bool
    borders: np.ndarray[tuple[int], np.dtype[np.int64]]
    goal: Floats
    ill: np.ndarray[tuple[int], np.dtype[np.int64]]


def paced(seed: int, count: int) -> Iterator[Paced]:
    """So many: counts and money. Goals are about what would have come; three months of ten have trouble that lasts to
    their end."""
    for number in range(count):
        random = np.random.default_rng([seed, 7, number])
        place = MARKETS[number % len(MARKETS)]
        times = clock(DAILY, place.zone, date(2025, 1, 6), DAYS)
        made = make_metric(random, (COUNT, MONEY)[number % 2], times, 1)
        ill = no_trouble(1, DAYS)
        borders = edges(MONTH, place.zone, int(times.starts[0]), int(times.starts[-1]) + 1)
        month = np.searchsorted(borders, times.starts, side="right") - 1
        usual = mean_value(made, ill)[0][0]
        goal, begun = np.empty(len(borders) - 1), np.full(len(borders) - 1, -1)
        for one in range(len(goal)):
            days = np.flatnonzero(month == one)
            goal[one] = usual[days].sum() * random.uniform(0.9, 1.02)
            if random.random() < 0.3 and days[0] >= WARM_UP:
                begun[one] = days[int(random.integers(0, max(1, len(days) * 2 // 3)))]
                _slide(random, ill, int(begun[one]), int(days[-1]) + 1)
        amount = draw(random, made, ill)[0][0]
        yield Paced(
            f"{made.family.name} {number}",
            ZoneInfo(place.zone),
            times.starts,
            amount,
            made.family is COUNT,
            borders,
            goal,
            begun,
        )


def _slide(random: Random, ill: Trouble, start: int, end: int) -> None:
    """A level that is lower at once, or that falls from day to day."""
    if random.random() < 0.5:
        ill.volume[:, start:end] *= 1 - random.uniform(0.06, 0.35)
    else:
        ill.volume[:, start:end] *= (1 - random.uniform(0.01, 0.03)) ** np.arange(1, end - start + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Slid:
    """A metric that slides now and then: `slides` are the days [start, end) over which it falls by a little each day."""

    name: str
    zone: ZoneInfo
    starts: np.ndarray[tuple[int], np.dtype[np.int64]]
    amount: Floats
    slides: tuple[tuple[int, int], ...]


def slid(seed: int, count: int) -> Iterator[Slid]:
    """So many: half the stretches of ten weeks have four weeks of .7 to 2 % a day, and two in which it comes back."""
    for number in range(count):
        random = np.random.default_rng([seed, 8, number])
        place = MARKETS[number % len(MARKETS)]
        times = clock(DAILY, place.zone, date(2025, 1, 6), DAYS)
        made = make_metric(random, (COUNT, MONEY)[number % 2], times, 1)
        ill = no_trouble(1, DAYS)
        slides: list[tuple[int, int]] = []
        for first in range(WARM_UP, DAYS - 70, 70):
            if random.random() < 0.5:
                start, rate = first + int(random.integers(0, 20)), random.uniform(0.007, 0.02)
                ill.volume[:, start : start + 28] *= (1 - rate) ** np.arange(1, 29)
                ill.volume[:, start + 28 : start + 42] *= np.linspace((1 - rate) ** 28, 1, 14)
                slides.append((start, start + 28))
        amount = draw(random, made, ill)[0][0]
        yield Slid(f"{made.family.name} {number}", ZoneInfo(place.zone), times.starts, amount, tuple(slides))
