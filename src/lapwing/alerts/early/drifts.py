"""Slow drift of what monitors watch by the day: of the whole, and of its slices where a monitor has several."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Floats, Kind
from lapwing.alerts.early.constants import DRIFT_LAG, DRIFT_REJOIN, DRIFT_SLICES, DRIFT_SUPPORT
from lapwing.alerts.early.drift import drift
from lapwing.alerts.early.early import Early, Figures
from lapwing.alerts.early.goals import calendar_of, definition
from lapwing.alerts.early.holidays import known_beforehand
from lapwing.alerts.early.outcomes import NOTHING, Hits, Remembered, outcomes, since
from lapwing.alerts.early.outlook import outlook, seasons
from lapwing.alerts.early.warned import Warned, Wavering, raised
from lapwing.alerts.early.words import drift_says
from lapwing.alerts.history import series_key
from lapwing.alerts.judged import Judged
from lapwing.alerts.views.view import Chart, listed
from lapwing.model.calendar import edges
from lapwing.model.dataset import Better
from lapwing.model.project import Project

_SHOWN = 56
"""Days drawn."""
WAVERING = Wavering(stays=1, rejoin=DRIFT_REJOIN, calm=DRIFT_REJOIN)
"""The sums say yes or no: it is told at once, and is over when they no longer do."""
_STILL = 7
"""Days after a warning within which the level must not have come back for the warning to have been right."""


def judge(judged: Judged, project: Project, remembered: Remembered = NOTHING) -> Early:
    """All that a daily monitor drifted by: the whole first, then its largest slices. `remembered`: how earlier ones went."""
    grain, zone, dataset = judged.monitor.grain, project.timezone, project.datasets[judged.monitor.dataset]
    buckets = int(np.flatnonzero(np.isfinite(judged.amount).any(axis=0)).max(initial=-1)) + 1
    rows = watched(judged, buckets)
    slices = tuple(judged.slices[row] for row in rows)
    values, borders = judged.actual[rows, :buckets], judged.borders[: buckets + 1]
    every = borders
    if buckets:
        every = edges(grain, zone, int(borders[0]), int(borders[-1]) + (DRIFT_LAG + 2) * 86_400_000_000)
    every = every[: buckets + DRIFT_LAG + 1]
    slots = seasons(every[: buckets + DRIFT_LAG], grain, ZoneInfo(zone))
    known = known_beforehand(every, grain, project, judged.monitor.slice)
    direction = {None: 0, Better.UP: -1, Better.DOWN: 1}[judged.metric.shown.better]
    found = drift(values, slots, direction, known, of=_of(len(rows)))
    expected = outlook(values, slots, DRIFT_LAG, known=known)[:, :, -1]
    before = np.concatenate([np.full((len(rows), DRIFT_LAG), np.nan), expected], axis=1)[:, :buckets]
    warned = tuple(
        replace(one, row=row, came=_lasted(found.moved[row], one))
        for row in range(len(rows))
        for one in raised(found.found[row], found.moved[row], 0.5, rules=WAVERING)
    )
    of = definition((judged.monitor, direction, calendar_of(project)), dataset, judged.metric)
    every_slice = slices or ((),)
    ended = np.array([one.opened + _STILL for one in warned], np.int64)
    begins = since(borders, np.isfinite(found.found[0]))
    gone = remembered.before(of, begins)
    ends = (*gone, *outcomes(warned, ended, borders, judged.complete_after, every_slice))
    whole = series_key(every_slice[0])

    def hits(one: Warned, bucket: int) -> Hits:
        """Of the whole its own, of slices all slices'."""
        like = [each for each in ends if (each.series == whole) == (one.row == 0)]
        return Hits.of(like, int(borders[bucket]) + judged.complete_after)

    def figures(one: Warned, kind: str, bucket: int) -> Figures:
        moved, seen, usual = (float(part[one.row, bucket]) for part in (found.moved, values, before))
        past = hits(one, bucket)
        says = drift_says(kind, moved)
        return {
            "says": says + ("" if kind == "resolved" else f" {past.says()}"),
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
                "warnings": past.warnings,
                "came": past.came,
            },
        }

    def chart(one: Warned, bucket: int) -> Chart:
        first = max(0, bucket + 1 - _SHOWN)
        part = np.s_[first : bucket + 1]
        nothing: list[float | None] = [None] * (bucket + 1 - first)
        return Chart(
            time=(borders[:-1][part] // 1000).tolist(),
            actual=listed(values[one.row, part]),
            expected=listed(before[one.row, part]),
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
        slices=every_slice,
        grain=grain,
        borders=borders,
        complete_after=judged.complete_after,
        warned=warned,
        figures=figures,
        chart=chart,
        definition=of,
        outcomes=ends,
        since=begins,
    )


def watched(judged: Judged, buckets: int) -> npt.NDArray[np.intp]:
    """The rows that are looked at: the whole, then the largest slices that are large enough to have a level at all."""
    if not judged.slices:
        return np.zeros(0, np.intp)
    whole = len(judged.slices) - 1
    if judged.swept is not None:  # its slices are those that stood out at some time, and no fixed set
        return np.array([whole], np.intp)
    size = np.nan_to_num(judged.amount[:whole, :buckets]).mean(axis=1) if buckets else np.zeros(whole)
    least = DRIFT_SUPPORT if judged.measured.kind is not Kind.LEVEL else 0.0
    largest = np.argsort(-size, kind="stable")[:DRIFT_SLICES]
    return np.array([whole, *largest[size[largest] >= least]], np.intp)


def _of(rows: int) -> Floats:
    """How many are looked at beside each: the whole is alone, slices are many."""
    return np.array([1.0, *[max(rows - 1, 1)] * (rows - 1)])[:rows]


def _lasted(moved: np.ndarray[tuple[int], np.dtype[np.float64]], one: Warned) -> bool | None:
    """Whether a week later the level was still further off to that side than when it was told, or as far; None so long."""
    at = one.opened + _STILL
    return None if at >= len(moved) else bool(moved[at] * one.direction >= 0.5 * abs(moved[one.opened]))
