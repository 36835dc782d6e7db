"""What can be asked at the front door, as typed data."""

from __future__ import annotations

from dataclasses import dataclass, field

from lapwing.model.grain import Grain


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """`name` is a metric, a dimension or "time". Nulls come last either way."""

    name: str
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How the caller wants it answered. `cache` False: from the source. `time_limit` in seconds."""

    cache: bool = True
    time_limit: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricQuery:
    """Metrics by dimensions and grain over a half-open stretch of time.

    `start` and `end` are any text `model.timerange` reads (2013-02, -7d/d, now), in `zone` (None: the project's); None
    leaves that side open to the data's. `where` is an SQL condition over dimensions. One row for each group (and each
    bucket, in time order, empty ones included) unless `order` says otherwise.
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
    wishes: Wishes = field(default_factory=Wishes)


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlQuery:
    """One SELECT in Lapwing's SQL, over sources and `metrics.<dataset>`."""

    text: str
    zone: str | None = None
    wishes: Wishes = field(default_factory=Wishes)
