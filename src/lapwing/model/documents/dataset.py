"""datasets/*.yaml."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from lapwing.model.data_checks import CHECK_NAMES, LEAST_VOLUME, MOST_VOLUME, VOLUME
from lapwing.model.dataset import Aggregation, MetricKind
from lapwing.model.documents.base import (
    Document,
    DurationText,
    GrainText,
    Ignored,
    KeyColumns,
    LengthText,
    Money,
    PeriodText,
    ShownDocument,
    SqlText,
    Words,
    ZoneText,
    mistake,
    not_yet,
    nothing_is_empty,
)
from lapwing.model.documents.conversion import ConversionDocument
from lapwing.model.duration import exactly, parse_duration
from lapwing.model.expression import Comparison
from lapwing.model.problem import WrongUse


class TimeDocument(Document):
    """The dataset's time. `time: COLUMN` is short for `time: {column: COLUMN}`."""

    column: str = Field(description="A DATE or a TIMESTAMP, with or without a zone.")
    timezone: ZoneText | None = Field(None, description="Whose wall clock a column without a zone holds.")


class JoinDocument(Document):
    """A table with one row for each key, joined to the dataset's."""

    table: str = Field(description="source.table or source.schema.table")
    on: KeyColumns = Field(description="The key's column; several; or the dataset's column: the joined table's column.")
    many_to_one: bool = Field(True, description="Must hold; `lapwing check` looks for duplicate keys in the data.")


class ChangesDocument(Document):
    """How to see that rows have changed, where the source can't tell, or only slowly: by a `column`, or by a query (`sql`)."""

    column: str | None = Field(
        None,
        description="Of the table; grows whenever a row is added or changed, such as updated_at. Rows are counted, too.",
    )
    sql: str | None = Field(
        None,
        description="One SELECT over any sources; what it gives differs once rows have changed. {start} and {end} in it "
        "become the borders of what is looked at.",
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> ChangesDocument:
        if (self.column is None) == (self.sql is None):
            raise mistake("column-or-sql", "Changes are seen by a column or by sql: by one of them.", (), "Keep one.")
        return self


class DimensionDocument(ShownDocument):
    """Something to group and filter by: the column of that name, another `column`, or `sql`."""

    column: str | None = Field(None, description="A column of the table, or join.column.")
    sql: SqlText | None = Field(None, description="An expression over columns.")

    @model_validator(mode="after")
    def _one_of_both(self) -> DimensionDocument:
        if self.column is not None and self.sql is not None:
            raise mistake("column-and-sql", "A dimension is a column or sql, not both.", (), "Keep one of them.")
        return self


_TAGS = "Words by which metrics are watched, told of and found together, beside those of the dataset."


class MeasureDocument(ShownDocument):
    """An aggregation over rows: one of count, sum, min, max, mean, variance, stddev, first, last, distinct, quantile, top."""

    count: SqlText | None = Field(None, description='"*", or what must not be null.')
    sum: SqlText | None = Field(None, description="Exact for whole numbers and decimals.")
    min: SqlText | None = Field(None, description="The smallest number, date, time or text.")
    max: SqlText | None = Field(None, description="The largest number, date, time or text.")
    mean: SqlText | None = Field(None, description="The exact sum divided by the count, at the asked grain.")
    variance: SqlText | None = Field(None, description="Sample variance.")
    stddev: SqlText | None = Field(None, description="Sample standard deviation.")
    first: SqlText | None = Field(None, description="The value of the earliest row that has one.")
    last: SqlText | None = Field(None, description="The value of the latest row that has one.")
    distinct: SqlText | None = Field(None, description="How many different values, within 1.6 % two times in three.")
    quantile: SqlText | None = Field(None, description="The value at `q`, within 0.775 %.")
    top: SqlText | None = Field(None, description="The `k` most frequent values, each with bounds of its count.")
    q: Annotated[float, Field(gt=0, lt=1)] | None = Field(None, description="Which quantile, such as 0.9.")
    k: Annotated[int, Field(ge=1, le=1000)] | None = Field(None, description="How many of the top; 10 unless given.")
    precision: Annotated[int, Field(ge=10, le=16)] | None = Field(
        None,
        description="Of a distinct count: 2^precision registers, an error of 1.04 / sqrt of that; 12 unless given.",
    )
    exact: Annotated[Ignored, not_yet("Leave exact out: distinct counts are approximate, with their error stated.")] = (
        None
    )
    where: SqlText | None = Field(None, description="The rows that count.")
    fill: float | None = Field(None, description="The value of an empty bucket.")
    value: Money | None = Field(None, description="What one unit is worth, such as 5200 USD.")
    tags: Words = Field((), description=_TAGS)

    @model_validator(mode="after")
    def _one_aggregation(self) -> MeasureDocument:
        given = [aggregation for aggregation in Aggregation if aggregation.value in self.model_fields_set]
        names = ", ".join(Aggregation)
        if len(given) != 1:
            says = f"has {' and '.join(given)}; it takes one" if given else "needs one"
            raise mistake("measure-aggregation", f"A measure {says} of {names}.")
        if given[0] is Aggregation.QUANTILE and self.q is None:
            raise mistake("missing-key", "A quantile needs q.", (), "Add q: 0.9, for example.")
        for key, owner in _PARAMETERS.items():
            if given[0] is not owner and getattr(self, key) is not None:
                raise mistake("unused-key", f"{key} belongs to {owner}, not to {given[0]}.", (), f"Remove {key}.")
        argument = getattr(self, given[0])
        if argument is None:
            raise mistake("missing-value", f"{given[0]} needs an expression.", (), 'Write count: "*" to count rows.')
        if argument.strip() == "*" and given[0] is not Aggregation.COUNT:
            raise mistake("bad-argument", f"{given[0]} takes a column or an expression, not *.")
        return self

    @property
    def aggregation(self) -> Aggregation:
        return next(aggregation for aggregation in Aggregation if aggregation.value in self.model_fields_set)

    @property
    def parameter(self) -> float | None:
        """What `Measure.parameter` says."""
        given = (getattr(self, key) for key in _PARAMETERS)
        return next((float(value) for value in given if value is not None), None)


_PARAMETERS = {"q": Aggregation.QUANTILE, "k": Aggregation.TOP, "precision": Aggregation.DISTINCT}
_GOES_WITH = {"window": "cumulative", "to_date": "cumulative", "against": "change", "as": "change"}


class MetricDocument(ShownDocument):
    """Made of measures and metrics: a `ratio` a / b; `derived`, any expression; `cumulative` over a window of time; a
    `change` against an earlier time; the `conversion` of rows into others."""

    ratio: SqlText | None = Field(None, description="a / b: the ratio of the sums, never a mean of ratios.")
    derived: SqlText | None = Field(None, description="An expression over metrics, such as 1 - late / departed.")
    cumulative: SqlText | None = Field(
        None, description="A metric over a window that ends with each bucket; without window or to_date, over all time."
    )
    window: LengthText | None = Field(
        None, description="Of a cumulative metric: how long, such as 28 days or 3 months."
    )
    to_date: PeriodText | None = Field(
        None, description="Of a cumulative metric: since this day, week, month, quarter or year began."
    )
    change: SqlText | None = Field(None, description="A metric now compared with itself at an earlier time.")
    against: LengthText | None = Field(None, description="Of a change: how much earlier, such as 7 days or 1 year.")
    as_: Comparison = Field(
        "percent", alias="as", description="Of a change: percent of what was, difference, or ratio to what was."
    )
    conversion: ConversionDocument | None = Field(
        None, description="The share of the rows of a measure that are followed by a row of another one within a time."
    )
    value: Money | None = Field(None, description="What one unit is worth, such as 5200 USD.")
    tags: Words = Field((), description=_TAGS)
    distinct: Annotated[Ignored, not_yet("Write it under measures, where distinct is understood.")] = None
    quantile: Annotated[Ignored, not_yet("Write it under measures, where quantile is understood.")] = None

    @model_validator(mode="after")
    def _one_kind(self) -> MetricDocument:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            says = f"is {' and '.join(given)}; it takes one of" if given else "needs one of"
            hint = "Write ratio: a / b, or derived: with an expression." if not given else None
            raise mistake("metric-kind", f"A metric {says} {', '.join(KINDS)}.", (), hint)
        written = {"as" if key == "as_" else key for key in self.model_fields_set}
        for key, kind in _GOES_WITH.items():
            if key in written and kind != given[0]:
                raise mistake("unused-key", f"{key} belongs to {kind}, not to {given[0]}.", (), f"Remove {key}.")
        if self.window is not None and self.to_date is not None:
            says = "A cumulative metric has a window or is to date, not both."
            raise mistake("window-and-to-date", says, (), "Keep one of them; write a metric of its own for the other.")
        if self.change is not None and self.against is None:
            raise mistake("missing-key", "A change needs against.", (), "Add against: 7 days, for example.")
        return self

    @property
    def kind(self) -> MetricKind:
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def text(self) -> str:
        """The expression as it was written, or a conversion in words."""
        if (step := self.conversion) is not None:
            keys = ", ".join(one if one == other else f"{one} = {other}" for one, other in step.by.items())
            return f"{step.from_} to {step.to} by {keys} within {exactly(step.within)}"
        return str(getattr(self, self.kind))


KINDS = tuple(kind for kind in MetricKind if kind is not MetricKind.SIMPLE)


class RollupDocument(Document):
    """States kept by dimensions and grain, so that metrics are answered without reading rows."""

    grain: GrainText = Field(description="15 minutes, hour, day, ...; the finer, the more zones it serves.")
    dimensions: Words = Field((), description="Those most often filtered by first.")
    measures: Words | None = Field(None, description="All that can be kept, unless named.")
    partition: GrainText | None = Field(None, description="What is built and replaced at once: day, month, ...")
    ancestors: Annotated[float, Field(ge=0, le=10)] = Field(
        0.5,
        description="Cells for coarser rollups that are chosen and folded from it, as a share of its own; 0 for none.",
    )
    freshness: DurationText | None = Field(
        None,
        description="How far behind its source it may be, such as 15 minutes; `lapwing serve` keeps it so.",
    )


def _column(value: object) -> object:
    return {"column": value} if isinstance(value, str) else nothing_is_empty(value)


def _column_or_nothing(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


def _checks(value: object) -> object:
    """off, on, or which are."""
    if value in (False, "off"):
        return dict.fromkeys(CHECK_NAMES, False)
    return {} if value in (True, "on", None) else value


_SWITCHES = {"off": False, "on": True}


def _switch(value: object) -> bool:
    found = _SWITCHES.get(value, value) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise mistake("wrong-type", "This is on or off.", ("off",))
    return found


def _stale(value: object) -> bool | timedelta:
    if isinstance(value, bool) or value in _SWITCHES:
        return _switch(value)
    try:
        return parse_duration(str(value))
    except WrongUse as error:
        raise mistake(
            "bad-duration", error.problems[0].message, (), "Write off, or a duration such as 6 hours."
        ) from None


def _volume(value: object) -> bool | float:
    if isinstance(value, bool | str):
        return _switch(value)
    if not isinstance(value, int | float) or not LEAST_VOLUME <= value <= MOST_VOLUME:
        says = f"Volume is off, or by how many robust standard deviations: {LEAST_VOLUME} to {MOST_VOLUME}."
        raise mistake("bad-volume", says, (), f"Write off, or a number such as {VOLUME:g}.")
    return float(value)


Switch = Annotated[bool, PlainValidator(_switch, json_schema_input_type=bool | Literal["on", "off"])]


class ChecksDocument(Document):
    """What is watched of the data itself. All of it is, unless it is switched off here."""

    stale: Annotated[bool | timedelta, PlainValidator(_stale, json_schema_input_type=bool | str)] = Field(
        True, description="The newest data is older than usual; or a duration, such as 6 hours: older than that."
    )
    late: Switch = Field(True, description="Much less of an hour or a day has arrived than usual at its age.")
    volume: Annotated[bool | float, PlainValidator(_volume, json_schema_input_type=bool | str | float)] = Field(
        VOLUME, description="A day has unusually many or few rows: by so many robust standard deviations."
    )
    schema_: Switch = Field(True, alias="schema", description="A column is gone, new, or of another type.")
    values: Switch = Field(True, description="A value of a dimension that usually has many rows has none.")
    builds: Switch = Field(True, description="Its rollups can't be built, or its source does not answer.")
    audit: Switch = Field(True, description="Its rollups were found to differ from the source.")
    tags: Words = Field((), description="For subscriptions to what is found.")


def _derived(value: object) -> object:
    return {"derived": value} if isinstance(value, str) else value


class DatasetDocument(Document):
    """A table (or SQL) with a time column, and what can be asked of it."""

    dataset: str = Field(description="Its name.")
    label: str | None = Field(None, description="What people read; made from the name where it is left out.")
    description: str = Field("", description="What a row is.")
    owner: str = Field("", description="Whom to ask about it.")
    tags: Words = Field((), description="Of all its metrics.")
    table: str | None = Field(None, description="source.table or source.schema.table")
    sql: str | None = Field(None, description="Instead of table: one SELECT over any sources.")
    time: Annotated[TimeDocument, BeforeValidator(_column, json_schema_input_type=TimeDocument | str)] = Field(
        description="The column that says when."
    )
    complete_after: DurationText | None = Field(
        None, description="How long after a bucket's end its data is complete; learned where it is left out."
    )
    checks: Annotated[
        ChecksDocument, BeforeValidator(_checks, json_schema_input_type=ChecksDocument | bool | Literal["on", "off"])
    ] = Field(
        default_factory=lambda: ChecksDocument.model_validate({}),
        description="What is watched of the data itself; off for nothing.",
    )
    changes: Annotated[
        ChangesDocument | None, BeforeValidator(_column_or_nothing, json_schema_input_type=ChangesDocument | str | None)
    ] = Field(None, description="How it is seen that rows have changed, if not by what their sources tell.")
    joins: dict[str, JoinDocument] = Field(default_factory=dict, description="Tables with more about a row.")
    dimensions: dict[
        str,
        Annotated[DimensionDocument, BeforeValidator(_column, json_schema_input_type=DimensionDocument | str | None)],
    ] = Field(default_factory=dict, description="What to group and filter by.")
    measures: dict[str, MeasureDocument] = Field(
        default_factory=dict, description="Aggregations over rows; each is a metric, too."
    )
    metrics: dict[
        str, Annotated[MetricDocument, BeforeValidator(_derived, json_schema_input_type=MetricDocument | str)]
    ] = Field(default_factory=dict, description="Arithmetic over measures and metrics.")
    rollups: dict[str, RollupDocument] = Field(default_factory=dict, description="What is kept ready.")
    access: Annotated[Ignored, not_yet("Until then: give people a dataset of their rows only (sql:).")] = None
