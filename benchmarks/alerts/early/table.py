"""The table of early warnings: lead over a plain daily threshold, precision, recall.

The threshold is the one most people have: a day that differs from the same day of the last four weeks by more than three and
a half of their usual differences. A goal that it never sees in danger is seen to be missed when its month is over.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.alerts.early.leaders import leading, led
from benchmarks.alerts.early.lines import calibration, crossings, lined
from benchmarks.alerts.early.make import MONTH, Paced, Slid, paced, slid
from benchmarks.alerts.early.outcome import WARM_UP, Outcome, threshold
from benchmarks.alerts.injected.make import CHOOSING, DAILY, SEALED
from benchmarks.alerts.injected.panel import Floats
from lapwing.alerts.early.constants import DRIFT_LAG
from lapwing.alerts.early.drift import drift
from lapwing.alerts.early.drifts import WAVERING
from lapwing.alerts.early.outlook import seasons
from lapwing.alerts.early.pacing import Periods, pace
from lapwing.alerts.early.warned import raised
from lapwing.model.calendar import edges
from lapwing.model.goal import CHANCE

_COUNT, _SMALL = 120, 20
_DAY = 86_400_000_000
AFTER = 28
"""Days behind the end of a slide in which a warning is put down to it."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of this part; `--sealed` is shared with the injected incidents."""
    parser.add_argument(
        "--early", action="store_true", help="early warnings on made series: goals, limits, slides, leaders"
    )


def run(options: argparse.Namespace) -> dict[str, Any] | None:
    """Prints the table; figures by kind."""
    if not options.early:
        return None
    seed, count = (SEALED if options.sealed else CHOOSING), (_SMALL if options.small else _COUNT)
    goals, goals_kept = pacing(list(paced(seed, count)))
    lines, lines_kept = crossings(list(lined(seed, count)))
    found = {
        "pacing": goals.figures(),
        "limits": lines.figures(),
        "drift": drifting(list(slid(seed, count))).figures(),
        "leading": leading(list(led(seed, count))).figures(),
    }
    print(f"\nEarly warnings, {count} series of each kind ({'sealed' if options.sealed else 'choosing'} seed)\n")
    print(f"  {'':10}" + "".join(f"  {column}" for column in found["pacing"]))
    for kind, figures in found.items():
        print(f"  {kind:10}" + "".join(f"  {value:{len(column)}.3f}" for column, value in figures.items()))
    kept = {"a miss": goals_kept, "a crossing": lines_kept}
    for what, probability in kept.items():
        print(f"\n  of the days on which {what} was likely by so much, the share on which it came:")
        print("    " + ", ".join(f"{said}: {came:.2f} of {days:,.0f}" for said, came, days in probability))
    return {**found, "calibration": goals_kept, "calibration of limits": lines_kept}


def pacing(made: Sequence[Paced]) -> tuple[Outcome, list[tuple[str, float, float]]]:
    """Months whose goal was missed, and how well the probabilities were kept."""
    cases = found = false = seen = 0
    leads: list[float] = []
    said: list[Floats] = []
    came: list[Floats] = []
    for one in made:
        periods, pace_of, goal = _pace(one)
        loud = threshold(one.amount, -1)
        ends = periods.left == 0
        warned = {
            int(periods.number[each.opened]): each.opened
            for each in reversed(raised(pace_of.miss[0], pace_of.projected[0] - goal, CHANCE, ends))
        }
        for month in np.unique(periods.number).tolist():
            days = np.flatnonzero(periods.number == month)
            if days[0] < WARM_UP or not ends[days[-1]]:
                continue
            missed = bool(one.amount[days].sum() < one.goal[month])
            said.append(pace_of.miss[0, days])
            came.append(np.full(len(days), float(missed)))
            told = warned.get(month)
            if not missed:
                false += told is not None
                continue
            cases += 1
            visible = days[loud[days]]
            seen += len(visible) > 0
            if told is not None:
                found += 1
                leads.append(float(visible[0] if len(visible) else days[-1]) - told)
    return Outcome(cases, found, false, tuple(leads), seen), calibration(np.concatenate(said), np.concatenate(came))


def _pace(one: Paced) -> tuple[Periods, Any, Floats]:
    buckets = len(one.amount)
    end = int(one.starts[-1]) + 40 * _DAY
    every = edges(DAILY, one.zone.key, int(one.starts[0]), end)[: buckets + 31]
    borders = edges(MONTH, one.zone.key, int(every[0]), int(every[-1]) + 1)
    periods = Periods.of(every, borders).first(buckets)
    goal = np.concatenate([one.goal, np.full(3, np.nan)])[periods.number]
    slots = seasons(every, DAILY, one.zone)
    bounds = goal, np.full(buckets, np.inf)
    return periods, pace(one.amount[None], None, slots, periods, bounds, counts=one.counts), goal


def drifting(made: Sequence[Slid]) -> Outcome:
    """Slides of about one per cent a day."""
    cases = found = false = seen = 0
    leads: list[float] = []
    for one in made:
        buckets = len(one.amount)
        every = edges(DAILY, one.zone.key, int(one.starts[0]), int(one.starts[-1]) + 20 * _DAY)[: buckets + DRIFT_LAG]
        state = drift(one.amount[None], seasons(every, DAILY, one.zone), direction=-1)
        told = [
            each.opened
            for each in raised(state.found[0], state.moved[0], 0.5, rules=WAVERING)
            if each.opened >= WARM_UP
        ]
        loud = threshold(one.amount, -1)
        for start, end in one.slides:
            cases += 1
            hits = [at for at in told if start <= at < end]
            visible = np.flatnonzero(loud[start:end])
            seen += len(visible) > 0
            if hits:
                found += 1
                leads.append(float(visible[0] if len(visible) else end - start) - (hits[0] - start))
        false += sum(not any(start <= at < end + AFTER for start, end in one.slides) for at in told)
    return Outcome(cases, found, false, tuple(leads), seen)
