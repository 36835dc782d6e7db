"""Goals and limits, with what they will come to. Times in series are UTC epoch milliseconds, elsewhere ISO 8601."""

from __future__ import annotations

from lapwing.server.documents.base import Document, Value
from lapwing.server.documents.shown import Chart


class Goal(Document):
    """How a goal stands in its current period, [start, end). `miss` is the probability that it is missed; `open` the incident
    that warns of it, if one does."""

    name: str
    metric: str
    label: str
    unit: str
    format: str
    slice: dict[str, Value]
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
    open: str | None
    chart: Chart


class Limit(Document):
    """How a limit stands: `value` is not to be crossed to the side `aim` (above or below); `chance` is how likely it is before
    `due`. `open`: the incident that warns of it, if one does. The chart goes on with the projection."""

    name: str
    metric: str
    slice: dict[str, Value]
    grain: str
    aim: str
    value: float
    chance: float | None
    due: str | None
    open: str | None
    chart: Chart


class Goals(Document):
    goals: list[Goal]
    limits: list[Limit]
