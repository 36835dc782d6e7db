"""The board: what needs a look, what is quiet, what was raised lately."""

from __future__ import annotations

from dataclasses import dataclass

from lapwing.alerts.views.incident import IncidentSummary
from lapwing.alerts.views.view import SliceJson, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet(View):
    """A watched series inside its range: its last value and a short line. `ready`: it has enough history to be judged."""

    monitor: str
    metric: str
    label: str
    slice: SliceJson
    unit: str
    format: str
    value: float | None
    ready: bool
    time: list[int]
    series: list[float | None]
    expected: list[float | None]
    lower: list[float | None]
    upper: list[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved(View):
    id: int
    metric: str
    label: str
    slice: SliceJson
    opened: str
    resolved: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snoozed(View):
    """Open, and to be left alone until then."""

    id: int
    metric: str
    label: str
    slice: SliceJson
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(View):
    day: str
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmsView(View):
    """What was raised in the last `weeks`, and what people said of it. `taken_back`: retracted, and nobody said anything.
    `budget` is how many a week were allowed; None: any number."""

    weeks: int
    budget: float | None
    raised: int
    per_week: float
    useful: int
    not_useful: int
    taken_back: int
    no_word: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching(View):
    metrics: int
    series: int
    alarms: AlarmsView


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble(View):
    """A monitor that can't be brought up to the data, and why."""

    monitor: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board(View):
    """What needs a look at `as_of`, the most money (then the longest known) first, and what is quiet. `judging`: monitors
    that are being judged at the moment, so what they will show is not here yet, or of older data."""

    as_of: str
    now: str
    pinned: bool
    data_until: str | None
    followed: int
    incidents: list[IncidentSummary]
    quiet: list[Quiet]
    snoozed: list[Snoozed]
    resolved: list[Resolved]
    next_check: str | None
    last_check: str | None
    days: list[Day]
    watching: Watching
    judging: list[str]
    troubles: list[Trouble]
