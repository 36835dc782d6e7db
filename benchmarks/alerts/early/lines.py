"""Limits that made series near, cross, or stay away from: what is told before, and how well probabilities are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.alerts.early.outcome import WARM_UP, Outcome, threshold
from benchmarks.alerts.injected.calendar import MARKETS, clock
from benchmarks.alerts.injected.make import DAILY
from benchmarks.alerts.injected.market import COUNT, MONEY, Made, draw, make_metric, mean_value, no_trouble
from benchmarks.alerts.injected.panel import Floats
from lapwing.alerts.early.crossing import crossing
from lapwing.alerts.early.limits import outcome, wavering
from lapwing.alerts.early.outlook import seasons
from lapwing.alerts.early.warned import raised
from lapwing.model.calendar import edges
from lapwing.model.goal import LIMIT_CHANCE, Limit

DAYS = 742
AHEAD = 14
APART = 14
"""Days below a limit after which a crossing is a new one."""


@dataclass(frozen=True, slots=True, eq=False)
class Lined:
    """A metric (T,) that is not to go above a limit."""

    name: str
    zone: ZoneInfo
    starts: np.ndarray[tuple[int], np.dtype[np.int64]]
    amount: Floats
    limit: float


def lined(seed: int, count: int) -> Iterator[Lined]:
    """So many: six of ten stretches of 18 weeks have a climb of 10 to 100 % over four to ten weeks, that stays for two and goes
    back; the limit lies above what is usual, so that some climbs reach it and others end below it."""
    for number in range(count):
        random = np.random.default_rng([seed, 9, number])
        place = MARKETS[number % len(MARKETS)]
        times = clock(DAILY, place.zone, date(2025, 1, 6), DAYS)
        made = _even(make_metric(random, (COUNT, MONEY)[number % 2], times, 1))
        trouble = no_trouble(1, DAYS)
        usual = mean_value(made, no_trouble(1, DAYS))[0][0]
        for first in range(WARM_UP, DAYS - 126, 126):
            if random.random() < 0.6:
                start, climb = first + int(random.integers(0, 20)), int(random.integers(28, 71))
                far = random.uniform(1.1, 2.0)
                trouble.volume[:, start : start + climb] *= np.linspace(1, far, climb)
                trouble.volume[:, start + climb : start + climb + 14] *= far
        amount = draw(random, made, trouble)[0][0]
        limit = float(np.quantile(usual, 0.98)) * random.uniform(1.1, 1.35)
        yield Lined(f"{made.family.name} {number}", ZoneInfo(place.zone), times.starts, amount, limit)


def _even(made: Made) -> Made:
    """With little of a week: of a metric that is twice as high on Mondays nobody would draw one line."""
    mean = made.volume.mean()
    return replace(made, volume=mean * (made.volume / mean) ** 0.3)


def crossings(made: Sequence[Lined]) -> tuple[Outcome, list[tuple[str, float, float]]]:
    """Crossings warned of, and how well the probabilities were kept."""
    cases = found = false = true = seen = 0
    leads: list[float] = []
    said: list[Floats] = []
    came: list[Floats] = []
    for one in made:
        buckets = len(one.amount)
        every = edges(DAILY, one.zone.key, int(one.starts[0]), int(one.starts[-1]) + 20 * 86_400_000_000)
        slots = seasons(every[: buckets + AHEAD], DAILY, one.zone)
        state = crossing(one.amount[None], slots, one.limit, above=True, ahead=AHEAD)
        rules = wavering(Limit(name="", dataset="", metric="", grain=DAILY, above=one.limit, below=None, ahead=AHEAD))
        far = state.expected[0].max(axis=1) - one.limit
        across = one.amount > one.limit
        told = [
            (each, outcome(each, across, AHEAD))
            for each in raised(state.chance[0], far, LIMIT_CHANCE, rules=rules)
            if each.opened >= WARM_UP
        ]
        false += sum(end.get("came") is False for _, end in told)
        true += sum(end.get("came") is True for _, end in told)
        loud = threshold(one.amount, 1)
        quiet = np.array([not across[max(at - APART, 0) : at].any() for at in range(buckets)])
        for start in np.flatnonzero(across & quiet & (np.arange(buckets) >= WARM_UP)).tolist():
            cases += 1
            since = max(start - APART, 0)
            visible = np.flatnonzero(loud[since:start])
            seen += len(visible) > 0
            hit = [at for each, end in told if end.get("came") for at in each.openings if since <= at < start]
            if hit:
                found += 1
                leads.append(float(since + visible[0] if len(visible) else start) - hit[0])
        soon = np.array([across[at + 1 : at + 1 + AHEAD].any() for at in range(buckets)])
        judged = (np.arange(buckets) >= WARM_UP) & (np.arange(buckets) < buckets - AHEAD) & ~across
        judged &= np.isfinite(state.chance[0])
        said.append(state.chance[0][judged])
        came.append(soon[judged].astype(float))
    return Outcome(cases, found, false, tuple(leads), seen, true), calibration(
        np.concatenate(said), np.concatenate(came)
    )


def calibration(said: Floats, came: Floats) -> list[tuple[str, float, float]]:
    """Of the days on which something was said to be likely by so much: the share on which it came, and how many they are."""
    out = []
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        chosen = (said >= low) & (said < low + 0.2 + (low == 0.8))
        share = float(came[chosen].mean()) if chosen.any() else float("nan")
        out.append((f"{low:.1f} to {low + 0.2:.1f}", round(share, 3), float(chosen.sum())))
    return out
