"""Goals and limits as they stand."""

from __future__ import annotations

from dataclasses import dataclass

from lapwing.alerts.views.view import Chart, SliceJson, View


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalView(View):
    """How a goal stands in its current period, [start, end) as ISO. `open`: the incident that warns of it, if one does."""

    name: str
    metric: str
    label: str
    unit: str
    format: str
    slice: SliceJson
    period: str
    start: str
    end: str
    aim: str
    goal: float | None
    so_far: float | None
    projected: float | None
    lower: float | None
    upper: float | None
    miss: float | None
    warnings: int
    came: int
    open: int | None
    chart: Chart


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitView(View):
    """How a limit stands: `value` is not to be crossed to the side `aim` (above or below); `chance` is how likely it is before
    `due` (ISO). `open`: the incident that warns of it, if one does. The chart goes on with the projection."""

    name: str
    metric: str
    slice: SliceJson
    grain: str
    aim: str
    value: float
    chance: float | None
    due: str | None
    open: int | None
    chart: Chart
