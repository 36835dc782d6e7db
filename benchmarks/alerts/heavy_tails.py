"""Made series with heavy tails and labelled incidents: what the Numenta series that are at hand have little of.

Counts of mentions with small bursts that are nothing, prices with spikes and shifts, latencies, sparse counts. Deterministic.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.alerts.compare import compare
from benchmarks.alerts.scoring import Floats, Labelled

Random = np.random.Generator
Made = tuple[float, Floats, tuple[int, ...]]
"""Seconds of a step, values, and where the incidents begin."""

_DAY = 288
"""Steps of five minutes."""
_LABELLED = 0.1
"""Share of a series in windows, as in NAB: each is as wide, and its incident in the middle."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The flag of this part."""
    parser.add_argument("--heavy-tails", action="store_true", help="made series with heavy tails, in several kinds")


def run(options: argparse.Namespace) -> dict[str, Any] | None:
    """Prints the table; figures by detector, as of NAB."""
    if not options.heavy_tails:
        return None
    return compare("Made series with heavy tails", made(2 if options.small else 10))


def made(count: int, seed: int = 0) -> list[Labelled]:
    """So many series of each kind."""
    return [
        _labelled(f"{kind}/{number}", make(np.random.default_rng([seed, place, number])))
        for place, (kind, make) in enumerate(KINDS.items())
        for number in range(count)
    ]


def mentions(random: Random) -> Made:
    """Five-minute counts of a name: log-normal attention, days, and bursts of all sizes, of which few are incidents."""
    steps = 40 * _DAY
    time = np.arange(steps)
    attention = np.cumsum(random.normal(0, 0.02, steps // 12 + 1))
    rate = np.exp(np.interp(time / 12, np.arange(len(attention)), attention - attention.mean()))
    rate *= 1 + random.uniform(0.1, 0.8) * np.sin(math.tau * (time / _DAY + random.random()))
    for start in random.integers(0, steps, random.poisson(steps / _DAY * random.uniform(0.3, 1.5))):
        _burst(rate, int(start), min(random.pareto(1.6) + 0.3, 8.0), random.uniform(2, 15))
    starts = _starts(random, steps, int(random.integers(2, 5)))
    for start in starts:
        _burst(rate, start, random.uniform(4, 40), random.uniform(4, 48))
    return 300.0, _counts(random, 10 ** random.uniform(0.7, 2.2) * rate, random.uniform(2, 12)), starts


def prices(random: Random) -> Made:
    """Hourly prices of advertising, spend by clicks: days, a level that drifts, few clicks at night, lone jumps that are nothing.
    Incidents are jumps of hours, most of them upwards, and levels of up to two days.

    How large they are, and how many jumps are nothing, is such that a forerunner of the detector has the score that it has on
    real prices (docs/decisions/093).
    """
    steps = int(random.integers(1200, 2000))
    hour = np.arange(steps)
    volume = random.uniform(0.2, 1.0) * np.sin(math.tau * (hour / 24 + random.random()))
    clicks = random.poisson(10 ** random.uniform(1, 3) * np.exp(volume + _drift(random, steps, 0.8, 0.3)))
    logarithm = random.uniform(0, 0.35) * np.sin(math.tau * (hour / 24 + random.random()))
    logarithm += _drift(random, steps, random.uniform(0.9, 0.98), random.uniform(0.05, 0.25))
    paid = random.uniform(0.3, 1.5) * np.maximum(clicks, 1)
    logarithm += np.log(random.gamma(paid) / paid)
    lone = random.integers(0, steps, random.poisson(steps / 168 * random.uniform(0.4, 2)))
    logarithm[lone] += np.minimum(np.log1p(random.pareto(1.7, len(lone))), 2)
    starts = _starts(random, steps, int(random.integers(1, 4)))
    for start in starts:
        hours, size = ((1, 5), (0.85, 2.1)) if random.random() < 0.5 else ((6, 48), (0.4, 1.05))
        up = 1 if random.random() < 0.85 else -1
        logarithm[start : start + int(random.integers(*hours))] += up * random.uniform(*size)
    return 3600.0, np.exp(logarithm) * 10 ** random.uniform(-1, 1), starts


def wild_prices(random: Random) -> Made:
    """The same with tails heavier than those of real ones: noise of a t distribution with three degrees, dependent; incidents are
    spikes, rises or falls of hours."""
    steps = int(random.integers(1200, 2000))
    shocks, memory = random.standard_t(3, steps) * random.uniform(0.1, 0.3), random.uniform(0.0, 0.8)
    logarithm = random.uniform(0, 0.35) * np.sin(math.tau * (np.arange(steps) / 24 + random.random()))
    before = 0.0
    for at, shock in enumerate(shocks.tolist()):
        before = memory * before + shock
        logarithm[at] += before
    starts = _starts(random, steps, int(random.integers(1, 4)))
    for start in starts:
        hours, size = ((1, 5), (2.0, 4.0)) if random.random() < 0.5 else ((6, 36), (1.0, 2.0))
        logarithm[start : start + int(random.integers(*hours))] += random.uniform(*size) * random.choice([1, -1])
    return 3600.0, np.exp(logarithm) * 10 ** random.uniform(-1, 1), starts


def latencies(random: Random) -> Made:
    """Five-minute log-normal latencies with lone outliers; incidents are slow minutes to hours."""
    steps = int(random.integers(3000, 9000))
    spread = random.uniform(0.2, 0.8)
    logarithm = random.normal(0, spread, steps)
    starts = _starts(random, steps, int(random.integers(1, 4)))
    for start in starts:
        logarithm[start : start + int(random.integers(3, 60))] += random.uniform(2, 4) * spread + 0.5
    outliers = random.integers(0, steps, random.poisson(steps / 700))
    logarithm[outliers] += np.log1p(2 * random.pareto(1.5, len(outliers)))
    return 300.0, 100 * np.exp(logarithm), starts


def sparse_counts(random: Random) -> Made:
    """Five-minute counts around one, by day; incidents are several times as many for a while."""
    steps = int(random.integers(3000, 9000))
    rate = 1 + random.uniform(0.1, 0.9) * np.sin(math.tau * np.arange(steps) / _DAY)
    starts = _starts(random, steps, int(random.integers(1, 4)))
    for start in starts:
        rate[start : start + int(random.integers(6, 60))] *= random.uniform(4, 12)
    return 300.0, _counts(random, 10 ** random.uniform(-0.7, 0.7) * rate, random.uniform(1, 5)), starts


KINDS: dict[str, Callable[[Random], Made]] = {
    "mentions": mentions,
    "prices": prices,
    "latencies": latencies,
    "sparse counts": sparse_counts,
    "wild prices": wild_prices,
}


def _counts(random: Random, rate: Floats, dispersion: float) -> Floats:
    """Negative binomial."""
    return random.poisson(rate * random.gamma(dispersion, 1 / dispersion, len(rate))).astype(np.float64)


def _drift(random: Random, steps: int, memory: float, spread: float) -> Floats:
    """An autoregression of that spread."""
    out = random.normal(0, spread, steps)
    for at in range(1, steps):
        out[at] = memory * out[at - 1] + math.sqrt(1 - memory * memory) * out[at]
    return out


def _burst(rate: Floats, start: int, height: float, decay: float) -> None:
    """Adds a quick rise and an exponential fall."""
    at = np.arange(min(len(rate) - start, int(8 * decay)))
    rate[start : start + len(at)] += height * np.exp(-at / decay) * np.minimum(1, (at + 1) / max(decay / 6, 1))


def _starts(random: Random, steps: int, count: int) -> tuple[int, ...]:
    """Places after the first fifth, far enough from each other for their windows."""
    while True:
        starts = np.sort(random.integers(int(0.2 * steps), int(0.97 * steps), count))
        if (np.diff(starts) > 1.2 * _LABELLED * steps).all():
            return tuple(starts.tolist())


def _labelled(name: str, made: Made) -> Labelled:
    step, values, starts = made
    half = int(_LABELLED * len(values) / len(starts)) // 2
    windows = tuple((start - half, min(start + half, len(values) - 1)) for start in starts)
    return Labelled(name, np.linspace(0.0, step * (len(values) - 1), len(values)), values, windows)
