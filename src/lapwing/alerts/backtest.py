"""What a monitor would have raised over the past, before anybody follows it: which, how often, and at other sensitivities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from lapwing.alerts.episode import Episode
from lapwing.alerts.judged import Judged
from lapwing.alerts.views.view import SliceJson, View
from lapwing.model.calendar import DAY, utc_iso
from lapwing.model.monitor import ALL, SENSITIVITY
from lapwing.model.tags import tag_of

CHOICES: Final = (3.0, 3.4, SENSITIVITY, 4.5, 5.5, 8.0)
"""Sensitivities that are tried, the usual one among them: from much that is told to only the worst."""
_SHOWN: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FiredView(View):
    """An incident of `metric` that would have been raised: `known` is when people would have heard of it, `start` where it
    began. `actual` and `expected` are of its worst bucket, in the metric's unit; `score` is how unusual that was."""

    metric: str
    known: str
    start: str
    resolved: str | None
    slice: SliceJson
    direction: int
    actual: float | None
    expected: float | None
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceView(View):
    """How many incidents would have been raised at a sensitivity."""

    sensitivity: float
    fired: int
    per_week: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestView(View):
    """Of a metric, or of all of a tag (`metric` is tag:NAME).

    From `since` to `until` the series could be judged, `weeks` long; before, there was too little history. `fired` is all
    that would have been raised, `incidents` the latest of them. `budget`: of the alarms a week that all monitors together may
    raise, what this would have beside those that there are (None: any number), and `held` how many more than those fired that
    held back (None where every slice is watched: not told). Where every slice is watched, `small` is how many have too little
    support, and `unread` which dimensions together have too many slices to be read."""

    metric: str
    grain: str
    by: list[str]
    slice: SliceJson
    sensitivity: float
    min_change: float | None
    series: int
    small: int | None
    unread: list[str]
    since: str | None
    until: str | None
    weeks: float
    fired: int
    per_week: float
    budget: float | None
    held: int | None
    choices: list[ChoiceView]
    incidents: list[FiredView]


def backtest(judged: Judged) -> BacktestView:
    """The same judging as a monitor's, over all there is of its history."""
    monitor = judged.monitor
    ready = np.flatnonzero(judged.detection.ready.any(axis=0) & np.isfinite(judged.amount).any(axis=0))
    since, until = (judged.borders[ready[0]], judged.borders[ready[-1] + 1]) if len(ready) else (0, 0)
    weeks = float(until - since) / (7 * DAY)
    fired = sorted((_view(judged, *one) for one in _told(judged)), key=lambda one: one.known, reverse=True)
    return BacktestView(
        metric=monitor.metric,
        grain=str(monitor.grain),
        by=[ALL] if monitor.every else list(monitor.by),
        slice=dict(monitor.slice),
        sensitivity=monitor.sensitivity,
        min_change=monitor.min_change,
        series=judged.watched,
        small=None if judged.swept is None else judged.swept.small,
        unread=[] if judged.swept is None else list(judged.swept.unread),
        since=utc_iso(int(since)) if weeks else None,
        until=utc_iso(int(until)) if weeks else None,
        weeks=round(weeks, 2),
        fired=len(fired),
        per_week=_rate(len(fired), weeks),
        budget=round(judged.shares[-1][1], 3) if judged.shares else None,
        held=None if judged.swept is not None else len(_told(replace(judged, shares=()))) - len(fired),
        choices=[_choice(judged, sensitivity, weeks) for sensitivity in CHOICES],
        incidents=fired[:_SHOWN],
    )


def together(of: str, found: Sequence[BacktestView]) -> BacktestView:
    """What would have been raised of all metrics of a tag; of one metric, the same as alone."""
    if len(found) == 1 and tag_of(of) is None:
        return found[0]
    weeks = max(one.weeks for one in found)
    every = sorted((fired for one in found for fired in one.incidents), key=lambda one: one.known, reverse=True)
    counts = [sum(one.choices[at].fired for one in found) for at in range(len(CHOICES))]
    fired = sum(one.fired for one in found)
    small = [one.small for one in found if one.small is not None]
    held, shares = [one.held for one in found if one.held is not None], [one.budget for one in found if one.budget]
    return replace(
        found[0],
        metric=of,
        series=sum(one.series for one in found),
        small=sum(small) if small else None,
        unread=sorted({each for one in found for each in one.unread}),
        since=min((one.since for one in found if one.since), default=None),
        until=max((one.until for one in found if one.until), default=None),
        weeks=weeks,
        fired=fired,
        per_week=_rate(fired, weeks),
        budget=round(sum(shares), 3) if shares else None,
        held=sum(held) if held else None,
        choices=[
            ChoiceView(sensitivity=s, fired=n, per_week=_rate(n, weeks)) for s, n in zip(CHOICES, counts, strict=True)
        ],
        incidents=every[:_SHOWN],
    )


def _choice(judged: Judged, sensitivity: float, weeks: float) -> ChoiceView:
    other = replace(judged, monitor=replace(judged.monitor, sensitivity=sensitivity))
    fired = len(_told(other))
    return ChoiceView(sensitivity=sensitivity, fired=fired, per_week=_rate(fired, weeks))


def _rate(fired: int, weeks: float) -> float:
    return round(fired / weeks, 3) if weeks else 0.0


def _told(judged: Judged) -> list[tuple[int, Episode]]:
    """Incidents with the row of their series, without those of parts that one of the whole stands for, as on the board."""
    every = [(row, episode) for row, episodes in enumerate(judged.episodes) for episode in episodes]
    sets = [set(within) for within in judged.slices]
    wholes = [(row, one) for row, one in every if any(sets[row] < other for other in sets)]
    return [
        (row, one)
        for row, one in every
        if not any(sets[whole] < sets[row] and _together(one, other) for whole, other in wholes)
    ]


def _together(one: Episode, other: Episode) -> bool:
    ends = [1 << 62 if each.resolved is None else each.resolved for each in (one, other)]
    return one.direction == other.direction and one.first <= ends[1] and other.first <= ends[0]


def _view(judged: Judged, row: int, episode: Episode) -> FiredView:
    found = judged.detection
    worst = max(episode.loud, key=lambda at: float(found.score[row, at]) * episode.direction)
    actual, expected = float(judged.actual[row, worst]), float(found.expected[row, worst])
    return FiredView(
        metric=judged.monitor.metric,
        known=utc_iso(int(judged.known[episode.opened])),
        start=utc_iso(int(judged.borders[episode.first])),
        resolved=None if episode.resolved is None else utc_iso(int(judged.known[episode.resolved])),
        slice=dict(judged.slices[row]),
        direction=episode.direction,
        actual=actual,
        expected=expected,
        score=round(abs(float(found.score[row, worst])), 2),
    )
