"""The first look at every slice: how fast it is beside others, and what it lets the full model see.

Speed is of made counts; making them is not timed. Recall: of the incidents that the full model would tell if it looked at
all slices, the share whose buckets the first look flags, at the evidence it is set to and at others.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from benchmarks.alerts import kept_stage
from lapwing.alerts.chance import Floats, Kind
from lapwing.alerts.many import needed
from lapwing.alerts.season import slots, tuning
from lapwing.alerts.sweep.constants import LOOK, WORTH
from lapwing.alerts.sweep.memory import Memory
from lapwing.alerts.sweep.screen import Screen
from lapwing.alerts.sweep.seen import Above, Seen
from lapwing.alerts.terms import Around, Terms, expect, raised
from lapwing.model.grain import Grain

DAY, HOUR = 86_400_000_000, 3_600_000_000
MONDAY = 1_704_067_200_000_000
_SHARES = (0.4, 0.5, LOOK, 0.7, 0.8)
UTC = ZoneInfo("UTC")
_INCIDENTS = 0.1
"""Of slices that have one."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The flag of this part."""
    parser.add_argument(
        "--first-stage", action="store_true", help="every slice watched: speed and recall of the first look"
    )
    parser.add_argument(
        "--kept", action="store_true", help="with --first-stage: one more bucket, by what it remembers, in its place"
    )


def run(options: argparse.Namespace) -> dict[str, Any] | None:
    """Prints the tables."""
    if not options.first_stage:
        return None
    if options.kept:
        return {"kept": kept_stage.run(small=options.small)}
    scale = 20 if options.small else 1
    figures = {
        "daily": speed("Daily, 28 days, one core", Grain.parse("day"), 1_000_000 // scale, 28, threads=1),
        "hourly": speed("Hourly, 28 days, two cores", Grain.parse("hour"), 1_000_000 // scale, 672, threads=2),
    }
    return {**figures, "recall": recall(1000 if options.small else 4000)}


def speed(title: str, grain: Grain, series: int, buckets: int, *, threads: int) -> dict[str, float]:
    """Series a second, of all their history and of one more bucket, beside the peers: by the clock of one core, where there is
    one thread, else by that on the wall."""
    clock = time.process_time if threads == 1 else time.perf_counter
    random = np.random.default_rng(1)
    step = DAY if grain == Grain.parse("day") else HOUR
    starts = MONDAY + step * np.arange(buckets, dtype=np.int64)
    season = slots(starts, grain, UTC)
    means = random.lognormal(3.5, 1.0, series).astype(np.float32)
    screen = Screen(kind=Kind.COUNT, tuning=tuning(grain), least=20.0, threads=threads)
    memory = Memory.blank(series, int(season[0].max()) + 1, weighted=False)
    rows = np.arange(series) % 100
    taken = last = 0.0
    flagged = 0
    part = max(1, min(buckets, 40_000_000 // series))
    for first in range(0, buckets, part):
        count = min(part, buckets - first)
        noise = random.standard_normal((count, series), np.float32)
        values = np.maximum(np.rint(means + np.sqrt(means) * noise), 0)
        above = Above(rows, np.full((count, 100), 1e4, np.float32), np.ones((count, 100), np.float32))
        begun = clock()
        seen = screen.advance(memory, season[0, first : first + count], values, above=[above])
        taken += clock() - begun
        flagged += len(seen.row)
    one = Above(rows, np.full((1, 100), 1e4, np.float32), np.ones((1, 100), np.float32))
    begun = clock()
    screen.advance(memory, season[0, :1], values[:1], above=[one])
    last = clock() - begun
    few = values[:, : min(series, 2000)] if part == buckets else _counts(random, means[:200], buckets)
    found = {
        "first look": series / taken,
        "first look, one more bucket": series / last,
        "seasonal naive, a loop over series": _rate(_naive, few.T.astype(np.float64), season[0]),
        "S-H-ESD, a loop over series": _rate(_esd, few.T[:100].astype(np.float64), season[0]),
        "full model": _rate(_full(starts, grain), few.T.astype(np.float64), season[0]),
    }
    print(
        f"\n{title}: {series:,} series, {taken:.1f} s in all; flagged {flagged / series / buckets:.3%} of their buckets"
    )
    for name, rate in found.items():
        print(f"  {name:36} {rate:>14,.0f} series/s  {found['first look'] / rate:>9.3g} x")
    return {**found, "seconds": taken, "flagged": flagged / series / buckets}


def _counts(random: np.random.Generator, means: npt.NDArray[np.float32], buckets: int) -> npt.NDArray[np.float32]:
    return random.poisson(means * np.ones((buckets, 1))).astype(np.float32)


def _rate(
    judge: Callable[[Floats, npt.NDArray[np.int64]], object], values: Floats, season: npt.NDArray[np.int64]
) -> float:
    begun = time.process_time()
    judge(values, season)
    return len(values) / (time.process_time() - begun)


def _naive(values: Floats, season: npt.NDArray[np.int64]) -> list[Floats]:
    """Each value by the mean and standard deviation of its slot, series by series."""
    out = []
    size = int(season.max()) + 1
    for one in values:
        count = np.maximum(np.bincount(season, minlength=size), 1)
        mean = np.bincount(season, one, minlength=size) / count
        spread = np.sqrt(np.maximum(np.bincount(season, one * one, minlength=size) / count - mean * mean, 1.0))
        out.append((one - mean[season]) / spread[season])
    return out


def _esd(values: Floats, season: npt.NDArray[np.int64]) -> list[Floats]:
    """What is left without the median of each slot, by median and MAD, the most unusual two per cent taken one by one."""
    out = []
    for one in values:
        left = one.copy()
        for slot in range(int(season.max()) + 1):
            left[season == slot] -= np.median(left[season == slot])
        known = np.ones(len(one), bool)
        score = np.zeros(len(one))
        for _ in range(max(1, len(one) // 50)):
            middle = np.median(left[known])
            spread = max(1.4826 * float(np.median(np.abs(left[known] - middle))), 1e-9)
            size = np.where(known, np.abs(left - middle) / spread, -1.0)
            worst = int(size.argmax())
            score[worst], known[worst] = size[worst], False
        out.append(score)
    return out


def _full(starts: npt.NDArray[np.int64], grain: Grain) -> Callable[[Floats, npt.NDArray[np.int64]], object]:
    terms = Terms(kind=Kind.COUNT, ratio=False, grain=grain)
    return lambda values, _: expect(starts, UTC, values, np.ones_like(values), terms)


def recall(series: int) -> dict[str, float]:
    """Of daily slices of a whole, a tenth of which have an incident."""
    random = np.random.default_rng(2)
    buckets = 112
    grain = Grain.parse("day")
    starts = MONDAY + DAY * np.arange(buckets, dtype=np.int64)
    values = _panel(random, series, buckets)
    season = slots(starts, grain, UTC)[0]
    up = Screen(kind=Kind.COUNT, tuning=tuning(grain), least=20.0, parental=True)
    whole = up.advance(Memory.blank(1, 7, weighted=False), season, values.sum(0)[:, None].astype(np.float32))
    assert whole.pattern is not None
    assert whole.gain is not None
    screen = Screen(kind=Kind.COUNT, tuning=tuning(grain), least=20.0)
    memory = Memory.blank(series, 7, weighted=False)
    above = Above(np.zeros(series, np.intp), whole.pattern, whole.gain)
    seen = screen.advance(memory, season, np.ascontiguousarray(values.T, np.float32), above=[above])
    terms = Terms(kind=Kind.COUNT, ratio=False, grain=grain)
    every = np.concatenate([values, values.sum(0, keepdims=True)])
    parent = np.append(np.full(series, series), -1)
    found = expect(starts, UTC, every, np.ones_like(every), terms, Around(parent=parent))
    many = np.full(every.shape, series / WORTH)
    told = raised(every, np.ones_like(every), found, terms, many=many)[:series]
    least = float(needed(terms.sensitivity, np.array([series / WORTH]))[0])
    opened = [(row, one.opened) for row, of in enumerate(told) for one in of]
    figures = {f"{share:g}": _recalled(seen, opened, least * share) for share in _SHARES}
    rates = {
        f"{share:g}": float((np.abs(seen.size) >= least * share).mean() * len(seen.size) / values.size)
        for share in _SHARES
    }
    looked = {f"{share:g}": len(np.unique(seen.row[np.abs(seen.size) >= least * share])) / series for share in _SHARES}
    print(f"\nRecall: {len(opened)} incidents that the full model tells of {series:,} slices, at evidence {least:.3g}")
    for share, value in figures.items():
        says = " (as set)" if float(share) == LOOK else ""
        print(
            f"  flagged from {share} of it{says}: {value:.1%} of them; "
            f"{rates[share]:.3%} of buckets, {looked[share]:.1%} of slices"
        )
    return figures


def _panel(random: np.random.Generator, series: int, buckets: int) -> Floats:
    """Counts that share a week and days that are strong or weak, more or less dispersed."""
    week = np.exp(0.25 * random.standard_normal(7))[np.arange(buckets) % 7]
    days = np.exp(0.05 * random.standard_normal(buckets))
    means = random.lognormal(4.5, 1.0, series)
    own = random.gamma(60, 1 / 60, (series, buckets))
    rate = means[:, None] * week * days * own
    for row in np.flatnonzero(random.random(series) < _INCIDENTS):
        start, length = int(random.integers(42, buckets - 8)), int(random.choice([1, 2, 4, 8]))
        rate[row, start : start + length] *= random.choice([0.0, 0.2, 0.4, 0.6, 0.75, 1.4, 2.0, 4.0])
    return random.poisson(rate).astype(np.float64)


def _recalled(seen: Seen, opened: list[tuple[int, int]], least: float) -> float:
    enough = np.abs(seen.size) >= least
    flags = set(zip(seen.row[enough].tolist(), seen.bucket[enough].tolist(), strict=True))
    return sum(one in flags for one in opened) / max(len(opened), 1)
