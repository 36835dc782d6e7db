"""The board: incidents that are open, and what surrounds them."""

from __future__ import annotations

from lapwing.server.documents.base import Document, Value
from lapwing.server.documents.incidents import Incident
from lapwing.server.documents.shown import Series


class Watched(Document):
    monitor: str
    metric: str
    label: str
    slice: dict[str, Value]
    value: float | None
    unit: str
    format: str
    series: Series
    time: list[int]
    expected: Series | None = None
    lower: Series | None = None
    upper: Series | None = None


class Snoozed(Document):
    """Open, and to be left alone until then."""

    id: str
    label: str
    slice: dict[str, Value]
    until: str


class Resolved(Document):
    id: str
    label: str
    slice: dict[str, Value]
    resolved: str


class Day(Document):
    day: str
    open: int


class Alarms(Document):
    """What was raised in the last `weeks`, and what people said of it. `taken_back`: later data showed none, and nobody said
    anything. `budget` is how many a week were allowed; null: any number."""

    weeks: int
    budget: float | None
    raised: int
    per_week: float
    useful: int
    not_useful: int
    taken_back: int
    no_word: int


class Watching(Document):
    metrics: int
    series: int
    alarms: Alarms


class Trouble(Document):
    """A monitor that can't be brought up to the data, and why."""

    monitor: str
    says: str


class Board(Document):
    """What was open at `as_of`. `days`: how many were open on each day, for going back in time. `judging`: monitors whose
    history is being judged at the moment, so that what they will show is not here yet, or of older data."""

    as_of: str
    now: str
    pinned: bool
    data_until: str | None
    followed: int
    incidents: list[Incident]
    quiet: list[Watched]
    snoozed: list[Snoozed]
    resolved: list[Resolved]
    next_check: str | None
    last_check: str | None
    days: list[Day]
    watching: Watching
    judging: list[str]
    troubles: list[Trouble]
