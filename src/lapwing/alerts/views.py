"""What the pages are given: frozen and JSON-ready. Times in charts are UTC milliseconds, others ISO 8601 texts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from lapwing.alerts.history import Value
from lapwing.alerts.why.change import Cause

Json = dict[str, Any]
SliceJson = Mapping[str, Value]


class View:
    """A view is the JSON of its fields."""

    def as_dict(self) -> Json:
        return plain(asdict(self))  # type: ignore[call-overload,no-any-return]  # every subclass is a dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart(View):
    """`outside`: judged, and outside its range. Nothing is drawn after `until`."""

    time: list[int]
    actual: list[float | None]
    expected: list[float | None]
    lower: list[float | None]
    upper: list[float | None]
    outside: list[bool]
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AtStake(View):
    amount: float
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseView(View):
    says: str
    slice: SliceJson | None
    share: float | None
    clear: bool
    p: float | None

    @classmethod
    def of(cls, cause: Cause) -> CauseView:
        named = None if cause.slice is None else dict(cause.slice)
        return cls(says=cause.says, slice=named, share=cause.share, clear=cause.clear, p=cause.p)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView(View):
    name: str
    start: str
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged(View):
    at: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteView(View):
    """What somebody says of an incident."""

    who: str
    useful: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningView(View):
    """What an incident of kind warning is of. `kind` is pacing, limit, drift or leading; `chance` how likely what it warns of
    is, which is `due` (ISO) at the latest. `projected` with `lower` to `upper` (eight of ten) is compared with `goal`, whose
    `aim` is at_least, at_most, exactly, above or below; of a goal, `so_far` is in already. Of `warnings` like it before, `came`
    came true. Of kind leading, `leader` (a label, of the metric `leader_metric`) has moved, and this one usually follows by
    `expected_at` (ISO)."""

    kind: str
    name: str
    chance: float | None
    projected: float | None
    lower: float | None
    upper: float | None
    goal: float | None
    aim: str
    due: str | None
    says: str
    warnings: int
    came: int
    so_far: float | None = None
    leader: str | None = None
    leader_metric: str | None = None
    expected_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen(View):
    """The early warning (`kind` drift or leading) that told of an incident before it came; `at` (ISO) is when."""

    id: str
    kind: str
    at: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataView(View):
    """What an incident of kind data is of: `check` is stale, late, volume, schema, values, builds or audit, of a dataset; the
    data of [start, end) (ISO; None: from then on) is in doubt."""

    check: str
    dataset: str
    start: str
    end: str | None
    says: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentSummary(View):
    """An incident as it was known at the moment asked. `opened` is when its trouble began, `known_at` when people could
    know, `until` the end of what its numbers count. `state` is open, resolved or retracted; `reason` says why it is over.
    `cause` None: nobody looked for it yet. `folded`: how many incidents of its slices it stands for. `kind` is anomaly,
    so_far, warning or data; of a warning, `actual` is what is projected and `expected` the goal; of data, rows. `doubt` says why
    the data that it rests on may not be right. `learned` says what the `votes` do to what comes after."""

    id: int
    monitor: str
    metric: str
    label: str
    unit: str
    format: str
    better: str | None
    grain: str
    slice: SliceJson
    state: str
    opened: str
    known_at: str
    until: str
    resolved: str | None
    actual: float | None
    expected: float | None
    lower: float | None
    upper: float | None
    difference: float | None
    at_stake: AtStake | None
    cause: CauseView | None
    chart: Chart
    events: list[EventView]
    folded: int
    acknowledged: Acknowledged | None
    assignee: str
    snoozed_until: str | None
    reason: str | None
    flapping: bool
    kind: str = "anomaly"
    warning: WarningView | None = None
    foreseen: Foreseen | None = None
    data: DataView | None = None
    doubt: str | None = None
    votes: list[VoteView] = field(default_factory=list)
    learned: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryStep(View):
    """`at`: when people could know it; `bucket`: the bucket it was seen in, of steps of the data. Both ISO. `who` did it, of
    what people did."""

    at: str
    bucket: str | None
    kind: str
    says: str
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment(View):
    at: str
    who: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Related(View):
    id: int
    metric: str
    label: str
    slice: SliceJson
    says: str
    series: list[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView(View):
    summary: IncidentSummary
    story: list[StoryStep]
    comments: list[Comment]
    why: Json | None
    related: list[Related]
    receipt: Json | None

    def as_dict(self) -> Json:
        return {
            **self.summary.as_dict(),
            "story": [step.as_dict() for step in self.story],
            "comments": [one.as_dict() for one in self.comments],
            "why": plain(self.why),
            "related": [one.as_dict() for one in self.related],
            "receipt": self.receipt,
        }


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Band(View):
    """What a metric's buckets were expected to be. `says`: a sentence on how far to trust it."""

    time: list[int]
    expected: list[float | None]
    lower: list[float | None]
    upper: list[float | None]
    ready: bool
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorView(View):
    """A monitor from YAML (`file`, `line`) or followed in the UI (`followed`). `group` is the name under which it and others
    are watched by `tag`, both null of one that is watched by itself. Where `by` is all, every slice of up to `depth`
    dimensions is watched that `support` events a bucket belong to."""

    name: str
    metric: str
    label: str
    grain: str
    by: list[str]
    slice: SliceJson
    sensitivity: float
    min_change: float | None
    depth: int | None
    support: float | None
    tags: list[str]
    tag: str | None
    group: str | None
    followed: bool
    file: str | None
    line: int | None


def plain(data: Any) -> Any:
    """JSON has no nan: what is not a number is null."""
    if isinstance(data, dict):
        return {key: plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [plain(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def listed(values: npt.NDArray[np.float64]) -> list[float | None]:
    """A series for JSON, rounded to nine significant digits."""
    return [float(f"{value:.9g}") if math.isfinite(value) else None for value in values.tolist()]
