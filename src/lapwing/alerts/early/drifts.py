"""Slow drift of what monitors watch by the day."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np

from lapwing.alerts.early.constants import DRIFT_LAG
from lapwing.alerts.early.drift import drift
from lapwing.alerts.early.early import Early, Figures
from lapwing.alerts.early.goals import definition
from lapwing.alerts.early.outlook import outlook, seasons
from lapwing.alerts.early.warned import Hits, Warned, raised
from lapwing.alerts.early.words import drift_says
from lapwing.alerts.judged import Judged
from lapwing.alerts.views import Chart, listed
from lapwing.model.calendar import edges
from lapwing.model.dataset import Better, Dataset

_SHOWN = 56
"""Days drawn."""
_STILL = 7
"""Days after a warning within which the level must not have come back for the warning to have been right."""


def judge(judged: Judged, dataset: Dataset, zone: str) -> Early:
    """All that the whole of a daily monitor drifted by. Slices are left to it: a slow change of one shows in its incidents."""
    row = len(judged.slices) - 1
    values = judged.actual[row : row + 1]
    buckets = int(np.flatnonzero(np.isfinite(judged.amount[row])).max(initial=-1)) + 1
    values, borders = values[:, :buckets], judged.borders[: buckets + 1]
    direction = {None: 0, Better.UP: -1, Better.DOWN: 1}[judged.metric.shown.better]
    every = (
        edges(judged.monitor.grain, zone, int(borders[0]), int(borders[-1]) + (DRIFT_LAG + 2) * 86_400_000_000)
        if buckets
        else borders
    )
    slots = seasons(every[: buckets + DRIFT_LAG], judged.monitor.grain, ZoneInfo(zone))
    found = drift(values, slots, direction)
    expected = outlook(values, slots, DRIFT_LAG)[0, :, -1]
    before = np.concatenate([np.full(DRIFT_LAG, np.nan), expected])[:buckets]
    # The sums say yes or no: it is told at once, and is over when they no longer do.
    warned = tuple(
        replace(one, came=_lasted(found.moved[0], one)) for one in raised(found.found[0], found.moved[0], 0.5, stays=1)
    )

    def figures(one: Warned, kind: str, bucket: int) -> Figures:
        moved, seen, usual = float(found.moved[0, bucket]), float(values[0, bucket]), float(before[bucket])
        hits = Hits.before(warned, bucket, np.array([each.opened + _STILL for each in warned], np.int64))
        says = drift_says(kind, moved)
        return {
            "says": says + ("" if kind == "resolved" else f" {hits.says()}"),
            "actual": seen,
            "expected": usual,
            "lower": None,
            "upper": None,
            "difference": seen - usual,
            "amount": None,
            "currency": None,
            "first": int(borders[one.opened]),
            "until": int(borders[bucket + 1]),
            "warning": {
                "kind": "drift",
                "name": judged.monitor.name,
                "chance": None,
                "projected": seen,
                "lower": None,
                "upper": None,
                "goal": usual,
                "aim": "above" if one.direction > 0 else "below",
                "due": None,
                "warnings": hits.warnings,
                "came": hits.came,
            },
        }

    def chart(_: Warned, bucket: int) -> Chart:
        first = max(0, bucket + 1 - _SHOWN)
        part = np.s_[first : bucket + 1]
        nothing: list[float | None] = [None] * (bucket + 1 - first)
        return Chart(
            time=(borders[:-1][part] // 1000).tolist(),
            actual=listed(values[0, part]),
            expected=listed(before[part]),
            lower=nothing,
            upper=nothing,
            outside=[False] * (bucket + 1 - first),
            until=int(borders[bucket + 1]) // 1000,
        )

    return Early(
        name=f"drift:{judged.monitor.name}",
        kind="drift",
        dataset=dataset,
        metric=judged.metric,
        slice=judged.slices[row] if judged.slices else (),
        grain=judged.monitor.grain,
        borders=borders,
        complete_after=judged.complete_after,
        warned=warned,
        figures=figures,
        chart=chart,
        definition=definition((judged.monitor, direction), dataset, judged.metric),
    )


def _lasted(moved: np.ndarray[tuple[int], np.dtype[np.float64]], one: Warned) -> bool | None:
    """Whether a week later the level was still further off to that side than when it was told, or as far; None so long."""
    at = one.opened + _STILL
    return None if at >= len(moved) else bool(moved[at] * one.direction >= 0.5 * abs(moved[one.opened]))
