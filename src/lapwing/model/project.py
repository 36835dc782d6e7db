"""A project: one folder of YAML in git, as one frozen object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from lapwing.model.dataset import Dataset, Metric
from lapwing.model.delivery import Delivery
from lapwing.model.events import Event, HolidayCalendar
from lapwing.model.goal import Goal, Limit
from lapwing.model.monitor import Monitor
from lapwing.model.names import nearest
from lapwing.model.problem import NotFound, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """How object storage is reached; what is None comes from the environment. `endpoint` is a URL."""

    endpoint: str | None = None
    region: str | None = None
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    anonymous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic of Kafka as a table: its messages of `window` ago at most and `last` of each partition at most, None: no such
    bound. `columns` are those of values in JSON: type, path, unit of time. `avro`, `json_schema` and `protobuf` are the
    file of a schema, absolute, `message` the name of one in that of Protobuf. `registry` is the URL of the registry that has
    the schemas which values were written by. `invalid` is error or keep."""

    topic: str
    window: timedelta | None = None
    last: int | None = None
    columns: Mapping[str, tuple[str, str | None, str | None]] = field(default_factory=dict)
    avro: Path | None = None
    json_schema: Path | None = None
    protobuf: Path | None = None
    message: str | None = None
    framed: bool = False
    registry: str | None = field(default=None, repr=False)
    invalid: str = "error"
    place: Place = field(default_factory=Place, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConfig:
    """Where data lives. `type` is one of `source_kinds`. `path` is absolute (files, duckdb, sqlite, delta, iceberg), `uri` in
    its place where it is in object storage, which `storage` tells how to reach. `catalog` has pyiceberg's properties,
    `session` those of Trino's sessions. `dsn` and the catalog's have secrets filled in, so they are never shown: repr leaves
    them out.

    Of bigquery: `project` is billed; `datasets` are shown, each DATASET or PROJECT.DATASET; `key_file` is that of a
    service account, absolute, None: the environment's credentials; a statement that would be billed for more than
    `maximum_bytes_billed` does not run; `labels` are put on jobs. `endpoint` and `storage_endpoint` are where its APIs are,
    None: in public.

    Of kafka: `servers` are brokers, `topics` its tables by name, `options` settings of its library."""

    name: str
    type: str
    path: Path | None = None
    dsn: str | None = field(default=None, repr=False)
    schemas: tuple[str, ...] = ()
    time_limit: float = 30.0
    project: str | None = None
    datasets: tuple[str, ...] = ()
    location: str | None = None
    key_file: Path | None = None
    maximum_bytes_billed: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    endpoint: str | None = None
    storage_endpoint: str | None = None
    uri: str | None = None
    storage: Storage = field(default_factory=Storage)
    catalog: Mapping[str, str] = field(default_factory=dict, repr=False)
    session: Mapping[str, str] = field(default_factory=dict)
    servers: str | None = None
    topics: Mapping[str, Topic] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    place: Place = field(default_factory=Place, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineConfig:
    """What runs whole statements: `source`, one of BigQuery, those over itself; without it a cluster of Trino. Of that its
    address, which has secrets filled in and is never shown; properties of its sessions; by the names of sources the catalogs, or
    catalog and schema, that they are there."""

    dsn: str = field(default="", repr=False)
    source: str | None = None
    session: Mapping[str, str] = field(default_factory=dict)
    catalogs: Mapping[str, str] = field(default_factory=dict)
    time_limit: float = 30.0
    place: Place = field(default_factory=Place, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """How Bigtable is read: seconds for a request with all its retries, and for each try."""

    time_limit: float = 10.0
    attempt: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """How Bigtable is written: seconds for a batch with all its retries, for each try, and between tries at first and at
    most; how much a request holds, and how much is on its way at once. `flow_control`: at the rate the server asks for."""

    time_limit: float = 120.0
    attempt: float = 30.0
    first_wait: float = 0.1
    longest_wait: float = 10.0
    batch_rows: int = 10_000
    batch_bytes: int = 4 << 20
    bytes_in_flight: int = 16 << 20
    flow_control: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreConfig:
    """The rollup store: type lmdb (at `path`, absolute), memory, or bigtable (a `table` of `instance`, which is
    projects/PROJECT/instances/INSTANCE; `app_profile` None is the instance's default; `reads` and `writes` of it).
    `read_only`: this home of the project never writes it."""

    type: str
    read_only: bool = False
    path: Path | None = None
    instance: str | None = None
    table: str | None = None
    app_profile: str | None = None
    reads: Reads = field(default_factory=Reads)
    writes: Writes = field(default_factory=Writes)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """How long versions of rollups stay that readers no longer see: for `keep`, and of each partition the last
    `versions`."""

    keep: timedelta = timedelta(days=1)
    versions: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultLimit:
    """The most rows and bytes (in memory, as Arrow) that a result may have; None: any."""

    rows: int | None = None
    bytes: int | None = None

    def over(self, other: ResultLimit) -> ResultLimit:
        """This one; where it says nothing, the other."""
        return ResultLimit(
            rows=other.rows if self.rows is None else self.rows, bytes=other.bytes if self.bytes is None else self.bytes
        )

    def within(self, other: ResultLimit) -> ResultLimit:
        """The smaller of both."""
        rows = [one for one in (self.rows, other.rows) if one is not None]
        sizes = [one for one in (self.bytes, other.bytes) if one is not None]
        return ResultLimit(rows=min(rows, default=None), bytes=min(sizes, default=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultLimitsConfig:
    """Limits of results of statements: for `people` by name, else for the class `batch`, else for all."""

    all: ResultLimit = ResultLimit()
    batch: ResultLimit = ResultLimit()
    people: Mapping[str, ResultLimit] = field(default_factory=dict)

    def of(self, who: str | None, priority: str) -> ResultLimit:
        """For one who asks in a class."""
        found = self.batch.over(self.all) if priority == "batch" else self.all
        own = None if who is None else self.people.get(who)
        return found if own is None else own.over(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryLogConfig:
    """The log of statements a server keeps: `bytes` on disk at most (0: none is kept), lines younger than `keep`, with the
    `texts` of statements or only digests of them."""

    bytes: int = 64_000_000
    keep: timedelta = timedelta(days=30)
    texts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BeamConfig:
    """How the builder beam runs its pipelines: `runner` is direct, prism, flink or dataflow, `job_endpoint` the address of a
    job server of flink or prism. `workers` and `shards` (of the groups of a partition) are chosen where None. `options`
    are Beam's own pipeline options by name, `dataflow` those that only Dataflow is given."""

    runner: str = "direct"
    job_endpoint: str | None = None
    workers: int | None = None
    shards: int | None = None
    options: Mapping[str, bool | int | float | str | tuple[str, ...]] = field(default_factory=dict)
    dataflow: Mapping[str, bool | int | float | str | tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkConfig:
    """How the builder spark runs: the cluster's `master`, Spark's own `options` by name; `shards` (of the groups of a
    partition) are chosen where None; a standalone master takes a connection within `connect_limit` seconds."""

    master: str = "local[*]"
    connect_limit: float = 10.0
    shards: int | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """A stretch in which nothing is raised and of which nothing is learned; of all monitors where none is named. Times are
    absolute, half-open."""

    name: str
    start: datetime
    end: datetime
    monitors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """`now` is pinned for data of the past, else None. `week_start` is 0 for Monday to 6 for Sunday; `fiscal_start` the
    day on which fiscal years start, as month * 100 + day. `state_path` is
    where people's state is kept (follows, incidents). `budget`: alarms a week of all monitors together that nobody need
    find useful; None: as many as there are."""

    name: str
    root: Path
    timezone: str
    now: datetime | None
    week_start: int
    fiscal_start: int = field(default=101, kw_only=True)
    sources: Mapping[str, SourceConfig]
    store: StoreConfig
    state_path: Path
    datasets: Mapping[str, Dataset]
    monitors: Mapping[str, Monitor]
    events: tuple[Event, ...]
    maintenance: tuple[Maintenance, ...] = ()
    delivery: Delivery = field(default_factory=Delivery)
    goals: Mapping[str, Goal] = field(default_factory=dict)
    limits: Mapping[str, Limit] = field(default_factory=dict)
    calendar: HolidayCalendar | None = None
    history: History = History()
    budget: float | None = None
    memory: int = 2_000_000_000
    """Bytes that the engine takes at most, for all that runs at once."""
    by_product_bytes: int = 64_000_000
    result_bytes: int = 1_000_000_000
    query_log: QueryLogConfig = QueryLogConfig()
    result_limits: ResultLimitsConfig = ResultLimitsConfig()
    beam: BeamConfig = BeamConfig()
    spark: SparkConfig = SparkConfig()
    engine: EngineConfig | None = None
    hashes: dict[tuple[str, str], str] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Those of metrics by dataset and name, as far as anyone asked: a project's never change."""

    def metric(self, name: str) -> tuple[Dataset, Metric]:
        """The metric called `name` or `dataset.name`.

        Raises:
            NotFound: no such metric (with the nearest names), or several datasets have one of that bare name.
        """
        wanted, _, bare = name.rpartition(".")
        found = [
            (dataset, dataset.metrics[bare])
            for dataset in self.datasets.values()
            if bare in dataset.metrics and wanted in ("", dataset.name)
        ]
        if len(found) == 1:
            return found[0]
        if found:
            qualified = tuple(f"{dataset.name}.{bare}" for dataset, _ in found)
            raise NotFound.of("ambiguous-metric", f"Several datasets have a metric {bare}.", nearest=qualified)
        names = {n: n for d in self.datasets.values() for n in d.metrics}
        raise NotFound.of(
            "unknown-metric",
            f"There is no metric {name}.",
            nearest=nearest(bare, names),
            hint="`lapwing catalog` lists them all.",
        )
