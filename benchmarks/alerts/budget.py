"""Is a budget of false alarms kept? Made series in which nothing happens, watched by monitors that would tell too much: how
many alarms a week come of how many that were asked for."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.alerts import feedback
from benchmarks.alerts.injected.alarms import around
from benchmarks.alerts.injected.calendar import MARKETS, clock
from benchmarks.alerts.injected.make import CHOOSING, DAILY, HOURLY, SEALED
from benchmarks.alerts.injected.market import FAMILIES, draw, make_metric, no_trouble
from benchmarks.alerts.injected.panel import Panel
from lapwing.alerts.bar import Bar
from lapwing.alerts.terms import Terms, judge_series
from lapwing.model.grain import Grain

_DAYS, _WARM_UP = {DAILY: 476, HOURLY: 98}, {DAILY: 84, HOURLY: 28}
_SERIES, _SMALL_SERIES = 40, 12
"""Of each monitor; there is one for each family of metrics."""
_SENSITIVITY = 3.0
"""Of the monitors: what tells most."""
_MEMORIES = (None, 0.0, 0.6, 0.9)
"""How much neighbours in time have in common; None: as in the injected series, up to 0.6."""
_ASKED = (0.5, 1.0, 3.0)


@dataclass(frozen=True, slots=True)
class Kept:
    """Alarms a week that were asked for, that came, and that would have come of the sensitivity alone."""

    asked: float
    came: float
    alone: float

    @property
    def ratio(self) -> float:
        return self.came / min(self.asked, self.alone)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of this part."""
    parser.add_argument("--budget", action="store_true", help="is a budget of false alarms kept, and do votes help")


def run(options: argparse.Namespace) -> dict[str, Any] | None:
    """Prints the tables; figures by grain and memory, and of votes."""
    if not options.budget:
        return None
    seed = SEALED if options.sealed else CHOOSING
    out: dict[str, Any] = {}
    print("\nA budget of false alarms, on series in which nothing happens: alarms a week\n")
    print(f"  {'':28}{'asked':>8}{'came':>8}{'came/asked':>12}{'without':>10}")
    for name, grain in (("daily", DAILY), ("hourly", HOURLY)):
        for memory in _MEMORIES[: 2 if options.small else None]:
            lists = monitors(grain, seed, _SMALL_SERIES if options.small else _SERIES, memory)
            for kept in kept_by(lists, grain, _ASKED):
                of = f"{name}, memory {'as made' if memory is None else memory}"
                print(f"  {of:28}{kept.asked:8.2f}{kept.came:8.2f}{kept.ratio:12.2f}{kept.alone:10.2f}")
                out[f"{of}, {kept.asked:g} a week"] = {"came": kept.came, "ratio": kept.ratio, "alone": kept.alone}
    return {"budget": out, "votes": feedback.compare(small=options.small, sealed=options.sealed)}


def monitors(grain: Grain, seed: int, series: int, memory: float | None = None) -> list[list[Panel]]:
    """A monitor for each family of metrics, each of so many series with nothing in them."""
    return [[_panel(grain, seed, place, number, memory) for number in range(series)] for place in range(len(FAMILIES))]


def kept_by(lists: Sequence[Sequence[Panel]], grain: Grain, asked: Sequence[float]) -> list[Kept]:
    """What came of each budget, divided among the monitors."""
    counts = np.zeros(len(asked) + 1)
    for panels in lists:
        shares = [budget / len(lists) for budget in asked]
        counts += [raised(panels, share) for share in (*shares, None)]
    weeks = (_DAYS[grain] - _WARM_UP[grain]) / 7
    came = (counts / weeks).tolist()
    return [Kept(budget, rate, came[-1]) for budget, rate in zip(asked, came, strict=False)]


def raised(panels: Sequence[Panel], share: float | None) -> int:
    """How many alarms a monitor of these series raises that may raise so many a week."""
    first = panels[0]
    values, exposure = (np.concatenate([getattr(one, name) for one in panels]) for name in ("values", "exposure"))
    borders = np.append(first.starts, 2 * first.starts[-1] - first.starts[-2])
    bar = Bar(
        series=tuple(one.name for one in panels),
        parts=np.zeros(len(panels), bool),
        borders=borders,
        known=borders[1:],
        shares=() if share is None else ((0, share),),
    )
    _, found = judge_series(first.starts, first.zone, values, exposure, first.terms, around(panels), bar)
    return sum(one.opened >= first.first for of_row in found for one in of_row)


def _panel(grain: Grain, seed: int, place: int, number: int, memory: float | None) -> Panel:
    random = np.random.default_rng([seed, 29, int(grain == DAILY), place, number])
    family, market = FAMILIES[place], MARKETS[place % len(MARKETS)]
    times = clock(grain, market.zone, market.begins if grain == HOURLY else date(2025, 1, 6), _DAYS[grain])
    made = make_metric(random, family, times, 1)
    made = made if memory is None else replace(made, memory=memory)
    amount, exposure = draw(random, made, no_trouble(1, len(times.starts)))
    with np.errstate(divide="ignore", invalid="ignore"):
        shown = 1000 * amount / exposure if family.name == "derived" else amount / exposure
    ratio = family.ratio or family.name == "derived"
    return Panel(
        name=f"calm {family.name} {number}",
        country=market.country,
        zone=ZoneInfo(market.zone),
        terms=Terms(kind=family.kind, ratio=family.ratio, grain=grain, better=None, sensitivity=_SENSITIVITY),
        starts=times.starts,
        values=np.where(exposure > 0, shown if ratio else amount, np.nan),
        exposure=exposure,
        first=int(np.searchsorted(times.day, times.day[0] + _WARM_UP[grain])),
        incidents=(),
        quiet=(),
    )
