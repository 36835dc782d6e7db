"""The project, its metrics and its data, described."""

from __future__ import annotations

from typing import Literal

from lapwing.server.documents.base import Document, ProblemItem, TableColumn, Value
from lapwing.server.documents.board import Alarms
from lapwing.server.documents.rollups import RollupDocument
from lapwing.server.documents.shown import Stake


class Health(Document):
    """`status` is ok, or degraded where background work can't be done: incidents or rollups may be behind, queries are
    answered. `problems` say why, where no token guards the server."""

    status: str
    version: str
    problems: list[ProblemItem] | None = None


class ProjectDocument(Document):
    """`now` is what "now" means here; `pinned` where the project's clock stands. `week_start` 0 is Monday."""

    name: str
    timezone: str
    week_start: int
    now: str
    pinned: bool
    data_until: str | None
    datasets: list[str]
    version: str
    time_zones: list[str]


class Named(Document):
    """`names`: the dimension whose values this one only names, as airlines' names do their codes."""

    name: str
    label: str
    names: str | None = None


class Definition(Document):
    """`hash` changes with the meaning, not with labels."""

    text: str
    file: str | None
    line: int | None
    hash: str


class MetricDocument(Document):
    """`format` is percent, number, currency or empty; `value` the money one unit is worth, in `currency`; `tags` are its own
    and its dataset's."""

    name: str
    short: str
    dataset: str
    label: str
    description: str
    kind: str
    unit: str
    format: str
    better: Literal["up", "down"] | None
    value: float | None
    currency: str | None
    additive: bool
    dimensions: list[Named]
    following: bool
    definition: Definition
    owner: str | None
    tags: list[str]


class Metrics(Document):
    metrics: list[MetricDocument]


class SourceDocument(Document):
    """`circuit`: open while the source is left alone because it is down; absent where the engine reads the source itself."""

    name: str
    type: str
    state: Literal["ok", "failed"]
    circuit: Literal["closed", "open", "half-open"] | None = None
    problem: ProblemItem | None = None
    tables: int


class TableDocument(Document):
    """`rows` and `bytes` are estimates."""

    path: str
    source: str
    rows: int | None
    bytes: int | None
    columns: list[TableColumn]
    description: str


class DatasetDocument(Document):
    name: str
    label: str
    description: str
    owner: str
    table: str | None
    time: str
    dimensions: list[str]
    metrics: list[str]
    columns: list[TableColumn]
    data_until: str | None


class MonitorDocument(Document):
    """`followed`: by a person in the UI; else it is written in the project's `file` at `line`. `group` is the name under which
    it and others are watched by `tag`, both null of one that is watched by itself. `tags` are its own and its metric's.

    Where `by` is all, every slice
    of up to `depth` dimensions is watched that `support` events a bucket belong to."""

    name: str
    metric: str
    label: str
    grain: str
    by: list[str]
    slice: dict[str, Value]
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


class Followed(Document):
    """What was followed, under the `name` by which it ends: one monitor, or of a tag one for each metric."""

    name: str
    monitors: list[MonitorDocument]


class Monitors(Document):
    monitors: list[MonitorDocument]
    alarms: Alarms


class Score(Document):
    """How good a monitor was, in [since, until]. `precision`: the share of useful ones among those that people said anything
    of, with Wilson's interval for 95 of 100. `lead`: median hours from telling to when a plain daily threshold would have
    shown it, of `lead_of` that it would have; `unseen` it never would. `told`: the money of all incidents; `before`: what of
    it was lost before people knew. `acknowledged_after`: median hours. `ignored`: over, and nobody did or said anything."""

    monitor: str
    since: str
    until: str
    raised: int
    useful: int
    not_useful: int
    taken_back: int
    no_word: int
    precision: float | None
    precision_low: float | None
    precision_high: float | None
    lead: float | None
    lead_of: int
    unseen: int
    acknowledged_after: float | None
    told: Stake | None
    before: Stake | None
    snoozed: int
    ignored: int
    last_right: str | None
    advice: str


class Scores(Document):
    scores: list[Score]


class ScoredMonitor(MonitorDocument):
    """`score` is null where it could not be judged yet."""

    score: Score | None


class CatalogDocument(Document):
    sources: list[SourceDocument]
    tables: list[TableDocument]
    datasets: list[DatasetDocument]
    metrics: list[MetricDocument]
    rollups: list[RollupDocument]
    monitors: list[MonitorDocument]


class Sample(Document):
    columns: list[TableColumn]
    rows: list[list[Value | list[Value] | dict[str, Value]]]


class CompletionTable(Document):
    name: str
    kind: str
    description: str
    columns: list[TableColumn]


class Completions(Document):
    """What may be written in a statement."""

    tables: list[CompletionTable]
    functions: list[str]
    metrics: list[str]
