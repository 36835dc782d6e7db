"""A dataset and what belongs to it, as the rest of the house sees them: frozen, resolved, valid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from lapwing.model.data_checks import Checks
from lapwing.model.expression import Expression
from lapwing.model.grain import Grain
from lapwing.model.problem import Place


class Aggregation(StrEnum):
    """How a measure aggregates rows. Each has one file in `states`."""

    COUNT = "count"
    SUM = "sum"
    MIN = "min"
    MAX = "max"
    MEAN = "mean"
    VARIANCE = "variance"
    STDDEV = "stddev"
    FIRST = "first"
    LAST = "last"
    DISTINCT = "distinct"
    QUANTILE = "quantile"
    TOP = "top"


class Better(StrEnum):
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How something with a name is shown to people. No part of its meaning, so no part of its hash."""

    label: str
    description: str = ""
    owner: str = ""
    synonyms: tuple[str, ...] = ()
    unit: str = ""
    format: str = ""
    better: Better | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeColumn:
    """The dataset's time. `zone` is set for a naive column: the zone whose wall clock it holds (a gap takes the offset
    before it, an overlap its first occurrence). None: the column is a timestamptz."""

    column: str
    zone: str | None = None
    place: Place = field(default_factory=Place, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """A many-to-one join: `on` pairs (column of the dataset's table, column of the joined table)."""

    name: str
    table: str
    on: tuple[tuple[str, str], ...]
    place: Place = field(default_factory=Place, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """`sql` is an expression in Lapwing's SQL over the dataset's columns and `join.column`; a bare column is its own name."""

    name: str
    sql: str
    shown: Shown = field(compare=False)
    place: Place = field(default_factory=Place, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A condition on a row: one of other `rows` has the same key and comes less than `within` after it, or at its very time
    unless `later`. `rows` is what is needed of their dataset: those that its one measure counts, with their side of the
    `keys` as dimensions; the row's own side is SQL over the columns of its dataset."""

    rows: Dataset
    keys: tuple[tuple[str, str], ...]
    within: timedelta
    later: bool

    @property
    def microseconds(self) -> int:
        """Of `within`."""
        return self.within // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """`argument` is an SQL expression, None for count(*); `where` and `followed` keep rows; `parameter` is a quantile's q,
    the precision of a distinct count, the k of a top."""

    name: str
    aggregation: Aggregation
    argument: str | None
    where: str | None = None
    followed: Followed | None = None
    parameter: float | None = None
    fill: float | None = None
    shown: Shown = field(compare=False)
    place: Place = field(default_factory=Place, compare=False)

    @property
    def every_row(self) -> bool:
        """Whether it counts all rows."""
        plain = self.argument is None and self.where is None and self.followed is None
        return self.aggregation is Aggregation.COUNT and plain


class MetricKind(StrEnum):
    SIMPLE = "simple"
    RATIO = "ratio"
    DERIVED = "derived"
    CUMULATIVE = "cumulative"
    CHANGE = "change"
    CONVERSION = "conversion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A number people ask for by name. `value` is the money one unit is worth (its cost when `better` is down). `tags`: its
    own and its dataset's, no part of its meaning."""

    name: str
    kind: MetricKind
    expression: Expression
    value: float | None = None
    currency: str = ""
    shown: Shown = field(compare=False)
    tags: tuple[str, ...] = field(default=(), compare=False)
    place: Place = field(default_factory=Place, compare=False)
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollup:
    """States of `measures` kept by `dimensions` (in key order) and `grain`, built and replaced a `partition` at a time
    (a calendar grain, in UTC). `ancestors`: how many cells coarser rollups that follow from it may have together, as a share
    of its own. `freshness` is the promise that a server keeps: it is never further behind its source; None: none is made."""

    name: str
    dataset: str
    grain: Grain
    dimensions: tuple[str, ...]
    measures: tuple[str, ...]
    partition: Grain
    ancestors: float = field(default=0.0, compare=False)
    freshness: timedelta | None = field(default=None, compare=False)
    place: Place = field(default_factory=Place, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How it is seen that rows have changed, where the sources are not to tell: by a `column` of the dataset's rows, as SQL,
    that grows with every change, or by a query (`sql`) whose rows differ then."""

    column: str | None
    sql: str | None
    place: Place = field(default_factory=Place, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A table (`source.schema.table` or `source.table`) or `sql`, with a time column, dimensions and measures.

    `metrics` holds declared metrics and one simple metric for each measure. `complete_after`: how long after a bucket's
    end its data is complete; `completeness_given`: somebody wrote so, else it is 0 and alerts learn it. `checks`: what is
    watched of the data itself. `rows_place` is where the table or sql is named.
    """

    name: str
    table: str | None
    sql: str | None
    time: TimeColumn
    complete_after: timedelta
    changes: Changes | None = None
    joins: Mapping[str, Join]
    dimensions: Mapping[str, Dimension]
    measures: Mapping[str, Measure]
    metrics: Mapping[str, Metric]
    rollups: Mapping[str, Rollup]
    completeness_given: bool = field(default=False, compare=False)
    checks: Checks = field(default_factory=Checks, compare=False)
    shown: Shown = field(compare=False)
    place: Place = field(default_factory=Place, compare=False)
    rows_place: Place = field(default_factory=Place, compare=False)
