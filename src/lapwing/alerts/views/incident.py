"""An incident as it is shown: its numbers, cause and chart, what people did, and its story."""

from __future__ import annotations

from dataclasses import dataclass, field

from lapwing.alerts.views.view import Chart, Json, SliceJson, View, plain
from lapwing.alerts.why.change import Cause


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
