"""Limits against what the front door answers: crossings foreseen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from lapwing.alerts.early.complete import complete
from lapwing.alerts.early.constants import LIMIT_STAYS, WARM_UP
from lapwing.alerts.early.crossing import crossing
from lapwing.alerts.early.early import Early, Figures
from lapwing.alerts.early.goals import calendar_of, definition
from lapwing.alerts.early.holidays import known_beforehand
from lapwing.alerts.early.outcomes import NOTHING, Hits, Remembered, outcomes, since
from lapwing.alerts.early.outlook import seasons
from lapwing.alerts.early.warned import Warned, Wavering, raised
from lapwing.alerts.early.words import counted, limit_says
from lapwing.alerts.inputs import Ready, not_learned
from lapwing.alerts.season import calm_buckets, rejoining
from lapwing.alerts.views.view import Chart, listed
from lapwing.model.calendar import local_iso
from lapwing.model.goal import Limit

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

_SHOWN = {1: 28, 24: 72}
"""Buckets before now that are drawn, by those in a day."""


def judge(lapwing: Lapwing, limit: Limit, ready: Ready = not_learned, remembered: Remembered = NOTHING) -> Early:
    """All that a limit warned of over its metric's history. `remembered`: how earlier warnings went."""
    data = complete(lapwing, limit.metric, limit.slice, limit.grain, ready)
    above = limit.above is not None
    value = float(limit.above if limit.above is not None else limit.below or 0.0)
    values, a_day = data.values, data.a_day
    later = data.later(limit.ahead)
    found = crossing(
        values,
        seasons(later, limit.grain, ZoneInfo(data.zone)),
        value,
        above=above,
        ahead=limit.ahead,
        a_day=a_day,
        warm_up=WARM_UP * min(a_day, 12),
        known=known_beforehand(data.later(limit.ahead + 1), limit.grain, lapwing.project, limit.slice),
    )
    furthest = found.expected[0].max(axis=1) if above else found.expected[0].min(axis=1)
    across = values[0] > value if above else values[0] < value
    warned = tuple(
        replace(one, direction=1 if above else -1, **outcome(one, across, limit.ahead))
        for one in raised(found.chance[0], furthest - value, limit.chance, rules=wavering(limit))
    )
    of = definition((limit, calendar_of(lapwing.project)), data.dataset, data.metric)
    begins = since(data.borders, np.isfinite(found.chance[0]))
    gone = remembered.before(of, begins)
    ended = _judged_at(warned, limit.ahead)
    ends = (*gone, *outcomes(warned, ended, data.borders, data.complete_after, (limit.slice,)))

    def figures(one: Warned, kind: str, bucket: int) -> Figures:
        away = int(found.away[0, bucket])
        chance, seen = float(found.chance[0, bucket]), float(values[0, bucket])
        hits = Hits.of(ends, int(data.borders[bucket]) + data.complete_after)
        at = max(away - 1, 0)
        projected = seen if away == 0 else float(found.expected[0, bucket, at])
        low, high = (float(part[0, bucket, at]) if away else seen for part in (found.low, found.high))
        due = int(later[min(bucket + away, len(later) - 1)])
        says = limit_says(limit, data.metric.shown, kind, (seen, projected), chance, counted(away, limit.grain))
        return {
            "says": says + ("" if kind == "resolved" else f" {hits.says()}"),
            "actual": projected,
            "expected": value,
            "lower": low,
            "upper": high,
            "difference": projected - value,
            "amount": None,
            "currency": None,
            "first": int(data.borders[one.opened]),
            "until": int(data.borders[bucket + 1]),
            "warning": {
                "kind": "limit",
                "name": limit.name,
                "chance": chance,
                "projected": projected,
                "lower": low,
                "upper": high,
                "goal": value,
                "aim": "above" if above else "below",
                "due": local_iso(due, data.zone),
                "warnings": hits.warnings,
                "came": hits.came,
            },
        }

    def chart(_: Warned, bucket: int) -> Chart:
        first = max(0, bucket + 1 - _SHOWN[a_day])
        gap = np.full(bucket + 1 - first, np.nan)
        lines = [np.concatenate([gap, part[0, bucket]]) for part in (found.expected, found.low, found.high)]
        times = later[first : bucket + 1 + limit.ahead]
        return Chart(
            time=(times // 1000).tolist(),
            actual=listed(np.concatenate([values[0, first : bucket + 1], np.full(len(times) - len(gap), np.nan)])),
            expected=listed(lines[0][: len(times)]),
            lower=listed(lines[1][: len(times)]),
            upper=listed(lines[2][: len(times)]),
            outside=[False] * len(times),
            until=int(data.borders[bucket + 1]) // 1000,
        )

    return Early(
        name=f"limit:{limit.name}",
        kind="limit",
        dataset=data.dataset,
        metric=data.metric,
        slices=(limit.slice,),
        grain=limit.grain,
        borders=data.borders,
        complete_after=data.complete_after,
        warned=warned,
        figures=figures,
        chart=chart,
        definition=of,
        outcomes=ends,
        since=begins,
    )


def wavering(limit: Limit) -> Wavering:
    """A forecast that wavers about a limit is one warning, as long as what it warned of may still come."""
    return Wavering(stays=LIMIT_STAYS, rejoin=max(limit.ahead, rejoining(limit.grain)), calm=calm_buckets(limit.grain))


def outcome(one: Warned, across: np.ndarray[Any, np.dtype[np.bool_]], ahead: int) -> dict[str, Any]:
    """Whether it was crossed in the time it was warned of, and when; not known before that time is over."""
    if across[one.opened]:
        return {}  # it was not foreseen: no warning that could have been right
    for opened in one.openings:
        after = np.flatnonzero(across[opened : opened + ahead + 1])
        if len(after):
            return {"came": True, "due": opened + int(after[0])}
    last = one.openings[-1] + ahead
    return {"came": False if last < len(across) else None, "due": last}


def _judged_at(warned: tuple[Warned, ...], ahead: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array([one.due if one.due is not None else one.opened + ahead for one in warned], np.int64)
