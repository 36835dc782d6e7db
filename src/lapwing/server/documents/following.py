"""What is followed: what a monitor would have raised, what is worth following, and when nothing is raised."""

from __future__ import annotations

from lapwing.server.documents.base import Document, Value


class Window(Document):
    """Maintenance: nothing is raised in it. `id` is null where it is written in the project's files; `monitors` is empty
    where it holds for all."""

    id: str | None
    name: str
    start: str
    end: str
    monitors: list[str]
    who: str


class Windows(Document):
    windows: list[Window]


class Fired(Document):
    """An incident that would have been raised: people would have heard of it at `known`; it began at `start`. `actual` and
    `expected` are of its worst bucket, `score` in robust standard deviations."""

    metric: str
    known: str
    start: str
    resolved: str | None
    slice: dict[str, Value]
    direction: int
    actual: float | None
    expected: float | None
    score: float


class Choice(Document):
    """How many it would have been at another sensitivity."""

    sensitivity: float
    fired: int
    per_week: float


class Backtest(Document):
    """What following would have raised from `since` to `until`, `weeks` long (null and 0: too little history to judge
    anything). `incidents` are the latest of the `fired`. `budget`: of the alarms a week that all monitors together may raise,
    what this would have beside those that there are (null: any number), and `held` how many more than `fired` that held back
    (null where every slice is watched). Where every slice is watched, `small` is how many have too little support, and
    `unread` which dimensions together have too many slices to be read."""

    metric: str
    grain: str
    by: list[str]
    slice: dict[str, Value]
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
    choices: list[Choice]
    incidents: list[Fired]


class Suggestion(Document):
    """A metric that could be followed, and why."""

    metric: str
    label: str
    why: str


class Suggestions(Document):
    """The best first."""

    suggestions: list[Suggestion]
