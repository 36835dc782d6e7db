"""What can be asked at the front door, as typed data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from lapwing.model.grain import Grain
from lapwing.query.regroup import Regroup


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """`name` is a metric, a dimension or "time". Nulls come last either way."""

    name: str
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """The `count` groups with the largest values of `metric` (None: the first one asked) over all of the asked time."""

    count: int
    metric: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How the caller wants it answered.

    `cache` False: from the source alone, of statements without a look at kept results; `max_age`: seconds by which a kept
    result of a statement, or answer to a metric query, may be older than now, whatever sources and rollups say (None: a
    result is told only while its sources tell that they are as they were, an answer never); `cache_only`: without asking a
    source for anything, even if a part is then missing. `max_staleness`: seconds by which the answer may be older than the
    source, which is then asked what has changed, and for the rows of that; None takes rollups as they were built.
    `exact`: rather no answer than one with an error bound. `time_limit` in seconds. `maximum_bytes_billed`: rather no answer
    than one for which sources that charge by bytes would bill more. `maximum_rows`, `maximum_bytes`: rather an error than a
    larger result of a statement.
    """

    cache: bool = True
    cache_only: bool = False
    max_staleness: float | None = None
    exact: bool = False
    time_limit: float = 60.0
    maximum_bytes_billed: int | None = None
    max_age: float | None = None
    maximum_rows: int | None = None
    maximum_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricQuery:
    """Metrics by dimensions and grain over a half-open stretch of time.

    `start` and `end` are any text `model.timerange` reads (2013-02, -7d/d, now), in `zone` (None: the project's); None
    leaves that side open to the data's. `where` is an SQL condition over dimensions. One row for each group (and each
    bucket, in time order, empty ones included) unless `order` says otherwise.

    `as_known_at` asks for what was known at a moment of real time, `restated_since` for what has changed since one: then
    each metric m has m_before (as it was known then) and m_restated (the difference) beside it. Rollups remember that as
    long as `history` in lapwing.yaml says.

    `top` asks for the largest groups alone, in their order, and one more for all the others: there the dimensions are null
    and the column `rest` is true.
    """

    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    grain: Grain | None = None
    start: str | None = None
    end: str | None = None
    zone: str | None = None
    where: str | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    as_known_at: str | None = None
    restated_since: str | None = None
    top: Top | None = None
    regroup: Regroup | None = None
    wishes: Wishes = field(default_factory=Wishes)


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlQuery:
    """One SELECT in Lapwing's SQL, over sources and `metrics.<dataset>`. `engine`: duckdb, trino or a source of BigQuery; None:
    the project's. `who` asks, in the class `priority`: the project may limit their results."""

    text: str
    zone: str | None = None
    engine: str | None = None
    who: str | None = None
    priority: Literal["interactive", "batch"] = "interactive"
    wishes: Wishes = field(default_factory=Wishes)
