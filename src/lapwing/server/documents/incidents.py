"""Incidents, in a list and each with its story. Times in series are UTC epoch milliseconds, elsewhere ISO 8601."""

from __future__ import annotations

from typing import Literal

from lapwing.server.documents.base import Document, ReceiptDocument, Value
from lapwing.server.documents.changes import Change
from lapwing.server.documents.shown import Cause, Chart, Happening, Series, Stake


class Acknowledged(Document):
    at: str
    who: str


class Vote(Document):
    who: str
    useful: bool


class Warned(Document):
    """What an incident of kind warning is of. `kind` is pacing, limit, drift or leading; `chance` how likely what it warns of
    is, which is `due` at the latest. `projected` with `lower` to `upper` (eight of ten) is compared with `goal`, whose `aim`
    is at_least, at_most, exactly, above or below; of a goal, `so_far` is in already. Of `warnings` like it before, `came` came
    true. Of kind leading, `leader` (a label, of the metric `leader_metric`) has moved, and this one usually follows by
    `expected_at`."""

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
    so_far: float | None
    leader: str | None
    leader_metric: str | None
    expected_at: str | None


class Foreseen(Document):
    """The early warning (`kind` drift or leading) that told of an incident before it came; `at` is when."""

    id: str
    kind: str
    at: str
    says: str


class AboutData(Document):
    """What an incident of kind data is of: `check` is stale, late, volume, schema, values, builds or audit; the data of
    [start, end) (null: from then on) is in doubt."""

    check: str
    dataset: str
    start: str
    end: str | None
    says: str


class Incident(Document):
    """`kind` is anomaly, so_far (of a bucket that is not complete, at equal age), warning or data; of a warning `actual` is
    what is projected, `expected` the goal; of data, rows.
    `doubt` says why the data that it rests on may not be right.

    `state` is open, resolved, or retracted: data that came later shows none. `reason`: why it is over (quiet, ended,
    new_normal, by_hand, retracted, redefined, deleted, unfollowed). `known_at`: the first moment at which it could be told.
    `flapping`: it came and went so often that this was told once. `until`: the end of what its numbers count. `folded`: how
    many incidents of its slices it stands for. `votes`: who found it useful, or not; `learned` says what that does from now
    on."""

    id: str
    monitor: str
    metric: str
    label: str
    unit: str
    format: str
    better: Literal["up", "down"] | None
    grain: str
    slice: dict[str, Value]
    state: Literal["open", "resolved", "retracted"]
    opened: str
    known_at: str
    until: str
    resolved: str | None
    actual: float | None
    expected: float | None
    lower: float | None
    upper: float | None
    difference: float | None
    at_stake: Stake | None
    cause: Cause | None
    chart: Chart
    events: list[Happening]
    folded: int
    acknowledged: Acknowledged | None
    assignee: str
    snoozed_until: str | None
    reason: str | None
    flapping: bool
    kind: str
    warning: Warned | None
    foreseen: Foreseen | None
    data: AboutData | None
    doubt: str | None
    votes: list[Vote]
    learned: str


class Told(Document):
    """A step of the story, and when it could be known. `who` did it, of what people did."""

    at: str
    bucket: str | None
    kind: str
    says: str
    who: str


class Comment(Document):
    at: str
    who: str
    text: str


class Related(Document):
    id: int
    metric: str
    label: str
    slice: dict[str, Value]
    says: str
    series: Series


class IncidentView(Incident):
    story: list[Told]
    comments: list[Comment]
    why: Change | None
    related: list[Related]
    receipt: ReceiptDocument | None


class Incidents(Document):
    incidents: list[Incident]
