"""Leading indicators of what monitors watch: a metric has moved that another usually follows, which has not yet."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Floats
from lapwing.alerts.early.early import Early, Figures
from lapwing.alerts.early.goals import calendar_of, definition
from lapwing.alerts.early.holidays import known_beforehand
from lapwing.alerts.early.leading import Foretold
from lapwing.alerts.early.outlook import outlook, seasons
from lapwing.alerts.early.panel import Panel
from lapwing.alerts.early.warned import Warned
from lapwing.alerts.early.words import counted, leading_says
from lapwing.alerts.episode import Step
from lapwing.alerts.views.view import Chart, listed
from lapwing.model.calendar import edges, local_iso
from lapwing.model.dataset import Better
from lapwing.model.grain import Unit
from lapwing.model.project import Project

_SHOWN = {1: 28, 24: 72}
"""Buckets before now that are drawn, by those in a day."""
_USUALLY = (0.1, 0.5, 0.9)
"""Of earlier moves of a follower: the interval shown, eight of ten, and the middle."""


def judge(panel: Panel, row: int, project: Project) -> Early:
    """All that the leaders of one series foretold of it, to the side that hurts."""
    judged = panel.judged[row]
    monitor, metric, zone = judged.monitor, judged.metric, project.timezone
    grain, dataset = monitor.grain, project.datasets[monitor.dataset]
    a_day, buckets = 24 if grain.unit is Unit.HOUR else 1, len(panel.borders) - 1
    sides = {None: (-1, 1), Better.UP: (-1,), Better.DOWN: (1,)}[metric.shown.better]
    told = [one for one in panel.told.get(row, []) if one.side in sides]
    of = {(one.at, one.side): one for one in told}
    borders = panel.borders
    length = 3_600_000_000 * 24 // a_day
    later = borders
    if buckets:
        end = int(borders[-1]) + (panel.within + 2) * length
        later = edges(grain, zone, int(borders[0]), end, project.week_start)[: buckets + panel.within + 1]

    @cache
    def usual() -> Floats:
        """(T, within): what was expected of the series after each bucket, without any trouble."""
        slots = seasons(later[:-1], grain, ZoneInfo(zone))
        known = known_beforehand(later, grain, project, judged.slices[-1])
        found: Floats = outlook(panel.values[row : row + 1], slots, panel.within, a_day, known=known)[0]
        return found

    def figures(one: Warned, kind: str, bucket: int) -> Figures:
        said = of[one.opened, one.direction]
        plain = float(usual()[said.at, said.lag - 1])
        low, middle, high = sorted(float(plain * part) for part in _moves(panel, said))
        value = metric.value if judged.measured.additive else None
        came = said.shown is not None and said.shown <= bucket
        seen = float(panel.values[row, said.shown]) if came and said.shown is not None else middle
        against = float(panel.expected[row, said.shown]) if came and said.shown is not None else plain
        leader = panel.judged[said.pair.leader]
        moved, expected = (float(part[said.pair.leader, said.at]) for part in (panel.values, panel.expected))
        return {
            "says": leading_says(
                kind,
                (leader.metric.shown, moved, expected),
                (metric.shown, seen, against),
                (said.hits, said.events),
                (counted(said.lag, grain), counted(said.within, grain)),
                came=came,
            ),
            "actual": seen,
            "expected": against,
            "lower": None if came else low,
            "upper": None if came else high,
            "difference": seen - against,
            "amount": None if value is None else abs(seen - against) * value,
            "currency": None if value is None else metric.currency,
            "first": int(borders[said.at]),
            "until": int(borders[bucket + 1]),
            "warning": {
                "kind": "leading",
                "name": monitor.name,
                "chance": 1.0 if came else said.chance,
                "projected": seen,
                "lower": low,
                "upper": high,
                "goal": against,
                "aim": "above" if said.side > 0 else "below",
                "due": local_iso(int(later[said.at + said.within + 1]), zone),
                "warnings": said.events,
                "came": said.hits,
                "leader": leader.metric.shown.label,
                "leader_metric": leader.monitor.metric,
                "expected_at": local_iso(int(later[said.at + said.lag]), zone),
            },
        }

    def chart(one: Warned, bucket: int) -> Chart:
        said = of[one.opened, one.direction]
        first, ahead = max(0, bucket + 1 - _SHOWN[a_day]), panel.within
        gap = np.full(bucket + 1 - first, np.nan)
        at = np.arange(bucket + 1, bucket + 1 + ahead)
        plain, moved = usual()[bucket], at >= said.at + said.lag
        low, middle, high = sorted(_moves(panel, said))
        lines = [
            np.concatenate([gap, np.where(moved, plain * middle, plain)]),
            *(np.concatenate([gap, np.where(moved, plain * part, np.nan)]) for part in (low, high)),
        ]
        times = later[first : bucket + 1 + ahead]
        return Chart(
            time=(times // 1000).tolist(),
            actual=listed(np.concatenate([panel.values[row, first : bucket + 1], np.full(ahead, np.nan)])),
            expected=listed(lines[0]),
            lower=listed(lines[1]),
            upper=listed(lines[2]),
            outside=[False] * len(times),
            until=int(borders[bucket + 1]) // 1000,
        )

    return Early(
        name=f"leading:{monitor.name}",
        kind="leading",
        dataset=dataset,
        metric=metric,
        slices=(judged.slices[-1],),
        grain=grain,
        borders=borders,
        complete_after=panel.complete_after,
        warned=tuple(_warned(one) for one in told),
        figures=figures,
        chart=chart,
        definition=definition((monitor, sides, calendar_of(project)), dataset, metric),
    )


def _warned(one: Foretold) -> Warned:
    steps = [Step("opened", one.at), *([] if one.over is None else [Step("resolved", one.over)])]
    came = True if one.shown is not None else None if one.over is None else False
    return Warned(direction=one.side, steps=tuple(steps), came=came, due=one.over)


def _moves(panel: Panel, said: Foretold) -> npt.NDArray[np.float64]:
    """What the follower came to where it followed before, as shares of what was expected: low, middle, high."""
    past = said.past
    known = past.known(0, said.at + 1)
    known = known[(past.lag[known] > 0) & (past.side[known] == said.side)]
    at = past.at[known] + past.lag[known]
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = panel.values[said.pair.follower, at] / panel.expected[said.pair.follower, at]
    moved = moved[np.isfinite(moved)]
    return np.quantile(moved, _USUALLY) if len(moved) else np.ones(3)
