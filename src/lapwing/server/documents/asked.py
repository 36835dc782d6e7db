"""Requests, and the answers to queries."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from lapwing.server.documents.base import (
    Asked,
    ColumnDocument,
    ConsideredDocument,
    Document,
    PieceDocument,
    ProblemDocument,
    ReceiptDocument,
    Value,
)

Name = Annotated[str, Field(min_length=1, max_length=200)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
QueryId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class FilterBody(Asked):
    """Keeps the rows whose `dimension` has one of `values` (null included where named), or drops them."""

    dimension: Name
    values: Annotated[list[Value], Field(min_length=1, max_length=10_000)]
    exclude: bool = False


class OrderBody(Asked):
    name: Name
    descending: bool = False


class TopBody(Asked):
    """The `count` groups with the largest values of `metric` (the first one asked, if none) over all of the asked time."""

    count: Annotated[int, Field(ge=1, le=1_000)]
    metric: Name | None = None


class QueryBody(Asked):
    """A metric query. Times are any text such as 2013-02, -7d/d, now or an ISO timestamp; the range is half-open, in
    `zone` (the project's, if none). `where` is an SQL condition over dimensions, beside `filters`.

    Wishes: `no_cache` answers from the source, `cache_only` asks no source and tells what is missing, `max_staleness` is a
    length such as "10 minutes" by which the answer may be older than the source, `exact` refuses what has an error bound,
    `maximum_bytes_billed` what sources that charge by bytes would bill more for. `max_age`: a length that a kept answer to the
    same query may be old, whatever rollups and sources say.

    `as_known_at` asks for what was known at that moment of real time; `restated_since` for m_before (as known then) and
    m_restated (the difference) beside each metric m. `top` asks for the largest groups alone, in their order, then all the
    others as one: there the dimensions are null, and the column `rest` is true."""

    metrics: Annotated[list[Name], Field(min_length=1, max_length=100)]
    by: Annotated[list[Name], Field(default_factory=list, max_length=50)]
    grain: str | None = None
    start: str | None = None
    end: str | None = None
    zone: str | None = None
    where: str | None = None
    filters: Annotated[list[FilterBody], Field(default_factory=list, max_length=100)]
    order: Annotated[list[OrderBody], Field(default_factory=list, max_length=50)]
    limit: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    as_known_at: str | None = None
    restated_since: str | None = None
    top: TopBody | None = None
    no_cache: bool = False
    cache_only: bool = False
    max_staleness: str | None = None
    max_age: str | None = None
    exact: bool = False
    time_limit: Seconds = 60.0
    maximum_bytes_billed: Annotated[int, Field(gt=0)] | None = None


class QueryAnswer(Document):
    """Columnar: `data` holds `rows` values for each column. Times are UTC epoch milliseconds."""

    columns: list[ColumnDocument]
    rows: int
    data: dict[str, list[Value]]
    receipt: ReceiptDocument


class Explanation(Document):
    """How a query would be answered. `pieces` have estimates alone."""

    asked: str
    start: str
    end: str
    zone: str
    grain: str | None
    pieces: list[PieceDocument]
    considered: list[ConsideredDocument]
    notes: list[str]
    milliseconds: dict[str, float]


class BandBody(Asked):
    """What would be usual: `filters` must be equalities of one value each."""

    metric: Name
    filters: Annotated[list[FilterBody], Field(default_factory=list, max_length=100)]
    grain: Name
    start: str | None = None
    end: str | None = None
    zone: str | None = None


class Band(Document):
    """One value a bucket. `ready` is false while there is too little history; `says` why."""

    time: list[int]
    expected: list[float | None]
    lower: list[float | None]
    upper: list[float | None]
    ready: bool
    says: str


class WhyBody(Asked):
    """Why `metric` changed from `start` to `end`, against another stretch, or (both left out) against the same hours of the
    weeks before. `by`: dimensions to split by; none: all that rollups hold."""

    metric: Name
    start: str
    end: str
    against_start: str | None = None
    against_end: str | None = None
    where: str | None = None
    filters: Annotated[list[FilterBody], Field(default_factory=list, max_length=100)]
    by: Annotated[list[Name], Field(default_factory=list, max_length=12)]
    zone: str | None = None


class SubmitBody(Asked):
    """One SELECT. Choose `query_id` yourself to watch or cancel it at once. `maximum_rows`, `maximum_bytes`: rather an
    error than a larger result. `time_limit` counts the wait for its place, too. `priority` batch lets interactive ones go
    first. `engine`: what runs it: duckdb, the embedded one; trino, the project's cluster; or the name of a source of
    BigQuery, those over itself. Left out: that of lapwing.yaml, or such a source where that saves bytes. `max_age`: a
    length such as "5 minutes" that a kept result may be old, whatever the sources say; `no_cache`: no kept result, and
    metrics from the source."""

    text: Annotated[str, Field(max_length=200_000)]
    zone: str | None = None
    time_limit: Seconds = 60.0
    max_age: str | None = None
    no_cache: bool = False
    maximum_bytes_billed: Annotated[int, Field(gt=0)] | None = None
    maximum_rows: Annotated[int, Field(gt=0)] | None = None
    maximum_bytes: Annotated[int, Field(gt=0)] | None = None
    query_id: QueryId | None = None
    priority: Literal["interactive", "batch"] = "interactive"
    engine: Annotated[str, Field(max_length=200)] | None = None


class SqlBody(SubmitBody):
    """One SELECT, as in `SubmitBody`. `limit`: so many rows at most are sent; `truncated`, where the answer ends, tells whether
    there were more."""

    limit: Annotated[int, Field(ge=0)] | None = None


class PlanBody(Asked):
    text: Annotated[str, Field(max_length=200_000)]
    zone: str | None = None
    engine: Annotated[str, Field(max_length=200)] | None = None


class PlanStep(Document):
    """`depth` is its place in the tree, the root's is 0."""

    name: str
    detail: str
    depth: int
    rows: int | None = None
    ms: float | None = None


class Kept(Document):
    """A condition that stays in the engine, and why."""

    text: str
    reason: str


class PlanKey(Document):
    """Rows are read only whose `column` is one of the values of `provided` in the read with the id `provider`, about `expected`
    of them. `inside`: the source finds them itself."""

    column: str
    provider: str
    provided: str
    expected: int
    inside: bool


class PlanScan(Document):
    """One table read. `pushed` are the conditions that the source answers, as it is told them, `unread` the columns that
    are therefore not read, as nothing else needs them. `retries`: how often the read was begun again, the last time because of
    `trouble`. `shares`: it has its rows from the read with that id, `kept_rows`: from another statement, so that its source
    was not asked. `limit`: so many rows are enough. `bytes_estimated` and `bytes_billed` are of sources that charge by bytes,
    before and after."""

    id: str
    source: str
    kind: str
    table: str
    alias: str
    rows_estimated: int | None
    rows: int | None = None
    bytes: int | None = None
    bytes_estimated: int | None = None
    bytes_billed: int | None = None
    connections: int | None = None
    kept_rows: bool = False
    limit: int | None = None
    shares: str | None = None
    retries: int = 0
    trouble: str | None = None
    milliseconds: float | None = None
    pushed: list[str]
    unread: list[str]
    kept: list[Kept]
    keys: list[PlanKey]
    sql: str


class PlanRun(Document):
    """The result of what has run."""

    rows: int
    bytes: int
    milliseconds: float


class Plan(Document):
    """`where`: what runs the statement; `notes`: what was done besides, and what not, and why."""

    where: str
    steps: list[PlanStep]
    scans: list[PlanScan]
    notes: list[str]
    ran: PlanRun | None = None


class PlanAnswer(Document):
    plan: Plan
    text: str


class QueryState(Document):
    """`state` is running, done, failed or cancelled, `stage` while it runs waiting, planning, planned or running; `position`
    of one that waits, 1 is the next; `fraction` of the work done, where it is known. `who` asks, by `door`; `waited` of its
    `milliseconds` it waited for its place; `code` of the problem it ended with. `truncated`: there were more `rows` than its
    `limit` let through."""

    id: str
    state: Literal["running", "done", "failed", "cancelled"]
    text: str
    who: str
    door: str
    priority: Literal["interactive", "batch"]
    began: str
    stage: str
    position: int | None
    code: str | None
    waited: float
    rows: int
    truncated: bool
    bytes: int
    fraction: float | None
    milliseconds: float


class RowsPage(Document):
    """Rows of a submitted statement, from `offset`; `total` of them there are, and the next page begins at `next` (null: this is
    the last)."""

    query_id: str
    columns: list[ColumnDocument]
    offset: int
    rows: list[list[Any]]
    total: int
    next: int | None


class QueryDetail(QueryState):
    """`plan` as far as it is known; `problem` of one that failed, where it is told of: a file over HTTP only breaks off;
    `receipt` of one that was submitted and is done."""

    plan: Plan | None
    problem: ProblemDocument | None
    receipt: ReceiptDocument | None


class Queries(Document):
    queries: list[QueryState]


class LoggedQuery(Document):
    """A statement that ended: `digest` of its text, `plan` of what sources and engine were sent, `sources` how many reads
    of sources; sizes in bytes, times in milliseconds. `kept`: its rows were those of a result kept then."""

    id: str
    began: str
    who: str
    door: str
    priority: str
    text: str | None
    digest: str
    plan: str | None
    state: str
    code: str | None
    rows: int
    bytes: int
    sources: int
    rows_read: int
    bytes_read: int
    bytes_billed: int
    kept: str | None = None
    retries: int = 0
    waited: float
    milliseconds: float
    dropped: int | None = None


class QueryLog(Document):
    queries: list[LoggedQuery]


class FollowBody(Asked):
    """Watch `metric`, or by tag:NAME every metric with that tag, those to come as well.

    Whole or within `slice`, one series for each value of `by`; where that is all, every slice of up to
    `depth` dimensions (2) that `support` events a bucket (20) belong to. `sensitivity` in robust standard deviations,
    3 (much is told) to 10; `min_change` in the metric's unit; null: as usual, and learned."""

    metric: Name
    slice: dict[Name, str] = Field(default_factory=dict)
    by: list[Name] = Field(default_factory=list, max_length=4)
    grain: str | None = None
    sensitivity: float | None = None
    min_change: float | None = None
    depth: int | None = None
    support: float | None = None


class ActionBody(Asked):
    """What `who` does to an incident. `to` of assign (empty: nobody), `until` of snooze (any time text, such as now+4h);
    `text` is the comment, or said with another action. useful and not_useful are a person's vote, of which the last one holds;
    take_back is none."""

    action: Literal[
        "acknowledge", "assign", "snooze", "comment", "accept", "reopen", "resolve", "useful", "not_useful", "take_back"
    ]
    who: Annotated[str, Field(min_length=1, max_length=100)]
    to: Annotated[str, Field(max_length=100)] = ""
    until: str | None = None
    text: Annotated[str, Field(max_length=4000)] = ""


class WindowBody(Asked):
    """Nothing is raised from `start` to `end` (any time text), of `monitors`, or of all."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    start: str
    end: str
    monitors: Annotated[list[Name], Field(default_factory=list, max_length=1000)]
    who: Annotated[str, Field(min_length=1, max_length=100)]
