"""Metrics of which one leads another: what is told of the follower before anything of it is seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.alerts.early.outcome import Outcome, threshold
from benchmarks.alerts.injected.calendar import MARKETS, clock
from benchmarks.alerts.injected.make import DAILY
from benchmarks.alerts.injected.market import COUNT, Made, draw, make_metric, no_trouble
from benchmarks.alerts.injected.panel import Floats
from lapwing.alerts.chance import Kind
from lapwing.alerts.early.constants import LEAD_DAYS, LEAD_EVERY
from lapwing.alerts.early.leading import Pair, foretold
from lapwing.alerts.terms import Terms, expect

DAYS = 730
SINCE = 365
"""Days before which nothing counts: pairs are learned from them."""
METRICS = 6
FOLLOWS = 0.9
"""The share of a leader's troubles that its follower has, too."""
LARGE = 400.0
ALLOWED = 2
"""Days by which a trouble may begin before or after it was said to."""


@dataclass(frozen=True, slots=True, eq=False)
class Led:
    """METRICS counts (M, T): the second follows the first's troubles after `lag` days, the others have their own. `begun` (M
    lists): the first days of all troubles; `coupled`: those of the second that the first's were followed by. `tree`: the
    pair is along the metric tree."""

    zone: ZoneInfo
    starts: np.ndarray[tuple[int], np.dtype[np.int64]]
    amount: Floats
    lag: int
    begun: tuple[tuple[int, ...], ...]
    coupled: tuple[int, ...]
    tree: bool


def led(seed: int, count: int) -> Iterator[Led]:
    """So many: a trouble about every month, that takes a fourth to three fifths for three to eight days."""
    for number in range(count):
        random = np.random.default_rng([seed, 10, number])
        place = MARKETS[number % len(MARKETS)]
        times = clock(DAILY, place.zone, date(2024, 1, 8), DAYS)
        lag = int(random.integers(1, 5))
        troubles = [no_trouble(1, DAYS) for _ in range(METRICS)]
        begun: list[list[int]] = [[] for _ in range(METRICS)]
        coupled = []

        def ill(metric: int, at: int, far: float, days: int, troubles: list = troubles, begun: list = begun) -> None:  # type: ignore[type-arg]
            troubles[metric].volume[:, at : at + days] *= 1 - far
            begun[metric].append(at)

        for metric in (0, *range(2, METRICS)):
            at = int(random.integers(20, 50))
            while at < DAYS - 20:
                far, days = random.uniform(0.25, 0.6), int(random.integers(3, 9))
                ill(metric, at, far, days)
                if metric == 0 and random.random() < FOLLOWS:
                    ill(1, at + lag, min(far * random.uniform(0.8, 1.1), 0.8), days)
                    coupled.append(at + lag)
                at += int(random.integers(20, 45))
        for at in random.integers(40, DAYS - 20, 4).tolist():
            ill(1, at, random.uniform(0.25, 0.6), int(random.integers(3, 9)))
        amount = np.concatenate(
            [draw(random, _large(make_metric(random, COUNT, times, 1)), one)[0] for one in troubles]
        )
        zone = ZoneInfo(place.zone)
        sorted_ones = tuple(tuple(sorted(one)) for one in begun)
        yield Led(zone, times.starts, amount, lag, sorted_ones, tuple(coupled), number % 2 == 0)


def _large(made: Made) -> Made:
    """Of days that come to 400 at least: a quarter of fewer is nothing to see."""
    return replace(made, volume=made.volume * max(1.0, LARGE / float(made.volume.mean())))


def leading(made: Sequence[Led]) -> Outcome:
    """Troubles of followers that were told when their leaders moved."""
    cases = found = false = true = seen = 0
    leads: list[float] = []
    for one in made:
        terms = Terms(kind=Kind.COUNT, ratio=False, grain=DAILY)
        score = expect(one.starts, one.zone, one.amount, np.ones_like(one.amount), terms).score
        pairs = [
            Pair(leader, follower, sign, tree=one.tree and (leader, follower, sign) == (0, 1, 1))
            for leader in range(METRICS)
            for follower in range(METRICS)
            if leader != follower
            for sign in (1, -1)
        ]
        told = foretold(score, pairs, LEAD_DAYS, LEAD_EVERY)
        for follower, of in told.items():
            for each in of:
                if each.at < SINCE or each.at + LEAD_DAYS >= DAYS:
                    continue
                window = range(each.at - ALLOWED, each.at + LEAD_DAYS + 1)
                came = each.side < 0 and any(at in window for at in one.begun[follower])
                true, false = true + came, false + (not came)
        loud = threshold(one.amount[1], -1)
        for start in one.coupled:
            if not SINCE <= start < DAYS - LEAD_DAYS:
                continue
            cases += 1
            visible = np.flatnonzero(loud[start : start + 8])
            seen += len(visible) > 0
            hits = [each.at for each in told.get(1, []) if each.side < 0 and start - LEAD_DAYS <= each.at <= start + 1]
            if hits:
                found += 1
                leads.append(float(start + (visible[0] if len(visible) else 8)) - hits[0])
    return Outcome(cases, found, false, tuple(leads), seen, true)
