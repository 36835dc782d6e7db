"""lapwing.yaml and monitors/*.yaml."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from lapwing.model.documents.alerts import AlertsDocument
from lapwing.model.documents.base import (
    Document,
    DurationText,
    GrainText,
    SizeText,
    Words,
    ZoneText,
    mistake,
    nothing_is_empty,
)
from lapwing.model.documents.beam import BeamDocument
from lapwing.model.documents.delivery import ChannelDocument, SubscriptionDocument
from lapwing.model.documents.engine import EngineDocument
from lapwing.model.documents.goals import Goals, Limits, texts
from lapwing.model.documents.kafka import TopicDocument
from lapwing.model.documents.spark import SparkDocument
from lapwing.model.documents.storage import StorageDocument
from lapwing.model.documents.store import StoreDocument
from lapwing.model.monitor import MOST_DEPTH, SENSITIVITY, WARNINGS
from lapwing.model.names import nearest
from lapwing.model.source_kinds import SOURCE_KINDS
from lapwing.model.tags import tag_of

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


if TYPE_CHECKING:
    KindOfSource = str
else:
    KindOfSource = Literal[tuple(SOURCE_KINDS)]


class SourceDocument(Document):
    """Where data lives: files, duckdb, sqlite and delta have a path, iceberg a path or a catalog, postgres, mariadb,
    clickhouse, trino and snowflake a dsn, bigquery a project, kafka servers and topics."""

    type: KindOfSource = Field(description="What kind of source it is; mariadb is MySQL, too.")
    path: str | None = Field(
        None,
        description="Relative to the project's folder, or absolute; of files, delta and iceberg also "
        "s3://BUCKET/FOLDER or gs://BUCKET/FOLDER.",
    )
    storage: StorageDocument | None = Field(
        None,
        description="Of files, delta and iceberg: how object storage is reached, where the environment does not say.",
    )
    catalog: Annotated[dict[str, str], BeforeValidator(texts)] = Field(
        default_factory=dict,
        description="Of iceberg: the catalog that knows its tables, as pyiceberg's properties: type (sql, rest, hive, glue), "
        "uri, warehouse, credential, ..., and its name, where that is not the source's.",
    )
    dsn: str | None = Field(None, description='Such as "${CRM_DSN}": secrets come from the environment.')
    schemas: Words = Field((), description="The schemas to show; all, where left out.")
    session: Annotated[dict[str, str], BeforeValidator(texts)] = Field(
        default_factory=dict, description="Of trino: properties of its sessions, such as query_max_memory: 10GB."
    )
    project: str | None = Field(None, description="Of bigquery: the project that is billed.")
    datasets: Words = Field(
        (), description="Of bigquery: those to show, DATASET or PROJECT.DATASET; all of the project, where left out."
    )
    location: str | None = Field(None, description="Of bigquery: where jobs run, such as EU.")
    key_file: str | None = Field(
        None, description="Of bigquery: a service account's key file; those of the environment, where left out."
    )
    maximum_bytes_billed: Annotated[SizeText, Field(gt=0)] | None = Field(
        None, description="Of bigquery: a statement that would be billed for more does not run; such as 10GB."
    )
    labels: dict[str, str] = Field(default_factory=dict, description="Of bigquery: put on every job.")
    endpoint: str | None = Field(
        None, description="Of bigquery: the URL of its API, where it is not the public one, as with private access."
    )
    storage_endpoint: str | None = Field(
        None, description="Of bigquery: the same of its Storage Read API, HOST:PORT; after http:// it is without TLS."
    )
    servers: str | None = Field(None, description="Of kafka: some of its brokers, such as kafka-1:9092,kafka-2:9092.")
    topics: dict[str, TopicDocument] = Field(
        default_factory=dict, description="Of kafka: its tables by name, each a topic's latest messages."
    )
    options: Annotated[dict[str, str], BeforeValidator(texts)] = Field(
        default_factory=dict,
        description="Of kafka: settings of librdkafka, such as security.protocol, sasl.username and sasl.password.",
    )
    time_limit: Annotated[float, Field(gt=0)] = Field(
        30.0, description="Seconds for the source to say what tables it has. A statement has a limit of its own."
    )

    @model_validator(mode="after")
    def _place_of_data(self) -> SourceDocument:
        own = SOURCE_KINDS[self.type].keys
        if self.type == "iceberg" and bool(self.path) == bool(self.catalog):
            raise mistake("missing-key", "A source of type iceberg needs either path or catalog.")
        if self.type != "iceberg" and not getattr(self, own[0]):
            raise mistake("missing-key", f"A source of type {self.type} needs {own[0]}.")
        if self.type == "kafka" and not self.topics:
            raise mistake("missing-key", "A source of type kafka needs topics.")
        for key in dict.fromkeys(key for kind in SOURCE_KINDS.values() for key in kind.keys):
            if key not in own and key in self.model_fields_set and key != "schemas":
                raise mistake(
                    "unused-key", f"A source of type {self.type} has {own[0]}, not {key}.", (), f"Remove {key}."
                )
        return self


class HistoryDocument(Document):
    """How long versions of rollups stay after others took their place: what can be rolled back to, and how far back
    questions can be asked as known at a moment."""

    keep: DurationText = Field(timedelta(days=1), description="How long after they were replaced.")
    versions: Annotated[int, Field(ge=0, le=10_000)] = Field(2, description="The most for each partition.")


class ByProductsDocument(Document):
    """What answers from a source leave behind for the next question like them."""

    megabytes: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        64, description="The most room for them; 0: none are kept."
    )


class ResultsDocument(Document):
    """Results of statements, kept for those who ask the same; they lie beside `state`, in the folder `results`."""

    budget: SizeText = Field(1_000_000_000, description="The most room for them, such as 1 GB; 0: none are kept.")


class ResultLimitDocument(Document):
    """The most that the result of a statement may have."""

    rows: int | None = Field(None, ge=1, description="Rows; null: any number.")
    bytes: SizeText | None = Field(None, description="Bytes in memory, such as 2 GB; null: any number.")


class ResultLimitsDocument(ResultLimitDocument):
    """The most that results of statements may have; more is an error, never a part told as the whole."""

    batch: ResultLimitDocument = Field(
        default_factory=lambda: ResultLimitDocument.model_validate({}), description="For statements of priority batch."
    )
    people: dict[str, ResultLimitDocument] = Field(
        default_factory=dict, description="For people, by the names that they ask by (Lapwing-User)."
    )


class QueryLogDocument(Document):
    """What a server writes down of each SQL statement that ended; it lies beside `state`."""

    budget: SizeText = Field(64_000_000, description="The most room for it, such as 64 MB; 0: none is kept.")
    keep: DurationText = Field(timedelta(days=30), description="How long a line is kept at most.")
    texts: bool = Field(
        True,
        description="Whether the texts of statements are written, which may hold secrets, or only digests of them.",
    )


def _number_text(value: object) -> object:
    """A year written bare is a number in YAML."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


TimeText = Annotated[str, BeforeValidator(_number_text, json_schema_input_type=str | int)]


class MaintenanceDocument(Document):
    """A stretch in which nothing is raised, and of which nothing is learned."""

    name: str = Field(description="What people read.")
    start: TimeText = Field(description="A day, a moment, or any other time text.")
    end: TimeText | None = Field(None, description="Exclusive; the end of `start` itself, where left out.")
    monitors: Words = Field((), description="Only of these; of all, where left out.")


class EventDocument(Document):
    """Something known that explains numbers. The end is exclusive: to 2013-03 is until March begins."""

    name: str = Field(description="What people read. Events of one name are one kind of event: each teaches the next.")
    start: TimeText = Field(description="A day, a moment, or any other time text.")
    end: TimeText | None = Field(None, description="The end of `start` itself, where left out.")
    kind: Literal["note", "expected"] = Field(
        "note",
        description="note: shown beside what is unusual. expected: numbers are expected to differ, too, as in a sale.",
    )
    every: Literal["week", "month", "year"] | None = Field(
        None, description="It recurs each week, month or year, from then on."
    )
    before: Annotated[int, Field(ge=0, le=31)] = Field(0, description="Days before it that differ, too.")
    after: Annotated[int, Field(ge=0, le=31)] = Field(0, description="Days after it that differ, too.")
    slice: Annotated[dict[str, str], BeforeValidator(texts)] = Field(
        default_factory=dict, description="It touches only what these dimensions have these values of."
    )


class CalendarDocument(Document):
    """Whose public holidays numbers are expected to differ on."""

    country: str = Field(description="Two letters, such as US, DE or IN.")
    subdivision: str | None = Field(None, description="A state, such as NY or BY, for holidays of its own.")
    before: Annotated[int, Field(ge=0, le=7)] = Field(1, description="Days before a holiday that differ, too.")
    after: Annotated[int, Field(ge=0, le=7)] = Field(1, description="Days after a holiday that differ, too.")


def _warnings(value: object) -> object:
    if isinstance(value, bool):
        return WARNINGS if value else ()
    return (value,) if isinstance(value, str) else value


class MonitorDocument(Document):
    """What someone watches."""

    metric: str = Field("", description="metric, or dataset.metric")
    watch: str | None = Field(
        None, description="In the place of metric: tag:NAME watches every metric with that tag, those to come as well."
    )
    grain: GrainText = Field(description="What is judged at once: hour, day, ...")
    by: Words = Field((), description="One series for each value of these dimensions; all: every slice there is.")
    depth: Annotated[int, Field(ge=1, le=MOST_DEPTH)] | None = Field(
        None, description="Of by: all, how many dimensions are combined at most (2)."
    )
    support: Annotated[float, Field(gt=0)] | None = Field(
        None, description="Of by: all, the mean of events a bucket from which on a slice is watched (20)."
    )
    slice: Annotated[dict[str, str], BeforeValidator(texts)] = Field(
        default_factory=dict, description="Only where these dimensions have these values."
    )
    sensitivity: Annotated[float, Field(ge=3, le=10)] = Field(
        SENSITIVITY, description="Robust standard deviations beyond which a bucket is unusual, or what builds up to it."
    )
    min_change: Annotated[float, Field(ge=0)] | None = Field(None, description="The smallest change worth raising.")
    tags: Words = Field((), description="Words by which subscriptions choose it.")
    warnings: Annotated[
        tuple[Literal["drift", "leading"], ...],
        BeforeValidator(
            _warnings, json_schema_input_type=bool | Literal["drift", "leading"] | list[Literal["drift", "leading"]]
        ),
    ] = Field(WARNINGS, description="Early warnings it may raise: any of drift and leading; false for none.")

    @model_validator(mode="after")
    def _metric_or_tag(self) -> MonitorDocument:
        if bool(self.metric) == (self.watch is not None):
            says = "A monitor watches a metric, or by watch: all of a tag; one of both."
            raise mistake("metric-or-watch", says, (), "Write metric: NAME, or watch: tag:NAME.")
        if self.watch is not None and not tag_of(self.watch):
            raise mistake("bad-watch", "watch is of a tag.", (f"tag:{self.watch}",), "Write watch: tag:NAME.")
        return self


def _week_start(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 6:
        return value
    if isinstance(value, str) and value.lower() in WEEKDAYS:
        return WEEKDAYS.index(value.lower())
    likely = nearest(value, WEEKDAYS) if isinstance(value, str) else ()
    raise mistake("bad-week-start", "A week starts on a weekday.", likely, "Write monday or sunday.")


MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_MONTH_AND_DAY = re.compile(r"(\d\d)-(\d\d)", re.ASCII)


def _fiscal_start(value: object) -> int:
    """A month or MM-DD as month * 100 + day; no day that some month lacks."""
    if isinstance(value, str):
        if value.lower() in MONTHS:
            return 100 * (MONTHS.index(value.lower()) + 1) + 1
        written = _MONTH_AND_DAY.fullmatch(value)
        if written and 1 <= int(written[1]) <= 12 and 1 <= int(written[2]) <= 28:
            return 100 * int(written[1]) + int(written[2])
    likely = nearest(value, MONTHS) if isinstance(value, str) else ()
    hint = 'Write a month such as april, or "04-06" for one that starts amid a month (up to the 28th).'
    raise mistake("bad-fiscal-year", "A fiscal year starts on a day of a month.", likely, hint)


class FiscalYearDocument(Document):
    """When fiscal years start; each is called by the year in which it ends."""

    starts: Annotated[int, PlainValidator(_fiscal_start, json_schema_input_type=str)] = Field(
        101, description='A month such as april, or "04-06".'
    )


Monitors = Annotated[dict[str, MonitorDocument], BeforeValidator(nothing_is_empty)]


class HomeDocument(Document):
    """Where data lives and rollups are kept: what may differ between environments."""

    sources: dict[str, SourceDocument] = Field(default_factory=dict, description="Where data lives.")
    memory: SizeText = Field(
        2_000_000_000,
        ge=64_000_000,
        description="The most memory that statements, and what a server does by itself, take all together in the engine, "
        "such as 4 GB; what is more is put on disk meanwhile.",
    )
    store: StoreDocument = Field(
        default_factory=lambda: StoreDocument.model_validate({}), description="Where rollups are kept."
    )
    history: HistoryDocument = Field(
        default_factory=lambda: HistoryDocument.model_validate({}), description="How long replaced versions are kept."
    )
    by_products: ByProductsDocument = Field(
        default_factory=lambda: ByProductsDocument.model_validate({}),
        description="What answers from a source leave behind.",
    )
    results: ResultsDocument = Field(
        default_factory=lambda: ResultsDocument.model_validate({}), description="What statements leave behind."
    )
    query_log: QueryLogDocument = Field(
        default_factory=lambda: QueryLogDocument.model_validate({}), description="What is written down of statements."
    )
    result_limits: ResultLimitsDocument = Field(
        default_factory=lambda: ResultLimitsDocument.model_validate({}),
        description="How large results of statements may be.",
    )
    beam: BeamDocument = Field(
        default_factory=lambda: BeamDocument.model_validate({}), description="How the builder beam runs its pipelines."
    )
    engine: EngineDocument | None = Field(
        None, description="A cluster that runs whole statements; without one they run in this process."
    )
    spark: SparkDocument = Field(
        default_factory=lambda: SparkDocument.model_validate({}), description="How the builder spark runs."
    )
    state: str = Field(".lapwing/state.db", description="Where follows and incidents are kept.")
    channels: Annotated[dict[str, ChannelDocument], BeforeValidator(nothing_is_empty)] = Field(
        default_factory=dict, description="The ways by which incidents are told."
    )
    base_url: str | None = Field(None, description="Where people reach the pages; messages link to it.")
    now: TimeText | None = Field(
        None, description="The moment at which the clock stands, for data of the past; null is the real one."
    )


class ProjectDocument(HomeDocument):
    """What belongs to all: the sources, the zone, the store, and what is watched."""

    name: str = Field(description="The project's name.")
    timezone: ZoneText = Field("UTC", description="What people mean by a day, unless a question says otherwise.")
    week_start: Annotated[int, PlainValidator(_week_start, json_schema_input_type=Literal[WEEKDAYS] | int)] = Field(
        0, description="The day on which a week begins; 0 is monday."
    )
    fiscal_year: FiscalYearDocument = Field(
        default_factory=lambda: FiscalYearDocument.model_validate({}),
        description="For fiscal_year, fiscal_quarter, FY2024.",
    )
    events: tuple[EventDocument, ...] = Field((), description="Known things that explain numbers.")
    maintenance: tuple[MaintenanceDocument, ...] = Field(
        (), description="Stretches in which nothing is raised, and of which nothing is learned."
    )
    calendar: CalendarDocument | None = Field(None, description="Whose public holidays count.")
    monitors: Monitors = Field(default_factory=dict, description="What is watched from the first day.")
    subscriptions: Annotated[dict[str, SubscriptionDocument], BeforeValidator(nothing_is_empty)] = Field(
        default_factory=dict, description="Who is told of what, by which channels, and when."
    )
    alerts: AlertsDocument = Field(
        default_factory=lambda: AlertsDocument.model_validate({}), description="How much may be raised."
    )
    goals: Goals = Field(default_factory=dict, description="What metrics are to come to by the end of a period.")
    limits: Limits = Field(default_factory=dict, description="What metrics are not to cross.")
    environments: dict[str, HomeDocument] = Field(
        default_factory=dict,
        description="Other homes of the project, by name: what differs there. `LAPWING_ENVIRONMENT` or -e chooses one.",
    )


class MonitorsDocument(Document):
    """More monitors, in files of their own."""

    monitors: Monitors = Field(default_factory=dict, description="As in lapwing.yaml.")
