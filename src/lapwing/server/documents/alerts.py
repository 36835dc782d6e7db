"""The board and the incidents on it. Times in series are UTC epoch milliseconds, elsewhere ISO 8601."""

from __future__ import annotations

from typing import Literal

from lapwing.server.documents.base import Document, ReceiptDocument, Value

Series = list[float | None]


class Stake(Document):
    amount: float
    currency: str


class Cause(Document):
    """`slice` is the first cause, `share` the part of the difference that all causes have; both are known where it is
    `clear`. `p`: how likely chance alone does as well; of a cause that is clear by its share, a bound on that."""

    says: str
    slice: dict[str, Value] | None
    share: float | None
    clear: bool
    p: float | None


class Chart(Document):
    """`until`: data after it was not known yet."""

    time: list[int]
    actual: Series
    expected: Series
    lower: Series
    upper: Series
    outside: list[bool]
    until: int


class Happening(Document):
    name: str
    start: str
    end: str


class Acknowledged(Document):
    at: str
    who: str


class Vote(Document):
    who: str
    useful: bool


class Warned(Document):
    """What an incident of kind warning is of. `kind` is pacing, limit, drift or leading; `chance` how likely what it warns of
    is, which is `due` at the latest. `projected` with `lower` to `upper` (eight of ten) is compared with `goal`, whose `aim`
    is at_least, at_most, exactly, above or below. Of `warnings` like it before, `came` came true. Of kind leading, `leader` (a
    label, of the metric `leader_metric`) has moved, and this one usually follows by `expected_at`."""

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


class ChangeRow(Document):
    """A slice of a dimension. Of a ratio, amounts are numerators, and `rate` + `mix` add up to the change of the whole."""

    value: Value
    label: str | None = None
    actual: float | None
    expected: float | None
    difference: float | None
    share: float | None = None
    size: float
    before_rate: float | None = None
    after_rate: float | None = None
    rate: float | None = None
    mix: float | None = None


class ChangeTable(Document):
    dimension: str
    label: str
    rows: list[ChangeRow]


class ChangePart(Document):
    """A slice that may be a cause: `chosen` ones are the answer, others came near. `share` is its part of the change, `size`
    of the whole before; `money` its part of what is at stake."""

    slice: dict[str, Value]
    name: str
    chosen: bool
    share: float | None
    size: float
    p: float
    actual: float
    expected: float
    difference: float
    rate: float | None
    mix: float | None
    money: float | None


class ChangeFactor(Document):
    """A metric that the changed one is a product of, or divided by. The `part`s of all of them add up to the change."""

    metric: str
    label: str
    before: float
    after: float
    part: float
    share: float | None
    divides: bool


class Neighbour(Document):
    metric: str
    label: str
    before: float
    after: float


class Span(Document):
    start: str
    end: str


class Change(Cause):
    """Why a metric changed. `rate`, `mix`: how a ratio's change divides over what happened inside slices and which of them
    grew. `before`: the stretches of which what was expected was made. `parts` are slices, the best first; `tables` have those
    of each dimension. `searched`: how many slices were looked at, in `milliseconds`."""

    actual: float | None
    expected: float | None
    difference: float | None
    rate: float | None
    mix: float | None
    at_stake: Stake | None
    parts: list[ChangePart]
    tables: list[ChangeTable]
    formula: str
    factors: list[ChangeFactor]
    beside: list[Neighbour]
    events: list[Happening]
    before: list[Span]
    searched: int
    milliseconds: float


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


class ChannelDocument(Document):
    """A way by which incidents are told. `to` is what may be shown of where it leads; `subscriptions` use it."""

    name: str
    type: Literal["email", "webhook", "apprise"]
    to: list[str]
    subscriptions: list[str]


class SubscriptionDocument(Document):
    """Who is told of what, in words: `about` and `when`."""

    name: str
    channels: list[str]
    about: str
    when: str
    escalation: str | None


class Channels(Document):
    channels: list[ChannelDocument]
    subscriptions: list[SubscriptionDocument]


class DeliveryDocument(Document):
    """A message that is to go out, or went. `state` is waiting, sent, failed or dropped. Times are UTC ISO 8601, by the wall
    clock; `key` is what it was sent with, the same each time."""

    id: str
    key: str
    kind: str
    channel: str
    subscription: str
    incidents: list[str]
    made: str
    due: str
    ended: str | None
    state: Literal["waiting", "sent", "failed", "dropped"]
    attempts: int
    subject: str
    trouble: str


class DeliveriesDocument(Document):
    deliveries: list[DeliveryDocument]


class TestDocument(Document):
    """What became of a test."""

    __test__ = False

    channel: str
    state: Literal["sent", "failed"]
    trouble: str


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
