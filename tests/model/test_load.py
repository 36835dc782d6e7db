"""A whole project, in short and long forms, read into frozen objects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lapwing.model.dataset import Aggregation, Better, Dataset, MetricKind
from lapwing.model.expression import Binary, Call, MeasureRef, Number
from lapwing.model.grain import Grain
from lapwing.model.load import check_files, load
from lapwing.model.problem import Place
from lapwing.model.project import Project, Reads, StoreConfig, Writes

PROJECT = """\
name: flights
timezone: America/New_York
week_start: sunday
now: 2014-01-01
sources:
  files:   {type: files, path: data}
  airline: {type: sqlite, path: data/airline.db}
  crm:     {type: postgres, dsn: "postgresql://me:${PASSWORD}@db/crm", schemas: sales, time_limit: 5}
events:
  - {name: Blizzard, start: 2013-02-08T06:00, end: 2013-02-09T13:00}
  - {name: Winter, start: 2013-02}
monitors:
  daily: {metric: cancel_rate, grain: day, by: [origin], slice: {carrier: UA, hour: 7}, sensitivity: 6, min_change: 2}
"""
FLIGHTS = """\
dataset: flights
description: Every scheduled departure.
owner: ops@example.com
table: files.flights
time: {column: scheduled, timezone: America/New_York}
complete_after: 2 hours
joins:
  airlines: {table: airline.airlines, on: carrier, many_to_one: true}
  airports: {table: airline.airports, on: {dest: faa}}
  planes: {table: files.planes, on: [tailnum, year]}
dimensions:
  carrier:
  airline: {column: airlines.name, synonyms: company}
  origin: {label: Airport}
  dest: {}
  tail: tailnum
  delay_code: {column: delay code}
  hour:
  long_haul: {sql: distance > 2000}
measures:
  flights:    {count: "*", value: 5200 USD}
  departed:   {count: dep_time}
  cancelled:  {count: "*", where: dep_time is null, better: down}
  late:       {count: "*", where: dep_delay >= 15}
  delay:      {sum: "greatest(dep_delay, 0)", unit: minutes}
  aircraft:   {distinct: tailnum}
  delay_p90:  {quantile: dep_delay, q: 0.9}
  worst:      {max: dep_delay}
  spread:     {stddev: dep_delay, fill: 0}
metrics:
  cancel_rate: {ratio: cancelled / flights, format: percent, better: down, value: 12.5 EUR}
  on_time:     {derived: 1 - late / departed}
  both:        on_time * 100 - coalesce(cancel_rate, 0)
rollups:
  main: {grain: 15 minutes, dimensions: [carrier, origin]}
  daily: {grain: day, measures: [flights]}
"""


@pytest.fixture(name="project")
def _project(tmp_path: Path) -> Project:
    (tmp_path / "datasets").mkdir()
    (tmp_path / "lapwing.yaml").write_text(PROJECT)
    (tmp_path / "datasets" / "flights.yaml").write_text(FLIGHTS)
    return load(tmp_path, {"PASSWORD": "hunter2"})


@pytest.fixture(name="flights")
def _flights(project: Project) -> Dataset:
    return project.datasets["flights"]


def test_the_project(project: Project, tmp_path: Path) -> None:
    assert (project.name, project.timezone, project.week_start) == ("flights", "America/New_York", 6)
    assert project.now == datetime(2014, 1, 1, 5, tzinfo=UTC)
    assert project.root == tmp_path
    assert project.store == StoreConfig(type="lmdb", path=tmp_path / ".lapwing/store")
    assert project.state_path == tmp_path / ".lapwing/state.db"
    assert project.sources["airline"].path == tmp_path / "data/airline.db"
    crm = project.sources["crm"]
    assert (crm.dsn, crm.schemas, crm.time_limit) == ("postgresql://me:hunter2@db/crm", ("sales",), 5)
    assert "hunter2" not in repr(project)


def test_events_are_absolute_and_half_open(project: Project) -> None:
    blizzard, winter = project.events
    assert (blizzard.start, blizzard.end) == (
        datetime(2013, 2, 8, 11, tzinfo=UTC),
        datetime(2013, 2, 9, 18, tzinfo=UTC),
    )
    assert (winter.start, winter.end) == (datetime(2013, 2, 1, 5, tzinfo=UTC), datetime(2013, 3, 1, 5, tzinfo=UTC))


def test_a_monitor(project: Project) -> None:
    monitor = project.monitors["daily"]
    assert (monitor.dataset, monitor.metric, str(monitor.grain)) == ("flights", "flights.cancel_rate", "day")
    assert (monitor.by, monitor.slice) == (("origin",), (("carrier", "UA"), ("hour", "7")))
    assert (monitor.sensitivity, monitor.min_change) == (6, 2)
    assert monitor.place == Place("lapwing.yaml", 13, 3, "monitors.daily")


def test_joins_and_dimensions(flights: Dataset) -> None:
    assert flights.joins["airlines"].on == (("carrier", "carrier"),)
    assert flights.joins["airports"].on == (("dest", "faa"),)
    assert flights.joins["planes"].on == (("tailnum", "tailnum"), ("year", "year"))
    assert {name: dimension.sql for name, dimension in flights.dimensions.items()} == {
        "carrier": "carrier",
        "airline": "airlines.name",
        "origin": "origin",
        "dest": "dest",
        "tail": "tailnum",
        "delay_code": '"delay code"',
        "hour": "hour",
        "long_haul": "distance > 2000",
    }
    assert flights.dimensions["airline"].shown.synonyms == ("company",)
    assert flights.dimensions["origin"].shown.label == "Airport"
    assert flights.dimensions["long_haul"].shown.label == "Long haul"
    assert flights.dimensions["dest"].place == Place("datasets/flights.yaml", 15, 3, "dimensions.dest")


def test_time(flights: Dataset) -> None:
    assert (flights.time.column, flights.time.zone) == ("scheduled", "America/New_York")
    assert flights.complete_after == timedelta(hours=2)


def test_measures(flights: Dataset) -> None:
    kinds = {name: (m.aggregation, m.argument, m.where, m.parameter, m.fill) for name, m in flights.measures.items()}
    assert kinds == {
        "flights": (Aggregation.COUNT, None, None, None, None),
        "departed": (Aggregation.COUNT, "dep_time", None, None, None),
        "cancelled": (Aggregation.COUNT, None, "dep_time is null", None, None),
        "late": (Aggregation.COUNT, None, "dep_delay >= 15", None, None),
        "delay": (Aggregation.SUM, "greatest(dep_delay, 0)", None, None, None),
        "aircraft": (Aggregation.DISTINCT, "tailnum", None, None, None),
        "delay_p90": (Aggregation.QUANTILE, "dep_delay", None, 0.9, None),
        "worst": (Aggregation.MAX, "dep_delay", None, None, None),
        "spread": (Aggregation.STDDEV, "dep_delay", None, None, 0),
    }
    assert flights.measures["cancelled"].shown.better is Better.DOWN


def test_metrics_come_down_to_measures(flights: Dataset) -> None:
    def measure(name: str) -> MeasureRef:
        return MeasureRef("flights", name)

    on_time = Binary("-", Number(1), Binary("/", measure("late"), measure("departed")))
    cancel_rate = Binary("/", measure("cancelled"), measure("flights"))
    assert flights.metrics["on_time"].expression == on_time
    assert flights.metrics["both"].expression == Binary(
        "-", Binary("*", on_time, Number(100)), Call("coalesce", (cancel_rate, Number(0)))
    )
    assert flights.metrics["both"].text == "on_time * 100 - coalesce(cancel_rate, 0)"
    rate = flights.metrics["cancel_rate"]
    assert (rate.kind, rate.value, rate.currency, rate.shown.format) == (MetricKind.RATIO, 12.5, "EUR", "percent")
    simple = flights.metrics["flights"]
    assert (simple.kind, simple.expression, simple.value) == (MetricKind.SIMPLE, measure("flights"), 5200)
    assert flights.metrics["cancelled"].text == "count(*) where dep_time is null"
    assert set(flights.metrics) == {*flights.measures, "cancel_rate", "on_time", "both"}


def test_rollups_keep_all_measures_unless_named(flights: Dataset) -> None:
    main, daily = flights.rollups["main"], flights.rollups["daily"]
    assert main.measures == tuple(flights.measures)
    assert (main.dimensions, str(main.partition)) == (("carrier", "origin"), "month")
    assert (daily.dimensions, daily.measures, daily.partition) == ((), ("flights",), Grain.parse("month"))


def test_the_smallest_project(tmp_path: Path) -> None:
    (tmp_path / "lapwing.yaml").write_text("name: small\n")
    project = load(tmp_path, {})
    assert (project.timezone, project.week_start, project.now) == ("UTC", 0, None)
    assert not project.datasets
    assert not project.monitors


@pytest.mark.parametrize(
    ("more", "table", "profile"), [("", "lapwing", None), (", table: t, app_profile: one", "t", "one")]
)
def test_a_store_in_bigtable(tmp_path: Path, more: str, table: str, profile: str | None) -> None:
    store = f"{{type: bigtable, instance: 'projects/${{GCP}}/instances/i'{more}}}"
    (tmp_path / "lapwing.yaml").write_text(f"name: small\nstore: {store}\n")
    expected = StoreConfig(type="bigtable", instance="projects/p/instances/i", table=table, app_profile=profile)
    assert load(tmp_path, {"GCP": "p"}).store == expected


def test_how_bigtable_is_read_and_written(tmp_path: Path) -> None:
    (tmp_path / "lapwing.yaml").write_text(
        "name: small\nstore:\n  type: bigtable\n  instance: projects/p/instances/i\n"
        "  reads: {time_limit: 20, attempt: 2.5}\n"
        "  writes: {batch_bytes: 1MiB, bytes_in_flight: 32MiB, batch_rows: 500, flow_control: false, longest_wait: 30}\n"
    )
    store = load(tmp_path, {}).store
    assert store.reads == Reads(time_limit=20, attempt=2.5)
    assert store.writes == Writes(
        batch_bytes=1 << 20, bytes_in_flight=32 << 20, batch_rows=500, flow_control=False, longest_wait=30
    )


def test_the_smallest_dataset(tmp_path: Path) -> None:
    (tmp_path / "lapwing.yaml").write_text("name: small\nstore: {type: memory}\nstate: /var/state.db\n")
    (tmp_path / "datasets" / "web").mkdir(parents=True)
    (tmp_path / "datasets" / "web" / "hits.yml").write_text("dataset: hits\nsql: |\n  select 1\ntime: at\n")
    project = load(tmp_path, {})
    hits = project.datasets["hits"]
    assert (hits.table, hits.sql, hits.time.column, hits.time.zone) == (None, "select 1\n", "at", None)
    assert hits.complete_after == timedelta()
    assert (project.store.path, project.state_path) == (None, Path("/var/state.db"))


def test_metrics_of_two_datasets(tmp_path: Path) -> None:
    (tmp_path / "datasets").mkdir()
    (tmp_path / "lapwing.yaml").write_text("name: two\nsources: {f: {type: files, path: .}}\n")
    one = "dataset: one\ntable: f.one\ntime: at\ndimensions: {day: }\nmeasures: {a: {count: '*'}}\n"
    (tmp_path / "datasets" / "one.yaml").write_text(one + "metrics: {share: a / two.rate}\n")
    (tmp_path / "datasets" / "two.yaml").write_text(
        one.replace("one", "two").replace("a:", "b:") + "metrics: {rate: b * 2}\n"
    )
    share = load(tmp_path, {}).datasets["one"].metrics["share"]
    assert share.expression == Binary("/", MeasureRef("one", "a"), Binary("*", MeasureRef("two", "b"), Number(2)))


def test_secrets_come_from_a_file_as_well(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("postgresql://me:hunter2@db/crm\n")
    (tmp_path / "lapwing.yaml").write_text('name: x\nsources: {crm: {type: postgres, dsn: "${CRM_DSN}"}}\n')
    project = load(tmp_path, {"CRM_DSN_FILE": str(secret)})
    assert project.sources["crm"].dsn == "postgresql://me:hunter2@db/crm"


def test_dollars_elsewhere_are_text(tmp_path: Path) -> None:
    (tmp_path / "lapwing.yaml").write_text('name: "${NAME}"\n')
    assert load(tmp_path, {}).name == "${NAME}"


def test_scalars_are_those_of_yaml_1_2(tmp_path: Path) -> None:
    (tmp_path / "datasets").mkdir()
    (tmp_path / "lapwing.yaml").write_text(
        "name: no\nnow: 2013\nsources: {f: {type: files, path: .}}\n"
        "monitors: {m: {metric: n, grain: 1h, slice: {d: no, e: 12:30, g: true, h: 2013-02-08, i: 1_000}}}\n"
    )
    (tmp_path / "datasets" / "d.yaml").write_text(
        "dataset: d\ntable: f.d\ntime: at\njoins: {j: {table: f.j, on: on}}\n"
        "dimensions: {d: off, e: , g: , h: , i: }\nmeasures: {n: {count: '*'}, one: {sum: 1}}\n"
    )
    project = load(tmp_path, {})
    assert (project.name, project.now) == ("no", datetime(2013, 1, 1, tzinfo=UTC))
    assert dict(project.monitors["m"].slice) == {
        "d": "no",
        "e": "12:30",
        "g": "true",
        "h": "2013-02-08",
        "i": "1_000",
    }
    assert project.datasets["d"].joins["j"].on == (("on", "on"),)
    assert project.datasets["d"].dimensions["d"].sql == "off"
    assert project.datasets["d"].measures["one"].argument == "1"


def test_the_flights_example_has_no_mistake() -> None:
    root = Path(__file__).parents[2] / "examples" / "flights"
    project, problems = check_files(root, {})
    assert problems == ()
    assert project is not None
    assert "cancel_rate" in project.datasets["flights"].metrics
